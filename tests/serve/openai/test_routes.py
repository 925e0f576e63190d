import asyncio
import json
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import openai
import pytest
from openai import AsyncOpenAI, OpenAI

from mocks import ByteTokenizer, MarkedTokenizer, NgramModel, PassageModel, WindowedModel
from moxu.decode.options import SamplingOptions
from moxu.decode.score import score_ids
from moxu.serve.batching.scheduler import Scheduler
from moxu.serve.limits import Limits
from moxu.writers.base import Request, collect, write_texts
from moxu.writers.local import LocalWriter
from servers import PATIENCE, Running, SlowModel, running, served

NO_END = {"256": -100}
LIMITS = Limits(prompt_characters=1000, prompts=4, n=4, texts=8, max_tokens=500, logprobs=5, prompt_logprobs=200)


@pytest.fixture(scope="module")
def server() -> Iterator[Running]:
    """A model that reads on for ever, one with a window, one with passages, and one with a single slot."""
    schedulers = [
        Scheduler(NgramModel(), ByteTokenizer(), "mock"),
        Scheduler(WindowedModel(24), ByteTokenizer(), "windowed"),
        Scheduler(PassageModel(), MarkedTokenizer(), "folder/passages"),
        Scheduler(SlowModel(), ByteTokenizer(), "narrow", slots=1, queue=1),
    ]
    models = [served(one, one.tokenizer, reads_source=one.model.passage is not None) for one in schedulers]
    with running(*models, limits=LIMITS) as one:
        yield one


@pytest.fixture
def client(server: Running) -> Iterator[OpenAI]:
    with OpenAI(base_url=server.url + "/v1", api_key="none", timeout=PATIENCE, max_retries=0) as one:
        yield one


def local(prompt: str, **given: Any) -> Request:
    options = SamplingOptions(logit_bias=((256, -100.0),), **given.pop("options", {}))
    return Request(prompt=prompt, options=options, **{"seed": 5, "max_chars": 10**4} | given)


WRITER = LocalWriter(NgramModel(), ByteTokenizer(), "mock")


def test_a_completion_is_what_the_model_writes_with_this_seed(client: OpenAI) -> None:
    answer = client.completions.create(
        model="mock", prompt="abc", max_tokens=20, seed=5, n=2, temperature=0.8, logit_bias=NO_END
    )
    expected = write_texts(WRITER, local("abc", max_tokens=20, count=2, options={"temperature": 0.8}))
    assert [choice.text for choice in answer.choices] == expected
    assert [choice.index for choice in answer.choices] == [0, 1]
    assert [choice.finish_reason for choice in answer.choices] == ["length", "length"]
    assert (answer.object, answer.model) == ("text_completion", "mock")
    assert answer.usage is not None
    assert answer.usage.model_dump(exclude_none=True) == {
        "prompt_tokens": 3,
        "completion_tokens": 40,
        "total_tokens": 43,
    }


def test_a_stream_says_what_the_whole_answer_says(client: OpenAI) -> None:
    given: dict[str, Any] = {"model": "mock", "prompt": "abc", "max_tokens": 30, "seed": 3, "n": 2}
    whole = client.completions.create(**given)
    texts, reasons = ["", ""], dict[int, str]()
    for chunk in client.completions.create(**given, stream=True):
        for choice in chunk.choices:
            texts[choice.index] += choice.text
            if choice.finish_reason:
                reasons[choice.index] = choice.finish_reason
    assert texts == [choice.text for choice in whole.choices]
    assert reasons == {choice.index: choice.finish_reason for choice in whole.choices}


def test_a_stream_tells_its_usage_when_asked(client: OpenAI) -> None:
    stream = client.completions.create(
        model="mock", prompt="abc", max_tokens=7, logit_bias=NO_END, stream=True, stream_options={"include_usage": True}
    )
    chunks = list(stream)
    assert chunks[-1].choices == []
    assert chunks[-1].usage is not None
    assert (chunks[-1].usage.prompt_tokens, chunks[-1].usage.completion_tokens) == (3, 7)
    assert all(chunk.usage is None for chunk in chunks[:-1])


def test_the_bytes_of_a_stream_are_events_and_a_last_one_says_done(server: Running) -> None:
    with server.client() as client:
        answer = client.post("/v1/completions", json={"prompt": "ab", "stream": True, "max_tokens": 5})
    assert answer.headers["content-type"].startswith("text/event-stream")
    events = answer.text.split("\n\n")
    assert events[-2:] == ["data: [DONE]", ""]
    for event in events[:-2]:
        assert json.loads(event.removeprefix("data: "))["object"] == "text_completion"


def test_prompts_have_four_forms_which_are_written_alike(client: OpenAI) -> None:
    def texts(prompt: Any) -> list[str]:
        answer = client.completions.create(model="mock", prompt=prompt, max_tokens=9, seed=1, temperature=0.5)
        return [choice.text for choice in answer.choices]

    alone = [*texts("abc"), *texts("xyz")]
    assert texts(["abc", "xyz"]) == alone
    assert texts([97, 98, 99]) == alone[:1]
    assert texts([[97, 98, 99], list(b"xyz")]) == alone


def test_choices_of_several_prompts_are_numbered_prompt_by_prompt(client: OpenAI) -> None:
    answer = client.completions.create(model="mock", prompt=["ab", "cd"], n=2, max_tokens=9, seed=1)
    other = client.completions.create(model="mock", prompt="cd", n=2, max_tokens=9, seed=1)
    assert [choice.text for choice in answer.choices[2:]] == [choice.text for choice in other.choices]


def test_echo_puts_the_prompt_before_every_text(client: OpenAI) -> None:
    given: dict[str, Any] = {"model": "mock", "prompt": ["ab", "cd"], "max_tokens": 5, "seed": 1, "n": 2}
    plain = [choice.text for choice in client.completions.create(**given).choices]
    echoed = [choice.text for choice in client.completions.create(**given, echo=True).choices]
    assert echoed == [prompt + text for prompt, text in zip(["ab", "ab", "cd", "cd"], plain, strict=True)]
    stream = client.completions.create(**given | {"n": 1, "prompt": "ab"}, echo=True, stream=True)
    streamed = "".join(chunk.choices[0].text for chunk in stream)
    assert streamed == echoed[0]


def test_logprobs_are_those_of_the_model(client: OpenAI) -> None:
    answer = client.completions.create(model="mock", prompt="abc", max_tokens=6, seed=5, logprobs=3, logit_bias=NO_END)
    (expected,) = collect(WRITER.write(local("abc", max_tokens=6, top_logprobs=3)))
    told = answer.choices[0].logprobs
    assert told is not None
    assert told.tokens == [token.text for token in expected.tokens]
    assert told.token_logprobs == pytest.approx([token.logprob for token in expected.tokens], rel=1e-5)
    assert told.top_logprobs is not None
    for token, top in zip(expected.tokens, told.top_logprobs, strict=True):
        assert set(top) == {token.text, *(text for text, _ in token.alternatives)}
    assert told.text_offset == [sum(len(token) for token in told.tokens[:place]) for place in range(len(told.tokens))]


def test_echo_with_logprobs_tells_how_the_prompt_was_foreseen(client: OpenAI) -> None:
    given: dict[str, Any] = {"model": "mock", "prompt": ["abc", "xyzab"], "n": 2, "max_tokens": 4, "seed": 5}
    given |= {"logprobs": 2, "logit_bias": NO_END, "extra_body": {"raw": True}}
    plain = client.completions.create(**given)
    answer = client.completions.create(**given, echo=True)
    for number, (choice, alone) in enumerate(zip(answer.choices, plain.choices, strict=True)):
        prompt = given["prompt"][number // 2]
        told, written = choice.logprobs, alone.logprobs
        assert told is not None
        assert written is not None
        assert choice.text == prompt + alone.text
        assert told.tokens == [*prompt, *(written.tokens or [])]
        assert (told.token_logprobs or [0])[0] is None
        assert (told.top_logprobs or [{}])[0] is None
        expected = score_ids(NgramModel(), list(prompt.encode())[1:], context=[ord(prompt[0])])
        assert (told.token_logprobs or [])[1 : len(prompt)] == pytest.approx(expected, abs=1e-5)
        assert (told.token_logprobs or [])[len(prompt) :] == written.token_logprobs
        assert (told.text_offset or [])[: len(prompt) + 1] == list(range(len(prompt) + 1))


def test_a_text_is_scored_without_writing_any(client: OpenAI) -> None:
    given: dict[str, Any] = {"model": "windowed", "prompt": "ab" * 40, "echo": True, "logprobs": 0}
    (scored,) = client.completions.create(**given, max_tokens=0).choices
    assert (scored.text, scored.finish_reason) == ("ab" * 40, "length")
    expected = score_ids(WindowedModel(24), list(b"ab" * 40)[1:], context=[97])
    assert scored.logprobs is not None
    assert (scored.logprobs.token_logprobs or [])[1:] == pytest.approx(expected, abs=1e-5)
    parts = [chunk.choices[0] for chunk in client.completions.create(**given, max_tokens=0, stream=True)]
    assert "".join(part.text for part in parts) == scored.text
    streamed = [one for part in parts if part.logprobs for one in part.logprobs.token_logprobs or []]
    assert streamed == scored.logprobs.token_logprobs
    offsets = [one for part in parts if part.logprobs for one in part.logprobs.text_offset or []]
    assert offsets == scored.logprobs.text_offset
    (echoed,) = client.completions.create(model="mock", prompt="ab", echo=True, max_tokens=0).choices
    assert (echoed.text, echoed.logprobs) == ("ab", None)


@pytest.mark.parametrize("bias", [{"256": 100}, {"120": 100}, {"228": 100}])
def test_a_scored_prompt_and_one_token_are_told_with_exactly_one_more(client: OpenAI, bias: dict[str, int]) -> None:
    """As lm-evaluation-harness asks: it drops the last token, which may be the end, or a part of a character."""
    answer = client.completions.create(
        model="mock", prompt=[list(b"abc")], max_tokens=1, logprobs=1, temperature=0, echo=True, logit_bias=bias
    )
    told = answer.choices[0].logprobs
    assert told is not None
    assert [len(one or []) for one in (told.tokens, told.token_logprobs, told.top_logprobs)] == [4, 4, 4]


def test_a_bias_forces_or_forbids_a_token(client: OpenAI) -> None:
    answer = client.completions.create(model="mock", prompt="ab", max_tokens=5, logit_bias={"120": 100})
    assert answer.choices[0].text == "xxxxx"
    assert answer.choices[0].finish_reason == "length"
    ended = client.completions.create(model="mock", prompt="ab", max_tokens=5, logit_bias={"256": 100})
    assert (ended.choices[0].text, ended.choices[0].finish_reason) == ("", "stop")


def test_a_text_ends_before_a_stop_string(client: OpenAI) -> None:
    answer = client.completions.create(model="mock", prompt="ab", max_tokens=9, stop=["xx"], logit_bias={"120": 100})
    assert (answer.choices[0].text, answer.choices[0].finish_reason) == ("", "stop")


def test_the_samplers_of_moxu_are_further_fields(client: OpenAI) -> None:
    greedy = [
        client.completions.create(model="mock", prompt="ab", max_tokens=9, extra_body=extra).choices[0].text
        for extra in (
            {"greedy": True},
            {"top_k": 1},
            {"preset": "greedy"},
            {"min_p": 1.0},
            {"top_p_newline": 0, "top_p": 0},
        )
    ]
    assert len(set(greedy)) == 1
    short = client.completions.create(model="mock", prompt="ab", logit_bias={"120": 100}, extra_body={"max_chars": 3})
    assert short.choices[0].text == "xxx"


def test_a_full_window_can_end_a_text(client: OpenAI) -> None:
    answer = client.completions.create(
        model="windowed", prompt="ab", max_tokens=99, logit_bias=NO_END, extra_body={"window": "stop"}
    )
    assert answer.choices[0].finish_reason == "length"
    assert answer.usage is not None
    assert answer.usage.completion_tokens < 99


def test_an_empty_prompt_begins_a_text(client: OpenAI) -> None:
    assert client.completions.create(model="mock", prompt="", max_tokens=3, logit_bias=NO_END).usage is not None


def test_a_model_with_passages_completes_but_does_not_chat(client: OpenAI) -> None:
    name = "folder/passages"
    answer = client.completions.create(model=name, prompt="abc", max_tokens=12, extra_body={"raw": True})
    assert answer.choices[0].finish_reason in ("length", "stop")
    with pytest.raises(openai.BadRequestError, match="use /v1/completions"):
        client.chat.completions.create(model=name, messages=[{"role": "user", "content": "a"}])


def test_a_chat_reads_a_transcript_and_answers(client: OpenAI) -> None:
    answer = client.chat.completions.create(
        model="mock",
        messages=[
            {"role": "system", "content": "S"},
            {"role": "user", "content": "a"},
            {"role": "assistant", "content": "b"},
            {"role": "user", "content": [{"type": "text", "text": "c"}]},
        ],
        max_completion_tokens=12,
        seed=5,
        logit_bias=NO_END,
    )
    request = local("S\n问：a\n答：b\n问：c\n答：", max_tokens=12, stop=("\n问：",))
    assert [answer.choices[0].message.content] == write_texts(WRITER, request)
    assert answer.choices[0].message.role == "assistant"
    assert answer.object == "chat.completion"
    assert answer.usage is not None
    assert answer.usage.prompt_tokens == len(request.prompt.encode())


def test_a_stream_of_a_chat_begins_with_the_role_and_ends_with_the_reason(client: OpenAI) -> None:
    given: dict[str, Any] = {"model": "mock", "messages": [{"role": "user", "content": "a"}], "seed": 1, "n": 2}
    given |= {"max_tokens": 8, "logit_bias": NO_END}
    whole = client.chat.completions.create(**given)
    chunks = [chunk for chunk in client.chat.completions.create(**given, stream=True) if chunk.choices]
    for index in (0, 1):
        own = [chunk.choices[0] for chunk in chunks if chunk.choices[0].index == index]
        assert own[0].delta.role == "assistant"
        assert "".join(choice.delta.content or "" for choice in own) == whole.choices[index].message.content
        assert [choice.finish_reason for choice in own if choice.finish_reason] == ["length"]
        assert own[-1].finish_reason == "length"


def test_a_chat_tells_logprobs(client: OpenAI) -> None:
    messages: Any = [{"role": "user", "content": "a"}]
    answer = client.chat.completions.create(
        model="mock", messages=messages, max_tokens=4, logprobs=True, top_logprobs=2, logit_bias=NO_END
    )
    told = answer.choices[0].logprobs
    assert told is not None
    assert told.content is not None
    assert len(told.content) == 4
    assert all(len(token.top_logprobs) == 2 and token.logprob <= 0 for token in told.content)


def test_the_models_are_listed_and_described(client: OpenAI) -> None:
    assert [model.id for model in client.models.list()] == ["mock", "windowed", "folder/passages", "narrow"]
    assert client.models.retrieve("folder/passages").owned_by == "moxu"
    with pytest.raises(openai.NotFoundError) as caught:
        client.models.retrieve("none")
    assert caught.value.code == "model_not_found"


@pytest.mark.parametrize(
    ("given", "param"),
    [
        ({"n": 0}, "n"),
        ({"n": 5}, "n"),
        ({"n": 10**30}, "n"),
        ({"model": "narrow", "n": 2}, "n"),
        ({"extra_body": {"context": 25}, "model": "windowed"}, "context"),
        ({"echo": True, "logprobs": 1, "model": "folder/passages"}, "echo"),
        ({"echo": True, "logprobs": 1, "n": 4, "prompt": "a" * 26, "max_tokens": 0}, "logprobs"),
        ({"n": 4, "prompt": ["a", "b", "c"]}, "n"),
        ({"prompt": ["a"] * 5}, "prompt"),
        ({"prompt": "a" * 1001}, "prompt"),
        ({"prompt": [300]}, "prompt"),
        ({"prompt": [-1]}, "prompt"),
        ({"max_tokens": 0}, "max_tokens"),
        ({"max_tokens": 501}, "max_tokens"),
        ({"temperature": 99}, "temperature"),
        ({"top_p": -1}, "top_p"),
        ({"seed": -(2**63) - 1}, "seed"),
        ({"seed": 2**63}, "seed"),
        ({"extra_body": {"preset": ""}}, None),
        ({"logprobs": 6}, "logprobs"),
        ({"stop": ["a"] * 5}, "stop"),
        ({"logit_bias": {"x": 1}}, "logit_bias"),
        ({"logit_bias": {"258": 1}}, "logit_bias"),
        ({"logit_bias": {"1": 101}}, None),
        ({"extra_body": {"preset": "none"}}, None),
        ({"extra_body": {"window": "none"}}, "window"),
        ({"extra_body": {"context": 1}}, "context"),
        ({"extra_body": {"promt": "a"}}, None),
        ({"suffix": "b"}, None),
    ],
)
def test_a_mistake_is_told_with_its_field(client: OpenAI, given: dict[str, Any], param: str | None) -> None:
    with pytest.raises(openai.BadRequestError) as caught:
        client.completions.create(**{"model": "mock", "prompt": "a", **given})
    assert caught.value.param == param
    assert caught.value.type == "invalid_request_error"
    assert "\n" not in str(caught.value.message)


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b'"a"', b"\xff\xfe", b'{"prompt": "\xff"}', b"[" * 99999])
@pytest.mark.parametrize("path", ["/v1/completions", "/v1/chat/completions"])
def test_what_is_no_request_is_a_400(server: Running, path: str, body: bytes) -> None:
    with server.client() as client:
        answer = client.post(path, content=body, headers={"content-type": "application/json"})
        assert answer.status_code == 400
        assert answer.json()["error"]["type"] == "invalid_request_error"


def test_a_full_queue_says_when_to_come_again(client: OpenAI) -> None:
    given: dict[str, Any] = {"model": "narrow", "prompt": "a", "max_tokens": 500, "logit_bias": NO_END}
    with ExitStack() as stack:

        def begin(times: int) -> None:
            for _ in range(times):
                stack.enter_context(client.completions.create(**given, stream=True))

        with pytest.raises(openai.InternalServerError) as caught:
            begin(50)  # one writes, one waits, and soon one is too many
    assert caught.value.status_code == 503
    assert int(caught.value.response.headers["retry-after"]) >= 1


def test_many_streams_at_once_say_what_each_says_alone(server: Running) -> None:
    async def read_all() -> list[str]:
        async with AsyncOpenAI(base_url=server.url + "/v1", api_key="none", timeout=PATIENCE) as client:

            async def read(seed: int) -> str:
                text = ""
                stream = await client.completions.create(
                    model="mock", prompt="ab", max_tokens=20, seed=seed, logit_bias=NO_END, stream=True
                )
                async for chunk in stream:
                    text += chunk.choices[0].text
                return text

            return await asyncio.gather(*(read(seed) for seed in range(12)))

    texts = asyncio.run(read_all())
    assert texts == [write_texts(WRITER, local("ab", max_tokens=20, seed=seed))[0] for seed in range(12)]
