import dataclasses
import subprocess
import sys

import pytest

from mocks import ByteTokenizer, NgramModel, WindowedModel
from moxu.decode.options import sampling_options
from moxu.language_model import LanguageModel
from moxu.writers.base import Finish, Piece, Request, Started, collect, write_texts
from moxu.writers.local import LocalWriter

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


def test_decoding_imports_no_torch() -> None:
    program = "import sys, moxu.writers.local, moxu.decode.score; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
