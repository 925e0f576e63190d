"""From a checkpoint to a model that runs: built without memory, compared name by name, then given its tensors."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch.distributed.device_mesh import DeviceMesh
from torch.overrides import TorchFunctionMode

from moxu.checkpoints.checkpoint import Checkpoint
from moxu.checkpoints.rules import Rule, account
from moxu.checkpoints.storage import cast
from moxu.checkpoints.vocabulary import check_size
from moxu.errors import CheckpointError, SettingsError
from moxu.models.base import TorchLanguageModel
from moxu.models.gpt import Gpt
from moxu.models.registry import build
from moxu.text.tokenizer import Tokenizer


@dataclass(frozen=True)
class LoadedModel:
    """A model ready to be used, with its tokenizer and its card, and where they come from."""

    model: TorchLanguageModel
    tokenizer: Tokenizer | None
    card: dict[str, Any]
    path: Path


class _WithoutStartingValues(TorchFunctionMode):
    """Skip what layers draw into their parameters when they are made.

    Nobody needs it here, and on tensors without memory the first draw makes torch import its compiler for seconds.
    """

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Iterable[type],
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        if getattr(func, "__module__", "") == "torch.nn.init" or func in (torch.Tensor.normal_, torch.Tensor.uniform_):
            return args[0] if args else (kwargs or {})["tensor"]
        return func(*args, **(kwargs or {}))


def blank_model(architecture: str, config: Mapping[str, Any], where: str) -> TorchLanguageModel:
    """Return a model that has shapes and no memory; CheckpointError for a configuration it cannot be built from."""
    try:
        with torch.device("meta"), _WithoutStartingValues():
            return build(architecture, config)
    except (SettingsError, CheckpointError) as error:
        raise CheckpointError(f"{where}: {error}") from None
    except (RuntimeError, ArithmeticError, ValueError, TypeError) as error:  # negative, zero or absurd sizes
        reason = str(error).partition("\n")[0]
        raise CheckpointError(
            f"{where}: no {architecture} model has the sizes of the configuration: {reason}"
        ) from None


def check(checkpoint: Checkpoint, where: str, rules: Sequence[Rule] = ()) -> TorchLanguageModel:
    """Account for every tensor by the model of the configuration, and return that model, still without memory.

    Raises CheckpointError, beginning with ``where``, for a tensor that is missing, left over or does not fit, by its
    name in the file where ``rules`` say that one, and for a tokenizer of another size.
    """
    model = blank_model(checkpoint.architecture, checkpoint.config, where)
    account(checkpoint.tensors, model.state_dict(), where, rules)
    if checkpoint.tokenizer is not None:
        check_size(checkpoint.tokenizer, model.vocab_size, where)
    return model


def assemble(
    checkpoint: Checkpoint, path: Path, device: str | torch.device = "cpu", dtype: torch.dtype | None = None
) -> LoadedModel:
    """Give a checkpoint's tensors to its model, on ``device`` and in ``dtype`` (None: float32)."""
    model = check(checkpoint, str(path))
    dtype = dtype or torch.float32
    tensors = {name: tensor.to(device) for name, tensor in cast(checkpoint.tensors, dtype).items()}
    model.load_state_dict(tensors, assign=True)
    model.restore_buffers()
    return LoadedModel(model.eval(), checkpoint.tokenizer, checkpoint.card, path)


def assemble_part(
    checkpoint: Checkpoint, path: Path, mesh: DeviceMesh, dtype: torch.dtype | None = None
) -> LoadedModel:
    """Give this process its part of a model that is divided among those of ``mesh``; see ``models.parallel``.

    Only the part is copied from a mapped file. SettingsError for a model that cannot be divided.
    """
    from moxu.models.parallel import parallelize

    model = check(checkpoint, str(path))
    if not isinstance(model, Gpt):
        raise SettingsError(
            f"{path}: a {model.architecture} model cannot be divided among processes; only gpt models can"
        )
    model.load_state_dict(checkpoint.tensors, assign=True)
    parallelize(model, mesh)
    model.to(dtype or torch.float32)
    return LoadedModel(model.eval(), checkpoint.tokenizer, checkpoint.card, path)
