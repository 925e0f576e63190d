"""A work as a corpus knows it: a book, where it is from, what may be done with it, and what it is for."""

from collections.abc import Iterator
from dataclasses import dataclass

from moxu.corpus.book import Book

SPLITS = ("train", "validation", "test")


@dataclass(frozen=True, slots=True)
class Work:
    """A book in a corpus.

    ``id`` is the same whenever the same sources are built; ``source`` names the file or page as the user did, without
    the machine's folders; ``split`` is one of SPLITS, or empty until one is chosen; ``group`` is what a training recipe
    weighs works by (``1920s, prose``).
    """

    id: str
    book: Book
    source: str
    licence: str = ""
    split: str = ""
    group: str = ""

    @property
    def characters(self) -> int:
        """How many characters its paragraphs have."""
        return sum(chapter.characters for chapter in self.book.chapters)

    @property
    def text(self) -> str:
        """The whole text, a line for each title and each paragraph."""
        return "\n".join(self.lines())

    def lines(self) -> Iterator[str]:
        """Give the lines of all chapters."""
        for chapter in self.book.chapters:
            yield from chapter.lines
