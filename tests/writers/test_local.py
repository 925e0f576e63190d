import dataclasses
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from mocks import END, ByteTokenizer, MarkedTokenizer, NgramModel, PassageModel, WindowedModel, WordTokenizer
from moxu.checkpoints.checkpoint import ReadOptions
from moxu.checkpoints.formats import load
from moxu.decode.beam import beam_search
from moxu.decode.options import SamplingOptions, sampling_options
from moxu.errors import MoxuError, SettingsError
from moxu.language_model import LanguageModel, Passage
from moxu.models.base import TorchLanguageModel
from moxu.models.registry import build
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
    assert write_texts(writer_of(small), request) == write_texts(writer_of(small), expected)
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
    seen = list[list[int]]()

    class Seeing(WindowedModel):
        def prefill(self, ids: Any) -> tuple[Any, Any]:
            seen.extend(np.asarray(ids).tolist())
            return super().prefill(ids)

    model.__class__ = Seeing
    (only,) = collect(writer_of(model).write(request))
    assert only.finish_reason == "length"
    assert only.text.count("\n") > 3
    assert sum(len(ids) > 8 for ids in seen) > 3  # a line that has filled half a window is not seen from its middle


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


class Dictated:
    """A model that says what another says, but leaves no choice: it records the logits and allows one id of a list."""

    def __init__(self, model: LanguageModel, dictated: list[int]) -> None:
        self.model, self.dictated, self.recorded = model, iter(dictated), list[Any]()
        self.vocab_size, self.max_context, self.passage = model.vocab_size, model.max_context, model.passage

    def prefill(self, ids: Any) -> tuple[Any, Any]:
        logits, state = self.model.prefill(ids)
        return self._record(logits), state

    def extend(self, ids: Any, state: Any) -> tuple[Any, Any]:
        logits, state = self.model.extend(ids, state)
        return self._record(logits[:, -1])[:, None], state

    def _record(self, logits: Any) -> Any:
        self.recorded.append(np.asarray(logits[0]))
        only = np.full(logits.shape, -np.inf, np.float32)
        only[:, next(self.dictated)] = 0.0
        return only


@pytest.mark.parametrize("parts", ["mp1", "mp2"])
@pytest.mark.parametrize("kind", ["novel", "lyric"])
def test_a_rolling_context_writes_what_cpm1_wrote_and_from_the_same_logits(
    reference: Path, kind: str, parts: str
) -> None:
    """The original's prompts, its window of one less than its buffer, and the ids it chose; see its ``result.txt``."""
    public = reference / "cpm1" / "public"
    config = json.loads((public / "config.json").read_text("utf-8"))
    model = load(public / "mp2", options=ReadOptions(config=public / "config.json")).model
    loops = json.loads((public / f"outputs_{parts}_loops.json").read_text("utf-8"))
    tokenizer = WordTokenizer(*(f"{token_id} " for token_id in range(320)))
    tokenizer.end_id = config["eod"]
    for number in range(3):
        loop = loops[f"{kind}_{number}"]
        sections = [list(map(int, part.split())) for part in loop["prompt"].split("<eod>") if part.strip()]
        after_each = [tokenizer.end_id] if kind == "lyric" else []
        prompt = [token_id for section in sections for token_id in (*section, *after_each)]
        text = re.sub(r"\[\d+\]", " ", loop["result_txt"].partition("CPM:\n")[2]).strip() + " "
        dictated = Dictated(model, loop["chosen"])
        request = Request(
            prompt=loop["prompt"],
            prompt_ids=tuple(prompt),
            options=sampling_options(f"cpm-{kind}"),
            context=config["seq_length"] - 1,
            window="roll",
            past_end=True,
            max_chars=len(text),
            seed=1,
        )
        assert write_texts(LocalWriter(dictated, tokenizer, "cpm1"), request) == [text]
        with np.load(public / f"outputs_{parts}.npz") as golden:
            expected = golden[f"loop_{kind}_{number}_logits"]
        np.testing.assert_allclose(np.stack(dictated.recorded), expected, rtol=0, atol=5e-5)
        assert len(prompt) + len(dictated.recorded) == loop["out_seq_length"]


def real_model(name: str) -> TorchLanguageModel:
    sizes: dict[str, dict[str, Any]] = {
        "gpt": {"vocab_size": 259, "width": 16, "layers": 2, "heads": 2, "positions": 40},
        "unilm": {"vocab_size": 259, "width": 16, "layers": 2, "heads": 2, "hidden": 32, "positions": 24},
        "gau": {
            **{"vocab_size": 259, "width": 16, "hidden": 24, "key_size": 8},
            **{"encoder_layers": 2, "decoder_layers": 2, "start_id": 257},
        },
    }
    model = build(name, sizes[name]).eval()
    random = np.random.default_rng(3)
    for parameter in model.parameters():
        parameter.data.copy_(parameter.data.new_tensor(random.normal(0, 0.4, parameter.shape)))
    return model


@pytest.mark.parametrize("name", ["gpt", "unilm", "gau"])
@pytest.mark.parametrize("window", ["reread", "roll", "lines"])
def test_a_real_model_writes_a_candidate_alone_as_among_others(name: str, window: Any) -> None:
    model = real_model(name)
    if name == "gau":
        model.passage = Passage(source=9, target=14)
    elif name == "unilm":
        assert model.passage == Passage(source=10, target=12)
    writer = LocalWriter(model, MarkedTokenizer(), name)
    options = sampling_options("wild", {"repetition_penalty": 1.1})
    request = Request(prompt="\nabc", options=options, max_chars=60, seed=100, count=6, window=window)
    together = collect(writer.write(request))
    for candidate in together:
        (alone,) = collect(writer.write(dataclasses.replace(request, count=1, seed=candidate.seed)))
        assert (alone.text, alone.finish_reason) == (candidate.text, candidate.finish_reason)
    assert len({candidate.text for candidate in together}) == 6
    assert sum(len(candidate.text) == 60 for candidate in together) > 2  # far past the 40 or 24 positions there are


@pytest.mark.parametrize("positions", [4, 5, 9, 24])
@pytest.mark.parametrize("prompt", ["a", "ab", "a longer prompt than any source"])
@pytest.mark.parametrize("beams", [1, 3])
def test_a_passage_never_exceeds_the_positions_there_are(positions: int, prompt: str, beams: int) -> None:
    sizes = {"vocab_size": 259, "width": 4, "layers": 1, "heads": 1, "hidden": 4, "positions": positions}
    model = build("unilm", sizes).eval()
    model.initialise(torch.Generator().manual_seed(0))
    read: list[int] = []
    model.embed.register_forward_hook(  # type: ignore[union-attr]
        lambda _module, inputs, _output: read.append(int(inputs[2].max()) + 1)
    )
    options = sampling_options("gpt2")
    request = Request(prompt=prompt, options=options, max_chars=3 * positions, seed=1, beams=beams)
    (text,) = write_texts(LocalWriter(model, MarkedTokenizer(), "unilm"), request)
    assert text
    longest = min(len(prompt), max(1, positions // 2 - 2)) + 2 if beams > 1 else 0
    assert longest <= max(read) < positions


def test_a_prompt_without_any_token_is_an_empty_source() -> None:
    class Blank(MarkedTokenizer):
        def encode(self, text: str) -> list[int]:
            return super().encode(text.strip())

    model = PassageModel()
    (found,) = collect(LocalWriter(model, Blank(), "mock").write(dataclasses.replace(REQUEST, prompt="\n", count=1)))
    assert model.sources[0] == []
    assert len(found.text) == 40


NOTHING_LEFT = [
    {},
    {"temperature": 0.5},
    {"top_p": 0.5},
    {"top_k": 2},
    {"min_p": 0.1},
    {"greedy": True},
    {"occurrence_penalty": 0.9},
    {"occurrence_penalty": 0.9, "top_p": 0.5},
]


@pytest.mark.parametrize("values", NOTHING_LEFT)
def test_where_every_token_is_forbidden_one_line_says_why(values: dict[str, Any]) -> None:
    writer = LocalWriter(NgramModel(3), WordTokenizer("a", "b", "c"), "mock")
    request = Request(prompt="ab", options=SamplingOptions(no_repeat_ngram=1, **values), max_chars=9, seed=1)
    with pytest.raises(MoxuError, match=r"no token can be chosen: .* or no_repeat_ngram forbids them all"):
        write_texts(writer, request)


@pytest.mark.parametrize("values", [{}, {"occurrence_penalty": 0.9}])
def test_a_search_goes_on_with_the_beams_that_have_something_left(values: dict[str, Any]) -> None:
    options = SamplingOptions(no_repeat_ngram=2, **values)
    writer = LocalWriter(NgramModel(2), WordTokenizer("a", "b"), "mock")
    request = Request(prompt="a", options=options, max_chars=4, beams=9)
    (text,) = write_texts(writer, request)
    assert text in ("abba", "bbaa")  # all else that follows a, such as baa, has come to its end before
    with pytest.raises(MoxuError, match="is no_repeat_ngram too small"):
        write_texts(writer, dataclasses.replace(request, max_chars=5))


def test_a_search_with_passages_is_for_one() -> None:
    writer = LocalWriter(PassageModel(end=1.0), MarkedTokenizer(), "mock")
    request = dataclasses.replace(REQUEST, options=SamplingOptions(), beams=3, count=2)
    for found in collect(writer.write(request)):
        assert len(found.text) <= 5


def test_decoding_imports_no_torch() -> None:
    program = "import sys, moxu.writers.local, moxu.decode.score; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_a_text_ends_after_so_many_tokens_however_few_characters_they_are() -> None:
    events = list(writer_of(NgramModel()).write(dataclasses.replace(REQUEST, max_tokens=5)))
    assert {event.tokens for event in events if isinstance(event, Finish) and event.reason == "length"} == {5}
