from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mocks import ByteTokenizer, WordTokenizer
from moxu.cli.conversation import (
    Conversation,
    check_can_talk,
    one_line,
    turns_of,
)
from moxu.cli.pages import OutFile
from moxu.cli.record import Record
from moxu.errors import SettingsError
from moxu.text.turns import SPECIAL, TurnsTokenizer
from moxu.writers.base import Event, Finish, Piece, Request, Started
from moxu.writers.dialogue import prompt_of_turns, room_for_turns

TOKENIZER = TurnsTokenizer([*SPECIAL, *"甲乙丙丁"])
SEP = 2


class Parrot:
    """A writer that answers with the pieces it was given, and is interrupted where there is None."""

    name = "parrot"

    def __init__(self, *pieces: str | None) -> None:
        self.pieces, self.requests = pieces, list[Request]()

    def write(self, request: Request) -> Iterator[Event]:
        self.requests.append(request)
        yield Started(1, 1, (request.seed or 0,))
        for piece in self.pieces:
            if piece is None:
                raise KeyboardInterrupt
            yield Piece(0, piece)
        yield Finish(0, "end", 1, 1, 1.0)


def conversation(*pieces: str | None, **given: Any) -> Conversation:
    return Conversation(Parrot(*pieces), TOKENIZER, Request(prompt="\n", seed=7), **({"room": None} | given))


def nowhere(text: str) -> None:
    """Show nothing."""


def asked(talk: Conversation) -> list[tuple[int, ...] | None]:
    assert isinstance(talk.writer, Parrot)
    return [request.prompt_ids for request in talk.writer.requests]


def test_the_model_reads_all_turns_each_with_its_end() -> None:
    talk, shown = conversation("乙", "丙", turns=["丁", "丁"]), list[str]()
    talk.answer(" 甲\t", shown.append)
    talk.answer("乙", shown.append)
    assert shown == ["乙", "丙", "乙", "丙"]
    assert talk.turns == ["丁", "丁", "甲", "乙丙", "乙", "乙丙"]
    assert asked(talk) == [(6, SEP, 6, SEP, 3, SEP), (6, SEP, 6, SEP, 3, SEP, 4, 5, SEP, 4, SEP)]


def test_each_answer_has_a_seed_of_its_own() -> None:
    talk = conversation("乙")
    talk.answer("甲", nowhere)
    talk.answer("甲", nowhere)
    assert isinstance(talk.writer, Parrot)
    assert [request.seed for request in talk.writer.requests] == [7, 8]


def test_what_an_interruption_leaves_of_an_answer_is_a_turn(tmp_path: Path) -> None:
    file = OutFile(tmp_path / "a.tsv")
    talk, record = conversation("乙", None, "丙", out_file=file), Record()
    with pytest.raises(KeyboardInterrupt):
        talk.answer("甲", nowhere, record)
    assert talk.turns == ["甲", "乙"]
    assert (tmp_path / "a.tsv").read_text("utf-8") == "甲\t乙"
    assert [one.finish_reason for one in record.continuations()] == ["cancelled"]
    file.close()


def test_a_turn_without_a_character_is_not_read() -> None:
    talk = conversation(None)
    for _ in range(2):
        with pytest.raises(KeyboardInterrupt):
            talk.answer("甲", nowhere)
    assert asked(talk)[-1] == (3, SEP, 3, SEP)


def test_a_conversation_is_a_line_of_a_file_that_can_be_read_again(tmp_path: Path) -> None:
    file = OutFile(tmp_path / "a.tsv")
    talk = conversation("乙\n丙", turns=["丁"])
    talk.keep_in(file)
    talk.answer("甲", nowhere)
    talk.forget()
    talk.forget()
    assert talk.turns == []
    talk.answer("丁", nowhere)
    talk.forget()
    file.close()
    assert (tmp_path / "a.tsv").read_text("utf-8") == "丁\t甲\t乙 丙\n丁\t乙 丙\n"
    assert turns_of((tmp_path / "a.tsv").read_text("utf-8")) == ["丁", "甲", "乙 丙", "丁", "乙 丙"]


@pytest.mark.parametrize(
    ("room", "ids"),
    [
        (None, (3, 3, SEP, 4, 4, SEP, 5, SEP)),
        (8, (3, 3, SEP, 4, 4, SEP, 5, SEP)),
        (7, (4, 4, SEP, 5, SEP)),
        (4, (5, SEP)),
        (1, (5, SEP)),  # the newest is read in any case
    ],
)
def test_the_oldest_turns_are_dropped_whole(room: int | None, ids: tuple[int, ...]) -> None:
    prompt = prompt_of_turns(["甲甲", "乙乙", "丙"], TOKENIZER, room)
    assert prompt.ids == ids
    assert TOKENIZER.encode(prompt.text) == list(ids)


def test_an_answer_has_room_but_a_third_of_the_window_at_most() -> None:
    assert room_for_turns(300, 100) == 200  # as in the course
    assert room_for_turns(300, 20) == 280
    assert room_for_turns(30, 100) == 20
    assert room_for_turns(2, 100) == 2
    assert room_for_turns(None, 100) is None


def test_turns_stand_between_tabs_or_on_lines() -> None:
    assert turns_of("\ufeff 你好\t\t你也好\r\n\n再见 \n") == ["你好", "你也好", "再见"]


def test_a_turn_is_one_line() -> None:
    assert one_line(" 你\t好\n吗\n") == "你 好 吗"
    assert one_line(" 好\n", strip=False) == " 好 "


def test_a_model_that_cannot_talk_is_told_why() -> None:
    check_can_talk("gpt", False, ByteTokenizer())
    with pytest.raises(SettingsError, match="gau models read a source"):
        check_can_talk("gau", True, ByteTokenizer())
    with pytest.raises(SettingsError, match="no token that ends a turn"):
        check_can_talk("aiwriter1", False, WordTokenizer("甲"))
