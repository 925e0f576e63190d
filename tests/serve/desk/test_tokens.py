from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from moxu.serve.desk.tokens import HALF, TextTokens
from moxu.text.chars import CharTokenizer
from moxu.text.layout import StreamingDedent, dedent
from moxu.writers.base import Token

CHARS = CharTokenizer("甲乙\n\u3000")


def token(text: str, logprob: float = -1.0) -> Token:
    return Token(text, logprob, ((text + "!", logprob),))


def told(*pieces: tuple[str, Sequence[Token]], layout: StreamingDedent | None = None) -> list[tuple[str, float | None]]:
    tokens = TextTokens(layout)
    answers = [answer for text, some in pieces for answer in tokens.push(text, some)] + tokens.finish()
    return [(answer.text, answer.logprob) for answer in answers]


def test_a_token_that_is_its_text_is_told_as_it_is() -> None:
    assert told(("甲乙", [token("甲", -0.5), token("乙", -2.0)])) == [("甲", -0.5), ("乙", -2.0)]


def test_the_tokens_of_one_character_are_one_as_likely_as_all_of_them() -> None:
    halves = [token(HALF, -1.0), token(HALF, -2.0), token(HALF, -3.0)]
    tokens = TextTokens()
    answers = tokens.push("丙甲", [*halves, token("甲", -0.5)])
    assert [(one.text, one.logprob) for one in answers] == [("丙", -6.0), ("甲", -0.5)]
    assert answers[0].top == [(HALF + "!", -1.0)]


def test_a_token_is_told_when_all_of_it_is_shown_or_the_text_has_ended() -> None:
    tokens = TextTokens()
    assert tokens.push("甲", [token("甲乙丙")]) == []
    assert [one.text for one in tokens.push("乙丙", [])] == ["甲乙丙"]
    assert tokens.push("甲", [token("甲乙")]) == []
    assert [one.text for one in tokens.finish()] == ["甲"]


def test_indents_are_not_shown_and_their_tokens_are_not_told() -> None:
    spaces = [token("\n"), token("\u3000"), token("\u3000"), token("甲")]
    assert told(("\n\u3000\u3000甲", spaces), layout=StreamingDedent()) == [("\n", -1.0), ("甲", -1.0)]
    assert told(("\n\u3000甲", [token("\n\u3000甲", -3.0)]), layout=StreamingDedent()) == [("\n甲", -3.0)]


def test_a_text_whose_tokens_are_all_missing_is_told_at_its_end() -> None:
    assert told(("甲", []), ("乙", [])) == [("甲乙", None)]


@given(st.text(st.sampled_from("甲乙丙\n\u3000é🙂")), st.lists(st.integers(1, 9)))
def test_the_texts_of_all_tokens_are_the_text_that_is_shown(text: str, cuts: list[int]) -> None:
    detokenizer, pieces = CHARS.detokenizer(), list[tuple[str, list[Token]]]()
    waiting: list[Token] = []
    for token_id in CHARS.encode(text):
        waiting.append(token(CHARS.decode([token_id])))
        if shown := detokenizer.push(token_id):
            pieces.append((shown, waiting))
            waiting = []
    assert "".join(one for one, _ in told(*pieces)) == text
    assert "".join(one for one, _ in told(*pieces, layout=StreamingDedent())) == dedent(text)
    cut_late = [(text[:cut], [one for _, some in pieces for one in some]) for cut in cuts[:1]]
    assert "".join(one for one, _ in told(*cut_late)) == "".join(shown for shown, _ in cut_late)
