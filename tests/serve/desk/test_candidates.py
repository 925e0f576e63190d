"""Candidates over HTTP."""

from typing import Any

import httpx
import pytest

from servers import ON_SQLITE


def offer(desk: httpx.Client, chapter: int, *texts: str, revision: int = 1) -> httpx.Response:
    candidates = [{"text": text, "seed": 7, "settings": {"temperature": 0.9}} for text in texts]
    return desk.post(f"/desk/chapters/{chapter}/candidates", json={"revision": revision, "candidates": candidates})


def test_what_was_offered_is_kept_or_discarded_and_listed(desk: httpx.Client, chapter: int) -> None:
    answer = offer(desk, chapter, "船家把篙一点。", "忽听得岸上有人。")
    assert answer.status_code == 201
    one, other = (candidate["id"] for candidate in answer.json())
    assert desk.put(f"/desk/candidates/{one}/verdict", json={"verdict": "kept"}).json()["verdict"] == "kept"
    assert desk.put(f"/desk/candidates/{other}/verdict", json={"verdict": "discarded"}).status_code == 200
    listed = desk.get(f"/desk/chapters/{chapter}/candidates", params={"revision": 1}).json()
    assert [(candidate["text"], candidate["verdict"]) for candidate in listed] == [
        ("船家把篙一点。", "kept"),
        ("忽听得岸上有人。", "discarded"),
    ]
    assert listed[0]["settings"] == {"temperature": 0.9}
    assert desk.get(f"/desk/chapters/{chapter}/candidates", params={"revision": 2}).json() == []


@ON_SQLITE
@pytest.mark.parametrize(
    ("wrong", "status"),
    [
        ({"text": "\0"}, 400),
        ({"text": "雾" * 200_001}, 413),
        ({"seed": -1}, 400),
        ({"seed": 2**63}, 400),
        ({"seed": "7"}, 400),
        ({"settings": [["x" * 1000] * 1100]}, 413),
        ({"verdict": "kept"}, 400),
    ],
)
def test_what_cannot_be_remembered_is_refused(
    desk: httpx.Client, chapter: int, wrong: dict[str, Any], status: int
) -> None:
    body = {"revision": 1, "candidates": [{"text": "船", "seed": 1}, {"text": "船", "seed": 1} | wrong]}
    assert desk.post(f"/desk/chapters/{chapter}/candidates", json=body).status_code == status
    assert desk.get(f"/desk/chapters/{chapter}/candidates").json() == []


def test_a_revision_that_is_not_there_has_no_candidates(desk: httpx.Client, chapter: int) -> None:
    assert offer(desk, chapter, "船", revision=2).status_code == 404
    assert offer(desk, chapter, "船", revision=2**70).status_code == 404
    assert desk.get(f"/desk/chapters/{chapter}/candidates", params={"revision": 2**70}).status_code == 400


@ON_SQLITE
@pytest.mark.parametrize(("number", "status"), [("0", 404), (str(2**70), 404), ("x", 400)])
def test_a_candidate_that_never_was_is_told(desk: httpx.Client, number: str, status: int) -> None:
    assert desk.put(f"/desk/candidates/{number}/verdict", json={"verdict": "kept"}).status_code == status


@ON_SQLITE
@pytest.mark.parametrize("verdict", ["loved", None, 1, []])
def test_there_are_three_verdicts(desk: httpx.Client, chapter: int, verdict: Any) -> None:
    (candidate,) = offer(desk, chapter, "船").json()
    answer = desk.put(f"/desk/candidates/{candidate['id']}/verdict", json={"verdict": verdict})
    assert answer.status_code == 400
