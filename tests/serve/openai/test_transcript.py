"""A conversation becomes a prompt."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import openai
import pytest
from openai import OpenAI

from mocks import ByteTokenizer, NgramModel
from moxu.decode.options import sampling_options
from moxu.serve.batching.scheduler import Scheduler
from moxu.writers.base import Request, write_texts
from moxu.writers.local import LocalWriter
from servers import PATIENCE, running, served


def test_a_dialogue_model_reads_turns_with_its_end_between(new_scheduler: Callable[..., Scheduler]) -> None:
    class Turns(ByteTokenizer):
        kind = "turns"

    with (
        running(served(new_scheduler(NgramModel(), Turns(), "turns"), Turns())) as one,
        OpenAI(base_url=one.url + "/v1", api_key="none", timeout=PATIENCE, max_retries=0) as client,
    ):
        messages: Any = [{"role": "user", "content": "a\nb"}]
        answer = client.chat.completions.create(
            model="turns", messages=messages, max_tokens=5, logit_bias={"256": -100}
        )
        ids = (*b"a b", 256)
        greedy = sampling_options("greedy", {})
        request = Request(
            prompt="a b\t", prompt_ids=ids, max_tokens=5, options=replace(greedy, logit_bias=((256, -100.0),))
        )
        assert [answer.choices[0].message.content] == write_texts(LocalWriter(NgramModel(), Turns(), "turns"), request)
        assert answer.usage is not None
        assert answer.usage.prompt_tokens == len(ids)
        with pytest.raises(openai.BadRequestError, match="the last message is the assistant's"):
            client.chat.completions.create(model="turns", messages=[*messages, {"role": "assistant", "content": "b"}])
