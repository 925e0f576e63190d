"""Which sequences a training step reads: a function of the step alone, so that resuming needs no bookkeeping."""

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor

from moxu.corpus.pack.packed import Document, PackedText
from moxu.errors import SettingsError, TextError
from moxu.settings import nearest


class TrainingData:
    """Sequences of ``length`` + 1 ids from the training works, in a new shuffled order each epoch.

    An epoch cuts every work into sequences from a random place on, and names each as often as its group's weight
    says: 2.0 reads twice, 0.5 reads a random half.
    """

    def __init__(self, packed: PackedText, length: int, weights: Mapping[str, float], seed: int) -> None:
        self._ids, self._length, self._seed = packed.ids, length, seed
        self._documents = packed.of_split("train")
        groups = {document.group for document in self._documents}
        for group in weights:
            if group not in groups:
                raise SettingsError(f"recipe: data.weights names {group!r}; {nearest(group, groups)}")
        self._weights = weights
        self._last_start = max(document.start + document.length for document in self._documents) - length - 1
        if self._last_start < 0:
            raise TextError(f"{packed.folder}: shorter than one training sequence of {length} ids")
        self._epoch = -1
        self._starts = np.empty(0, dtype=np.int64)
        self.sequences_per_epoch = sum(self._expected_sequences(document) for document in self._documents)

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

    def _shuffled_starts(self, epoch: int) -> np.ndarray:
        generator = np.random.Generator(np.random.Philox(key=[self._seed, epoch]))
        starts: list[int] = []
        for document in self._documents:
            offset = int(generator.integers(self._length))
            cuts = np.arange(document.start + offset, document.start + document.length, self._length)
            wanted = self._expected_sequences(document)
            rounds = -(-wanted // max(1, len(cuts)))
            chosen = np.concatenate([generator.permutation(cuts) for _ in range(rounds)] or [cuts[:0]])[:wanted]
            starts.extend(chosen)
            starts.extend([document.start] * (wanted - len(chosen)))  # a work shorter than its offset
        order = generator.permutation(len(starts))
        return np.minimum(np.array(starts, dtype=np.int64)[order], self._last_start)

    def _expected_sequences(self, document: Document) -> int:
        return max(1, round(document.length / self._length * self._weights.get(document.group, 1.0)))


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
