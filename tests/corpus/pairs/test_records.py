import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moxu.corpus.pairs.records import Dialogue, Lyric, Pair, Record, from_json, key_of, problem_of, to_json
from moxu.errors import TextError

texts = st.text(min_size=1)
records = st.one_of(
    st.builds(Pair, texts, texts, st.text()),
    st.builds(Dialogue, st.lists(texts, min_size=2).map(tuple), st.text()),
    st.builds(Lyric, st.lists(texts, min_size=1).map(tuple), st.text()),
)


@given(records)
def test_every_record_comes_back_from_its_line(record: Record) -> None:
    line = to_json(record)
    assert "\n" not in line
    assert from_json(type(record), json.loads(line)) == record


def test_a_record_without_a_work_says_nothing_of_one() -> None:
    assert json.loads(to_json(Pair("门开了。", "没有人。"))) == {"source": "门开了。", "target": "没有人。"}


@pytest.mark.parametrize(
    ("record", "problem"),
    [
        (Pair("门开了。", "没有人。"), ""),
        (Pair("门开了。", " \n"), "empty target"),
        (Pair("", "没有人。"), "empty source"),
        (Dialogue(("谁？",)), "one turn"),
        (Dialogue(("谁？", "")), "empty turn"),
        (Lyric(()), "empty line"),
        (Lyric(("半个\ud800",)), "half of a character"),
    ],
)
def test_what_nothing_can_be_learned_from_is_named(record: Record, problem: str) -> None:
    assert problem in problem_of(record)
    assert bool(problem_of(record)) == bool(problem)


@pytest.mark.parametrize(
    ("form", "fields", "message"),
    [
        (Pair, {"source": "门"}, "no text 'target'"),
        (Pair, {"source": 1, "target": "门"}, "'source' is no text"),
        (Dialogue, {}, "no list 'turns'"),
        (Dialogue, {"turns": "门"}, "'turns' is no list of texts"),
        (Lyric, {"lines": ["门", 2]}, "'lines' is no list of texts"),
    ],
)
def test_a_missing_field_is_named(form: type[Record], fields: dict[str, object], message: str) -> None:
    with pytest.raises(TextError, match=message):
        from_json(form, fields)


def test_a_pair_is_known_by_its_source_and_a_dialogue_by_its_question() -> None:
    assert [key_of(record) for record in (Pair("甲", "乙"), Dialogue(("丙", "丁")))] == ["甲", "丙"]
