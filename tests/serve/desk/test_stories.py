"""The shelf over HTTP."""

from typing import Any

import httpx
import pytest

from servers import ON_SQLITE


def titles(desk: httpx.Client, **query: bool) -> list[str]:
    return [story["title"] for story in desk.get("/desk/stories", params=query).json()]


def test_stories_are_made_renamed_moved_deleted_and_recovered(desk: httpx.Client) -> None:
    made = [desk.post("/desk/stories", json={"title": title}) for title in "甲乙丙"]
    assert [answer.status_code for answer in made] == [201] * 3
    first, second, third = (answer.json()["id"] for answer in made)
    assert desk.post("/desk/stories", json={"title": "丁", "index": 0}).status_code == 201
    assert titles(desk) == ["丁", "甲", "乙", "丙"]
    assert desk.post(f"/desk/stories/{third}/move", json={"index": 0}).status_code == 204
    renamed = desk.patch(f"/desk/stories/{first}", json={"title": "长夜行"}).json()
    assert desk.get(f"/desk/stories/{first}").json() == renamed
    assert desk.delete(f"/desk/stories/{second}").status_code == 204
    assert titles(desk) == ["丙", "丁", "长夜行"]
    assert titles(desk, deleted=True) == ["乙"]
    recovered = desk.post(f"/desk/stories/{second}/recover", json={}).json()
    assert (recovered["title"], recovered["deleted"]) == ("乙", None)
    assert titles(desk) == ["丙", "丁", "长夜行", "乙"]


def test_a_story_tells_how_much_is_in_it(desk: httpx.Client, story: int, chapter: int) -> None:
    desk.put(f"/desk/chapters/{chapter}/text", json={"text": "雾起😀", "base_revision": 1})
    shown = desk.get(f"/desk/stories/{story}").json()
    assert (shown["chapters"], shown["characters"]) == (1, 3)
    assert shown["created"].endswith("Z")


@ON_SQLITE
@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"title": 1}, "title"),
        ({"title": None}, "title"),
        ({"title": "a" * 501}, "title"),
        ({"title": "\0"}, None),
        ({"titel": "a"}, "titel"),
        ({"index": -1}, "index"),
        ({"index": True}, "index"),
        ({"index": "1"}, "index"),
        ({"index": 1.5}, "index"),
        ([], None),
    ],
)
def test_a_body_of_another_form_is_refused_and_makes_nothing(desk: httpx.Client, body: Any, param: str | None) -> None:
    answer = desk.post("/desk/stories", json=body)
    assert (answer.status_code, answer.json()["error"]["param"]) == (400, param)
    assert titles(desk) == []


def test_half_a_surrogate_pair_is_refused(desk: httpx.Client) -> None:
    answer = desk.post("/desk/stories", content=b'{"title": "\\ud800"}', headers={"content-type": "application/json"})
    assert answer.status_code == 400
    assert titles(desk) == []


@ON_SQLITE
@pytest.mark.parametrize("number", ["0", "-1", "9", str(2**31), str(2**70), "x", "1.5", "9" * 5000, "%00", "..%2fx"])
def test_a_number_that_no_story_has_is_told(desk: httpx.Client, number: str) -> None:
    for method, path, body in (
        ("GET", "", None),
        ("PATCH", "", {"title": "甲"}),
        ("DELETE", "", None),
        ("POST", "/move", {"index": 2**70}),
        ("POST", "/recover", {}),
        ("GET", "/chapters", None),
        ("POST", "/chapters", {}),
        ("GET", "/notes", None),
        ("POST", "/notes", {}),
    ):
        answer = desk.request(method, f"/desk/stories/{number}{path}", json=body)
        assert answer.status_code in (400, 404, 405), (method, path)
        assert set(answer.json()["error"]) == {"message", "type", "param", "code"}
