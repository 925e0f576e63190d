"""A text to pack: where it is until it is read, and how it is read."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from moxu.corpus.read.books import read_book
from moxu.corpus.sources.listing import BOOKS, PLAIN
from moxu.text.encodings import decode_bytes, read_bytes

Progress = Callable[[float, int, int], None]
"""Called with the part of all sources that is done, and the texts and characters since the last call."""


@dataclass(frozen=True, slots=True)
class Text:
    """A text to pack: its name, what it is for, and the text itself, or the file it is in, or what that file held.

    ``file`` is the name of the file whose bytes the content is, ``part`` how much of all sources lies up to its end.
    """

    name: str
    content: "str | bytes | Path"
    split: str = "train"
    group: str = ""
    file: str = ""
    part: float = 0.0

    def read(self) -> str:
        """Return the text: plain files as they are, in whatever encoding; books as lines, one for each paragraph."""
        if isinstance(self.content, str):
            return self.content
        path = self.content if isinstance(self.content, Path) else None
        data = read_bytes(path) if path else self.content
        assert isinstance(data, bytes)
        name = str(path) if path else self.file
        if PurePosixPath(name).suffix.lower() not in BOOKS - PLAIN:
            return decode_bytes(data, name)[0]
        return "\n".join(line for chapter in read_book(data, name).chapters for line in chapter.lines)

    @property
    def size(self) -> int:
        """How many bytes it takes, about."""
        if isinstance(self.content, Path):
            return self.content.stat().st_size
        return 3 * len(self.content) if isinstance(self.content, str) else len(self.content)


def size_of(texts: Iterable[Text]) -> int:
    """Return how many bytes some texts take, about."""
    return sum(text.size for text in texts)
