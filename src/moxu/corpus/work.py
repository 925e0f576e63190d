"""A work as a corpus knows it: a book, where it is from, what may be done with it, and what it is for."""

from collections.abc import Iterator
from dataclasses import dataclass

from moxu.corpus.book import Book, Chapter

SPLITS = ("train", "validation", "test")


@dataclass(frozen=True, slots=True)
class Work:
    """A book in a corpus.

    ``id`` is the same whenever the same sources are built; ``source`` names the file or page as the user did, without
    the machine's folders; ``split`` is one of SPLITS, or empty until one is chosen; ``group`` is what a training recipe
    weighs works by (``1920s, prose``); ``numbers`` are those of its chapters in the source, where a gap is a chapter
    that is missing, or empty where nothing tells them.
    """

    id: str
    book: Book
    source: str
    licence: str = ""
    split: str = ""
    group: str = ""
    numbers: tuple[int, ...] = ()

    @property
    def characters(self) -> int:
        """How many characters its paragraphs have."""
        return sum(chapter.characters for chapter in self.book.chapters)

    def numbered(self) -> Iterator[tuple[int, Chapter]]:
        """Give the chapters with their numbers, counted where nothing tells them."""
        chapters = self.book.chapters
        return zip(self.numbers or range(1, len(chapters) + 1), chapters, strict=True)

    @property
    def text(self) -> str:
        """The whole text, a line for each title and each paragraph."""
        return "\n".join(self.lines())

    def lines(self) -> Iterator[str]:
        """Give the lines of all chapters."""
        for chapter in self.book.chapters:
            yield from chapter.lines
