"""How a model reads a text of the author's choice after a scene: which tokens it foresaw, and what it would write."""

from contextlib import aclosing

from moxu.decode.options import SamplingOptions
from moxu.serve.bridge import Reader
from moxu.serve.desk.tokens import TextTokens, likeliest
from moxu.serve.desk.writing_schema import ReadingAnswer
from moxu.serve.problems import Problem
from moxu.serve.service import ServedModel
from moxu.text.prepare import NEWLINE
from moxu.writers.base import Piece, PromptPiece, Request, Token
from moxu.writers.scene import Sight

ALTERNATIVES = 10
"""How many tokens are told that could have stood in the place of one."""


def reading_request(sight: Sight, text: str, model: ServedModel) -> tuple[Request, list[int]]:
    """Return what lets a model read a text after what it sees, and the ids of the text.

    The text is read as it is. It is encoded by itself, so that none of its tokens begins before it.
    """
    if model.reads_source or not model.gives_logprobs:
        raise Problem(400, f"the model {model.name!r} does not tell how likely a text is", code="no_reading")
    ids = model.tokenizer.encode(NEWLINE.sub("\n", text))
    request = Request(
        prompt=sight.prompt.text + text,
        prompt_ids=(*sight.ids, *ids) or None,
        options=SamplingOptions(greedy=True),
        max_tokens=1,
        seed=0,
        past_end=model.manner.past_end,
        top_logprobs=ALTERNATIVES,
        prompt_logprobs=True,
        prompt_logprobs_after=len(sight.ids),
    )
    return request, ids


async def read_text(reader: Reader, text: str) -> ReadingAnswer:
    """Return what a reading tells of a text."""
    tokens, following = list[Token](), list[Token]()
    async with aclosing(reader.events()) as events:
        async for _, event in events:
            if isinstance(event, PromptPiece):
                tokens += event.tokens
            elif isinstance(event, Piece):
                following += event.tokens
    whole = TextTokens()
    told = [*whole.push(NEWLINE.sub("\n", text), tokens), *whole.finish()]
    return ReadingAnswer(tokens=told, next=likeliest(following[0]) if following else [])
