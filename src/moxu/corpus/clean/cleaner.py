"""Clean a book by rules, until none of them finds anything: what is clean stays as it is, however often it is cleaned.

One rule may make work for another: a line that goes brings two others together. So the rules run in their order again
and again until nothing changes, which for ordinary text is the second time. A text that still changes after
MOST_ROUNDS (somebody nested a thousand adverts in each other) is left as it is then.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b
from typing import Self

from moxu.corpus.book import Book, Chapter
from moxu.corpus.clean.presence import codes, present
from moxu.corpus.clean.rule import BREAK, MARKS, SCENE, BookRule, Rule, TextRule, TitledRule
from moxu.corpus.clean.rules import RULES, VERSION
from moxu.corpus.clean.spans import CUT
from moxu.corpus.clean.tally import Emptied, RuleTally, Tally, compare
from moxu.errors import SettingsError
from moxu.settings import nearest

MOST_ROUNDS = 12
_EMPTY_LINES = re.compile("\n{2,}")
_OUR_MARKS = re.compile(f"[{BREAK}{SCENE}{CUT}]")


@dataclass(frozen=True)
class Cleaner:
    """The names of the rules that clean, whatever order they were given in; SettingsError for one that is unknown."""

    names: tuple[str, ...] = tuple(name for name, rule in RULES.items() if rule.default)

    def __post_init__(self) -> None:
        chosen = frozenset(map(_known, self.names))
        object.__setattr__(self, "names", tuple(name for name in RULES if name in chosen))

    @classmethod
    def of(cls, without: Iterable[str] = (), also: Iterable[str] = ()) -> Self:
        """Return the rules that are on by default, without some, and with others."""
        dropped = frozenset(map(_known, without))
        return cls((*(name for name in cls().names if name not in dropped), *also))

    @property
    def rules(self) -> tuple[Rule, ...]:
        """The rules, in the order in which they run."""
        return tuple(RULES[name] for name in self.names)

    @property
    def fingerprint(self) -> str:
        """What tells apart cleaners that clean differently, on any machine: 16 hexadecimal digits."""
        return blake2b(f"{VERSION}:{','.join(self.names)}".encode(), digest_size=8).hexdigest()


def _known(name: str) -> str:
    if name not in RULES:
        raise SettingsError(f"cleaning rule {name!r} is unknown; {nearest(name, RULES)}")
    return name


def clean_book(book: Book, cleaner: Cleaner) -> tuple[Book, Tally]:
    """Return the book cleaned, and what was done; every chapter is still there, even if no paragraph of it is."""
    cleaning = _Cleaning(cleaner.rules, book.title)
    titles = cleaning.titles([chapter.title for chapter in book.chapters])
    texts = cleaning.texts(titles, [_joined(chapter.paragraphs) for chapter in book.chapters])
    chapters = tuple(Chapter(title, _parted(text)) for title, text in zip(titles, texts, strict=True))
    emptied = tuple(
        Emptied(book.title, number, now.title)
        for number, (was, now) in enumerate(zip(book.chapters, chapters, strict=True), 1)
        if was.paragraphs and not now.paragraphs
    )
    return replace(book, chapters=chapters), Tally(cleaning.done, emptied)


def _joined(paragraphs: Sequence[str]) -> str:
    """Return paragraphs as one text, a line each; an empty one is SCENE."""
    text = "\n".join(paragraphs)
    if not MARKS.isdisjoint(text) or CUT in text:
        text = _OUR_MARKS.sub("", text)
    return "\n".join([line or SCENE for line in text.split("\n")]) if "" in paragraphs else text


def _parted(text: str) -> tuple[str, ...]:
    return tuple(text.replace(SCENE, "").split("\n")) if text.strip(SCENE + "\n") else ()


def _settled(text: str) -> str:
    """Return a text without the lines that a rule left empty, and with those apart that it wanted apart."""
    return _EMPTY_LINES.sub("\n", text.replace(BREAK, "\n")).strip("\n")


class _Cleaning:
    """The cleaning of one book: the rules, and what each has done so far."""

    def __init__(self, rules: Sequence[Rule], title: str) -> None:
        rules = [rule.of(title) if isinstance(rule, TitledRule) else rule for rule in rules]
        self._text_rules = [rule for rule in rules if isinstance(rule, TextRule)]
        self._book_rules = [rule for rule in rules if isinstance(rule, BookRule)]
        self.done: dict[str, RuleTally] = {}

    def titles(self, titles: list[str]) -> list[str]:
        """Clean the titles of all chapters together, a line each; a rule that would leave one empty leaves it alone."""
        titles = [_OUR_MARKS.sub("", " ".join(title.split("\n"))) for title in titles]
        rules = [rule for rule in self._text_rules if rule.of_titles] if titles else []
        for _ in range(MOST_ROUNDS):
            before = titles
            for rule in rules:
                cleaned = rule.clean("\n".join(titles)).split("\n")
                cleaned = [new.replace(BREAK, " ").strip() or old for old, new in zip(titles, cleaned, strict=True)]
                self._note(rule, titles, cleaned)
                titles = cleaned
            if titles == before:
                break
        return titles

    def texts(self, titles: Sequence[str], texts: list[str]) -> list[str]:
        """Clean the chapters, then the book, then again those chapters in which that changed something."""
        texts = list(map(self._text, texts))
        for _ in range(MOST_ROUNDS):
            before = texts
            for rule in self._book_rules:
                cleaned = rule.clean(titles, texts)
                for old, new in zip(texts, cleaned, strict=True):
                    if new != old:
                        self._note(rule, old.split("\n"), new.split("\n"))
                texts = [_settled(new) for new in cleaned]
            if texts == before:
                break
            texts = [new if new == old else self._text(new) for old, new in zip(before, texts, strict=True)]
        return texts

    def _text(self, text: str) -> str:
        for _ in range(MOST_ROUNDS):
            before = text
            text = self._once(text)
            if text == before:
                break
        return text

    def _once(self, text: str) -> str:
        characters = present(text)
        for rule in self._text_rules:
            if rule.needs and not characters[codes(rule.needs)].any():
                continue
            cleaned = rule.clean(text)
            if cleaned != text:
                self._note(rule, text.split("\n"), cleaned.split("\n"))
                text = _settled(cleaned)
                characters = present(text)
        return text

    def _note(self, rule: Rule, before: Sequence[str], after: Sequence[str]) -> None:
        if before != after:
            self.done[rule.name] = self.done.get(rule.name, RuleTally()) + compare(before, after)
