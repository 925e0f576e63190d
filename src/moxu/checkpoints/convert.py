"""``moxu convert``: read a checkpoint of one kind, write it as another."""

from dataclasses import replace
from pathlib import Path

from moxu.checkpoints.checkpoint import Checkpoint, ReadOptions
from moxu.checkpoints.formats import detect, read_checkpoint, write_checkpoint
from moxu.checkpoints.storage import Store


def convert(
    source: Path,
    target: Path,
    from_kind: str | None = None,
    to_kind: str | None = None,
    options: ReadOptions | None = None,
    *,
    store: Store | None = None,
    parts: int = 1,
) -> Checkpoint:
    """Convert a checkpoint and return what was written; kinds are detected, or follow from the target's name.

    The tensors are compared with the model that the configuration builds, on the way in and on the way out: none is
    lost, left over or of another shape. ``target`` appears, or changes, only when it is complete.
    """
    kind = from_kind or detect(source)
    checkpoint = read_checkpoint(source, kind, options or ReadOptions())
    if kind != "moxu":
        checkpoint = replace(checkpoint, card={**checkpoint.card, "converted_from": kind})
    write_checkpoint(checkpoint, target, to_kind, store=store, parts=parts)
    return checkpoint
