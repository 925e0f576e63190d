"""What a cleaning rule is: a name, what it does, and a function of text.

The paragraphs of a chapter are cleaned as one text, a paragraph a line, because a search over a chapter costs far less
than one over each of its lines. A function keeps the number of lines, so that lines can be compared before and after:

- a line that it wants gone it leaves empty; the cleaner takes empty lines out after each rule;
- a line that it wants to be two lines has BREAK between them;
- an empty paragraph, which sets scenes apart, is a line that holds SCENE alone.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

BREAK = "\x01"
SCENE = "\x02"
MARKS = frozenset({BREAK, SCENE})

HAN = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff〇々□"
"""Ideographs, as the inside of a class of a regular expression, with the mark of a lost one."""

PUNCTUATION = "，。、；：？！…—“”‘’（）《》〈〉【】「」『』"
"""Chinese punctuation, likewise."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule: ``title`` and ``title_zh`` say what it does; ``default`` whether it is on when nobody chooses.

    ``of_titles``: it also cleans titles of chapters, of which it may leave none empty.
    """

    name: str
    title: str
    title_zh: str
    default: bool = True
    of_titles: bool = False


@dataclass(frozen=True, slots=True)
class TextRule(Rule):
    """A rule that looks at one chapter: ``clean`` takes its text and returns it cleaned.

    ``needs``: a text without any of these characters is clean already, which spares the search; written as the inside
    of a class of a regular expression, and empty for a rule that may find something in any text.
    """

    clean: Callable[[str], str] = str
    needs: str = ""


@dataclass(frozen=True, slots=True)
class TitledRule(Rule):
    """A rule that looks at one chapter and knows the title of its book: ``clean`` takes both; the rest as TextRule."""

    clean: Callable[..., str] = str
    needs: str = ""

    def of(self, title: str) -> TextRule:
        """Return the rule for the chapters of one book."""
        return TextRule(
            self.name,
            self.title,
            self.title_zh,
            self.default,
            self.of_titles,
            clean=partial(self.clean, title=title),
            needs=self.needs,
        )


@dataclass(frozen=True, slots=True)
class BookRule(Rule):
    """A rule that looks at a whole book: ``clean`` takes the titles and texts of its chapters and returns the texts."""

    clean: Callable[[Sequence[str], Sequence[str]], list[str]] = lambda _, texts: list(texts)
