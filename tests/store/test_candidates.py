"""Candidates."""

from typing import Any

import pytest

from moxu.decode.draw import SEED_LIMIT
from moxu.errors import StoreError
from moxu.store.records import Draft
from moxu.store.refusals import Missing
from moxu.store.store import Store

DRAFTS = [Draft("船家把篙一点", 7, {"temperature": 0.8, "model": "墨"}), Draft("", SEED_LIMIT - 1)]


@pytest.fixture
def chapter(store: Store) -> int:
    return store.create_chapter(store.create_story().id, text="雾").id


def test_candidates_come_back_as_they_were_offered(store: Store, chapter: int) -> None:
    offered = store.add_candidates(chapter, 1, DRAFTS)
    assert [Draft(one.text, one.seed, one.settings) for one in offered] == DRAFTS
    assert {(one.verdict, one.chapter, one.revision) for one in offered} == {("offered", chapter, 1)}
    assert store.candidates(chapter) == offered


def test_candidates_can_be_had_for_one_revision(store: Store, chapter: int) -> None:
    first = store.add_candidates(chapter, 1, DRAFTS[:1])
    store.save_chapter(chapter, "雾起", 1)
    second = store.add_candidates(chapter, 2, DRAFTS[:1])
    assert store.candidates(chapter) == first + second
    assert store.candidates(chapter, 2) == second
    assert store.candidates(chapter, 3) == ()


def test_a_verdict_is_remembered(store: Store, chapter: int) -> None:
    kept, discarded = store.add_candidates(chapter, 1, DRAFTS)
    assert store.judge_candidate(kept.id, "kept").verdict == "kept"
    store.judge_candidate(discarded.id, "discarded")
    assert [one.verdict for one in store.candidates(chapter)] == ["kept", "discarded"]
    assert store.judge_candidate(kept.id, "offered") == kept


def test_another_verdict_is_refused(store: Store, chapter: int) -> None:
    (candidate,) = store.add_candidates(chapter, 1, DRAFTS[:1])
    verdict: Any = "loved"
    with pytest.raises(StoreError, match="verdict is 'loved'; expected one of offered, kept, discarded"):
        store.judge_candidate(candidate.id, verdict)


@pytest.mark.parametrize(
    ("draft", "told"),
    [
        (Draft("\0", 1), "the text of a candidate: character 1"),
        (Draft("雾", SEED_LIMIT), "the seed of a candidate is"),
        (Draft("雾", 1, {"temperature": float("nan")}), "the settings of a candidate: not JSON"),
    ],
)
def test_what_cannot_be_stored_is_refused(store: Store, chapter: int, draft: Draft, told: str) -> None:
    with pytest.raises(StoreError, match=told):
        store.add_candidates(chapter, 1, [DRAFTS[0], draft])
    assert store.candidates(chapter) == ()


def test_candidates_of_what_never_was_are_refused(store: Store, chapter: int) -> None:
    with pytest.raises(Missing, match="has no revision 2"):
        store.add_candidates(chapter, 2, DRAFTS)
    with pytest.raises(Missing, match=f"chapter {chapter + 1}: there is none"):
        store.add_candidates(chapter + 1, 1, DRAFTS)
    with pytest.raises(Missing, match="candidate 99: there is none"):
        store.judge_candidate(99, "kept")
