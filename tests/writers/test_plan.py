import dataclasses

import pytest

from mocks import END, ByteTokenizer, MarkedTokenizer, NgramModel, PassageModel, WindowedModel
from moxu.decode.options import SamplingOptions, sampling_options
from moxu.decode.score import score_ids
from moxu.errors import SettingsError
from moxu.language_model import LanguageModel
from moxu.writers.base import Event, Finish, Piece, PromptPiece, Request, Started, write_texts
from moxu.writers.local import LocalWriter

PROMPT = "\n这是一颗"
IDS = list(PROMPT.encode())
PLAIN = Request(prompt=PROMPT, options=sampling_options("wild"), max_chars=20, seed=10, count=2, top_logprobs=2)
REQUEST = dataclasses.replace(PLAIN, prompt_logprobs=True)


def told(request: Request, model: LanguageModel | None = None) -> list[Event]:
    return list(LocalWriter(model or NgramModel(), ByteTokenizer(), "mock", chunk=4).write(request))


@pytest.mark.parametrize("model", [NgramModel(), WindowedModel(7)])
def test_a_prompt_is_told_with_its_logprobs_before_any_text(model: LanguageModel) -> None:
    events = told(REQUEST, model)
    pieces = [event for event in events if isinstance(event, PromptPiece)]
    assert isinstance(events[0], Started)
    assert events[1 : 1 + len(pieces)] == pieces
    assert "".join(piece.text for piece in pieces) == PROMPT
    first, *others = (token.logprob for piece in pieces for token in piece.tokens)
    assert first is None
    assert others == pytest.approx(score_ids(model, IDS[1:], context=IDS[:1]), abs=1e-5)


def test_what_is_written_is_the_same_with_the_logprobs_of_the_prompt() -> None:
    for model in (NgramModel(), WindowedModel(7)):
        writer = LocalWriter(model, ByteTokenizer(), "mock")
        assert write_texts(writer, REQUEST) == write_texts(writer, PLAIN)


def test_a_context_is_the_window_in_which_a_prompt_is_foreseen() -> None:
    request = dataclasses.replace(REQUEST, context=5, max_tokens=0)
    (_, *found) = (token.logprob for event in told(request) if isinstance(event, PromptPiece) for token in event.tokens)
    model = NgramModel()
    model.max_context = 5
    assert found == pytest.approx(score_ids(model, IDS[1:], context=IDS[:1]), abs=1e-5)


def test_without_a_token_to_write_only_the_prompt_is_told() -> None:
    events = told(dataclasses.replace(REQUEST, max_tokens=0))
    assert not any(isinstance(event, Piece) for event in events)
    assert events[-2:] == [Finish(0, "length", 0, 0, 0.0), Finish(1, "length", 0, 0, 0.0)]
    model = NgramModel()
    assert len(told(dataclasses.replace(PLAIN, max_tokens=0), model)) == 3
    assert model.tokens_read == 0


def test_every_token_is_told_where_those_of_the_prompt_are() -> None:
    ends = SamplingOptions(logit_bias=((END, 100.0),))
    for request, tokens in ((REQUEST, [""]), (PLAIN, [])):
        pieces = told(dataclasses.replace(request, options=ends, count=1))
        assert [token.text for piece in pieces if isinstance(piece, Piece) for token in piece.tokens] == tokens


def test_a_source_is_not_foreseen() -> None:
    writer = LocalWriter(PassageModel(), MarkedTokenizer(), "mock")
    with pytest.raises(SettingsError, match="prompt_logprobs is set, but this model reads the prompt as a source"):
        next(writer.write(REQUEST))
