import importlib.util
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from moxu.corpus.inspect import sources
from moxu.corpus.work import Work

Moxu = Callable[..., Any]


@pytest.fixture
def books(tmp_path: Path) -> Path:
    folder = tmp_path / "books"
    folder.mkdir()
    (folder / "雪夜.txt").write_text("第一章 雪\n雪停了★。\n“谁在门外？”她问。\n第三章 灯\n灯还亮着□。\n", "utf-8")
    (folder / "[red]河.txt").write_bytes("河水涨到了桥边。\n他说，船来了。\n".encode("gb18030"))
    return folder


def test_a_corpus_is_told_in_tables(moxu: Moxu, books: Path) -> None:
    answer = moxu("corpus", "inspect", books)
    assert (answer.status, answer.err) == (0, "")
    for told in ("different characters", "black star", "雪夜", "Worth a look", "1 lost character in 1 work"):
        assert told in answer.out


def test_the_same_facts_are_printed_as_json(moxu: Moxu, books: Path) -> None:
    answer = moxu("corpus", "inspect", books, "--json", "--excerpts", 2, "--seed", 5)
    told = json.loads(answer.out)
    assert (answer.status, told["works"], told["seed"], len(told["excerpts"])) == (0, 2, 5, 2)
    assert told == json.loads(moxu("corpus", "inspect", books, "--json", "--excerpts", 2, "--seed", 5).out)


def test_a_page_and_a_picture_are_written(moxu: Moxu, books: Path, tmp_path: Path) -> None:
    answer = moxu("corpus", "inspect", books, "--html", tmp_path / "p.html", "--png", tmp_path / "p.png")
    assert answer.status == 0
    assert (tmp_path / "p.html").read_text("utf-8").startswith("<!doctype html>")
    assert (tmp_path / "p.png").read_bytes().startswith(b"\x89PNG")


def test_texts_are_shown_only_on_request(moxu: Moxu, books: Path) -> None:
    assert "他说，船来了。" not in moxu("corpus", "inspect", books).out
    drawn = moxu("corpus", "inspect", books, "--excerpts", 9).out
    assert "他说，船来了。" in drawn
    assert "[red]河, chapter 1" in drawn


def test_a_file_that_cannot_be_read_is_named_and_the_rest_is_told(moxu: Moxu, books: Path) -> None:
    (books / "bad.epub").write_bytes(b"PK\x03\x04")
    answer = moxu("corpus", "inspect", books)
    assert answer.status == 1
    assert "bad.epub" in answer.err
    assert "雪夜" in answer.out


@pytest.mark.parametrize("arguments", [("--html", "."), ("--png", "no/such/folder/p.png"), ("--excerpts", "-1")])
def test_a_mistake_is_told_in_one_line(moxu: Moxu, books: Path, arguments: tuple[str, str]) -> None:
    answer = moxu("corpus", "inspect", books, *arguments)
    assert (answer.status, answer.out, answer.err.count("\n")) == (2, "", 1)
    assert arguments[0] in answer.err


def test_a_source_is_not_written_over(moxu: Moxu, books: Path) -> None:
    source = books / "雪夜.txt"
    before = source.read_bytes()
    assert moxu("corpus", "inspect", source, "--html", source).status == 2
    assert source.read_bytes() == before


def test_what_has_to_be_installed_is_said_in_one_line(
    moxu: Moxu, books: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    find = importlib.util.find_spec
    monkeypatch.setattr("moxu.cli.corpus_inspect.find_spec", lambda name: None if name == "matplotlib" else find(name))
    answer = moxu("corpus", "inspect", books, "--png", tmp_path / "p.png")
    assert (answer.status, answer.err.count("\n")) == (2, 1)
    assert "pip install 'moxu[corpus]'" in answer.err
    assert moxu("corpus", "inspect", books).status == 0


def test_an_interrupted_inspection_leaves_no_page(
    moxu: Moxu, books: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = sources.read_works

    def interrupted(*arguments: Any) -> Iterator[Work]:
        yield next(whole(*arguments))
        raise KeyboardInterrupt

    monkeypatch.setattr(sources, "read_works", interrupted)
    assert moxu("corpus", "inspect", books, "--html", tmp_path / "p.html").status == 130
    assert not (tmp_path / "p.html").exists()


def test_a_packed_folder_is_inspected(moxu: Moxu, books: Path, tmp_path: Path) -> None:
    assert moxu("corpus", "pack", books, "--out", tmp_path / "packed").status == 0
    told = json.loads(moxu("corpus", "inspect", tmp_path / "packed", "--json").out)
    of_books = json.loads(moxu("corpus", "inspect", books, "--json").out)
    for name in ("works", "chapters", "paragraphs", "characters"):
        assert told[name] == of_books[name], name
    assert told["text"]["odd"][0]["character"] == "★"
