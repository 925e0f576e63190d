"""What was found in a corpus: the one object that the page, the terminal and ``--json`` show."""

from dataclasses import asdict, dataclass
from typing import Any

from moxu.corpus.inspect.characters import LostInWork, ScriptOfWork
from moxu.corpus.inspect.copies import Copies
from moxu.corpus.inspect.excerpts import Excerpt
from moxu.corpus.inspect.lengths import LengthFacts
from moxu.corpus.inspect.numbering import NumberingFault
from moxu.corpus.inspect.repeats import RepeatedLine


@dataclass(frozen=True, slots=True)
class Share:
    """The works with one value of a column (a split, a group, an author, a licence); an empty name says none."""

    name: str
    works: int
    chapters: int
    characters: int


@dataclass(frozen=True, slots=True)
class Coverage:
    """How many of the most frequent characters make up this part of the text."""

    part: float
    characters: int


@dataclass(frozen=True, slots=True)
class CharacterCount:
    """A character: its code point and its name in Unicode, how often it stands there, and first where."""

    character: str
    code: str  # U+4E00
    name: str
    count: int
    before: str = ""
    after: str = ""
    work: str = ""


@dataclass(frozen=True, slots=True)
class CharacterFacts:
    """The characters of the paragraphs, line ends aside.

    ``ranks`` are (rank, count) of some characters in the order of their frequency, for a plot of Zipf's law;
    ``missed`` are (rank, part of the text that the more frequent ones do not make up).
    """

    different: int
    kinds: dict[str, int]
    coverage: tuple[Coverage, ...]
    ranks: tuple[tuple[int, int], ...]
    missed: tuple[tuple[int, float], ...]
    frequent: tuple[CharacterCount, ...]
    punctuation: tuple[CharacterCount, ...]
    odd: tuple[CharacterCount, ...]
    rare: tuple[CharacterCount, ...]
    lost: tuple[CharacterCount, ...]


@dataclass(frozen=True, slots=True)
class ScriptFacts:
    """Simplified and traditional characters: how many tell the script, and how many works are in which."""

    simplified: int
    traditional: int
    works: dict[str, int]
    mixed: tuple[ScriptOfWork, ...]


@dataclass(frozen=True, slots=True)
class DialogueFacts:
    """What stands within quotation marks, the marks included."""

    characters: int
    unclosed: int  # paragraphs in which a quotation mark is opened and none closes it
    works_without: int  # works without quotation marks


@dataclass(frozen=True, slots=True)
class ChapterFacts:
    """A chapter: the work, its number there (from 1), its title, its length."""

    work: str
    number: int
    title: str
    characters: int


@dataclass(frozen=True, slots=True)
class UntitledInWork:
    """A work with several chapters, of which some have no title."""

    work: str
    untitled: int
    chapters: int


@dataclass(frozen=True, slots=True)
class NumberingInWork:
    """Where the numbers of a work's chapters do not go on by one: how often, how many are missing, and the first."""

    work: str
    count: int
    missing: int
    faults: tuple[NumberingFault, ...]


@dataclass(frozen=True, slots=True)
class StructureFacts:
    """How the works are divided."""

    volume_titles: int  # chapters without paragraphs
    untitled: int  # chapters without a title, before the first title of a work aside
    works_untitled: tuple[UntitledInWork, ...]
    works_whole: int  # works of one chapter
    longest: tuple[ChapterFacts, ...]
    shortest: tuple[ChapterFacts, ...]
    works_misnumbered: int
    missing: int
    misnumbered: tuple[NumberingInWork, ...]


@dataclass(frozen=True, slots=True)
class RepetitionFacts:
    """What stands there more than once: whole chapters, and lines (``uncounted``: by how much counts may be low)."""

    chapters: int  # beyond the first of each text
    characters: int
    copies: tuple[Copies, ...]
    lines: tuple[RepeatedLine, ...]
    uncounted: int


@dataclass(frozen=True, slots=True)
class Unread:
    """A source that could not be read, and why."""

    source: str
    reason: str


@dataclass(frozen=True, slots=True)
class Facts:
    """What is in a corpus; ``characters`` are those of the paragraphs, without titles and line ends."""

    sources: tuple[str, ...]
    seed: int
    works: int
    chapters: int
    paragraphs: int
    characters: int
    shares: dict[str, tuple[Share, ...]]  # by split, group, author, licence
    lengths: dict[str, LengthFacts]  # of works, chapters, paragraphs, sentences
    text: CharacterFacts
    script: ScriptFacts
    dialogue: DialogueFacts
    structure: StructureFacts
    repetition: RepetitionFacts
    lost_in: tuple[LostInWork, ...]
    works_with_lost: int
    excerpts: tuple[Excerpt, ...]
    unread: tuple[Unread, ...]

    def as_object(self) -> dict[str, Any]:
        """Return the facts as plain dictionaries, lists, numbers and texts."""
        return asdict(self)
