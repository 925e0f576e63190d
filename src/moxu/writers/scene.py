"""What a model reads before it writes at the desk: composed here once, for it to read and for its author to see.

In front stands what lies beside the story: its memory, and the cards of the lore that fire. Then comes the story, as
far back as it may be read, and within it, some way back from the end, the author's note. Models that follow no
instructions know nothing but prose, so each part is what it says, as paragraphs; only a card whose text does not name
what it is about begins with its name: ``阿砚：渡口的船家。``

What does not fit is told as ``cut``. Where it gets narrow, what lies beside the story has half of the room (the
author's note first, then the memory, then the cards in their order, each by whole sentences), and the story the rest.
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from moxu.store.records import Note
from moxu.text.prepare import BLANK, NEWLINE, paragraphs
from moxu.text.tokenizer import Tokenizer
from moxu.writers.manners import Manner, Prompt
from moxu.writers.scene_lore import fired
from moxu.writers.scene_places import note_place, starts

Source = Literal["memory", "lore", "note", "story"]

REACH = 4000
"""How many characters of the story are read, where nothing else is said."""

NOTE_DEPTH = 400
"""How many characters before the end the author's note stands, where it does not say."""

BESIDE = 16_384
"""How many ids of what lies beside the story are read by a model that can read any number."""

CUT_SHOWN = 2000
"""How many characters of the story are shown of those that are not read: the ones nearest to what is."""

_HOPS = 8  # in the reach; so at least six eighths of it are read: up to two are lost to the hop and its paragraph
_SENTENCE_END = re.compile("[。！？!?…\n][”’」』）)\"']*|\\.(?=\\s)")


@dataclass(frozen=True, kw_only=True)
class Scene:
    """Where a text goes on, and what there is to be read before.

    ``before`` is the text of the chapter up to there, but for the ``skipped`` first characters; ``earlier`` the end of
    the chapters before it, where nothing is skipped. ``omitted`` counts all characters of the story before these.
    """

    before: str
    skipped: int = 0
    earlier: str = ""
    omitted: int = 0
    notes: Sequence[Note] = ()
    reach: int = REACH


@dataclass(frozen=True)
class Reads:
    """What is read by whom: the manner and the vocabulary of a model, and how many ids it can read (None: any)."""

    manner: Manner
    tokenizer: Tokenizer
    room: int | None = None

    def prompt(self, text: str) -> tuple[Prompt, tuple[int, ...]]:
        """Return the prompt that a text is for the model, and its ids."""
        prompt = self.manner.prompt_of(text, self.tokenizer)
        return prompt, tuple(self.tokenizer.encode(prompt.text)) if prompt.ids is None else prompt.ids


@dataclass(frozen=True, kw_only=True)
class Part:
    """A part of what is read; the ``text`` of all parts together is what the prompt shows.

    ``cut`` does not fit; of a story it is only the end of ``cut_characters``. ``fired_by``: the key by which a card
    fires, whose last place begins ``fired_back`` characters before the end of the story.
    """

    source: Source
    text: str
    note: int | None = None
    name: str = ""
    cut: str = ""
    cut_characters: int = 0
    fired_by: str | None = None
    fired_back: int | None = None


@dataclass(frozen=True)
class Sight:
    """What the model sees: its parts, the prompt that they are, and its ids, of which there was ``room`` for so many.

    ``at_line_start``: what is written goes on at the beginning of a paragraph.
    """

    parts: tuple[Part, ...]
    prompt: Prompt
    ids: tuple[int, ...]
    room: int | None
    at_line_start: bool


def compose(scene: Scene, reads: Reads) -> Sight:
    """Return what a model reads of a scene."""
    story = _Story.of(scene)
    beside = _beside(scene, story.text, reads)

    def read_from(start: int) -> tuple[list[Part], Prompt, tuple[int, ...]]:
        parts = [*beside.front, *story.parts(start, beside)]
        return parts, *reads.prompt("".join(part.text for part in parts))

    start = _first_fitting(
        starts(story.text, reach=scene.reach, hop=_hop(scene.reach, reads.room), base=story.base),
        lambda place: reads.room is None or len(read_from(place)[2]) <= reads.room,
        otherwise=len(story.text),
    )
    parts, prompt, ids = read_from(start)
    return Sight(_as_read(parts, prompt.shown), prompt, ids, reads.room, story.text[-1:] in ("", "\n"))


@dataclass(frozen=True)
class _Beside:
    """What is read of what lies beside a story; the author's ``note`` stands ``depth`` characters before the end."""

    front: Sequence[Part]
    note: Part | None
    depth: int


@dataclass(frozen=True)
class _Story:
    """The text of a story up to where it goes on; ``base`` is the place of its first character in the chapter."""

    text: str
    base: int
    omitted: int

    @classmethod
    def of(cls, scene: Scene) -> "_Story":
        earlier = "" if scene.skipped else NEWLINE.sub("\n", scene.earlier).rstrip("\n")
        earlier += "\n" * bool(earlier)
        return cls(earlier + NEWLINE.sub("\n", scene.before), scene.skipped - len(earlier), scene.omitted)

    def parts(self, start: int, beside: _Beside) -> list[Part]:
        """Return the parts of the story from a place on, with the author's note among them."""
        cut, count = self.text[max(0, start - CUT_SHOWN) : start], self.omitted + start
        if beside.note is None:
            return [Part(source="story", text=self.text[start:], cut=cut, cut_characters=count)]
        place = note_place(self.text, start, depth=beside.depth, base=self.base)
        head = Part(source="story", text=self.text[start:place], cut=cut, cut_characters=count)
        return [head, beside.note, Part(source="story", text=self.text[place:])]


def _beside(scene: Scene, story: str, reads: Reads) -> _Beside:
    """Return what is read beside a story: what is on its notes, as far as there is room for it."""
    author = next((note for note in scene.notes if note.kind == "author"), None)
    memory = [_part("memory", note) for note in scene.notes if note.kind == "memory"]
    cards = fired([note for note in scene.notes if note.kind == "lore"], story)
    lore = [replace(_part("lore", one.card), fired_by=one.key, fired_back=one.back) for one in cards]
    wanted = [*([] if author is None else [_part("note", author)]), *memory, *lore]
    room = BESIDE if reads.room is None else reads.room // 2
    parts = _within([part for part in wanted if part.text], room, reads.tokenizer)
    depth = None if author is None else author.content.depth
    return _Beside(
        [part for part in parts if part.source != "note"],
        next((part for part in parts if part.source == "note"), None),
        NOTE_DEPTH if depth is None else depth,
    )


def _part(source: Source, note: Note) -> Part:
    """Return a note as it is read: its paragraphs, the last of them ended."""
    content = note.content
    name, lines = content.name.strip(BLANK), paragraphs(content.text)
    text = "".join(line + "\n" for line in lines)
    if source == "lore" and text and name not in text:
        text = f"{name}：{text}"
    return Part(source=source, text=text, note=note.id, name=name)


def _within(parts: Sequence[Part], room: int, tokenizer: Tokenizer) -> list[Part]:
    """Return the parts, each cut after the last sentence that finds room after all before it."""
    fitted = []
    for part in parts:
        kept = _sentences(part.text.rstrip("\n"), room, tokenizer)
        text, cut = kept.rstrip("\n") + "\n" * bool(kept), part.text[len(kept) :].strip("\n")
        room -= len(tokenizer.encode(text))
        fitted.append(replace(part, text=text, cut=cut, cut_characters=len(cut)))
    return fitted


def _sentences(text: str, room: int, tokenizer: Tokenizer) -> str:
    """Return as many of the first sentences as find room, with the newline after them."""
    ends = [0, *(match.end() for match in _SENTENCE_END.finditer(text[:-1])), len(text)]
    fitting = bisect_right(ends, room, key=lambda end: len(tokenizer.encode(text[:end].rstrip("\n") + "\n")))
    return text[: ends[max(0, fitting - 1)]]


def _first_fitting(places: Sequence[int], fits: Callable[[int], bool], *, otherwise: int) -> int:
    """Return the first place that fits, where each after one that does fits too."""
    number = bisect_left(places, True, key=fits)
    return places[number] if number < len(places) else otherwise


def _hop(reach: int, room: int | None) -> int:
    return max(1, (reach if room is None else min(reach, room)) // _HOPS)


def _as_read(parts: Sequence[Part], shown: str) -> tuple[Part, ...]:
    """Return the parts with what is read of them: to prepare a text is to leave out some of its characters."""
    read, place = [], 0
    for part in parts:
        start = place
        for character in part.text:
            place += shown[place : place + 1] == character
        read.append(replace(part, text=shown[start:place]))
    return tuple(part for part in read if part.text or part.cut_characters)
