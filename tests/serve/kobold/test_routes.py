import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import httpx
import pytest

from kobold_client import ABORT, CHECK, GENERATE, LIMITS, LONG, PLAIN, STREAM, events, slots_are_free, texts
from mocks import ByteTokenizer, NgramModel, WindowedModel
from moxu.serve.batching.scheduler import Scheduler
from servers import Running, SlowModel, running, served, wait_until


@pytest.fixture(scope="module")
def client() -> Iterator[httpx.Client]:
    """A client of a server whose model is quick."""
    model = served(Scheduler(NgramModel(), ByteTokenizer(), "mock"))
    with running(model, limits=LIMITS) as server, server.client() as one:
        yield one


@pytest.fixture
def slow() -> Iterator[Running]:
    """A model that takes its time, with two slots."""
    with running(served(Scheduler(SlowModel(), ByteTokenizer(), "slow", slots=2)), limits=LIMITS) as server:
        yield server


def test_latest_is_another_name_of_v1(client: httpx.Client) -> None:
    assert texts(client.post("/api/latest/generate", json=PLAIN)) == texts(client.post(GENERATE, json=PLAIN))


def test_settings_are_told_and_cannot_be_changed(client: httpx.Client) -> None:
    for name, present, other in (
        ("max_length", 512, 80),
        ("max_context_length", 16_384, 2048),
        ("soft_prompt", "", "mood"),
    ):
        path = f"/api/v1/config/{name}"
        assert client.get(path).json() == {"value": present}
        assert client.put(path, json={"value": present}).json() == {}
        refused = client.put(path, json={"value": other})
        assert (refused.status_code, refused.json()["detail"]["type"]) == (403, "read_only")
    assert client.put("/api/v1/model", json={"model": "mock"}).status_code == 200
    assert client.put("/api/v1/model", json={"model": "../../etc/passwd"}).status_code == 403
    assert client.get("/api/v1/config/soft_prompts_list").json() == {"values": []}


def test_tokens_are_counted_and_joined_again(client: httpx.Client) -> None:
    counted = client.post("/api/extra/tokencount", json={"prompt": "推门"}).json()
    assert counted == {"value": 6, "ids": list("推门".encode())}
    joined = client.post("/api/extra/detokenize", json={"ids": counted["ids"]}).json()
    assert joined == {"result": "推门", "success": True}
    for ids in ([258], [-1], ["a"], "abc", [10**30]):
        assert client.post("/api/extra/detokenize", json={"ids": ids}).status_code == 400


def test_what_is_told_of_the_context_is_what_the_model_holds() -> None:
    model = replace(served(Scheduler(WindowedModel(24), ByteTokenizer(), "windowed")), max_context=24)
    with running(model) as server, server.client() as client:
        for path in ("/api/v1/config/max_context_length", "/api/extra/true_max_context_length"):
            assert client.get(path).json() == {"value": 24}


def test_what_sillytavern_asks_when_it_connects_and_writes(slow: Running) -> None:
    """Its server asks these with the headers and fields here, and ends a text without body, type or key."""
    json_type = {"content-type": "application/json"}
    with slow.client() as client:
        version = client.get("/api/v1/info/version", headers=json_type).json()["result"]
        assert tuple(map(int, version.split("."))) >= (1, 2, 4)  # stop sequences, and no forbidden end
        there = client.get("/api/extra/version", headers=json_type).json()
        assert there["result"] == "KoboldCpp"
        assert tuple(map(int, there["version"].split("."))) >= (1, 41)  # streams and counts of tokens
        assert client.get("/api/v1/model", headers=json_type).json() == {"result": "slow"}
        assert client.post("/api/extra/tokencount", json={"prompt": "门"}).json()["value"] == 3
        body: dict[str, Any] = dict.fromkeys(("use_story", "use_memory", "use_authors_note", "use_world_info"), False)
        body |= {"prompt": "他推开门", "max_context_length": 4096, "max_length": LONG, "stop_sequence": ["\nYou:"]}
        body |= {"rep_pen": 1, "rep_pen_range": 0, "rep_pen_slope": 0.9, "temperature": 1, "tfs": 1, "top_a": 1}
        body |= {"top_k": 0, "top_p": 1, "typical": 1, "sampler_order": [0, 1, 2, 3, 4, 5, 6], "singleline": False}
        body |= {"use_default_badwordsids": True, "grammar": "", "mirostat": 0, "mirostat_eta": 0.1, "mirostat_tau": 5}
        with client.stream("POST", STREAM, json=body) as answer:
            assert answer.headers["moxu-ignored"] == "top_a, rep_pen_slope"
            told = events(answer.iter_lines())
            assert next(told)["data"]["token"]
            with httpx.Client(base_url=slow.url) as other:
                aborted = other.send(httpx.Request("POST", slow.url + ABORT, headers={"content-length": "0"}))
            assert aborted.json() == {"success": True}
            assert list(told)[-1]["data"]["finish_reason"] == "length"
    wait_until(lambda: slots_are_free(slow))


def test_what_kobold_lite_asks_when_it_connects_and_writes(client: httpx.Client) -> None:
    own_page = {"origin": str(client.base_url).rstrip("/"), "content-type": "application/json"}
    context = 16_384
    for path, expected in {
        "/api/v1/model": {"result": "mock"},
        "/api/v1/info/version": {"result": "1.2.5"},
        "/api/v1/config/max_context_length": {"value": context},
        "/api/v1/config/max_length": {"value": 512},
        "/api/extra/true_max_context_length": {"value": context},
        "/api/extra/preloadstory": {},
    }.items():
        assert client.get(path, headers=own_page).json() == expected
    assert client.get("/api/extra/version", headers=own_page).json()["multiplayer"] is False
    assert set(client.get("/api/extra/perf").json()) >= {"queue", "idle", "total_gens", "uptime"}
    body: dict[str, Any] = {
        "prompt": "他推开门",
        "memory": "",
        "genkey": "KCPP4711",
        "n": 1,
        "quiet": True,
        "images": [],
    }
    body |= {"max_context_length": 8192, "max_length": 30, "rep_pen": 1.07, "rep_pen_range": 360, "rep_pen_slope": 0.7}
    body |= {"temperature": 0.75, "top_p": 0.92, "top_k": 100, "top_a": 0, "typical": 1, "tfs": 1, "min_p": 0}
    body |= {"sampler_order": [6, 0, 1, 3, 4, 2, 5], "trim_stop": True, "stop_sequence": ["\n### Instruction:"]}
    body |= {"dynatemp_range": 0, "dynatemp_exponent": 1, "smoothing_factor": 0, "nsigma": 0, "presence_penalty": 0}
    body |= {"banned_tokens": [], "render_special": False, "logprobs": False, "logit_bias": {}, "sampler_seed": 7}
    body |= {"replace_instruct_placeholders": True, "use_default_badwordsids": False, "bypass_eos": False}
    answer = client.post(GENERATE, json=body, headers=own_page)
    assert answer.headers["moxu-ignored"] == "rep_pen_slope"
    assert texts(client.post(CHECK, json={"genkey": "KCPP4711"}, headers=own_page)) == texts(answer)


def test_without_a_model_clients_are_told_to_come_again() -> None:
    with running() as server, server.client() as client:
        for answer in (client.get("/api/v1/model"), client.post(GENERATE, json=PLAIN)):
            assert answer.status_code == 503
            assert answer.json()["detail"]["type"] == "service_unavailable"


@pytest.mark.parametrize("path", [GENERATE, STREAM, CHECK, ABORT, "/api/extra/tokencount"])
def test_pages_of_others_cannot_use_it(client: httpx.Client, path: str) -> None:
    form = {"content-type": "application/x-www-form-urlencoded"}
    assert client.post(path, headers=form, content="").status_code == 415
    assert client.post(path, headers=form, content="genkey=a").status_code == 415
    assert client.post(path, headers={"content-type": "text/plain"}, content=json.dumps(PLAIN)).status_code == 415
    foreign = client.post(path, headers={"origin": "https://elsewhere.example"})
    assert (foreign.status_code, foreign.json()["detail"]["type"]) == (403, "foreign_origin")
    assert client.post(path, headers={"origin": "null"}, json=PLAIN).status_code == 403


def test_a_key_is_needed_where_the_server_has_one() -> None:
    scheduler = Scheduler(NgramModel(), ByteTokenizer(), "mock")
    with running(served(scheduler), keys=("a-long-key",)) as server:
        with server.client() as client:
            refused = client.get("/api/v1/model")
            assert (refused.status_code, refused.json()["detail"]["type"]) == (401, "invalid_api_key")
        with server.client(authorization="Bearer a-long-key") as client:
            assert client.get("/api/extra/version").json()["protected"] is True
            assert texts(client.post(GENERATE, json=PLAIN))


def test_figures_name_the_whole_route(client: httpx.Client) -> None:
    client.get("/api/latest/model")
    assert 'moxu_requests_total{method="GET",route="/api/latest/model",status="200"}' in client.get("/metrics").text
