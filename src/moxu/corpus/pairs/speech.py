"""Dialogues out of fiction: what two people say to one another in quotes, taken only where it is clear who speaks.

    他问：“谁在那里？”              one who is named before the quote, with a verb of speech and a colon
    “是我。”她说，“开门。”          or behind it; what follows is still his or hers
    “你怎么来了？”                  a paragraph of its own is the other one's turn

Two speeches belong together when little stands between them and the second either begins its paragraph or is another
one's who is named. A third name, a name out of turn, two speeches in one paragraph with nothing between them, a quote
that nobody says (a letter, a sign): each ends the dialogue. What is doubtful is left out, so this finds fewer
dialogues than there are.
"""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from moxu.corpus.book import Chapter
from moxu.corpus.pairs.records import Dialogue

_QUOTE = re.compile("“([^“”\n]+)”|「([^「」\n]+)」")
_WHOLE = re.compile(r"[。！？!?…—～，,.]\W*$")  # how what is said ends, and a quoted word does not
_VERB = "[道说說问問答曰云喊叫骂罵嚷]"
_LED = re.compile(rf"(?:^|[。！？…”」])([^。！？…”」]*?){_VERB}[^，。：\n]{{0,2}}[：:]$")
_SPOKEN = re.compile(rf"([^，。！？：“「\n]{{1,10}}?){_VERB}[^，。：\n]{{0,2}}(?:[，。：:]|$)")
_CONNECTIVE = re.compile("^(?:当下|于是|这时|此时|忽然|忽|只见|只听|却说|且说|话说|次日|一日|不料|原来|因此|那时)")
_NO_NAME = frozenset("他她我你它咱俺谁大众忙笑冷一又便就却因再也方才")  # a pronoun, a crowd, or how it is said


@dataclass(frozen=True)
class SpeechOptions:
    """``gap`` is the most text between two turns, ``turn`` the longest turn, ``turns`` the fewest of a dialogue."""

    gap: int = 40
    turn: int = 200
    turns: int = 2


@dataclass(frozen=True, slots=True)
class Speech:
    """What is between two quotes, where in the chapter; ``speaker`` is empty where nobody is named."""

    text: str
    start: int
    end: int
    speaker: str
    is_led: bool  # by a verb of speech and a colon


def dialogues(chapter: Chapter, options: SpeechOptions, skipped: Counter[str]) -> Iterator[Dialogue]:
    """Yield the dialogues of a chapter; speeches that are part of none are counted in ``skipped``."""
    text = "\n".join(chapter.paragraphs)
    turns: list[str] = []
    speakers = ["", ""]  # who has the even turns, and who the odd ones
    before: Speech | None = None
    for speech in _speeches(text):
        link = _link(text, before, speech, options) if before and turns else "apart"
        speaker = speech.speaker
        parity = (len(turns) - (link == "same")) % 2
        out_of_turn = speaker and (speaker == speakers[1 - parity] or speakers[parity] not in ("", speaker))
        if link == "apart" or out_of_turn or len(speech.text) > options.turn:
            yield from _dialogue(turns, options, skipped)
            turns, speakers, link, parity = [], ["", ""], "next", 0
        if link == "same" and len(turns[-1]) + len(speech.text) <= options.turn:
            turns[-1] += speech.text
        elif len(speech.text) <= options.turn:
            turns.append(speech.text)
        else:
            skipped["a speech is too long"] += 1
        speakers[parity] = speaker or speakers[parity]
        before = speech
    yield from _dialogue(turns, options, skipped)


def _dialogue(turns: list[str], options: SpeechOptions, skipped: Counter[str]) -> Iterator[Dialogue]:
    if len(turns) >= options.turns:
        yield Dialogue(tuple(turns))
    elif turns:
        skipped["nobody clearly answers a speech"] += len(turns)


def _speeches(text: str) -> Iterator[Speech]:
    """Yield what is said; quoted words, which are no whole sentence, are text like any other."""
    end = 0
    for quote in _QUOTE.finditer(text):
        said = (quote[1] or quote[2]).strip()
        if not _WHOLE.search(said):
            continue
        led = _LED.search(text[max(end, text.rfind("\n", 0, quote.start()) + 1) : quote.start()])
        spoken = None if led else _SPOKEN.match(text, quote.end())
        named = led or spoken
        end = quote.end()
        yield Speech(said, quote.start(), end, _speaker(named[1]) if named else "", led is not None)


def _speaker(clause: str) -> str:
    """Return the beginning of the name of who speaks, two characters that tell people apart; empty if none is sure.

    It stands where the sentence begins: 李四听了，笑道. Of 等了一会，李四道 and 李四听了，拍手道, which look alike to
    a program, neither is sure.
    """
    first, comma, last = clause.strip().partition("，")
    last = last.rpartition("，")[2]
    name = _CONNECTIVE.sub("", first)[:2]
    is_sure = not comma or not last or last[0] in _NO_NAME
    return name if is_sure and len(name) == 2 and name.isalpha() and name[0] not in _NO_NAME else ""


def _link(text: str, before: Speech, speech: Speech, options: SpeechOptions) -> str:
    """Say whether ``speech`` is the ``same`` turn as the one before it, the ``next``, or stands ``apart``."""
    between = text[before.end : speech.start]
    if len(between) > options.gap or "\n\n" in between:
        return "apart"
    one, other = before.speaker, speech.speaker
    if one and other and one != other and (one[1] == other[0] or one[0] == other[1]):
        return "apart"  # 林黛玉 and 黛玉 may be one person
    if "\n" in between:
        begins = between.endswith("\n")
        return "next" if (begins or speech.is_led) and not (one and one == other) else "apart"
    if speech.is_led and one and other:
        return "same" if one == other else "next"
    return "same" if between and not speech.is_led and _SPOKEN.fullmatch(between) else "apart"
