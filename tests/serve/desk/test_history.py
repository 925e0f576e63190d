"""Revisions over HTTP."""

import httpx
import pytest

from servers import ON_SQLITE

TEXTS = ["雾", "雾起", "", "江\r\n上😀", "雾起"]


@pytest.fixture
def revisions(desk: httpx.Client, chapter: int) -> str:
    """The path of the revisions of a chapter whose texts were TEXTS."""
    for number, text in enumerate(TEXTS[1:], start=1):
        body = {"text": text, "base_revision": number, "spans": [number]}
        assert desk.put(f"/desk/chapters/{chapter}/text", json=body).status_code == 200
    return f"/desk/chapters/{chapter}/revisions"


def test_every_revision_is_listed_and_can_be_read(desk: httpx.Client, revisions: str) -> None:
    listed = desk.get(revisions).json()
    assert [entry["number"] for entry in listed] == [1, 2, 3, 4, 5]
    assert [entry["characters"] for entry in listed] == [len("".join(text.split())) for text in TEXTS]
    assert desk.get(revisions, params={"last": 2}).json() == listed[-2:]
    assert [desk.get(f"{revisions}/{number}").json()["text"] for number in range(1, 6)] == TEXTS


def test_every_revision_can_be_restored_and_none_is_lost(desk: httpx.Client, revisions: str) -> None:
    newest = 5
    for number, text in enumerate(TEXTS, start=1):
        restored = desk.post(f"{revisions}/{number}/restore", json={"base_revision": newest})
        assert (restored.status_code, restored.json()["text"]) == (200, text)
        newest = restored.json()["revision"]
    told = desk.post(f"{revisions}/1/restore", json={"base_revision": 5})
    assert (told.status_code, told.json()["current"]["revision"]) == (409, newest)
    assert [desk.get(f"{revisions}/{number}").json()["text"] for number in range(1, 6)] == TEXTS


def test_two_revisions_are_compared_in_either_direction(desk: httpx.Client, revisions: str) -> None:
    def compared(number: int, since: int) -> list[list[tuple[str, str]]]:
        hunks = desk.get(f"{revisions}/{number}/changes", params={"since": since}).json()
        return [[(piece["kind"], piece["text"]) for piece in hunk["pieces"]] for hunk in hunks]

    assert compared(2, 1) == [[("same", "雾"), ("inserted", "起")]]
    assert compared(1, 2) == [[("same", "雾"), ("removed", "起")]]
    assert compared(5, 2) == []


@ON_SQLITE
@pytest.mark.parametrize("number", [0, -1, 6, 2**31, 2**70])
def test_a_revision_that_never_was_is_missing(desk: httpx.Client, revisions: str, number: int) -> None:
    for answer in (
        desk.get(f"{revisions}/{number}"),
        desk.get(f"{revisions}/{number}/changes", params={"since": 1}),
        desk.get(f"{revisions}/1/changes", params={"since": number}),
        desk.post(f"{revisions}/{number}/restore", json={"base_revision": 5}),
    ):
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, "missing")


def test_what_is_young_is_not_pruned(desk: httpx.Client, chapter: int, revisions: str) -> None:
    assert desk.post(f"/desk/chapters/{chapter}/prune", json={}).json() == {"dropped": 0}
    assert len(desk.get(revisions).json()) == 5
    assert desk.get(revisions, params={"last": 0}).status_code == 400
