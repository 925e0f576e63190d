"""The tokenizer of CPM-1: jieba cuts a text into words, SentencePiece cuts those into pieces.

Blanks and newlines travel through SentencePiece, which would lose them, as ▂ and ▃. Its normalisation is not undone:
full-width marks come back half-width. ``<eod>`` is a piece that only programs write; typed in a text it is text.
"""

import functools
import warnings
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Self

from moxu.errors import TextError
from moxu.text.detokenize import StreamingDetokenizer
from moxu.text.encodings import read_bytes

END = "<eod>"
BLANK, NEWLINE = "▂", "▃"
BETWEEN_PIECES = "▁"  # SentencePiece's own blank: only marks where words begin
_TO_MARKS = str.maketrans({" ": BLANK, "\n": NEWLINE})
_FROM_MARKS = str.maketrans({BETWEEN_PIECES: "", " ": "", BLANK: " ", NEWLINE: "\n"})


class CpmTokenizer:
    """A SentencePiece model of jieba's words; what it has no piece for is unknown, and written as ⁇."""

    kind = "cpm"
    source_marks: tuple[int, int] | None = None

    def __init__(self, model: bytes, name: str = "model") -> None:
        """Load the contents of a ``.model`` file; TextError, with ``name`` in it, when they are no such model."""
        self._model = model
        self._processor = _processor(model, name)
        pieces = _pieces(self._processor, name)
        if END not in pieces:
            raise TextError(f"{name}: has no piece {END}; expected the chinese_vocab.model of CPM-1")
        self._words = [piece.translate(_FROM_MARKS).encode() for piece in pieces]
        self.vocab_size = len(pieces)
        self.newline_id: int | None = pieces.index(NEWLINE) if NEWLINE in pieces else None
        self.end_id: int | None = pieces.index(END)
        unknown = self._processor.unk_id()
        controls = [token_id for token_id in range(len(pieces)) if self._processor.is_control(token_id)]
        self.forbidden_ids: tuple[int, ...] = tuple(sorted({unknown, *controls} - {self.end_id}))
        for token_id in controls:
            self._words[token_id] = b""
        self._words[unknown] = self._processor.decode([unknown]).translate(_FROM_MARKS).encode()

    def encode(self, text: str) -> list[int]:
        readable = text.encode("utf-8", "replace").decode()  # a lone surrogate, which is no text, is a question mark
        words = (word.translate(_TO_MARKS) for word in _jieba().cut(readable))
        ids: list[int] = self._processor.encode(" ".join(words))
        return ids

    def encode_parts(self, text: str, *, end_each: bool) -> list[int]:
        """Return the ids of the parts of ``text`` between ``<eod>``, each stripped; empty ones are skipped.

        ``end_each`` puts the end of a document after each of them, as CPM's lyrics have it; its novels have none.
        """
        ids: list[int] = []
        for part in filter(None, text.strip().split(END)):
            ids += self.encode(part.strip())
            if end_each and self.end_id is not None:
                ids.append(self.end_id)
        return ids

    def decode(self, ids: Iterable[int]) -> str:
        return b"".join(map(self.token_bytes, ids)).decode("utf-8", "replace")

    def detokenizer(self) -> StreamingDetokenizer:
        return StreamingDetokenizer(self)

    def token_bytes(self, token_id: int) -> bytes:
        return self._words[token_id]

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read a SentencePiece model; TextError names a file that is something else, or damaged."""
        return cls(read_bytes(path), str(path))

    def save(self, path: Path) -> None:
        """Write the model, byte for byte as it was read."""
        path.write_bytes(self._model)


def _processor(model: bytes, name: str) -> Any:
    try:
        from sentencepiece import SentencePieceProcessor
    except ImportError:
        raise TextError(f"{name}: reading it needs SentencePiece; pip install 'moxu[hf]'") from None
    mistake = f"{name}: is no SentencePiece model, or damaged; expected the chinese_vocab.model of CPM-1"
    if not model:
        raise TextError(mistake)  # SentencePiece takes nothing at all for a model
    try:
        return SentencePieceProcessor(model_proto=model)
    except RuntimeError:
        raise TextError(mistake) from None


def _pieces(processor: Any, name: str) -> list[str]:
    try:
        return [processor.id_to_piece(token_id) for token_id in range(processor.get_piece_size())]
    except UnicodeDecodeError as error:
        raise TextError(f"{name}: damaged: a piece is no UTF-8: {error}") from None


@functools.cache
def _jieba() -> Any:
    """Return jieba's cutter with its own dictionary, apart from the one other programs may have added words to.

    jieba would leave its dictionary as a file in the folder for temporary files, and would read there what anybody
    put in its place. So it is made anew, which takes a second, and says nothing about it.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # its source has what newer Pythons warn of
            import jieba
    except ImportError:
        raise TextError("CPM-1's tokenizer needs jieba; pip install 'moxu[hf]'") from None
    cutter = jieba.Tokenizer()
    cutter.FREQ, cutter.total = cutter.gen_pfdict(cutter.get_dict_file())
    cutter.initialized = True
    return cutter
