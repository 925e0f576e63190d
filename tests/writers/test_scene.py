from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mocks import ByteTokenizer
from moxu.store.records import Note, NoteContent, NoteKind
from moxu.text.chars import CharTokenizer
from moxu.text.prepare import aiwriter_opening, opening
from moxu.writers.manners import AS_TYPED, CPM, OURS, Manner
from moxu.writers.scene import BESIDE, CUT_SHOWN, Reads, Scene, Sight, compose

MOMENT = datetime(2026, 1, 1, tzinfo=UTC)
CHARS = CharTokenizer("甲乙丙丁。：\n")
AIWRITER = Manner("aiwriter1", aiwriter_opening)

typed = st.text(st.sampled_from("甲乙。 \u3000\r\n\u2028\ufeff"), max_size=80)


def note(kind: NoteKind, text: str, number: int = 1, **content: Any) -> Note:
    return Note(number, 1, kind, NoteContent(text=text, **content), 1, MOMENT, MOMENT, None)


def see(before: str, *notes: Note, room: int | None = None, manner: Manner = OURS, **scene: Any) -> Sight:
    return compose(Scene(before=before, notes=notes, **scene), Reads(manner, CHARS, room))


def parts(sight: Sight) -> list[tuple[str, str]]:
    return [(part.source, part.text) for part in sight.parts]


def test_memory_and_lore_stand_before_the_story_and_the_authors_note_within_it() -> None:
    cards = [note("lore", "渡口的船家。", 3, name="阿砚"), note("lore", "丁不在场。", 4, name="丁")]
    sight = see("甲。\n乙。\n阿砚说", note("memory", "记忆。"), note("author", "短。", 2, depth=3), *cards)
    assert parts(sight) == [
        ("memory", "记忆。\n"),
        ("lore", "阿砚：渡口的船家。\n"),
        ("story", "甲。\n乙。\n"),
        ("note", "短。\n"),
        ("story", "阿砚说"),
    ]
    assert sight.prompt.text == "\n记忆。\n阿砚：渡口的船家。\n甲。\n乙。\n短。\n阿砚说"
    assert [(part.note, part.fired_by, part.fired_back) for part in sight.parts][1] == (3, "阿砚", 3)


def test_a_card_that_says_its_name_is_read_as_it_is() -> None:
    assert parts(see("甲", note("lore", "　　甲是乙。\n\n 丙。", name="甲")))[0] == ("lore", "甲是乙。\n丙。\n")


def test_empty_notes_are_no_parts() -> None:
    assert parts(see("甲", note("memory", " \n"), note("author", ""), note("lore", "", name="甲"))) == [("story", "甲")]


@pytest.mark.parametrize("manner", [OURS, AS_TYPED, AIWRITER])
@given(before=typed, memory=typed, author=typed, earlier=typed, depth=st.integers(0, 60), reach=st.integers(1, 90))
def test_the_parts_together_are_what_the_prompt_shows(
    manner: Manner, before: str, memory: str, author: str, earlier: str, depth: int, reach: int
) -> None:
    notes = note("memory", memory), note("author", author, depth=depth)
    sight = see(before, *notes, manner=manner, earlier=earlier, reach=reach)
    assert "".join(part.text for part in sight.parts) == sight.prompt.shown
    assert CHARS.decode(sight.ids) == sight.prompt.text


def test_a_prompt_is_prepared_as_the_model_was_trained() -> None:
    before = "　　甲。\r\n\r\n　　乙"
    assert see(before).prompt.text == opening(before) == "\n甲。\n乙"
    assert see(before, manner=AS_TYPED).prompt.text == "　　甲。\n\n　　乙"


@pytest.mark.parametrize(("before", "expected"), [("", True), ("甲\n", True), ("甲", False), ("甲\n　", False)])
def test_the_sight_says_whether_a_paragraph_goes_on(before: str, expected: bool) -> None:
    assert see(before).at_line_start is expected


def test_earlier_chapters_are_read_before_a_chapter_that_is_not_long() -> None:
    sight = see("丙", earlier="甲。\n乙。\n\n", reach=4)
    assert parts(sight) == [("story", "乙。\n丙")]
    assert (sight.parts[0].cut, sight.parts[0].cut_characters) == ("甲。\n", 3)
    assert parts(see("丙", earlier="甲。", skipped=9)) == [("story", "丙")]


def test_all_that_is_not_read_of_the_story_is_counted_and_its_end_is_shown() -> None:
    sight = see("甲" * 5000 + "\n" + "乙" * 10, reach=10, omitted=7)
    assert parts(sight) == [("story", "乙" * 10)]
    assert sight.parts[0].cut == "甲" * (CUT_SHOWN - 1) + "\n"
    assert sight.parts[0].cut_characters == 5008


def test_a_model_with_a_window_reads_no_more_than_there_is_room_for() -> None:
    for length in range(0, 300, 7):
        sight = see("甲乙丙。\n" * length, note("memory", "丁。" * 90), room=64)
        assert len(sight.ids) <= 64
        assert len(sight.ids) >= min(48, 2 + 5 * length)
        assert sight.room == 64


def test_a_note_that_does_not_fit_is_cut_after_a_sentence() -> None:
    sight = see("甲", note("memory", "甲乙丙。甲乙丙丁。”丁丁丁丁。"), room=32)
    memory = sight.parts[0]
    assert (memory.text, memory.cut, memory.cut_characters) == ("甲乙丙。甲乙丙丁。”\n", "丁丁丁丁。", 5)


def test_the_authors_note_gets_its_room_before_the_memory_and_that_before_the_lore() -> None:
    notes = [
        note("lore", "丁丁丁丁。", name="丁", always=True),
        note("memory", "丙丙丙丙。"),
        note("author", "乙乙乙。"),
    ]
    read = {part.source: part.text for part in see("甲", *notes, room=22).parts}
    assert read == {"lore": "", "memory": "丙丙丙丙。\n", "note": "乙乙乙。\n", "story": "甲"}
    cut = {part.source: part.cut for part in see("甲", *notes, room=22).parts}
    assert cut["lore"] == "丁丁丁丁。"


def test_nothing_of_a_note_is_read_where_there_is_no_room_at_all() -> None:
    sight = see("甲", note("memory", "甲。"), room=1)
    assert (sight.parts[0].text, sight.parts[0].cut) == ("", "甲。")


def test_a_model_without_a_window_reads_long_notes_up_to_a_bound() -> None:
    sight = see("甲", note("memory", "丁。" * BESIDE))
    assert len(sight.parts[0].text) in (BESIDE, BESIDE - 1)
    assert sight.parts[0].cut_characters == 2 * BESIDE - len(sight.parts[0].text.rstrip("\n"))


def test_room_is_counted_in_tokens_not_in_characters() -> None:
    sight = compose(Scene(before="甲乙丙丁" * 50), Reads(AS_TYPED, ByteTokenizer(), 60))
    assert 45 <= len(sight.ids) <= 60
    assert len(sight.parts[0].text) == len(sight.ids) // 3


def test_an_empty_page_is_the_beginning_of_a_paragraph() -> None:
    sight = see("")
    assert (sight.parts, sight.prompt.text) == ((), "\n")


def test_a_scene_for_cpm_is_shown_as_its_parts_are_read(reference: Path) -> None:
    from moxu.text.cpm import CpmTokenizer

    tokenizer = CpmTokenizer.load(reference / "cpm1" / "public" / "small_tokenizer" / "chinese_vocab.model")
    notes = (note("memory", "山高。"),)
    sight = compose(Scene(before="水长。<eod>\n月明。\n", notes=notes), Reads(CPM, tokenizer, 100))
    assert "".join(part.text for part in sight.parts) == sight.prompt.text == "山高。\n水长。月明。"
    assert sight.ids == sight.prompt.ids


@pytest.mark.parametrize("room", [None, 500])
def test_a_prompt_begins_like_the_one_before_for_some_hundreds_of_characters(room: int | None) -> None:
    story = "".join(f"{'甲乙丙丁' * (3 + number * 7 % 29)}。\n" for number in range(60))
    notes = note("memory", "丁。"), note("author", "乙。", depth=200)
    prompts = [
        see(story[max(0, end - 1500) : end], *notes, skipped=max(0, end - 1500), reach=1000, room=room).prompt.text
        for end in range(1500, 3000, 10)
    ]
    anew = sum(not after.startswith(before) for before, after in pairwise(prompts))
    assert anew <= 1500 // (1000 // 8 if room is None else 500 // 8) + 1500 // 100 + 2
