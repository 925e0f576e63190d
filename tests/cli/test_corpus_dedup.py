import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

Moxu = Callable[..., Any]
LETTERS = np.array([chr(code) for code in range(0x4E00, 0x4E00 + 2000)])


def chapter(seed: int, edits: int = 0) -> str:
    letters = np.random.default_rng(seed).choice(LETTERS, 1500).tolist()
    letters[5 : 5 + 20 * edits : 20] = "〇" * edits
    return "　　" + "".join(letters) + "。"


@pytest.fixture
def books(tmp_path: Path) -> Path:
    folder = tmp_path / "books"
    folder.mkdir()
    (folder / "甲书.txt").write_text(f"第一章 雨\n{chapter(1)}\n第二章 门\n{chapter(2)}\n", "utf-8")
    (folder / "乙书.txt").write_text(f"第一章 风\n{chapter(3)}\n第二章 夜雨\n{chapter(1, edits=10)}\n", "gb18030")
    (folder / "丙书.txt").write_text(f"第一章 山\n{chapter(4)}\n第二章 旧门\n　{chapter(2)}……\n", "utf-16")
    return folder


def test_chapters_that_repeat_others_are_listed(moxu: Moxu, books: Path) -> None:
    answer = moxu("corpus", "dedup", books)
    assert answer.status == 0
    near, equal = answer.out.splitlines()[1:3]
    assert 0.85 < float(near.split()[0]) < 1
    assert near.split()[1:] == ["甲书", "[1]", "第一章", "雨", "repeats", "乙书", "[2]", "第二章", "夜雨"]
    assert equal.split() == ["equal", "甲书", "[2]", "第二章", "门", "repeats", "丙书", "[2]", "第二章", "旧门"]
    assert answer.out.splitlines()[-1].endswith("repeat others: 2 chapters, 1 of them equal to what they repeat")


def test_json_tells_the_same_to_programs(moxu: Moxu, books: Path) -> None:
    told = json.loads(moxu("corpus", "dedup", books, "--json").out)
    assert (told["works"], told["chapters"]) == (3, 6)
    near, equal = told["duplicates"]
    assert near["repeats"] == {"work": "乙书", "number": 2, "heading": "第二章 夜雨"}
    assert (near["exact"], equal["exact"], equal["similarity"]) == (False, True, 1)


def test_a_threshold_decides_what_is_alike(moxu: Moxu, books: Path) -> None:
    found = json.loads(moxu("corpus", "dedup", books, "--json", "--threshold", 0.99).out)["duplicates"]
    assert [each["exact"] for each in found] == [True]


def test_what_is_written_repeats_nothing_and_is_read_again(moxu: Moxu, books: Path, tmp_path: Path) -> None:
    out = tmp_path / "once.jsonl"
    assert moxu("corpus", "dedup", books, "--out", out).status == 0
    rows = [json.loads(line) for line in out.read_text("utf-8").splitlines()]
    assert [(row["title"], row["number"]) for row in rows] == [("丙书", 1), ("丙书", 2), ("乙书", 1), ("乙书", 2)]
    again = json.loads(moxu("corpus", "dedup", out, "--json").out)
    assert (again["works"], again["chapters"], again["duplicates"]) == (2, 4, [])


def test_a_file_that_cannot_be_read_is_told_and_the_rest_is_compared(moxu: Moxu, books: Path) -> None:
    (books / "丁书.epub").write_bytes(b"PK\x03\x04")
    answer = moxu("corpus", "dedup", books)
    assert answer.status == 1
    assert "丁书.epub" in answer.err
    assert "3 works, 6 chapters" in answer.out


def test_sources_are_never_written_over(moxu: Moxu, books: Path) -> None:
    before = (books / "甲书.txt").read_bytes()
    for out in (books / "甲书.txt", books / "new.jsonl", books):
        answer = moxu("corpus", "dedup", books, "--out", out)
        assert (answer.status, answer.err.count("\n")) == (2, 1)
    assert (books / "甲书.txt").read_bytes() == before
    assert not (books / "new.jsonl").exists()


@pytest.mark.parametrize(("option", "value"), [("--threshold", "0.1"), ("--threshold", "nan"), ("--out", "no/such/f")])
def test_options_that_cannot_be_used_are_one_line(moxu: Moxu, books: Path, option: str, value: str) -> None:
    answer = moxu("corpus", "dedup", books, option, value)
    assert (answer.status, answer.err.count("\n"), answer.out) == (2, 1, "")


def test_sources_without_text_are_named(moxu: Moxu, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    answer = moxu("corpus", "dedup", tmp_path / "empty")
    assert answer.status == 2
    assert "nothing to read here" in answer.err
