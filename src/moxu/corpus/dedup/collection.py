"""Fingerprints of many texts, as the arrays that are searched for duplicates; the texts themselves are not kept."""

import tempfile
import weakref
from hashlib import blake2b

import numpy as np

from moxu.corpus.dedup.duplicates import Duplicates, find_duplicates
from moxu.corpus.dedup.fingerprint import EXACT_BYTES, Fingerprinter


class Collection:
    """The fingerprints of the texts that were added, in their order: 17 bytes for each, and 4 a bin in a file."""

    def __init__(self, fingerprinter: Fingerprinter | None = None) -> None:
        self.fingerprinter = fingerprinter or Fingerprinter()
        self._exact, self._has_signature = bytearray(), bytearray()
        self._signatures = tempfile.TemporaryFile()  # noqa: SIM115 — it goes with this object
        weakref.finalize(self, self._signatures.close)
        self._none = bytes(4 * self.fingerprinter.bins)

    def __len__(self) -> int:
        return len(self._has_signature)

    def add(self, text: str) -> None:
        """Add a text."""
        fingerprint = self.fingerprinter.of(text)
        signature = fingerprint.signature
        self._exact += fingerprint.exact
        self._signatures.write(self._none if signature is None else signature.astype("<u4").tobytes())
        self._has_signature.append(signature is not None)

    def add_nothing(self) -> None:
        """Keep a place for what has no text, and repeats nothing."""
        place = len(self).to_bytes(EXACT_BYTES, "little")
        self._exact += blake2b(place, digest_size=EXACT_BYTES, person=b"nothing").digest()
        self._signatures.write(self._none)
        self._has_signature.append(False)

    def duplicates(self, threshold: float) -> Duplicates:
        """Find the texts that repeat one before them; SettingsError for a threshold out of range."""
        self._signatures.flush()
        shape = (len(self), self.fingerprinter.bins)
        kept = np.memmap(self._signatures, np.dtype("<u4"), "r", shape=shape) if len(self) else np.empty(shape, "<u4")
        return find_duplicates(
            np.frombuffer(bytes(self._exact), np.uint8).reshape(-1, EXACT_BYTES),
            kept,
            np.frombuffer(bytes(self._has_signature), np.bool_),
            threshold=threshold,
        )
