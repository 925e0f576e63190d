"""Memory, author's note and lore over HTTP."""

from typing import Any

import httpx
import pytest

from servers import ON_SQLITE

BOATMAN = {"name": "船家", "aliases": ["老陈", "撑船的"], "text": "六十岁。", "always": False, "depth": 2000}


def names(desk: httpx.Client, story: int, **query: bool) -> list[str]:
    notes = desk.get(f"/desk/stories/{story}/notes", params=query).json()
    return [note["content"]["name"] for note in notes if note["kind"] == "lore"]


def test_memory_and_authors_note_are_there_from_the_beginning(desk: httpx.Client, story: int) -> None:
    notes = desk.get(f"/desk/stories/{story}/notes").json()
    assert [(note["kind"], note["content"]["text"]) for note in notes] == [("memory", ""), ("author", "")]
    body = {"text": "江上有渡口。", "base_revision": 1}
    saved = desk.put(f"/desk/notes/{notes[0]['id']}", json=body).json()
    assert (saved["content"]["text"], saved["revision"]) == ("江上有渡口。", 2)
    assert desk.get(f"/desk/notes/{notes[0]['id']}").json() == saved
    told = desk.delete(f"/desk/notes/{notes[0]['id']}")
    assert told.status_code == 400
    assert "its text can be emptied" in told.json()["error"]["message"]


def test_a_card_comes_back_as_it_was_written(desk: httpx.Client, story: int) -> None:
    card = desk.post(f"/desk/stories/{story}/notes", json=BOATMAN)
    assert (card.status_code, card.json()["content"]) == (201, BOATMAN)


def test_a_card_that_somebody_else_saved_is_a_conflict(desk: httpx.Client, story: int) -> None:
    card = desk.post(f"/desk/stories/{story}/notes", json=BOATMAN).json()["id"]
    newest = desk.put(f"/desk/notes/{card}", json=BOATMAN | {"text": "七十岁。", "base_revision": 1}).json()
    told = desk.put(f"/desk/notes/{card}", json=BOATMAN | {"text": "八十岁。", "base_revision": 1})
    assert (told.status_code, told.json()["error"]["code"]) == (409, "conflict")
    assert told.json()["current"] == newest == desk.get(f"/desk/notes/{card}").json()


def test_cards_are_moved_deleted_and_recovered(desk: httpx.Client, story: int) -> None:
    cards = [desk.post(f"/desk/stories/{story}/notes", json={"name": name}).json()["id"] for name in "甲乙丙"]
    assert desk.post(f"/desk/notes/{cards[2]}/move", json={"index": 0}).status_code == 204
    assert desk.delete(f"/desk/notes/{cards[0]}").status_code == 204
    assert (names(desk, story), names(desk, story, deleted=True)) == (["丙", "乙"], ["甲"])
    assert desk.put(f"/desk/notes/{cards[0]}", json=BOATMAN | {"base_revision": 1}).status_code == 404
    assert desk.post(f"/desk/notes/{cards[0]}/recover", json={}).json()["content"]["name"] == "甲"
    assert names(desk, story) == ["丙", "甲", "乙"]


@ON_SQLITE
@pytest.mark.parametrize(
    ("wrong", "status"),
    [
        ({"name": "\0"}, 400),
        ({"name": "a" * 501}, 400),
        ({"aliases": "老陈"}, 400),
        ({"aliases": ["a"] * 201}, 400),
        ({"aliases": [1]}, 400),
        ({"always": "yes"}, 400),
        ({"always": 1}, 400),
        ({"depth": -1}, 400),
        ({"depth": 2**70}, 400),
        ({"text": "雾" * 200_001}, 413),
        ({"kind": "memory"}, 400),
    ],
)
def test_what_cannot_be_written_on_a_card_is_refused(
    desk: httpx.Client, story: int, wrong: dict[str, Any], status: int
) -> None:
    assert desk.post(f"/desk/stories/{story}/notes", json=BOATMAN | wrong).status_code == status
    assert names(desk, story) == []


@ON_SQLITE
@pytest.mark.parametrize("number", ["0", "-1", str(2**31), str(2**70), "x"])
def test_a_number_that_no_note_has_is_told(desk: httpx.Client, number: str) -> None:
    for method, path, body in (
        ("GET", "", None),
        ("PUT", "", BOATMAN | {"base_revision": 1}),
        ("DELETE", "", None),
        ("POST", "/move", {"index": 0}),
        ("POST", "/recover", {}),
    ):
        answer = desk.request(method, f"/desk/notes/{number}{path}", json=body)
        assert answer.status_code in (400, 404), (method, path)
