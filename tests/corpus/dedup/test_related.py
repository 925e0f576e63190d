"""Related works: those that share much text are joined, those that share a poem or a phrase are not."""

import os
import subprocess
import sys

import numpy as np
import pytest

from moxu.corpus.dedup.related import NEIGHBOURS, Sketch, relate, sketch

LETTERS = np.array([chr(code) for code in range(0x4E00, 0x4E00 + 2000)])


def written(seed: int, length: int) -> str:
    return "".join(np.random.default_rng(seed).choice(LETTERS, length).tolist())


def chapters(seed: int, count: int = 10) -> list[str]:
    return [written(1000 * seed + number, 6000) for number in range(count)]


def test_an_enlarged_edition_is_related_to_the_first_one() -> None:
    first = chapters(1)
    enlarged = [*chapters(2), *first[:5], *chapters(3)]
    (pair,) = relate([sketch(first), sketch(chapters(4)), sketch(enlarged)]).pairs
    assert (pair.first, pair.second) == (0, 2)
    assert pair.containment == pytest.approx(0.5, abs=0.1)
    assert pair.shared == pytest.approx(5 * 6000 / 256, abs=40)


def test_groups_join_what_is_related_through_another() -> None:
    works = [chapters(1), chapters(2), chapters(3), chapters(1)[:4] + chapters(2)[:4], chapters(4)]
    assert relate([sketch(work) for work in works]).groups.tolist() == [0, 0, 2, 0, 4]


def test_a_quoted_passage_does_not_join_a_sequel() -> None:
    quoted = chapters(1)[0][:1500]
    sequel = [quoted + chapters(2)[0], *chapters(2)[1:]]
    assert relate([sketch(chapters(1)), sketch(sequel)]).pairs == ()


def test_phrases_that_all_share_do_not_join_them() -> None:
    phrase = "话说天下大势分久必合合久必分欲知后事如何且听下回分解"
    works = [[chapter + phrase for chapter in chapters(number)] for number in range(4)]
    related = relate([sketch(work) for work in works])
    assert related.pairs == ()
    assert related.groups.tolist() == [0, 1, 2, 3]


def test_sketch_is_of_the_letters_and_of_whole_chapters_only() -> None:
    work = chapters(5, 3)
    spaced = [f"　　{chapter[:3000]}，\n{chapter[3000:]}。" for chapter in reversed(work)]
    assert np.array_equal(sketch(work), sketch(spaced))
    assert len(sketch(work)) == pytest.approx(18_000 / 256, abs=35)
    assert len(sketch([])) == len(sketch(["短", ""])) == 0


def test_sketches_of_parts_make_that_of_the_whole() -> None:
    work = chapters(6, 4)
    parts = np.unique(np.concatenate([sketch(work[:1]), sketch(work[1:])]))
    assert np.array_equal(parts, sketch(work))


def test_relation_does_not_depend_on_the_order_of_the_works() -> None:
    sketches = [sketch(work) for work in (chapters(1), chapters(1)[:5] + chapters(2), chapters(2), chapters(3))]
    forward, backward = relate(sketches), relate(sketches[::-1])
    assert [(3 - pair.second, 3 - pair.first) for pair in backward.pairs][::-1] == [
        (pair.first, pair.second) for pair in forward.pairs
    ]


def test_more_copies_than_are_compared_are_still_one_group() -> None:
    copies = [sketch(chapters(1))] * (4 * NEIGHBOURS)
    related = relate([sketch(chapters(2)), *copies])
    assert related.groups.tolist() == [0, *[1] * len(copies)]
    assert len(related.pairs) < NEIGHBOURS * len(copies)


def test_works_without_text_are_related_to_nothing() -> None:
    nothing: Sketch = sketch([])
    related = relate([nothing, sketch(chapters(1)), nothing])
    assert related.pairs == ()
    assert related.groups.tolist() == [0, 1, 2]
    assert relate([]).groups.shape == (0,)


def test_a_sketch_of_another_process_is_the_same() -> None:
    code = "import sys\nfrom moxu.corpus.dedup.related import sketch\nprint(sketch(sys.argv[1:], scale=8).tolist())"
    done = subprocess.run(
        [sys.executable, "-c", code, written(7, 300)],
        env={**os.environ, "PYTHONHASHSEED": "99"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == str(sketch([written(7, 300)], scale=8).tolist())
