import dataclasses
import subprocess
import sys

import pytest

from mocks import END, ByteTokenizer, MarkedTokenizer, NgramModel, PassageModel, WindowedModel, WordTokenizer
from moxu.decode.beam import beam_search
from moxu.decode.options import SamplingOptions, sampling_options
from moxu.errors import SettingsError
from moxu.language_model import LanguageModel
from moxu.writers.base import Finish, Piece, Request, Started, collect, write_texts
from moxu.writers.local import LocalWriter

GREEDY = SamplingOptions(greedy=True)
REQUEST = Request(prompt="\n这是一颗", options=sampling_options("wild"), max_chars=40, seed=10, count=4)


def writer_of(model: LanguageModel) -> LocalWriter:
    return LocalWriter(model, ByteTokenizer(), "mock")


@pytest.mark.parametrize("model", [NgramModel(), WindowedModel(24)])
def test_a_candidate_is_reproduced_alone_by_its_own_seed(model: LanguageModel) -> None:
    together = collect(writer_of(model).write(REQUEST))
    for candidate in together:
        alone = dataclasses.replace(REQUEST, count=1, seed=candidate.seed)
        assert write_texts(writer_of(model), alone) == [candidate.text]


def test_a_fresh_seed_is_told_and_reproduces_the_text() -> None:
    writer = writer_of(NgramModel())
    (first,) = collect(writer.write(dataclasses.replace(REQUEST, count=1, seed=None)))
    (again,) = collect(writer.write(dataclasses.replace(REQUEST, count=1, seed=first.seed)))
    assert again.text == first.text


def test_the_writer_first_tells_how_much_of_the_prompt_the_model_will_see() -> None:
    started = next(writer_of(WindowedModel(6)).write(REQUEST))
    assert started == Started(prompt_characters=5, visible_characters=2, seeds=(10, 11, 12, 13))
    started = next(writer_of(NgramModel()).write(REQUEST))
    assert isinstance(started, Started)
    assert started.visible_characters == 5


def test_the_prompt_is_read_only_after_its_size_was_told() -> None:
    model = NgramModel()
    events = writer_of(model).write(REQUEST)
    next(events)
    assert model.tokens_read == 0


def test_closing_the_iterator_stops_the_model() -> None:
    model = NgramModel()
    events = writer_of(model).write(REQUEST)
    while not isinstance(next(events), Piece):
        pass
    read = model.tokens_read
    events.close()  # type: ignore[attr-defined]
    assert model.tokens_read == read
    assert list(events) == []


def test_a_stop_string_ends_only_the_row_that_wrote_it() -> None:
    texts = write_texts(writer_of(NgramModel()), REQUEST)
    stop = texts[2][5:7]
    request = dataclasses.replace(REQUEST, stop=(stop,))
    for before, after in zip(texts, collect(writer_of(NgramModel()).write(request)), strict=True):
        assert after.text == before.partition(stop)[0]
        assert (after.finish_reason == "stop") == (stop in before)


def test_the_stop_policy_ends_with_the_window() -> None:
    request = dataclasses.replace(REQUEST, window="stop", count=1)
    (only,) = collect(writer_of(WindowedModel(20)).write(request))
    assert only.finish_reason == "window"


class SilentTokenizer(ByteTokenizer):
    """Has one more token, which adds nothing to the text."""

    vocab_size = 259


def test_a_model_that_writes_no_text_ends_all_the_same() -> None:
    model = NgramModel(vocab_size=259)
    model.table[:, 258] = 50.0
    writer = LocalWriter(model, SilentTokenizer(), "silent")
    (only,) = collect(writer.write(dataclasses.replace(REQUEST, count=1)))
    assert (only.text, only.finish_reason) == ("", "length")


def test_pieces_carry_tokens_only_when_asked_for() -> None:
    request = dataclasses.replace(REQUEST, top_logprobs=3)
    asked = [event for event in writer_of(NgramModel()).write(request) if isinstance(event, Piece)]
    plain = [event for event in writer_of(NgramModel()).write(REQUEST) if isinstance(event, Piece)]
    assert all(piece.tokens for piece in asked)
    assert not any(piece.tokens for piece in plain)
    assert [piece.text for piece in asked] == [piece.text for piece in plain]


def test_a_long_prompt_read_in_pieces_gives_the_same_text() -> None:
    told: list[tuple[int, int]] = []
    request = dataclasses.replace(REQUEST, prompt="很长的开头" * 20)
    pieces = LocalWriter(
        NgramModel(), ByteTokenizer(), "mock", chunk=64, progress=lambda done, total: told.append((done, total))
    )
    assert write_texts(pieces, request) == write_texts(writer_of(NgramModel()), request)
    assert told == [(64, 300), (128, 300), (192, 300), (256, 300), (300, 300)]


def test_a_finish_counts_what_was_written() -> None:
    events = list(writer_of(NgramModel()).write(REQUEST))
    for finish in (event for event in events if isinstance(event, Finish)):
        text = "".join(event.text for event in events if isinstance(event, Piece) and event.row == finish.row)
        assert finish.characters == len(text)
        assert finish.tokens >= finish.characters
        assert finish.seconds > 0


def test_a_smaller_context_writes_what_a_smaller_model_would() -> None:
    request = dataclasses.replace(REQUEST, context=12, window="roll", count=1)
    small, large = WindowedModel(12), WindowedModel(24)
    assert small.max_context == 12
    expected = dataclasses.replace(request, context=None)
    assert write_texts(writer_of(large), request) == write_texts(writer_of(small), expected)
    started = next(writer_of(large).write(request))
    assert isinstance(started, Started)
    assert started.visible_characters == 4


@pytest.mark.parametrize(
    ("model", "values", "message"),
    [
        (WindowedModel(24), {"context": 25}, "context is 25, but the model can hold only 24"),
        (WindowedModel(24), {"passages": 2}, "passages is 2, but this model writes from left to right"),
        (PassageModel(), {"context": 25}, "context is 25, but this model writes by passages after sources of 6"),
        (
            PassageModel(),
            {"passages": 2, "beams": 2, "count": 1, "options": SamplingOptions()},
            "passages is 2, but a se",
        ),
        (NgramModel(), {"prompt_ids": (3, 258)}, "the prompt has id 258; expected ids from 0 to 257"),
    ],
)
def test_what_a_model_cannot_do_is_refused(model: LanguageModel, values: dict[str, object], message: str) -> None:
    request = dataclasses.replace(REQUEST, **values)  # type: ignore[arg-type]
    writer = LocalWriter(model, MarkedTokenizer() if model.passage else ByteTokenizer(), "mock")
    with pytest.raises(SettingsError, match=message):
        list(writer.write(request))


def test_lines_need_a_vocabulary_that_ends_them() -> None:
    writer = LocalWriter(WindowedModel(8, vocab_size=3), WordTokenizer("a", "b", "c"), "mock")
    with pytest.raises(SettingsError, match="window policy 'lines' needs"):
        list(writer.write(Request(prompt="ab", window="lines")))


def test_prompt_ids_are_read_instead_of_the_prompt() -> None:
    ids = tuple("\n这是一颗".encode())
    expected = write_texts(writer_of(NgramModel()), REQUEST)
    assert write_texts(writer_of(NgramModel()), dataclasses.replace(REQUEST, prompt="x", prompt_ids=ids)) == expected
    other = dataclasses.replace(REQUEST, prompt_ids=(1, 2, END, 3))
    assert write_texts(writer_of(NgramModel()), other) != expected


def test_past_the_end_of_a_line_a_lyric_goes_on_in_whole_lines() -> None:
    model = WindowedModel(16)
    model.table[:, END] += 2.0
    request = Request(
        prompt="ab\n",
        prompt_ids=(97, 98, END),
        options=sampling_options("cpm-lyric"),
        window="lines",
        past_end=True,
        max_chars=200,
        seed=5,
    )
    (only,) = collect(writer_of(model).write(request))
    assert only.finish_reason == "length"
    assert only.text.count("\n") > 3


def test_a_model_with_passages_writes_as_far_as_is_asked() -> None:
    writer = LocalWriter(PassageModel(end=2.0), MarkedTokenizer(), "mock")
    started, *events = writer.write(dataclasses.replace(REQUEST, prompt="a long opening"))
    assert started == Started(prompt_characters=14, visible_characters=6, seeds=(10, 11, 12, 13))
    finished = [event for event in events if isinstance(event, Finish)]
    assert {finish.characters for finish in finished if finish.reason == "length"} == {40}
    (one,) = collect(writer.write(dataclasses.replace(REQUEST, count=1, passages=1)))
    assert 0 < len(one.text) <= 5


def test_a_search_tells_the_best_texts_when_all_are_found() -> None:
    request = dataclasses.replace(REQUEST, options=SamplingOptions(), beams=4, count=2, max_chars=9, top_logprobs=0)
    model, prompt = NgramModel(), ByteTokenizer().encode(REQUEST.prompt)
    model.table[:, 128:256] = -50.0
    events = writer_of(model).write(request)
    assert next(events) == Started(5, 5, (10, 11))
    assert model.tokens_read == 0
    expected = beam_search(model, prompt, beams=4, max_tokens=9, end_id=END, forbidden_ids=[257], returned=2)
    for found, hypothesis in zip(collect(writer_of(model).write(request)), expected, strict=True):
        ids = [token_id for token_id in hypothesis.ids if token_id != END]
        assert found.text == ByteTokenizer().decode(ids)
        assert [token.logprob for token in found.tokens] == list(hypothesis.logprobs[: len(ids)])
        assert found.finish_reason in ("end", "length")


def test_a_search_with_passages_is_for_one() -> None:
    writer = LocalWriter(PassageModel(end=1.0), MarkedTokenizer(), "mock")
    request = dataclasses.replace(REQUEST, options=SamplingOptions(), beams=3, count=2)
    for found in collect(writer.write(request)):
        assert len(found.text) <= 5


def test_decoding_imports_no_torch() -> None:
    program = "import sys, moxu.writers.local, moxu.decode.score; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
