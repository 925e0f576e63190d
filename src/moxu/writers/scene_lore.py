"""Which cards of the lore fire: those that always do, and those whose name or alias stands in the recent text.

Full- and half-width forms, and capital and small letters, are the same here. Chinese has no spaces between words, so a
key fires wherever it stands; but one that ends in a Latin letter or a digit does not fire within a longer such word.
"""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from moxu.store.records import Note
from moxu.text.prepare import BLANK

DEPTH = 1000
"""How many characters back from the end of the text a card is looked for, where it does not say."""

_SEPARATORS = re.compile("[,，、､;；\n]")


@dataclass(frozen=True)
class Fired:
    """A card that fires: by which ``key``, of which the last place begins ``back`` characters before the end.

    Both are None of a card that always fires and is not named.
    """

    card: Note
    key: str | None = None
    back: int | None = None


def aliases_of(line: str) -> tuple[str, ...]:
    """Return the aliases that a person typed in one line, between commas or semicolons of any width, each once."""
    aliases = (alias.strip(BLANK) for alias in _SEPARATORS.split(line))
    return tuple(dict.fromkeys(alias for alias in aliases if alias))


def keys_of(card: Note) -> tuple[str, ...]:
    """Return what a card is called: its name and its aliases, of which one may still hold several."""
    name = card.content.name.strip(BLANK)
    aliases = [alias for given in card.content.aliases for alias in aliases_of(given)]
    return tuple(dict.fromkeys(key for key in (name, *aliases) if key))


def fired(cards: Iterable[Note], text: str) -> list[Fired]:
    """Return the cards that fire on ``text``, in their order."""
    found, folded = [], dict[int, _Folded]()  # by how far back is looked
    for card in cards:
        depth = min(DEPTH if card.content.depth is None else card.content.depth, len(text))
        recent = folded.setdefault(depth, _Folded(text[len(text) - depth :]))
        places = {key: place for key in keys_of(card) if (place := recent.last(key)) is not None}
        if places:
            key = max(places, key=lambda one: places[one])
            found.append(Fired(card, key, depth - places[key]))
        elif card.content.always:
            found.append(Fired(card))
    return found


class _Folded:
    """A text in which keys are looked for, whatever their width and case."""

    def __init__(self, text: str) -> None:
        folds = [_fold(character) for character in text]
        self._text = "".join(folds)
        self._origins = [place for place, fold in enumerate(folds) for _ in fold]

    def last(self, key: str) -> int | None:
        """Return where in the text as it was given the last ``key`` begins; None where there is none."""
        folded = "".join(map(_fold, key))
        place = self._text.rfind(folded) if folded else -1
        while place >= 0:
            if not (self._splits_word(place) or self._splits_word(place + len(folded))):
                return self._origins[place]
            place = self._text.rfind(folded, 0, place + len(folded) - 1)
        return None

    def _splits_word(self, place: int) -> bool:
        """Whether Latin letters or digits stand on both sides of a place."""
        sides = self._text[max(0, place - 1) : place + 1]
        return len(sides) == 2 and place > 0 and sides.isascii() and sides.isalnum()


@lru_cache(maxsize=8192)
def _fold(character: str) -> str:
    """Return what a character is without its width and case.

    It is decomposed, not composed, so that each character can be folded alone: then its place is known, and the sound
    mark that stands by itself in half-width Japanese is the same as the one within a full-width character.
    """
    return unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", character).casefold())
