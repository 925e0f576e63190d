"""AI-Writer v2 (`_new_`, `.pth`): a plain dictionary of tensors in the names of ``models.aiwriter2``.

The file has no ``b_eps`` and, without a copy head, no context: both come from the sizes of the published models when
they are not told. ``copy_mask`` is dropped on the way in and restored on the way out. The older export for browsers has
one ``time_mix`` for a whole module, which is read as that of each of its projections.
"""

from collections.abc import Mapping
from pathlib import Path

from torch import Tensor

from moxu.checkpoints import torch_files
from moxu.checkpoints.checkpoint import WRITE_DEFAULTS, Checkpoint, ReadOptions, WriteOptions
from moxu.checkpoints.facts import count_layers, settle, shape_of
from moxu.checkpoints.foreign import check_for, from_foreign
from moxu.checkpoints.rules import Rule, apply, invert, names
from moxu.checkpoints.storage import stored
from moxu.checkpoints.unpickle import read_pickle, state_dict
from moxu.checkpoints.vocabulary import find_tokenizer

ARCHITECTURE = "aiwriter2"

RULES = [
    Rule("copy_mask", None),
    *names(
        "emb.weight",
        "blocks.{i}.ln1.{kind}",
        "blocks.{i}.ln2.{kind}",
        "blocks.{i}.{module}.time_{curve}",  # mix_k, mix_v, mix_r, decay, first
        "blocks.{i}.{module}.{layer}.weight",  # module: att, ffn or ffnPre
        "ln_out.{kind}",
        "head.weight",
        "head_q.weight",
        "head_k.weight",
    ),
]

# (layers, width) of the published models -> what their files do not say.
_PRESETS: dict[tuple[int, int], dict[str, float]] = {
    (6, 512): {"context": 1536, "b_eps": 1e-16},
    (12, 768): {"context": 768, "b_eps": 1e-9},
    (24, 1024): {"context": 1024, "b_eps": 1e-9},
}
_OTHERWISE: dict[str, float] = {"context": 1024, "b_eps": 1e-9}


def recognises(path: Path) -> bool:
    return torch_files.has_tensors(path, "emb.weight", "blocks.0.ffn.receptance.weight", "ln_out.weight")


def read(path: Path, options: ReadOptions) -> Checkpoint:
    """Read a `.pth`; facts that apply: ``context``, ``b_eps``, ``k_max``."""
    tensors = _with_separate_mixes(state_dict(read_pickle(path), path))
    vocab_size, width = shape_of(tensors, "emb.weight", 2, path)
    layers = count_layers(tensors)
    derived = {
        "vocab_size": vocab_size,
        "layers": layers,
        "width": width,
        "ffn_pre": any(name.startswith("blocks.0.ffnPre.") for name in tensors),
        "copy_head": "head_q.weight" in tensors,
    }
    defaults = unsaid(layers, width)
    if "copy_mask" in tensors:
        defaults["context"] = shape_of(tensors, "copy_mask", 2, path)[0]
    config = settle(derived, defaults, options, path)
    tokenizer = find_tokenizer(path, options, vocab_size)
    return from_foreign(ARCHITECTURE, config, tensors, RULES, tokenizer, path)


def write(checkpoint: Checkpoint, path: Path, options: WriteOptions = WRITE_DEFAULTS) -> None:
    """Write a plain dictionary for ``load_state_dict`` of the original class."""
    check_for(checkpoint, ARCHITECTURE, "AI-Writer v2 files", path)
    tensors = apply(invert(RULES), checkpoint.tensors, str(path))
    if checkpoint.config["copy_head"]:
        tensors["copy_mask"] = torch_files.causal_mask(checkpoint.config["context"])
    torch_files.save(stored(tensors, options.store), path)


def unsaid(layers: int, width: int) -> dict[str, float]:
    """Return what a file of these sizes does not say: that of the published model of the sizes, or what most have."""
    return {**_PRESETS.get((layers, width), _OTHERWISE), "k_max": 60.0}


def _with_separate_mixes(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    separate: dict[str, Tensor] = {}
    for name, tensor in tensors.items():
        if name.endswith(".time_mix"):
            projections = "kvr" if name.endswith(".att.time_mix") else "kr"
            separate.update({f"{name}_{projection}": tensor for projection in projections})
        else:
            separate[name] = tensor
    return separate
