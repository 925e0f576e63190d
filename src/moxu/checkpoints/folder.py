"""moxu's own checkpoints: a folder of config.json, model.safetensors and the files of the tokenizer.

config.json holds ``format`` (the version of this layout), ``architecture`` and ``config`` (what builds the model),
``tokenizer`` (how to load it, or null), ``card`` and ``storage`` (``int8`` when matrices are stored in 8 bits). Files
are replaced one by one and whole, so that a full disk or a kill never leaves half a file where a good one was.
"""

from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

import torch

from moxu.checkpoints import safetensors_files
from moxu.checkpoints.assemble import LoadedModel, assemble, check
from moxu.checkpoints.atomic import replacing_in
from moxu.checkpoints.checkpoint import WRITE_DEFAULTS, Checkpoint, ReadOptions, WriteOptions
from moxu.checkpoints.json_files import read_table, write_table
from moxu.checkpoints.storage import STORES, pack, unpack
from moxu.checkpoints.vocabulary import find_tokenizer
from moxu.errors import CheckpointError, SettingsError
from moxu.settings import parse
from moxu.text.tokenizers import load_tokenizer, save_tokenizer

FORMAT = 1
CONFIG = "config.json"
WEIGHTS = "model.safetensors"


@dataclass(frozen=True)
class FolderConfig:
    """The contents of config.json."""

    format: int
    architecture: str
    config: dict[str, Any]
    tokenizer: dict[str, Any] | None = None
    card: dict[str, Any] = field(default_factory=dict)
    storage: Literal["plain", "int8"] = "plain"


def recognises(path: Path) -> bool:
    """Say whether ``path`` is a folder whose config.json is moxu's."""
    return (path / CONFIG).is_file() and {"format", "architecture"} <= read_table(path / CONFIG).keys()


def read(path: Path, options: ReadOptions) -> Checkpoint:
    """Read a folder and account for every tensor; of the options only a vocabulary applies."""
    if options.config or options.facts:
        raise CheckpointError(
            f"{path}: a moxu folder has its configuration in {CONFIG}; --config and --set do not apply"
        )
    checkpoint = _read(path)
    model = check(checkpoint, str(path))
    tensors = {name: checkpoint.tensors[name] for name in model.state_dict()}  # safetensors keeps its own order
    tokenizer = checkpoint.tokenizer
    if options.vocab is not None:
        tokenizer = find_tokenizer(path, options, model.vocab_size)
    return replace(checkpoint, tensors=tensors, tokenizer=tokenizer)


def write(checkpoint: Checkpoint, path: Path, options: WriteOptions = WRITE_DEFAULTS) -> None:
    """Write a folder, over an older checkpoint or anew; other files that lie there stay.

    Raises CheckpointError when ``path`` is a file or another program's folder, or the disk does not take it.
    """
    store = options.store
    if store is not None and store not in STORES:
        raise CheckpointError(f"store is {store!r}; expected one of {', '.join(STORES)}")
    if path.exists() and not path.is_dir():
        raise CheckpointError(f"{path}: is a file; a moxu checkpoint is a folder, give another name")
    if (path / CONFIG).exists() and not recognises(path):
        raise CheckpointError(f"{path}: holds the {CONFIG} of another program; choose another folder")
    check(checkpoint, str(path))
    with replacing_in(path, last=CONFIG) as folder:
        tokenizer = None
        if checkpoint.tokenizer is not None:
            tokenizer = save_tokenizer(checkpoint.tokenizer, folder)
        safetensors_files.save(pack(checkpoint.tensors, store), folder / WEIGHTS, path)
        config = FolderConfig(
            FORMAT,
            checkpoint.architecture,
            checkpoint.config,
            tokenizer,
            checkpoint.card,
            "int8" if store == "int8" else "plain",
        )
        write_table(asdict(config), folder / CONFIG)


def load_model(path: Path, device: str | torch.device = "cpu", dtype: torch.dtype | None = None) -> LoadedModel:
    """Read a folder straight into a model on ``device``, in ``dtype`` (None: float32)."""
    return assemble(_read(path), path, device, dtype)


def read_config(path: Path) -> FolderConfig:
    """Read config.json alone: what the model is, without its weights."""
    if not path.exists():
        raise CheckpointError(f"{path}: no such checkpoint")
    if not (path / CONFIG).is_file():
        raise CheckpointError(f"{path}: no moxu checkpoint: there is no {CONFIG} in it")
    try:
        config = parse(FolderConfig, read_table(path / CONFIG), where=str(path / CONFIG))
    except SettingsError as error:
        raise CheckpointError(str(error)) from None
    if config.format != FORMAT:
        raise CheckpointError(f"{path}: written in format {config.format}; this moxu reads format {FORMAT}, update it")
    return config


def _read(path: Path) -> Checkpoint:
    config = read_config(path)
    tensors = safetensors_files.load(path / WEIGHTS)
    if config.storage == "int8":
        tensors = unpack(tensors, str(path / WEIGHTS))
    tokenizer = None
    if config.tokenizer is not None:
        tokenizer = load_tokenizer(config.tokenizer, path)
    return Checkpoint(config.architecture, config.config, tensors, tokenizer, config.card)
