from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mocks import END, ByteTokenizer, MarkedTokenizer, NgramModel, PassageModel, WordTokenizer
from moxu.decode.options import SamplingOptions
from moxu.decode.steps import Batch
from moxu.decode.stream import Finish, Piece, TextStream, held_back, stream


def push_all(
    tokenizer: WordTokenizer, ids: Sequence[int], stop: Sequence[str], max_chars: int = 100
) -> tuple[str, str | None, int]:
    """Return the text, the reason, and the number of tokens that were wanted."""
    text = TextStream(tokenizer, stop, max_chars)
    out = ""
    for count, token_id in enumerate(ids, 1):
        piece = text.push(token_id)
        out += piece
        if text.reason:
            return out, text.reason, count
        assert not any(one in out for one in stop)
    return out + text.finish(), text.reason, len(ids)


def test_a_stop_string_split_over_tokens_is_never_shown_in_part() -> None:
    tokenizer = WordTokenizer("他", "说", "：", "“完", "结", "”。")
    text = TextStream(tokenizer, ["“完结”"], 100)
    assert [text.push(token_id) for token_id in (0, 1, 3, 4, 5)] == ["他", "说", "", "", ""]
    assert (text.reason, text.finish(), text.characters) == ("stop", "", 2)


def test_what_only_looked_like_a_stop_string_is_shown_later() -> None:
    tokenizer = WordTokenizer("a", "b", "c")
    text = TextStream(tokenizer, ["abac"], 100)
    assert [text.push(token_id) for token_id in (0, 1, 0, 1, 0)] == ["", "", "", "ab", ""]
    assert text.finish() == "aba"
    assert text.reason is None


def test_the_earliest_of_several_stop_strings_counts() -> None:
    assert push_all(WordTokenizer("abcdef"), [0], ["e", "cd", "def"]) == ("ab", "stop", 1)


def test_the_length_is_counted_in_characters_and_cuts_a_long_token() -> None:
    tokenizer = WordTokenizer("一二三", "四五")
    assert push_all(tokenizer, [0, 1], [], max_chars=4) == ("一二三四", "length", 2)
    assert push_all(tokenizer, [0, 1], [], max_chars=3) == ("一二三", "length", 1)


def test_at_full_length_a_mere_beginning_of_a_stop_string_is_shown() -> None:
    assert push_all(WordTokenizer("甲", "乙"), [0, 1], ["乙丙"], max_chars=2) == ("甲乙", "length", 2)


@given(
    st.lists(st.integers(0, 5), max_size=40), st.lists(st.sampled_from(["ab", "aab", "ba b", "bb", "aaaa"]), max_size=3)
)
def test_streamed_text_is_the_text_up_to_the_first_stop_string(ids: list[int], stop: list[str]) -> None:
    tokenizer = WordTokenizer("a", "b", " ", "aa", "ba", "c")
    whole = tokenizer.decode(ids)
    out, reason, _ = push_all(tokenizer, ids, stop, max_chars=1000)
    # A stop string is seen as soon as it is complete, and the one that began first is taken.
    cut = min((whole.find(one) for one in stop if one in whole), default=len(whole))
    assert (reason == "stop") == (cut < len(whole))
    assert whole.startswith(out)
    assert len(out) >= cut
    assert not any(one in out for one in stop)


def test_held_back_is_the_longest_end_that_may_begin_a_stop_string() -> None:
    assert held_back("xxab", ["abc", "b!"]) == 2
    assert held_back("xxb", ["abc", "b!"]) == 1
    assert held_back("xxa!", ["abc", "b!"]) == 0
    assert held_back("anything", []) == 0


def batch_of(model: NgramModel, seeds: list[int], max_tokens: int = 400, top_logprobs: int | None = None) -> Batch:
    return Batch(
        model,
        ByteTokenizer(),
        [65, 66],
        options=SamplingOptions(),
        seeds=seeds,
        max_tokens=max_tokens,
        top_logprobs=top_logprobs,
    )


def test_the_pieces_of_a_row_together_are_its_unstreamed_text() -> None:
    tokenizer = ByteTokenizer()
    ids: dict[int, list[int]] = {}
    for step in batch_of(NgramModel(), [1, 2, 3], max_tokens=80).steps():
        ids.setdefault(step.row, []).append(step.id)
    texts = dict.fromkeys(ids, "")
    for event in stream(batch_of(NgramModel(), [1, 2, 3], max_tokens=80), tokenizer, max_chars=1000):
        if isinstance(event, Piece):
            assert event.text
            texts[event.row] += event.text
        else:
            assert event.characters == len(texts[event.row])
    assert texts == {row: tokenizer.decode(row_ids) for row, row_ids in ids.items()}


def test_each_row_finishes_once_and_last() -> None:
    model = NgramModel()
    model.table[:, END] += 3.5
    finished: list[int] = []
    reasons = set()
    for event in stream(batch_of(model, list(range(12))), ByteTokenizer(), max_chars=10, stop=["A"]):
        assert event.row not in finished
        if isinstance(event, Finish):
            finished.append(event.row)
            reasons.add(event.reason)
    assert sorted(finished) == list(range(12))
    assert {"end", "length"} <= reasons


def test_every_token_is_reported_once_with_its_text() -> None:
    events = list(stream(batch_of(NgramModel(), [7], top_logprobs=2), ByteTokenizer(), max_chars=30))
    pieces = [event for event in events if isinstance(event, Piece)]
    (finish,) = (event for event in events if isinstance(event, Finish))
    tokens = [token for piece in pieces for token in piece.tokens]
    assert len(tokens) == finish.tokens
    assert all(len(token.alternatives) == 2 and (token.logprob or 0) <= 0 for token in tokens)


@pytest.mark.parametrize("max_chars", [1, 17])
def test_a_row_has_exactly_the_characters_asked_for(max_chars: int) -> None:
    pieces = [
        e for e in stream(batch_of(NgramModel(), [9]), ByteTokenizer(), max_chars=max_chars) if isinstance(e, Piece)
    ]
    assert len("".join(piece.text for piece in pieces)) == max_chars


def test_where_a_text_goes_on_past_its_end_token_that_is_a_newline() -> None:
    model = NgramModel()
    model.table[:, END] += 4.0
    model.table[:, 10] = -50.0  # no other newline

    def batch() -> Batch:
        options = SamplingOptions()
        return Batch(
            model, ByteTokenizer(), [65], options=options, seeds=[1], max_tokens=60, past_end=True, top_logprobs=1
        )

    ids = [step.id for step in batch().steps()]
    pieces = [event for event in stream(batch(), ByteTokenizer(), max_chars=1000) if isinstance(event, Piece)]
    text = "".join(piece.text for piece in pieces)
    lines, line = [], list[int]()
    for token_id in [*ids, END]:
        if token_id == END:
            lines.append(ByteTokenizer().decode(line))
            line = []
        else:
            line.append(token_id)
    assert len(lines) > 3
    assert text == "\n".join(lines)
    newlines = [token for piece in pieces for token in piece.tokens if token.text == "\n"]
    assert len(newlines) == len(lines) - 1


def test_half_a_character_before_the_end_of_a_line_does_not_wait_for_the_next_line() -> None:
    text = TextStream(ByteTokenizer(), [], 100)
    assert [text.push(byte) for byte in "这".encode()[:2]] == ["", ""]
    assert text.end_line() == "\ufffd\n"
    assert text.push(65) == "A"


def test_a_stop_string_may_begin_a_line_before() -> None:
    text = TextStream(ByteTokenizer(), ["A\nB"], 100)
    assert [text.push(65), text.end_line(), text.push(66)] == ["", "", ""]
    assert text.reason == "stop"


def test_the_end_of_a_passage_is_no_text_and_reports_no_token() -> None:
    def batch() -> Batch:
        options = SamplingOptions()
        model = PassageModel(end=4.0)
        return Batch(model, MarkedTokenizer(), [65], options=options, seeds=[3], max_tokens=40, top_logprobs=0)

    ids = [step.id for step in batch().steps()]
    assert END in ids[:-1]
    events = list(stream(batch(), MarkedTokenizer(), max_chars=1000))
    pieces = [event for event in events if isinstance(event, Piece)]
    written = [token_id for token_id in ids if token_id != END]
    assert "".join(piece.text for piece in pieces) == MarkedTokenizer().decode(written)
    assert sum(len(piece.tokens) for piece in pieces) == len(written)
