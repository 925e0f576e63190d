"""The desk as a whole: what is acknowledged outlives the server, and a database that fails is told."""

import contextlib
import json
import random
import socket
import sqlite3
import threading
import time
import zlib
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from sqlalchemy import event

from editors import numbered, serve_stories, start
from moxu.serve.limits import Limits
from moxu.store.store import Store
from postgres import Cluster
from servers import PATIENCE, Running, running, wait_until

ROUNDS = 3


def save_until_the_end(url: str, chapter: int, revision: int, acknowledged: dict[int, int]) -> None:
    """Save numbered texts, whole and as edits in turn; write down each that is acknowledged, until nobody answers."""
    text = numbered(revision)
    with httpx.Client(base_url=url, timeout=PATIENCE) as client, contextlib.suppress(httpx.TransportError):
        while True:
            new, path = numbered(revision + 1), f"/desk/chapters/{chapter}/text"
            if revision % 2:
                answer = client.put(path, json={"text": new, "base_revision": revision})
            else:
                edit = {"at": 0, "remove": len(text), "insert": new}
                size = {"length": len(new), "crc32": zlib.crc32(new.encode())}
                answer = client.patch(path, json={"base_revision": revision, "edits": [edit], **size})
            assert answer.status_code == 200, answer.text
            revision, text = answer.json()["revision"], new
            acknowledged[chapter] = revision


def holds_all(found: dict[int, int], expected: dict[int, int]) -> bool:
    return set(found) == set(expected)


def test_killing_the_server_in_mid_traffic_loses_nothing_acknowledged(url: str) -> None:
    chance = random.Random(4)
    with Store.open(url) as store:
        story = store.create_story("长夜行").id
        chapters = {store.create_chapter(story, text=numbered(1)).id: 1 for _ in range(3)}
    for _ in range(ROUNDS):
        server, pipe = start(serve_stories, url)
        assert pipe.poll(PATIENCE)
        address, acknowledged = pipe.recv(), dict[int, int]()
        editors = [
            threading.Thread(target=save_until_the_end, args=(address, chapter, revision, acknowledged))
            for chapter, revision in chapters.items()
        ]
        for editor in editors:
            editor.start()
        wait_until(partial(holds_all, acknowledged, chapters))
        time.sleep(chance.random() * 0.1)  # long enough to be in any part of a save
        server.kill()
        for editor in editors:
            editor.join(PATIENCE)
        server.join(PATIENCE)
        pipe.close()
        with Store.open(url) as store:
            for chapter, revision in acknowledged.items():
                newest = store.chapter(chapter).revision
                assert newest in (revision, revision + 1)  # the last may be saved, and its answer lost
                texts = [store.revision(chapter, number).text for number in range(1, newest + 1)]
                assert texts == [numbered(number) for number in range(1, newest + 1)]
                chapters[chapter] = newest


def test_a_client_that_leaves_at_once_has_saved_all_or_nothing(desk_server: Running, chapter: int) -> None:
    parts, text = urlsplit(desk_server.url), "雾从江上起来。\n" * 20_000
    body = json.dumps({"text": text, "base_revision": 1}).encode()
    head = f"PUT /desk/chapters/{chapter}/text HTTP/1.1\r\nHost: {parts.netloc}\r\nContent-Type: application/json\r\n"
    for sent in (body[:1000], body):
        with socket.create_connection((parts.hostname or "", parts.port or 0)) as connection:
            connection.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + sent)
    with desk_server.client() as desk:
        wait_until(lambda: desk.get(f"/desk/chapters/{chapter}").json()["revision"] == 2)
        assert desk.get(f"/desk/chapters/{chapter}").json()["text"] == text


@pytest.fixture
def impatient(tmp_path: Path) -> Iterator[tuple[Running, Path]]:
    """A server that waits for neither its database nor a place for long, and its file, with one chapter."""
    file = tmp_path / "stories.db"
    with Store.open(file) as store:
        store.create_chapter(store.create_story().id, text="雾")
    limits = Limits(store_requests=1, store_seconds=0.2)
    with running(store=Store.open(file, patience=2.0), limits=limits) as server:
        yield server, file


SAVE = {"text": "雾起", "base_revision": 1}


def test_a_locked_database_is_told_to_come_again_and_holds_up_nobody_else(impatient: tuple[Running, Path]) -> None:
    server, file = impatient
    answers = list[httpx.Response]()

    def save() -> None:
        with server.client() as own:
            answers.append(own.put("/desk/chapters/1/text", json=SAVE))

    other = sqlite3.connect(file, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    saving = [threading.Thread(target=save) for _ in range(2)]
    for thread in saving:
        thread.start()
    with server.client() as client:
        while any(thread.is_alive() for thread in saving):
            assert client.get("/healthz").status_code == 200
    other.execute("ROLLBACK")
    other.close()
    told = {answer.json()["error"]["message"] for answer in answers}
    assert told == {
        "too many requests wait for the database",
        "the database: is locked by another program; close that program, or try again",
    }
    assert {(answer.status_code, answer.headers["retry-after"]) for answer in answers} == {(503, "2")}
    with server.client() as client:
        assert client.put("/desk/chapters/1/text", json=SAVE).json()["revision"] == 2


def test_a_full_disk_is_told_and_changes_nothing(impatient: tuple[Running, Path]) -> None:
    server, _ = impatient
    assert server.service.store is not None
    server.service.store.close()  # so that all connections are made anew
    engine = server.service.store.database.engine
    event.listen(engine, "connect", lambda made, _: made.execute("PRAGMA max_page_count = 40"))
    with server.client() as client:
        answer = client.put("/desk/chapters/1/text", json=SAVE | {"text": "江" * 200_000})
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "2")
        assert "the disk is full, and nothing was changed" in answer.json()["error"]["message"]
        assert client.get("/desk/chapters/1").json()["text"] == "雾"


def test_a_lost_connection_is_told_and_later_it_goes_on(cluster: Cluster) -> None:
    with Store.open(cluster.empty_database()) as store:
        store.create_chapter(store.create_story().id, text="雾")
        chapter = store.chapters(store.stories()[0].id)[0].id
        with running(store=store) as server, server.client() as client:
            assert client.get(f"/desk/chapters/{chapter}").status_code == 200
            cluster.kill()
            answer = client.put(f"/desk/chapters/{chapter}/text", json=SAVE)
            assert (answer.status_code, answer.json()["error"]["code"]) == (503, "unavailable")
            cluster.start()
            assert client.put(f"/desk/chapters/{chapter}/text", json=SAVE).json()["revision"] == 2


def test_the_rules_of_the_server_are_those_of_the_desk(tmp_path: Path) -> None:
    with running(store=Store.open(tmp_path / "stories.db"), keys=("a-long-enough-key",)) as server:
        key = {"authorization": "Bearer a-long-enough-key"}
        with server.client() as stranger, server.client(**key) as client:
            assert stranger.get("/desk/stories").status_code == 401
            assert client.get("/desk/stories").json() == []
            assert client.get("/desk/stories", headers={"origin": "http://evil.example"}).status_code == 403
            assert client.post("/desk/stories", content="{}").status_code == 415
            assert client.delete("/desk/stories").status_code == 405


def test_a_chapter_may_be_longer_than_any_other_body(tmp_path: Path) -> None:
    limits = Limits(body_bytes=500, chapter_bytes=2000)
    with running(store=Store.open(tmp_path / "stories.db"), limits=limits) as server, server.client() as client:
        assert client.post("/v1/completions", json={"prompt": "a" * 600}).status_code == 413
        assert client.post("/desk", json={"title": "a" * 600}).status_code == 413
        client.post("/desk/stories", json={})
        for length, status in ((1500, 201), (2000, 413)):
            assert client.post("/desk/stories/1/chapters", json={"text": "a" * length}).status_code == status


def test_without_a_store_there_are_no_stories() -> None:
    with running() as server, server.client() as client:
        assert client.get("/desk/stories").status_code == 404
        assert "/desk/stories" not in client.get("/openapi.json").json()["paths"]


def test_the_description_names_every_operation_once_and_tells_its_form(desk: httpx.Client) -> None:
    described = desk.get("/openapi.json").json()
    operations = [
        operation
        for path, methods in described["paths"].items()
        if path.startswith("/desk/")
        for operation in methods.values()
    ]
    names = [operation["operationId"] for operation in operations]
    assert len(set(names)) == len(names)
    assert {"list_stories", "save_text", "edit_text", "restore_revision", "judge_candidate"} <= set(names)
    for operation in operations:
        (answer,) = [answer for status, answer in operation["responses"].items() if status.startswith("2")]
        assert all(kind["schema"] for kind in answer.get("content", {}).values()), operation["operationId"]
        assert "4XX" in operation["responses"]
    kept = {"Chapter", "ChapterConflict", "ChapterEntry", "EditedText", "Note", "NoteConflict", "Revision", "Story"}
    assert kept <= set(described["components"]["schemas"])


def test_requests_are_counted_by_the_whole_path_of_their_route(tmp_path: Path) -> None:
    with Store.open(tmp_path / "moxu.sqlite") as store, running(store=store) as server, server.client() as client:
        story = client.post("/desk/stories", json={}).json()["id"]
        assert client.get(f"/desk/stories/{story}/chapters").status_code == 200
        assert client.get("/desk/state").status_code == 200
        figures = client.get("/metrics").text
    assert 'moxu_requests_total{method="GET",route="/desk/stories/{story}/chapters",status="200"} 1.0' in figures
    assert 'moxu_requests_total{method="GET",route="/desk/state",status="200"} 1.0' in figures
