"""Fingerprints of many texts, as the arrays that are searched for duplicates; the texts themselves are not kept."""

from hashlib import blake2b

import numpy as np

from moxu.corpus.dedup.duplicates import Duplicates, find_duplicates
from moxu.corpus.dedup.fingerprint import EXACT_BYTES, Fingerprinter


class Collection:
    """The fingerprints of the texts that were added, in their order: 4 bytes a bin and 17 more for each."""

    def __init__(self, fingerprinter: Fingerprinter | None = None) -> None:
        self.fingerprinter = fingerprinter or Fingerprinter()
        self._exact, self._signatures, self._has_signature = bytearray(), bytearray(), bytearray()
        self._none = bytes(4 * self.fingerprinter.bins)

    def __len__(self) -> int:
        return len(self._has_signature)

    def add(self, text: str) -> None:
        """Add a text."""
        fingerprint = self.fingerprinter.of(text)
        signature = fingerprint.signature
        self._exact += fingerprint.exact
        self._signatures += self._none if signature is None else signature.tobytes()
        self._has_signature.append(signature is not None)

    def add_nothing(self) -> None:
        """Keep a place for what has no text, and repeats nothing."""
        place = len(self).to_bytes(EXACT_BYTES, "little")
        self._exact += blake2b(place, digest_size=EXACT_BYTES, person=b"nothing").digest()
        self._signatures += self._none
        self._has_signature.append(False)

    def duplicates(self, threshold: float) -> Duplicates:
        """Find the texts that repeat one before them; SettingsError for a threshold out of range."""
        return find_duplicates(
            np.frombuffer(self._exact, np.uint8).reshape(-1, EXACT_BYTES),
            np.frombuffer(self._signatures, np.uint32).reshape(-1, self.fingerprinter.bins),
            np.frombuffer(self._has_signature, np.bool_),
            threshold=threshold,
        )
