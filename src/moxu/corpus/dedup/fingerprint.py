"""The fingerprint of a text: a digest that tells equal texts, and a signature that tells similar ones."""

from dataclasses import dataclass
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

from moxu.corpus.dedup.minhash import minhash
from moxu.corpus.dedup.ngrams import letters, ngram_hashes
from moxu.errors import SettingsError

EXACT_BYTES = 16
NGRAMS = range(1, 33)
BINS = range(8, 1025)


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """What is kept of a text to compare it by.

    ``exact`` (16 bytes) is equal for texts whose letters are equal, whatever their white space and punctuation; that of
    a text with fewer letters than an n-gram only for texts that are equal as they are. Such a text has no
    ``signature``; of all others it is (bins,).
    """

    exact: bytes
    signature: NDArray[np.uint32] | None


@dataclass(frozen=True, slots=True)
class Fingerprinter:
    """Makes fingerprints: of n-grams of ``ngram`` letters, with signatures of ``bins`` numbers; SettingsError.

    Fingerprints of the same settings are comparable, whatever process or machine made them. A signature takes 4 bytes
    a bin, and its estimates have a standard deviation of at most 1 / (2 sqrt(bins)).
    """

    ngram: int = 5
    bins: int = 80

    def __post_init__(self) -> None:
        for name, value, allowed in (("ngram", self.ngram, NGRAMS), ("bins", self.bins, BINS)):
            if value not in allowed:
                raise SettingsError(f"{name} is {value!r}; expected {allowed.start} to {allowed.stop - 1}")

    def of(self, text: str) -> Fingerprint:
        """Return the fingerprint of a text."""
        compared = letters(text)
        if len(compared) < self.ngram:
            return Fingerprint(_digest(text.encode("utf-8", "surrogatepass"), b"text"), None)
        signature = minhash(ngram_hashes(compared, self.ngram), self.bins)
        return Fingerprint(_digest(compared.astype("<u4").tobytes(), b"letters"), signature)


def _digest(data: bytes, kind: bytes) -> bytes:
    return blake2b(data, digest_size=EXACT_BYTES, person=kind).digest()
