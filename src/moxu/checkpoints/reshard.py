"""``moxu reshard``: cut a CPM-1 checkpoint into another number of parts, tensor by tensor.

The memory it takes is that of a few tensors, whatever the size of the checkpoint. The result is that of the original's
``change_mp.py``: each new part keeps what an old one says of the training as far as it does not depend on the parts,
and the rest, such as the state of the optimizer, is None.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from torch import Tensor

from moxu.checkpoints import megatron
from moxu.checkpoints.cpm1 import open_parts, share_of
from moxu.checkpoints.torch_archive import is_writable
from moxu.errors import CheckpointError, SettingsError

_KEPT = (
    *("lr_scheduler", "skipped_steps", "global_steps", "global_samples", "dp_world_size", "iteration"),
    *("random_rng_state", "np_rng_state", "torch_rng_state", "cuda_rng_state", "rng_tracker_states"),
)
_HELD_BYTES = 2**28  # of the source that stay mapped before it is opened anew, which gives them back


@dataclass(frozen=True)
class Resharded:
    """What was done: the parts before and after, the tensors of the whole model, and the entries that were dropped."""

    parts_before: int
    parts: int
    tensors: int
    dropped: tuple[str, ...]


def reshard(source: Path, target: Path, parts: int, report: Callable[[int, int], None] = lambda *_: None) -> Resharded:
    """Write the checkpoint ``source`` as ``target``, cut into ``parts``; what stood there stays until all is written.

    ``report`` is told after each tensor how many bytes of how many are done. Raises CheckpointError when a part is
    missing or damaged, or when a tensor cannot be cut so.
    """
    if parts < 1:
        raise SettingsError(f"parts is {parts}; expected at least 1")
    opened = open_parts(source)
    folder = opened.folder
    place = folder.files[0].parent.resolve()
    if target.resolve() == place.parent or target.resolve().is_relative_to(folder.root.resolve()):
        raise CheckpointError(f"{target}: lies in the checkpoint itself; give another folder for the new parts")
    before, shapes = len(folder.files), opened.shapes
    megatron.check_divisible(shapes, parts, share_of, target)
    kept = [_kept(opened.entries[part * before // parts]) for part in range(parts)]
    megatron.write_parts(target, folder.iteration, kept, shapes, _whole(source, shapes, report), share_of)
    was = opened.entries[0]
    dropped = (name for name in was if was[name] is not None and kept[0].get(name, 0) is None)
    return Resharded(before, parts, len(shapes), tuple(dropped))


def _kept(entries: dict[str, object]) -> dict[str, object]:
    """Return what a part says of the training, without what belongs to the old parts."""
    entries = {name: value for name, value in entries.items() if name != megatron.WORLD_SIZE}
    return {name: value if name in _KEPT and is_writable(value) else None for name, value in entries.items()}


def _whole(source: Path, shapes: dict[str, Tensor], report: Callable[[int, int], None]) -> Iterator[Tensor]:
    """Yield each tensor joined; the files are opened anew now and then, so that what was read does not stay mapped."""
    sizes = {name: whole.numel() * whole.element_size() for name, whole in shapes.items()}
    total, done, held = sum(sizes.values()), 0, 0
    opened = open_parts(source)
    for name, size in sizes.items():
        if held + size > _HELD_BYTES and held:
            opened, held = open_parts(source), 0
        yield opened.join(name)
        done, held = done + size, held + size
        report(done, total)
