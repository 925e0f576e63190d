"""Turn texts into packed ids: shared out to processes, written in the order of the sources, whole or not at all."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from operator import attrgetter
from pathlib import Path

from moxu.corpus.pack.encoding import Encoder, encoder_of
from moxu.corpus.pack.texts import Progress, Text, size_of
from moxu.corpus.pack.unfinished import Unfinished
from moxu.corpus.processes import batches, in_order
from moxu.text.tokenizer import Tokenizer

BATCH = 1 << 18  # bytes of text that a process encodes at once, or one text that is longer
NOVEL = 4 << 20  # bytes that few texts exceed, so that there is one for each process


@dataclass(frozen=True)
class Packing:
    """What a packing came to: how many texts were there from an earlier one that was stopped, and which were empty."""

    gone_on_after: int
    empty: list[str]


def pack(
    texts: Iterable[Text],
    tokenizer: Tokenizer,
    folder: Path,
    *,
    workers: int = 1,
    origin: str | None = None,
    progress: Progress | None = None,
) -> Packing:
    """Write the packed folder of some texts; the bytes are the same for any number of ``workers``.

    Only the texts that processes work on are in memory. What was done when this is interrupted, or fails, stays in
    ``NAME.part``; with the same tokenizer, and sources of the same ``origin``, it is gone on with.
    """
    encoder = Encoder(tokenizer)
    with Unfinished(folder, tokenizer, encoder.dtype, origin) as unfinished:
        gone_on_after = unfinished.done
        make = partial(_given, encoder) if workers == 1 else encoder_of(unfinished.tokenizer, unfinished.path)
        groups = batches(unfinished.remaining(texts), attrgetter("size"), BATCH)
        for group, encoded in in_order(groups, make, workers, size_of, NOVEL):
            unfinished.append(group, encoded)
            if progress:
                progress(group[-1].part, len(group), sum(encoded.characters))
        return Packing(gone_on_after, unfinished.finish())


def _given(encoder: Encoder) -> Encoder:
    return encoder
