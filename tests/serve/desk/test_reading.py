"""How the model reads a text after a scene."""

from collections.abc import Iterator
from dataclasses import replace

import httpx
import pytest

from desks import CHARS, Author, begin, events_of, texts_of, written_by
from mocks import ByteTokenizer, MarkedTokenizer, NgramModel, PassageModel
from moxu.decode.score import score_ids
from moxu.serve.batching.scheduler import Scheduler
from moxu.serve.limits import Limits
from servers import Running, running, served

AUTHOR = Author()


@pytest.fixture(scope="module")
def server() -> Iterator[Running]:
    passages = Scheduler(PassageModel(), MarkedTokenizer(), "passages")
    silent = replace(served(Scheduler(NgramModel(), ByteTokenizer(), "silent")), gives_logprobs=False)
    models = written_by(AUTHOR), served(passages, MarkedTokenizer(), reads_source=True), silent
    with running(*models, limits=Limits(reading_characters=500)) as one:
        yield one


@pytest.fixture
def client(server: Running) -> Iterator[httpx.Client]:
    with server.client() as one:
        yield one


def test_a_text_that_was_written_reads_as_it_was_written(client: httpx.Client) -> None:
    before = "甲乙。\n丙丁"
    for seed in range(20):
        events = list(events_of(client, begin(client, before=before, seed=seed, stop="\n", max_chars=30)["id"]))
        text = texts_of(events).get(0, "")
        if len(text) < 5:
            continue
        written = [token for _, name, data in events if name == "piece" for token in data["tokens"]]
        read = client.post("/desk/reading", json={"scene": {"before": before}, "text": text}).json()
        assert [token["text"] for token in read["tokens"]] == [token["text"] for token in written]
        for one, other in zip(read["tokens"], written, strict=True):
            assert one["logprob"] == pytest.approx(other["logprob"], abs=2e-3)
            assert [text for text, _ in one["top"]] == [text for text, _ in other["top"]]
        return
    pytest.fail("no text was long enough")


def test_each_token_is_foreseen_as_scores_say(client: httpx.Client) -> None:
    answer = client.post("/desk/reading", json={"scene": {"before": "甲"}, "text": "乙丙é\n丁"}).json()
    assert [token["text"] for token in answer["tokens"]] == ["乙", "丙", "é", "\n", "丁"]
    scores = score_ids(Author(), CHARS.encode("乙丙é\n丁"), context=CHARS.encode("\n甲"))
    expected = [scores[0], scores[1], scores[2] + scores[3], scores[4], scores[5]]
    assert [token["logprob"] for token in answer["tokens"]] == pytest.approx(expected, abs=1e-3)


def test_what_would_follow_is_told_also_of_no_text(client: httpx.Client) -> None:
    longer = client.post("/desk/reading", json={"scene": {"before": "甲"}, "text": "乙"}).json()
    empty = client.post("/desk/reading", json={"scene": {"before": "甲乙"}}).json()
    assert empty["tokens"] == []
    assert longer["next"] == empty["next"]
    assert len(empty["next"]) == 10


def test_a_model_that_foresees_no_text_says_so(client: httpx.Client) -> None:
    for model in ("passages", "silent"):
        answer = client.post("/desk/reading", json={"scene": {"before": "a", "model": model}, "text": "b"})
        assert (answer.status_code, answer.json()["error"]["code"]) == (400, "no_reading")


def test_a_text_that_is_too_long_is_refused(client: httpx.Client) -> None:
    answer = client.post("/desk/reading", json={"scene": {}, "text": "甲" * 501})
    assert (answer.status_code, answer.json()["error"]["param"]) == (400, "text")


def test_a_scene_is_read_once_for_all_texts_after_it(client: httpx.Client) -> None:
    scene = {"before": "丙丁戊。\n" * 300}
    first = client.post("/desk/reading", json={"scene": scene, "text": "甲乙"}).json()
    for text in ("丙", "丙丁戊", "", "甲乙"):
        AUTHOR.read.clear()
        answer = client.post("/desk/reading", json={"scene": scene, "text": text}).json()
        assert len(AUTHOR.read) <= len(text)
    assert answer == first


def test_a_text_is_foreseen_without_a_reading_of_what_comes_before(client: httpx.Client) -> None:
    before = "丁戊己。\n" * 200
    list(events_of(client, begin(client, before=before)["id"]))
    AUTHOR.read.clear()
    client.post("/desk/reading", json={"scene": {"before": before}, "text": "甲乙丙"})
    assert AUTHOR.read == CHARS.encode("甲乙丙")
