import numpy as np
import pytest

from moxu.corpus.inspect import characters
from moxu.corpus.inspect.characters import Characters, Example, name_of, script_of, sentence_lengths
from moxu.corpus.inspect.kinds import Kind
from moxu.text.code_points import code_points


@pytest.mark.parametrize(
    ("text", "lengths"),
    [
        ("他来了。我走了！\n", [4, 4]),
        ("“谁？”她问。\n", [4, 3]),  # the quotation mark belongs to the question
        ("「真的？！」\n是。\n", [6, 2]),
        ("没有句号\n\n\n也没有\n", [4, 3]),
        ("\n", []),
    ],
)
def test_sentences_end_where_they_end(text: str, lengths: list[int]) -> None:
    assert sentence_lengths(code_points(text)).tolist() == lengths


def test_texts_are_counted_alike_in_however_many_portions(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = ["山中★有雪。\n书□", "□□" * 20, "這" * 60 + "这" * 60, ""]
    found = []
    for at_once in (1, 50, 1 << 18):
        monkeypatch.setattr(characters, "AT_ONCE", at_once)
        counted = Characters()
        for number, text in enumerate(texts):
            counted.begin_work(f"work {number}")
            counted.add(text)
            counted.add(text)
        counted.finish()
        counts = {chr(code): int(counted.counts[code]) for code in np.flatnonzero(counted.counts) if code != 10}
        found.append((counts, counted.kinds.tolist(), counted.scripts, counted.lost.things(), counted.mixed.things()))
        assert counted.examples[ord("★")] == Example("山中", "有雪。", "work 0")
    assert found[0] == found[1] == found[2]
    counts, kinds, scripts, lost, mixed = found[0]
    assert (counts["★"], counts["□"], kinds[Kind.LOST]) == (2, 82, 82)
    assert [(one.work, one.lost, one.characters) for one in lost] == [("work 1", 80, 80), ("work 0", 2, 16)]
    assert [(one.work, one.simplified, one.traditional) for one in mixed] == [("work 2", 120, 120)]
    assert scripts == {"simplified": 0, "traditional": 0, "mixed": 1, "untold": 3}


@pytest.mark.parametrize(
    ("simplified", "traditional", "script"),
    [(10, 10, "untold"), (1000, 10, "simplified"), (10, 1000, "traditional"), (1000, 30, "mixed")],
)
def test_the_script_of_a_work_is_told_by_what_only_one_has(simplified: int, traditional: int, script: str) -> None:
    assert script_of(simplified, traditional) == script


def test_an_example_ends_where_its_line_does() -> None:
    counted = Characters()
    counted.begin_work("one")
    counted.add("上一行\n很长很长很长很长的一行★了\n下一行")
    counted.finish()
    assert counted.examples[ord("★")] == Example("长很长很长的一行", "了", "one")


def test_half_a_pair_of_codes_is_an_odd_character() -> None:
    counted = Characters()
    counted.begin_work("one")
    counted.add("坏\ud800了")
    counted.finish()
    assert counted.kinds[Kind.ODD] == 1
    assert name_of(0xD800) == "unassigned"


def test_what_has_no_name_is_told_by_its_use() -> None:
    assert [name_of(code) for code in (0x25A1, 0xE000, 1)] == ["WHITE SQUARE", "private use", "control"]
