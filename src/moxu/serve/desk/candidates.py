"""Continuations that were offered, over HTTP, and what became of them."""

from typing import Annotated

from fastapi import Query

from moxu.serve.desk.access import GivenLimits, OpenStore
from moxu.serve.desk.paths import desk_router
from moxu.serve.desk.schema import Judgement, Offer
from moxu.serve.desk.sizes import check_json, check_note
from moxu.store.records import Candidate, Draft

router = desk_router()


@router.get("/chapters/{chapter}/candidates")
def list_candidates(
    chapter: int, store: OpenStore, revision: Annotated[int | None, Query(ge=0, le=2**31 - 1)] = None
) -> list[Candidate]:
    """List what was offered for a chapter, or for one revision of it, oldest first."""
    return list(store.candidates(chapter, revision))


@router.post("/chapters/{chapter}/candidates", status_code=201)
def offer_candidates(chapter: int, body: Offer, store: OpenStore, limits: GivenLimits) -> list[Candidate]:
    """Remember what was offered for a revision of a chapter."""
    for offered in body.candidates:
        check_note(offered.text, limits)
        check_json(offered.settings, "settings", limits)
    drafts = [Draft(offered.text, offered.seed, offered.settings) for offered in body.candidates]
    return list(store.add_candidates(chapter, body.revision, drafts))


@router.put("/candidates/{candidate}/verdict")
def judge_candidate(candidate: int, body: Judgement, store: OpenStore) -> Candidate:
    """Say what became of a candidate."""
    return store.judge_candidate(candidate, body.verdict)
