"""Writing at the desk: what is shown to be read is read, what is written is told, and what cannot be is refused."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from desks import CHARS, Author, begin, events_of, texts_of, written_by
from mocks import ByteTokenizer, MarkedTokenizer, NgramModel, PassageModel, WindowedModel
from moxu.decode.options import PRESETS
from moxu.serve.batching.scheduler import Scheduler
from moxu.serve.limits import Limits
from moxu.store.records import NoteContent
from moxu.store.store import Store
from moxu.text.layout import dedent
from moxu.writers.base import Request, collect
from moxu.writers.local import LocalWriter
from servers import Running, running, served

LIMITS = Limits(n=6, written_characters=4000, reach=5000, prompt_characters=6000, stops=2, stop_characters=5)
AUTHOR = Author()


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with Store.open(Path(tmp_path_factory.mktemp("desk")) / "desk.sqlite") as one:
        yield one


@pytest.fixture(scope="module")
def server(store: Store) -> Iterator[Running]:
    """A model that reads on for ever, one with a window, one that reads a source, and one that tells no logprobs."""
    windowed = Scheduler(WindowedModel(64), ByteTokenizer(), "windowed")
    passages = Scheduler(PassageModel(source=24), MarkedTokenizer(), "passages")
    silent = replace(served(Scheduler(NgramModel(), ByteTokenizer(), "silent")), gives_logprobs=False)
    models = (
        written_by(AUTHOR, cache_bytes=0),
        replace(served(windowed), max_context=64),
        replace(served(passages, MarkedTokenizer(), reads_source=True), source=24),
        silent,
    )
    with running(*models, limits=LIMITS, store=store) as one:
        yield one


@pytest.fixture
def client(server: Running) -> Iterator[httpx.Client]:
    with server.client() as one:
        yield one


@pytest.fixture
def story(store: Store) -> int:
    """A story with two chapters, a memory, an author's note and three cards."""
    one = store.create_story("长夜行").id
    store.create_chapter(one, "", "第一章\n甲乙丙。\n丁戊。\n")
    store.create_chapter(one, "", "第二章\n已存。")
    memory, author = store.notes(one)
    store.save_note(memory.id, NoteContent(text="庚辛记得。"), memory.revision)
    store.save_note(author.id, NoteContent(text="写短些。", depth=4), author.revision)
    for name, aliases in (("沈砚", ("ＡＹＡＮ、阿砚",)), ("渡口", ()), ("江", ())):
        store.create_card(one, NoteContent(name=name, aliases=aliases, text=f"说的是{name}。"))
    return one


def see(client: httpx.Client, **scene: Any) -> dict[str, Any]:
    answer = client.post("/desk/sight", json=scene)
    assert answer.status_code == 200, answer.text
    sight: dict[str, Any] = answer.json()
    return sight


def finished(client: httpx.Client, **wishes: Any) -> tuple[dict[str, Any], list[Any]]:
    writing = begin(client, **wishes)
    return writing, list(events_of(client, writing["id"]))


def test_what_is_shown_is_what_the_model_reads(client: httpx.Client, store: Store, story: int) -> None:
    chapter = store.chapters(story)[1].id
    before = "第二章\n阿砚在此。\n江上"
    scene = {"story": story, "chapter": chapter, "before": before}
    sight = see(client, **scene)
    assert [(part["source"], part["text"]) for part in sight["parts"]] == [
        ("memory", "庚辛记得。\n"),
        ("lore", "说的是沈砚。\n"),
        ("lore", "说的是江。\n"),
        ("story", "第一章\n甲乙丙。\n丁戊。\n第二章\n阿砚在此。\n"),
        ("note", "写短些。\n"),
        ("story", "江上"),
    ]
    assert [part["fired_by"] for part in sight["parts"][1:3]] == ["阿砚", "江"]
    assert [part["fired_back"] for part in sight["parts"][1:3]] == [8, 2]
    shown = "".join(part["text"] for part in sight["parts"])
    AUTHOR.read.clear()
    finished(client, scene=scene, before=before)
    expected = CHARS.encode("\n" + shown)
    assert AUTHOR.read[: len(expected)] == expected
    assert sight["tokens"] == len(expected)
    assert sight["characters"] == len(shown)
    assert [part["characters"] for part in sight["parts"]] == [len(part["text"]) for part in sight["parts"]]


def test_chapters_out_of_reach_are_counted_as_on_the_shelf(client: httpx.Client, store: Store, story: int) -> None:
    store.create_chapter(story, "", "甲" * 30, index=0)
    chapter = store.chapters(story)[2].id
    sight = see(client, story=story, chapter=chapter, before="丙丁。\n戊己", reach=6)
    assert sum(part["characters"] for part in sight["parts"] if part["source"] == "story") == 6
    assert sum(part["cut_characters"] for part in sight["parts"]) == 30 + len("第一章甲乙丙。丁戊。")
    sight = see(client, story=story, chapter=chapter, before="丙丁。\n戊己", skipped=100, reach=6)
    assert sum(part["cut_characters"] for part in sight["parts"]) == 100 + 30 + 10


def test_without_a_story_only_the_page_is_read(client: httpx.Client) -> None:
    assert [part["text"] for part in see(client, before="沈砚")["parts"]] == ["沈砚"]
    assert see(client) == {"parts": [], "characters": 0, "tokens": 1, "room": None}


def test_a_window_leaves_room_for_what_is_to_be_written(client: httpx.Client) -> None:
    sight = see(client, model="windowed", before="a" * 500, max_chars=24)
    assert sight["room"] == 40
    assert 30 <= sight["tokens"] <= 40
    assert sight["parts"][0]["cut_characters"] == 500 - sight["parts"][0]["characters"]
    assert see(client, model="windowed", before="a", max_chars=60)["room"] == 32
    assert see(client, model="windowed", before="a", max_chars=24, context=50)["room"] == 26


def test_a_source_is_the_end_of_the_scene(client: httpx.Client, server: Running) -> None:
    sight = see(client, model="passages", before="abc\n" * 20)
    assert (sight["room"], sight["tokens"]) == (24, 24)
    _, events = finished(client, before="abc\n" * 20, scene={"model": "passages"}, max_chars=4)
    scheduler = server.service.model("passages").worker
    assert isinstance(scheduler, Scheduler)
    assert isinstance(scheduler.model, PassageModel)
    assert bytes(scheduler.model.sources[0]).decode() == sight["parts"][0]["text"]
    assert events[-1][1] == "end"


def test_the_texts_are_those_of_the_model_without_their_indents(client: httpx.Client) -> None:
    writing, events = finished(client, count=3, seed=7, max_chars=60)
    assert writing["seeds"] == [7, 8, 9]
    assert writing["model"] == "author"
    request = Request(prompt="\n甲。\n乙", count=3, seed=7, max_chars=60, options=PRESETS["gpt2"])
    raw = [one.text for one in collect(LocalWriter(Author(), CHARS, "author").write(request))]
    assert any("\n\u3000" in text for text in raw)
    assert texts_of(events) == {row: dedent("丙" + text).removeprefix("丙") for row, text in enumerate(raw)}
    finishes = [data for _, name, data in events if name == "finish"]
    assert {one["row"]: one["characters"] for one in finishes} == {
        row: len(text) for row, text in texts_of(events).items()
    }
    assert {one["reason"] for one in finishes} == {"length"}


def test_a_writing_at_the_beginning_of_a_paragraph_begins_without_an_indent(client: httpx.Client) -> None:
    for seed in range(12):
        _, events = finished(client, before="甲。\n", seed=seed)
        assert not texts_of(events)[0].startswith("\u3000")


def test_the_tokens_of_each_piece_are_its_text_with_the_ten_likeliest(client: httpx.Client) -> None:
    _, events = finished(client, count=2, seed=1)
    for _, name, data in events:
        if name == "piece":
            assert "".join(token["text"] for token in data["tokens"]) == data["text"]
            for token in data["tokens"]:
                assert len(token["top"]) == 10
                assert token["logprob"] <= token["top"][0][1] <= 0
                assert [logprob for _, logprob in token["top"]] == sorted(
                    (one[1] for one in token["top"]), reverse=True
                )


def test_a_model_without_logprobs_writes_all_the_same(client: httpx.Client) -> None:
    _, events = finished(client, scene={"model": "silent"}, seed=1)
    assert {name for _, name, _ in events} <= {"piece", "finish", "end"}
    assert texts_of(events)[0]
    assert all(data["tokens"] == [] for _, name, data in events if name == "piece")


def test_settings_are_told_as_they_are_in_force(client: httpx.Client) -> None:
    settings = begin(client, preset="稳", temperature=0.5)["settings"]
    assert (settings["preset"], settings["temperature"], settings["top_p"]) == ("稳", 0.5, PRESETS["steady"].top_p)
    assert begin(client, preset=None)["settings"]["preset"] == "normal"


def test_a_text_ends_before_a_stop_string(client: httpx.Client) -> None:
    _, events = finished(client, stop="\n", seed=2, max_chars=500)
    assert "\n" not in texts_of(events)[0]
    assert [data["reason"] for _, name, data in events if name == "finish"] == ["stop"]


def test_what_was_written_need_not_be_read_again() -> None:
    with running(written_by(Author())) as server, server.client() as client:
        before = "甲乙丙丁。\n" * 600 + "甲"
        for seed in range(12):
            read = server.scheduler.stats().prompt_ids_read
            writing, events = finished(client, before=before, seed=seed, max_chars=8)
            assert writing["prompt_tokens"] > 3000
            assert seed == 0 or server.scheduler.stats().prompt_ids_read - read <= 10
            before += texts_of(events)[0].partition("\n")[0]


@pytest.mark.parametrize(
    ("given", "param"),
    [
        ({"count": 0}, "count"),
        ({"count": 7}, "count"),
        ({"max_chars": 0}, "max_chars"),
        ({"max_chars": 10**9}, "max_chars"),
        ({"count": 6, "max_chars": 1000}, "max_chars"),
        ({"seed": -1}, "seed"),
        ({"seed": 2**63}, "seed"),
        ({"seed": 10**400}, None),
        ({"stop": ["a", "b", "c"]}, "stop"),
        ({"stop": "abcdef"}, "stop"),
        ({"stop": [""]}, "stop"),
        ({"temperature": 99}, "temperature"),
        ({"temperature": "hot"}, "temperature"),
        ({"preset": "wilder"}, None),
        ({"temprature": 1}, "temprature"),
        ({"scene": {"reach": 0}}, "reach"),
        ({"scene": {"reach": 10**6}}, "reach"),
        ({"scene": {"before": "甲" * 7000}}, "before"),
        ({"scene": {"before": 3}}, "scene.before"),
        ({"scene": {"skipped": -1}}, "scene.skipped"),
        ({"scene": {"chapter": 1}}, "chapter"),
        ({"scene": {"context": 1}}, "scene.context"),
        ({"scene": None}, "scene"),
    ],
)
def test_what_is_out_of_its_range_is_refused_by_name(
    client: httpx.Client, given: dict[str, Any], param: str | None
) -> None:
    body = {"scene": {"before": "甲"}} | given
    answer = client.post("/desk/writings", json=body)
    assert answer.status_code == 400, answer.text
    if param is not None:
        assert answer.json()["error"]["param"] == param
    assert len(answer.text) < 1000


@pytest.mark.parametrize("body", ["", "null", "[]", "{", '{"scene":' * 5000, '{"scene": {"before": "\\ud800"}'])
def test_a_body_that_is_none_is_refused(client: httpx.Client, body: str) -> None:
    for path in ("writings", "sight", "reading"):
        answer = client.post(f"/desk/{path}", content=body, headers={"content-type": "application/json"})
        assert answer.status_code == 400
        assert set(answer.json()["error"]) == {"message", "type", "param", "code"}


def test_half_a_character_is_not_read(client: httpx.Client) -> None:
    body = '{"before": "\\udc00甲\\ud83d\\ude42\\ud83d"}'
    answer = client.post("/desk/sight", content=body, headers={"content-type": "application/json"})
    assert [part["text"] for part in answer.json()["parts"]] == ["甲🙂"]


@pytest.mark.parametrize("scene", [{"story": 10**6}, {"story": 10**6, "chapter": 1}])
def test_a_story_that_is_not_there_is_told(client: httpx.Client, scene: dict[str, int]) -> None:
    answer = client.post("/desk/sight", json=scene)
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "missing")


def test_a_chapter_of_another_story_is_not_there(client: httpx.Client, store: Store, story: int) -> None:
    other = store.create_story("别的").id
    answer = client.post("/desk/sight", json={"story": other, "chapter": store.chapters(story)[0].id})
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "missing")


def test_a_server_without_a_store_writes_from_the_page_alone() -> None:
    with running(written_by(Author())) as server, server.client() as client:
        assert texts_of(finished(client)[1])[0]
        answer = client.post("/desk/sight", json={"story": 1})
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, "missing")


def test_the_state_says_what_there_is(client: httpx.Client) -> None:
    state = client.get("/desk/state").json()
    assert state["model"] == {
        "name": "author",
        "architecture": "ngram",
        "max_context": None,
        "reads_source": False,
        "gives_logprobs": True,
        "preset": "normal",
    }
    assert [(one["name"], one["title"]) for one in state["presets"]] == [
        ("steady", "稳"),
        ("normal", "常"),
        ("wild", "奇"),
    ]
    assert state["presets"][0]["values"]["temperature"] == PRESETS["steady"].temperature
    assert (state["limits"]["reach"], state["limits"]["n"]) == (5000, 6)
    assert state["load"]["slots"] == 64
    assert state["visitor"] == "author"


def test_the_state_without_a_model_says_so() -> None:
    with running() as server, server.client() as client:
        state = client.get("/desk/state").json()
        assert state["model"] is None
        assert state["load"] == {"slots": 0, "running": 0, "waiting": 0}
        assert client.post("/desk/sight", json={}).status_code == 503


def test_writing_needs_a_key_where_the_server_does() -> None:
    with running(written_by(Author()), keys=("a-long-key",)) as server, server.client() as client:
        assert client.get("/desk/state").status_code == 401
        assert client.post("/desk/writings", json={}).status_code == 401
        assert client.get("/desk/writings/x/events").status_code == 401
