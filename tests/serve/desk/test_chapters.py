"""Chapters over HTTP: what is answered 200 is kept, and nobody is overwritten."""

import threading
import zlib
from typing import Any

import httpx
import pytest

from servers import ON_SQLITE, PATIENCE, Running

LONG = "雾从江上起来的时候，船家把篙一点，离了岸。\n" * 50_000  # more than a million characters


def text_of(desk: httpx.Client, chapter: int) -> str:
    return str(desk.get(f"/desk/chapters/{chapter}").json()["text"])


def put(desk: httpx.Client, chapter: int, text: str, base: int, **more: Any) -> httpx.Response:
    return desk.put(f"/desk/chapters/{chapter}/text", json={"text": text, "base_revision": base, **more})


def edits_to(outcome: str, base: int, *edits: tuple[int, int, str], **more: Any) -> dict[str, Any]:
    """Return the body of a save of edits (at, remove, insert) of which ``outcome`` comes."""
    return {
        "base_revision": base,
        "edits": [{"at": at, "remove": remove, "insert": insert} for at, remove, insert in edits],
        "length": len(outcome.encode("utf-16-le")) // 2,
        "crc32": zlib.crc32(outcome.encode()),
        **more,
    }


def patch(desk: httpx.Client, chapter: int, body: dict[str, Any]) -> httpx.Response:
    return desk.patch(f"/desk/chapters/{chapter}/text", json=body)


def test_a_saved_text_is_the_newest_revision(desk: httpx.Client, chapter: int) -> None:
    saved = put(desk, chapter, "雾起😀\r\n", 1, spans=[[1, 2, "墨"]])
    assert saved.status_code == 200
    assert (saved.json()["revision"], saved.json()["characters"]) == (2, 3)
    assert "text" not in saved.json()
    assert desk.get(f"/desk/chapters/{chapter}").json() == {
        **saved.json(),
        "text": "雾起😀\r\n",
        "spans": [[1, 2, "墨"]],
    }


def test_of_two_who_edit_one_chapter_the_second_gets_both_texts(desk: httpx.Client, chapter: int) -> None:
    assert put(desk, chapter, "雾起", 1).status_code == 200
    for answer in (put(desk, chapter, "雾散", 1), patch(desk, chapter, edits_to("雾散", 1, (1, 0, "散")))):
        assert answer.status_code == 409
        told = answer.json()
        assert told["error"]["code"] == "conflict"
        assert told["current"] == desk.get(f"/desk/chapters/{chapter}").json()
        assert (told["current"]["text"], told["current"]["revision"]) == ("雾起", 2)
    assert len(desk.get(f"/desk/chapters/{chapter}/revisions").json()) == 2


def test_of_many_who_edit_at_the_same_moment_one_is_saved(desk_server: Running, chapter: int) -> None:
    together, answers = threading.Barrier(6), list[httpx.Response]()

    def edit(name: int) -> None:
        with desk_server.client() as own:
            together.wait(PATIENCE)
            answers.append(put(own, chapter, f"雾{name}", 1))

    editors = [threading.Thread(target=edit, args=(name,)) for name in range(6)]
    for editor in editors:
        editor.start()
    for editor in editors:
        editor.join(PATIENCE)
    assert sorted(answer.status_code for answer in answers) == [200] + [409] * 5


def test_edits_make_the_next_revision(desk: httpx.Client, chapter: int) -> None:
    put(desk, chapter, "雾从江上😀起来", 1, spans=["一"])
    body = edits_to("大雾从河上🌫起来了", 2, (0, 0, "大"), (2, 1, "河"), (4, 2, "🌫"), (8, 0, "了"))
    saved = patch(desk, chapter, body)
    assert saved.json()["revision"] == 3
    shown = desk.get(f"/desk/chapters/{chapter}").json()
    assert (shown["text"], shown["spans"]) == ("大雾从河上🌫起来了", ["一"])  # spans left out stay
    assert patch(desk, chapter, body).json() == saved.json()  # a save whose answer was lost can be repeated
    cleared = patch(desk, chapter, edits_to(shown["text"], 3, spans=None))
    assert cleared.json()["revision"] == 4
    assert desk.get(f"/desk/chapters/{chapter}").json()["spans"] is None


@ON_SQLITE
@pytest.mark.parametrize(
    "body",
    [
        edits_to("雾起", 1, (5, 0, "起")),
        edits_to("雾起", 1, (1, 0, "落")),
        edits_to("雾起了", 1, (1, 0, "起")),
    ],
)
def test_edits_of_another_text_change_nothing_and_tell_what_is_there(
    desk: httpx.Client, chapter: int, body: dict[str, Any]
) -> None:
    answer = patch(desk, chapter, body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "edits_mismatch")
    assert answer.json()["current"]["text"] == "雾"
    assert text_of(desk, chapter) == "雾"


@ON_SQLITE
@pytest.mark.parametrize("base", [0, 2, 2**31, 2**70])
def test_edits_of_a_revision_that_is_not_there_are_a_conflict(desk: httpx.Client, chapter: int, base: int) -> None:
    answer = patch(desk, chapter, edits_to("雾起", base, (1, 0, "起")))
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "conflict")


@ON_SQLITE
@pytest.mark.parametrize(
    "wrong",
    [
        {"edits": [{"at": -1}]},
        {"edits": [{"at": 2**70}]},
        {"edits": [{"at": 0, "remove": -1}]},
        {"edits": [{"at": "0"}]},
        {"edits": [{"at": 1, "insert": "a"}, {"at": 0}]},
        {"edits": {}},
        {"edits": [{"at": 0, "insert": None}]},
        {"edits": [{"at": 0, "text": "a"}]},
        {"length": None},
        {"crc32": -1},
        {"crc32": 2**32},
        {"crc32": "0"},
        {"base_revision": -1},
        {"base_revision": None},
        {"digest": "x"},
    ],
)
def test_edits_of_another_form_are_refused(desk: httpx.Client, chapter: int, wrong: dict[str, Any]) -> None:
    assert patch(desk, chapter, edits_to("雾", 1) | wrong).status_code == 400
    assert text_of(desk, chapter) == "雾"


def test_a_million_characters_are_saved_and_edited(desk: httpx.Client, chapter: int) -> None:
    assert put(desk, chapter, LONG, 1).json()["characters"] == len(LONG) - LONG.count("\n")
    edited = LONG[:700_000] + "😀一个字" + LONG[700_003:]
    assert patch(desk, chapter, edits_to(edited, 2, (700_000, 3, "😀一个字"))).json()["revision"] == 3
    assert text_of(desk, chapter) == edited
    assert desk.get(f"/desk/chapters/{chapter}/revisions/2").json()["text"] == LONG
    (hunk,) = desk.get(f"/desk/chapters/{chapter}/revisions/3/changes", params={"since": 2}).json()
    assert [piece["text"] for piece in hunk["pieces"] if piece["kind"] == "inserted"] == ["😀一个字"]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"text": "雾\0", "base_revision": 1}, 400),
        ({"text": 1, "base_revision": 1}, 400),
        ({"text": None, "base_revision": 1}, 400),
        ({"text": "雾起"}, 400),
        ({"text": "雾起", "base_revision": True}, 400),
        ({"text": "雾起", "base_revision": 1, "spans": [[[[]]] * 9] * 9}, 200),
        ({"text": "雾起", "base_revision": 1, "spans": ["\0"]}, 200),  # escaped, it is JSON like any other
        ({"text": "雾起", "base_revision": 1, "spans": [["x" * 1000] * 1100]}, 413),
        ({"text": "雾" * 2_000_001, "base_revision": 1}, 413),
        ({"text": "a" * (8 << 20), "base_revision": 1}, 413),
    ],
)
def test_a_text_that_cannot_be_kept_is_refused(
    desk: httpx.Client, chapter: int, body: dict[str, Any], status: int
) -> None:
    assert desk.put(f"/desk/chapters/{chapter}/text", json=body).status_code == status
    assert text_of(desk, chapter) == ("雾起" if status == 200 else "雾")


@ON_SQLITE
@pytest.mark.parametrize("spans", ["[" * 40 + "]" * 40, "[" * 100_000 + "]" * 100_000, "1e999", "NaN", '"\\udc00"'])
def test_spans_that_are_no_json_or_too_deep_are_refused(desk: httpx.Client, chapter: int, spans: str) -> None:
    content = f'{{"text": "雾起", "base_revision": 1, "spans": {spans}}}'.encode()
    answer = desk.put(f"/desk/chapters/{chapter}/text", content=content, headers={"content-type": "application/json"})
    assert answer.status_code == 400
    assert text_of(desk, chapter) == "雾"


def test_chapters_are_made_at_a_place_moved_renamed_deleted_and_recovered(desk: httpx.Client, story: int) -> None:
    def titles(**query: bool) -> list[str]:
        return [entry["title"] for entry in desk.get(f"/desk/stories/{story}/chapters", params=query).json()]

    path = f"/desk/stories/{story}/chapters"
    first, second, third = (
        desk.post(path, json={"title": title, "text": title, "index": 0}).json()["id"] for title in "丙乙甲"
    )
    assert titles() == ["甲", "乙", "丙"]
    assert desk.post(f"/desk/chapters/{third}/move", json={"index": 2**70}).status_code == 204
    assert desk.patch(f"/desk/chapters/{first}", json={"title": "尾声"}).json()["revision"] == 1
    assert titles() == ["乙", "尾声", "甲"]
    assert desk.delete(f"/desk/chapters/{second}").status_code == 204
    assert (titles(), titles(deleted=True)) == (["尾声", "甲"], ["乙"])
    assert put(desk, second, "江", 1).json()["error"]["code"] == "missing"
    assert desk.post(f"/desk/chapters/{second}/recover", json={}).json()["title"] == "乙"
    other = desk.post("/desk/stories", json={"title": "别传"}).json()["id"]
    assert desk.post(f"/desk/chapters/{second}/move", json={"index": 0, "story": other}).status_code == 204
    assert titles() == ["尾声", "甲"]
    assert desk.post(f"/desk/chapters/{second}/move", json={"index": 0, "story": 2**70}).status_code == 404
    assert desk.post(f"/desk/chapters/{second}/move", json={"index": -1}).status_code == 400


@ON_SQLITE
@pytest.mark.parametrize("number", ["0", "-1", "99", str(2**31), str(2**70), "x", "9" * 5000])
def test_a_number_that_no_chapter_has_is_told(desk: httpx.Client, number: str) -> None:
    for method, path, body in (
        ("GET", "", None),
        ("PATCH", "", {"title": "甲"}),
        ("DELETE", "", None),
        ("POST", "/move", {"index": 0}),
        ("POST", "/recover", {}),
        ("POST", "/prune", {}),
        ("PUT", "/text", {"text": "", "base_revision": 1}),
        ("PATCH", "/text", edits_to("", 1)),
        ("GET", "/revisions", None),
        ("GET", "/revisions/1", None),
        ("GET", "/revisions/1/changes?since=1", None),
        ("POST", "/revisions/1/restore", {"base_revision": 1}),
        ("GET", "/candidates", None),
        ("POST", "/candidates", {"revision": 1, "candidates": [{"text": "", "seed": 1}]}),
    ):
        answer = desk.request(method, f"/desk/chapters/{number}{path}", json=body)
        assert answer.status_code in (400, 404), (method, path)
        assert set(answer.json()) == {"error"}
