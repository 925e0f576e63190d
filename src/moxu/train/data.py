"""Which sequences a training step reads: a function of the step alone, so that resuming needs no bookkeeping."""

from collections.abc import Mapping

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from moxu.corpus.pack.documents import Documents
from moxu.corpus.pack.packed import PackedText
from moxu.errors import SettingsError, TextError
from moxu.settings import nearest

Places = NDArray[np.int64]  # in the file of ids


class TrainingData:
    """Sequences of ``length`` + 1 ids from the training works, in a new shuffled order each epoch.

    An epoch cuts every work into sequences from a random place on, and names each as often as its group's weight
    says: 2.0 reads twice, 0.5 reads a random half. A sequence may go on into the next work, never into one that is held
    out; works shorter than a sequence that stand alone among such are not read.
    """

    def __init__(self, packed: PackedText, length: int, weights: Mapping[str, float], seed: int) -> None:
        self._ids, self._length, self._seed = packed.ids, length, seed
        documents = packed.of_split("train")
        groups = set(documents.groups)
        for group in weights:
            if group not in groups:
                raise SettingsError(f"recipe: data.weights names {group!r}; {nearest(group, groups)}")
        last_starts = _ends_of_runs(documents) - length - 1
        is_read = last_starts >= _starts_of_runs(documents)
        if not is_read.any():
            raise TextError(f"{packed.folder}: shorter than one training sequence of {length} ids")
        self._documents, self._last_starts = documents.where(is_read), last_starts[is_read]
        each = np.array([weights.get(group, 1.0) for group in self._documents.groups])
        self._wanted = np.maximum(1, np.rint(self._documents.rows["length"] / length * each)).astype(np.int64)
        self._epoch = -1
        self._starts = np.empty(0, dtype=np.int64)
        self.sequences_per_epoch = int(self._wanted.sum())

    def batch(self, step: int, sequences: int) -> Tensor:
        """Return the ids (sequences, length + 1) int64 that step number ``step`` reads."""
        places = range(step * sequences, (step + 1) * sequences)
        starts = [self._start_of(place) for place in places]
        return torch.from_numpy(np.stack([self._ids[s : s + self._length + 1] for s in starts]).astype(np.int64))

    def _start_of(self, place: int) -> int:
        epoch, place = divmod(place, self.sequences_per_epoch)
        if epoch != self._epoch:
            self._epoch, self._starts = epoch, self._shuffled_starts(epoch)
        return int(self._starts[place])

    def _shuffled_starts(self, epoch: int) -> Places:
        generator = np.random.Generator(np.random.Philox(key=[self._seed, epoch]))
        rows = self._documents.rows
        starts = np.empty(self.sequences_per_epoch, dtype=np.int64)
        filled = 0
        for start, length, wanted in zip(rows["start"].tolist(), rows["length"].tolist(), self._wanted, strict=True):
            cuts = np.arange(start + int(generator.integers(self._length)), start + length, self._length)
            rounds = -(-wanted // max(1, len(cuts)))
            chosen = np.concatenate([generator.permutation(cuts) for _ in range(rounds)])[:wanted]
            starts[filled : filled + wanted] = start  # of a work shorter than its offset, which has no cuts
            starts[filled : filled + len(chosen)] = chosen
            filled += wanted
        order = generator.permutation(len(starts))
        starts = np.minimum(starts, np.repeat(self._last_starts, self._wanted))
        return starts[order]


def _ends_of_runs(documents: Documents) -> Places:
    """Return for each document where the last of those ends that follow it without a gap; (N,) int64."""
    starts: Places = documents.rows["start"]
    ends: Places = starts + documents.rows["length"]
    is_last = np.append(starts[1:] != ends[:-1], True)
    found: Places = ends[is_last][np.cumsum(is_last) - is_last]
    return found


def _starts_of_runs(documents: Documents) -> Places:
    """Return for each document where the first of those begins that it follows without a gap; (N,) int64."""
    starts: Places = documents.rows["start"]
    ends: Places = starts + documents.rows["length"]
    is_first = np.append(True, starts[1:] != ends[:-1])
    found: Places = starts[is_first][np.cumsum(is_first) - 1]
    return found


def validation_batches(packed: PackedText, length: int, sequences: int, at_once: int) -> list[tuple[Tensor, int]]:
    """Return fixed sequences spread evenly over the validation works: ids (b, length + 1) and their characters.

    Raises TextError when there is no validation work, or none so long.
    """
    works = packed.of_split("validation")
    starts = np.concatenate([np.arange(w.start, max(w.start + 1, w.start + w.length - length), length) for w in works])
    chosen = starts[np.linspace(0, len(starts) - 1, min(sequences, len(starts))).astype(np.int64)]
    rows = [packed.ids[s : s + length + 1].astype(np.int64) for s in chosen if s + length < len(packed.ids)]
    if not rows:
        raise TextError(f"{packed.folder}: no validation work is as long as one sequence of {length} ids")
    batches = []
    for first in range(0, len(rows), at_once):
        ids = torch.from_numpy(np.stack(rows[first : first + at_once]))
        characters = sum(len(packed.tokenizer.decode(row[1:].tolist())) for row in ids)
        batches.append((ids, characters))
    return batches
