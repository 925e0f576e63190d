"""How two texts differ."""

import random

from hypothesis import given
from hypothesis import strategies as st

from moxu.serve.desk.changes import Hunk, changes

TEXTS = st.text(st.sampled_from("雾江上起😀\n"), max_size=40)


def in_utf16(text: str, start: int) -> str:
    return text.encode("utf-16-le")[start * 2 :].decode("utf-16-le")


def of(hunk: Hunk, kind: str) -> str:
    return "".join(piece.text for piece in hunk.pieces if piece.kind in ("same", kind))


def shown(before: str, after: str) -> list[str]:
    signs = {"same": " ", "removed": "-", "inserted": "+"}
    return ["".join(f"{signs[piece.kind]}{piece.text}" for piece in hunk.pieces) for hunk in changes(before, after)]


@given(before=TEXTS, after=TEXTS)
def test_the_pieces_put_together_are_both_texts(before: str, after: str) -> None:
    rebuilt, read = "", 0
    for hunk in changes(before, after):
        assert in_utf16(before, hunk.before_at).startswith(of(hunk, "removed"))
        assert in_utf16(after, hunk.after_at).startswith(of(hunk, "inserted"))
        unchanged = in_utf16(before, read)[: len(in_utf16(before, read)) - len(in_utf16(before, hunk.before_at))]
        rebuilt += unchanged + of(hunk, "inserted")
        read = hunk.before_at + len(of(hunk, "removed").encode("utf-16-le")) // 2
    assert rebuilt + in_utf16(before, read) == after


@given(text=TEXTS)
def test_a_text_does_not_differ_from_itself(text: str) -> None:
    assert changes(text, text) == []


def test_what_changed_in_a_line_is_told_by_characters() -> None:
    before = "第三章　渡口\n雾从江上起来的时候，船家把篙一点。\n没有人说话。\n"
    after = "第三章　渡口\n雾从河上起来，船家把篙一点，离了岸。\n没有人说话。\n"
    assert shown(before, after) == [" 雾从-江+河 上起来-的时候 ，船家把篙一点+，离了岸 。\n"]


def test_a_moved_paragraph_is_removed_and_inserted() -> None:
    assert shown("甲\n乙\n丙\n丁\n", "甲\n丙\n丁\n乙\n") == ["-乙\n", "+乙\n"]


def test_lines_that_repeat_are_no_anchors_but_stay_beside_them() -> None:
    assert shown("\n甲\n\n乙\n\n", "\n甲\n\n丙\n\n乙\n\n") == ["+丙\n\n"]


def test_texts_that_are_hard_to_compare_take_no_longer_than_others() -> None:
    chance = random.Random(1)
    lines = [f"{number}雾从江上起来\n" for number in range(20_000)]
    shuffled = chance.sample(lines, len(lines))
    assert changes("".join(lines), "".join(shuffled))
    assert changes("\n" * 100_000, "\n" * 99_999) != []
    assert len(changes("雾江" * 200_000, "江雾" * 150_000)) == 1
