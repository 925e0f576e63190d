"""Verdicts: what repeats is dropped, held-out works keep their chapters, and nothing of them stays in training."""

import numpy as np
import pytest

from moxu.corpus.build.gathering import Chapters, Works
from moxu.corpus.build.splits import TEST, TRAIN, VALIDATION, Assignment
from moxu.corpus.build.verdicts import ALONE, EMPTY, EXACT, KEPT, NEAR, OVERLAP, SHORT, Verdicts, judge
from moxu.corpus.dedup.fingerprint import Fingerprinter
from moxu.corpus.dedup.related import sketch
from novels import prose, sentences


def gathered(*works: list[str | None]) -> tuple[Works, Chapters]:
    """Return the arrays of works given as texts; None is the title of a volume."""
    texts = [text for work in works for text in work]
    prints = [Fingerprinter().of(text or "") for text in texts]
    blank = np.zeros(Fingerprinter().bins, np.uint32)
    sketches = [sketch([text or ""]) for text in texts]
    places = np.cumsum([0, *map(len, works)])
    count = len(works)
    return Works(
        np.arange(count, dtype=np.uint64), np.zeros(count, np.int64), np.zeros(count, np.int8), places
    ), Chapters(
        np.repeat(np.arange(count, dtype=np.int32), [len(work) for work in works]),
        np.array([len((text or "").replace("\n", "")) for text in texts]),
        np.array([text is None for text in texts]),
        np.array([np.frombuffer(each.exact, np.uint8) for each in prints]),
        np.array([blank if each.signature is None else each.signature for each in prints]),
        np.array([each.signature is not None for each in prints]),
        np.concatenate(sketches),
        np.cumsum([0, *map(len, sketches)]),
    )


def verdicts(
    *works: list[str | None], splits: list[int] | None = None, near: float | None = 0.7, min_chars: int = 1
) -> Verdicts:
    sides = np.array(splits or [TRAIN] * len(works), np.int8)
    return judge(*gathered(*works), Assignment(sides, sides < 0), near, min_chars)


def text(seed: str, count: int = 40) -> str:
    return prose(seed, count)


def nearly(seed: str) -> str:
    return "\n".join([*sentences(seed, 40)[:-3], *sentences(seed + "other", 3)])


def test_first_of_chapters_that_repeat_is_kept() -> None:
    found = verdicts([text("a"), text("b")], [nearly("a"), text("b"), text("c")])
    assert found.fates.tolist() == [KEPT, KEPT, NEAR, EXACT, KEPT]
    assert found.repeats.tolist() == [-1, -1, 0, 1, -1]
    assert found.similarity[3] == 1
    assert 0.7 <= found.similarity[2] < 1


@pytest.mark.parametrize("side", [VALIDATION, TEST])
def test_chapter_of_the_held_out_work_is_kept_and_that_for_training_goes(side: int) -> None:
    found = verdicts([text("a"), text("b")], [nearly("a"), text("b")], splits=[TRAIN, side])
    assert found.fates.tolist() == [NEAR, EXACT, KEPT, KEPT]
    assert found.repeats.tolist() == [2, 3, -1, -1]


def test_chapter_that_overlaps_a_held_out_work_is_dropped_however_it_is_cut() -> None:
    pages = [sentences(f"p{number}", 60) for number in range(6)]
    held_out: list[str | None] = ["\n".join(page) for page in pages]
    across = "\n".join([*pages[0][30:], *sentences("own", 70), *pages[1][:30]])  # half of it is theirs, by quarters
    little = "\n".join([*pages[2][:4], *sentences("much", 200)])
    found = verdicts(held_out, [across, little, text("free")], splits=[TEST, TRAIN])
    assert found.fates.tolist()[6:] == [OVERLAP, KEPT, KEPT]
    assert found.repeats[6] == 0
    assert verdicts(held_out, [across], splits=[TRAIN, TRAIN]).fates[-1] == KEPT


def test_short_texts_and_titles_of_volumes_are_not_taken_for_each_other() -> None:
    found = verdicts([None, "完。", "雨"], [None, "完！", text("a")], [None, "雨", None])
    assert found.fates.tolist() == [KEPT, KEPT, KEPT, KEPT, KEPT, KEPT, ALONE, EXACT, ALONE]


def test_empty_and_short_chapters_are_dropped_and_nothing_repeats_them() -> None:
    found = verdicts(["", text("a"), "短句一个。"], ["短句一个。" * 3, text("b")], min_chars=10)
    assert found.fates.tolist() == [EMPTY, KEPT, SHORT, KEPT, KEPT]


def test_similar_chapters_stay_where_only_equal_ones_go() -> None:
    found = verdicts([text("a"), nearly("a"), text("a")], near=None)
    assert found.fates.tolist() == [KEPT, KEPT, EXACT]
