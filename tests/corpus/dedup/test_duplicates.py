"""Duplicates: what is found, what is kept, and that neither depends on anything but the texts and their order."""

import math
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from moxu.corpus.dedup.bands import found_probability, needed
from moxu.corpus.dedup.duplicates import KEPT, Duplicates, find_duplicates
from moxu.corpus.dedup.fingerprint import Fingerprinter
from moxu.errors import SettingsError

BINS, THRESHOLD = 80, 0.7
LETTERS = np.array([chr(code) for code in range(0x4E00, 0x4E00 + 2000)])


@dataclass
class Prints:
    """Fingerprints of texts, as arrays."""

    exact: NDArray[np.uint8]
    signatures: NDArray[np.uint32]
    has_signature: NDArray[np.bool_]

    def duplicates(self, **options: object) -> Duplicates:
        return find_duplicates(self.exact, self.signatures, self.has_signature, **options)  # type: ignore[arg-type]


def prints_of(texts: list[str]) -> Prints:
    found = [Fingerprinter(bins=BINS).of(text) for text in texts]
    unread = np.zeros(BINS, np.uint32)
    return Prints(
        np.frombuffer(b"".join(each.exact for each in found), np.uint8).reshape(-1, 16),  # (texts, bytes)
        np.array([unread if each.signature is None else each.signature for each in found], np.uint32).reshape(-1, BINS),
        np.array([each.signature is not None for each in found], np.bool_),
    )


def signatures_only(signatures: NDArray[np.uint32]) -> Prints:
    """Fingerprints of texts that are all different, with these signatures."""
    numbers = np.arange(len(signatures), dtype=np.uint64)
    exact = np.stack([numbers, ~numbers], axis=1).view(np.uint8).reshape(-1, 16)  # (texts, bytes)
    return Prints(exact, signatures, np.ones(len(signatures), np.bool_))


def written(draw: np.random.Generator, length: int) -> str:
    return "".join(draw.choice(LETTERS, length).tolist())


def edited(text: str, edits: int, draw: np.random.Generator) -> str:
    """Return a text with so many letters replaced, far enough apart to spoil five n-grams each."""
    letters = list(text)
    for place in draw.choice(len(text) // 10, edits, replace=False) * 10 + 5:
        letters[place] = "〇"
    return "".join(letters)


def changed(signature: NDArray[np.uint32], places: range) -> NDArray[np.uint32]:
    other = signature.copy()
    other[places.start : places.stop] += np.arange(1, len(places) + 1, dtype=np.uint32)
    return other


def test_equal_texts_repeat_the_first_of_them() -> None:
    text = written(np.random.default_rng(1), 300)
    found = prints_of(["短", text, "短", written(np.random.default_rng(2), 300), f"　{text}。", "长"]).duplicates()
    assert found.repeats.tolist() == [KEPT, KEPT, 0, KEPT, 1, KEPT]
    assert found.exact.tolist() == [False, False, True, False, True, False]
    assert found.similarity.tolist() == [0, 0, 1, 0, 1, 0]
    assert found.kept.tolist() == [True, True, False, True, False, True]


def test_short_texts_that_differ_are_all_kept() -> None:
    texts = [*"一二三四五六七八九十", "", "。", "，", "一二三四", "一二三五", "一、二、三、四"]
    assert prints_of(texts).duplicates().kept.all()


@pytest.mark.parametrize("edits", [5, 15, 25, 35, 45, 60, 90])
def test_texts_with_so_many_edits_are_found_as_often_as_predicted(edits: int) -> None:
    draw, length, pairs = np.random.default_rng(edits), 1000, 200
    originals = [written(draw, length) for _ in range(pairs)]
    found = prints_of([*originals, *(edited(text, edits, draw) for text in originals)]).duplicates(threshold=THRESHOLD)
    assert found.kept[:pairs].all()
    right = found.repeats[pairs:] == np.arange(pairs)
    assert (right | found.kept[pairs:]).all()
    shared = length - 4 - 5 * edits
    predicted = found_probability(shared / (2 * (length - 4) - shared), THRESHOLD, BINS)
    deviation = math.sqrt(predicted * (1 - predicted) / pairs)
    assert abs(right.mean() - predicted) < 4 * deviation + 0.02


def test_what_is_like_a_dropped_text_only_is_kept() -> None:
    first = np.random.default_rng(3).integers(0, 2**32, BINS, np.uint32)
    second = changed(first, range(0, 20))  # 0.75 like the first
    third = changed(second, range(20, 40))  # 0.75 like the second, 0.5 like the first
    found = signatures_only(np.array([first, second, third])).duplicates(threshold=THRESHOLD)
    assert found.repeats.tolist() == [KEPT, 0, KEPT]
    assert found.similarity.tolist() == [0, 0.75, 0]


def test_the_most_similar_of_the_kept_texts_is_named() -> None:
    first = np.random.default_rng(4).integers(0, 2**32, BINS, np.uint32)
    far, near = changed(first, range(0, 22)), changed(first, range(70, 74))
    found = signatures_only(np.array([far, near, first])).duplicates(threshold=THRESHOLD)
    assert found.repeats.tolist() == [KEPT, KEPT, 1]
    assert found.similarity[2] == pytest.approx(76 / 80)


def test_equal_texts_share_the_fate_of_the_first_of_them() -> None:
    draw = np.random.default_rng(5)
    text = written(draw, 1000)
    like = edited(text, 8, draw)
    found = prints_of([text, like, like]).duplicates(threshold=THRESHOLD)
    assert found.repeats.tolist() == [KEPT, 0, 0]
    assert found.exact.tolist() == [False, False, False]
    assert found.similarity[1] == found.similarity[2] > THRESHOLD


def test_the_text_with_the_higher_priority_is_kept() -> None:
    draw = np.random.default_rng(6)
    text, other = written(draw, 1000), written(draw, 500)
    prints = prints_of([text, edited(text, 5, draw), text, other, other])
    found = prints.duplicates(priority=np.array([1.0, 2.0, 1.5, 0.0, 0.0]))
    assert found.repeats.tolist() == [1, KEPT, 1, KEPT, 3]
    assert found.exact.tolist() == [False, False, False, False, True]


def test_texts_too_unlike_in_length_are_not_alike() -> None:
    first = np.random.default_rng(7).integers(0, 2**32, BINS, np.uint32)
    prints = signatures_only(np.array([first, changed(first, range(0, 10))]))
    assert prints.duplicates(lengths=np.array([1000, 710])).repeats.tolist() == [KEPT, 0]
    assert prints.duplicates(lengths=np.array([1000, 690])).repeats.tolist() == [KEPT, KEPT]


@settings(deadline=None, max_examples=50)
@given(st.integers(0, 10**6), st.sampled_from([0.5, 0.7, 0.9]))
def test_every_dropped_text_is_like_a_kept_one_before_it(seed: int, threshold: float) -> None:
    draw = np.random.default_rng(seed)
    families = draw.integers(0, 2**32, (4, BINS), np.uint32)
    signatures = families[draw.integers(0, 4, 60)]
    noise = draw.random(signatures.shape) < draw.random((60, 1)) * 0.5
    signatures[noise] = draw.integers(0, 2**32, noise.sum(), np.uint32)
    found = signatures_only(signatures).duplicates(threshold=threshold)
    for text, like in enumerate(found.repeats.tolist()):
        equal = np.count_nonzero(signatures[text] == signatures[:text], axis=1)
        if like == KEPT:
            continue
        assert like < text
        assert found.repeats[like] == KEPT
        assert equal[like] >= needed(threshold, BINS)
        assert found.similarity[text] == pytest.approx(equal[like] / BINS)


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 10**6))
def test_pairs_are_found_whatever_the_order_of_the_texts(seed: int) -> None:
    draw = np.random.default_rng(seed)
    originals = [written(draw, 200) for _ in range(12)]
    prints = prints_of([*originals, *(edited(text, 3, draw) for text in originals)])
    order = draw.permutation(24)
    shuffled = Prints(prints.exact[order], prints.signatures[order], prints.has_signature[order])

    def pairs(found: Duplicates, names: NDArray[np.int64]) -> set[frozenset[int]]:
        places = np.flatnonzero(~found.kept)
        return {frozenset((int(names[place]), int(names[found.repeats[place]]))) for place in places}

    assert pairs(prints.duplicates(), np.arange(24)) == pairs(shuffled.duplicates(), order)


def test_a_crowd_of_nearly_equal_texts_leaves_one() -> None:
    draw = np.random.default_rng(8)
    signatures = np.tile(draw.integers(0, 2**32, BINS, np.uint32), (20_000, 1))
    signatures[np.arange(20_000), draw.integers(0, BINS, 20_000)] += np.uint32(1)
    found = signatures_only(signatures).duplicates()
    assert found.repeats.tolist() == [KEPT, *[0] * 19_999]


def test_a_crowd_that_shares_a_phrase_is_compared_within_bounds_and_kept() -> None:
    draw = np.random.default_rng(9)
    signatures = draw.integers(0, 2**32, (5_000, BINS), np.uint32)
    signatures[:, :8] = 7
    signatures[-1] = signatures[0]
    found = signatures_only(signatures).duplicates()
    assert found.repeats[-1] == 0
    assert found.kept[:-1].all()


def test_signatures_may_lie_in_a_mapped_file(tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("mapped") / "signatures"
    draw = np.random.default_rng(10)
    signatures = draw.integers(0, 2**32, (500, BINS), np.uint32)
    signatures[250:] = signatures[:250]
    signatures.tofile(path)
    mapped = np.memmap(path, np.uint32, "r", shape=signatures.shape)
    in_memory, from_file = (signatures_only(each).duplicates() for each in (signatures, mapped))
    assert in_memory.repeats.tolist() == from_file.repeats.tolist() == [*[KEPT] * 250, *range(250)]


def test_no_texts_have_no_duplicates() -> None:
    assert prints_of([]).duplicates().repeats.shape == (0,)
    assert prints_of(["短"]).duplicates().repeats.tolist() == [KEPT]


@pytest.mark.parametrize("threshold", [0.0, 0.29, 1.01, math.nan])
def test_threshold_out_of_range_is_named(threshold: float) -> None:
    with pytest.raises(SettingsError, match=rf"threshold is {threshold}; expected 0.3 to 1"):
        prints_of(["短"]).duplicates(threshold=threshold)
