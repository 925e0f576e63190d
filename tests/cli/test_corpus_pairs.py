import json
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from moxu.corpus.pairs.folder import PairFolder
from moxu.corpus.pairs.records import Dialogue, Lyric, Pair
from terminals import Terminal

Moxu = Callable[..., Any]

CHAPTER = """那年第{}天，他又走到河边。水还是那样流着。
“谁在那里？”他问。
“是我。”她说。
信里什么也没有写，他把信折好，放回了怀里。
"""


@pytest.fixture
def novel(tmp_path: Path) -> Path:
    path = tmp_path / "河边.txt"
    path.write_text("".join(CHAPTER.format(number) for number in range(40)), "gb18030")
    return path


def records(folder: Path, split: str = "train") -> list[Any]:
    return list(PairFolder(folder).records(split))


@pytest.mark.parametrize("kind", ["sentences", "continue", "expand", "dialogues"])
def test_a_novel_becomes_a_folder_of_records(moxu: Moxu, novel: Path, tmp_path: Path, kind: str) -> None:
    answer = moxu("corpus", "pairs", kind, novel, "--out", tmp_path / "out")
    assert answer.status == 0
    made = records(tmp_path / "out")
    assert f"{tmp_path / 'out'}: {len(made)} {'dialogue' if kind == 'dialogues' else 'pair'}" in answer.out
    assert "in the mean" in answer.out
    assert {record.work for record in made} == {"河边"}


def test_options_of_the_kind_are_obeyed(moxu: Moxu, novel: Path, tmp_path: Path) -> None:
    options = ("--before", 2, "--after", 2, "--stride", 4)
    assert moxu("corpus", "pairs", "sentences", novel, *options, "--out", tmp_path / "out").status == 0
    first = records(tmp_path / "out")[0]
    assert first == Pair("那年第0天，他又走到河边。水还是那样流着。\n", "“谁在那里？”他问。\n“是我。”她说。\n", "河边")


def test_an_option_of_another_kind_is_refused_in_one_line(moxu: Moxu, novel: Path, tmp_path: Path) -> None:
    for kind, option, told in (
        ("expand", ("--stride", 2), "--stride: is no option of expand; it has --source, --target, --shortest, --every"),
        ("lyrics", ("--turn", 9), "--turn: is no option of lyrics; it has none"),
        ("dialogues", ("--columns", "a,b"), "it is for tables of pairs"),
        ("expand", ("--columns", "a"), "expected two"),
        ("expand", ("--template", "{a}"), "is for lyrics"),
        ("expand", ("--split", "test"), "a folder has all splits"),
    ):
        answer = moxu("corpus", "pairs", kind, novel, *option, "--out", tmp_path / "out")
        assert (answer.status, answer.err.count("\n")) == (2, 1)
        assert told in answer.err
    assert not (tmp_path / "out").exists()


def test_damaged_rows_are_named_and_the_status_says_so(moxu: Moxu, tmp_path: Path) -> None:
    table = tmp_path / "outlines.csv"
    table.write_text('0,他走了,天黑了。氼。没有人。\n1,他来了\n2,他又走了,"雨停了\n3,他笑了,灯亮了。\n', "utf-8")
    answer = moxu("corpus", "pairs", "expand", table, "--out", tmp_path / "out")
    assert answer.status == 1
    assert records(tmp_path / "out") == [Pair("他走了", "天黑了。\n没有人。"), Pair("他笑了", "灯亮了。")]
    assert f"{table}:2: " in answer.err
    assert f"{table}:3: " in answer.err
    assert "2 damaged records left out" in answer.err
    assert PairFolder(tmp_path / "out").index["damaged"] == 2


def test_tables_of_dialogues_and_songs_are_taken_over(moxu: Moxu, tmp_path: Path) -> None:
    (tmp_path / "train.txt").write_text("谁？\t是我。\n", "utf-8")
    (tmp_path / "songs.txt").write_text("雨停了\n灯亮着\n\n走吧\n", "utf-8")
    assert moxu("corpus", "pairs", "dialogues", tmp_path / "train.txt", "--out", tmp_path / "turns").status == 0
    assert moxu("corpus", "pairs", "lyrics", tmp_path / "songs.txt", "--out", tmp_path / "songs").status == 0
    assert records(tmp_path / "turns") == [Dialogue(("谁？", "是我。"))]
    assert records(tmp_path / "songs") == [Lyric(("雨停了", "灯亮着")), Lyric(("走吧",))]


def test_a_file_is_laid_out_as_the_original_reads_it(moxu: Moxu, novel: Path, tmp_path: Path) -> None:
    assert moxu("corpus", "pairs", "expand", novel, "--every", "--out", tmp_path / "out.csv").status == 0
    first, second = (tmp_path / "out.csv").read_text("utf-8").splitlines()[:2]
    assert first == "id,source,target"
    assert second.startswith("0,")
    assert "氼。" in second
    again = moxu("corpus", "pairs", "expand", tmp_path / "out.csv", "--validation", 0.3, "--out", tmp_path / "out")
    assert again.status == 0
    assert (
        sum(PairFolder(tmp_path / "out").counts.values())
        == len((tmp_path / "out.csv").read_text("utf-8").splitlines()) - 1
    )


def test_a_template_is_filled(moxu: Moxu, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("风格,词\n思念,灯亮着\n", "utf-8")
    options = ("--template", "{风格}<eod>{词}")
    assert moxu("corpus", "pairs", "lyrics", tmp_path / "a.csv", *options, "--out", tmp_path / "out.json").status == 0
    assert json.loads((tmp_path / "out.json").read_text("utf-8")) == ["思念", "灯亮着"]


def test_nothing_that_is_read_or_something_else_is_replaced(moxu: Moxu, novel: Path, tmp_path: Path) -> None:
    for out, told in ((novel, "would be replaced"), (tmp_path, "would be replaced")):
        answer = moxu("corpus", "pairs", "sentences", novel, "--out", out)
        assert (answer.status, answer.err.count("\n")) == (2, 1)
        assert told in answer.err
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters" / "letter.md").write_text("雨", "utf-8")
    answer = moxu("corpus", "pairs", "sentences", novel, "--out", tmp_path / "letters")
    assert (answer.status, "no folder of pairs" in answer.err) == (2, True)
    assert novel.exists()


def test_a_folder_of_pairs_is_made_anew(moxu: Moxu, novel: Path, tmp_path: Path) -> None:
    for kind in ("sentences", "expand"):
        assert moxu("corpus", "pairs", kind, novel, "--out", tmp_path / "out").status == 0
    assert PairFolder(tmp_path / "out").kind == "expand"


def test_nothing_found_is_a_mistake_of_one_line(moxu: Moxu, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("雨停了。", "utf-8")
    answer = moxu("corpus", "pairs", "expand", tmp_path / "a.txt", "--out", tmp_path / "out")
    assert (answer.status, answer.err.count("\n")) == (2, 1)
    assert "nothing for expand" in answer.err


def test_ctrl_c_leaves_what_was_there(start: Callable[..., Any], novel: Path, tmp_path: Path, moxu: Moxu) -> None:
    assert moxu("corpus", "pairs", "expand", novel, "--out", tmp_path / "out").status == 0
    books = tmp_path / "books"
    books.mkdir()
    for number in range(3000):
        os.link(novel, books / f"{number}.txt")
    process = start("corpus", "pairs", "sentences", books, "--out", tmp_path / "out")
    part = tmp_path / "out.part" / "train.jsonl"
    while not part.exists() and process.poll() is None:
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate()
    assert (process.returncode, err.strip()) == (130, b"")
    assert PairFolder(tmp_path / "out").kind == "expand"
    assert not part.parent.exists()


def test_a_terminal_shows_what_is_read(terminal: Callable[..., Terminal], novel: Path, tmp_path: Path) -> None:
    shown = terminal("corpus", "pairs", "sentences", novel, "--out", tmp_path / "out")
    shown.wait_for("1: 河边")
    shown.wait_for("in the mean")
