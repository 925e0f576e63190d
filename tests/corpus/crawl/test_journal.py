"""The journal: what was written is there after any end, and what is no journal is not taken for one."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from moxu.corpus.crawl import journal as journal_module
from moxu.corpus.crawl.journal import JOURNAL_FILE, Answer, Journal
from moxu.errors import SettingsError, TextError

URL = "http://example.com/book/"
PAGE = Answer(
    "http://example.com/book/1.html", "text/html; charset=gbk", "第一章 雨".encode("gb18030") + bytes(range(256))
)


def written(folder: Path, pages: int = 3) -> Path:
    with Journal(folder, URL) as journal:
        journal.add(URL, "catalogue", PAGE)
        for number in range(1, pages + 1):
            journal.add(f"{URL}{number}", "chapter", Answer(f"{URL}{number}", "text/html", b"%d" % number))
    return folder / JOURNAL_FILE


def test_page_comes_back_as_it_was(tmp_path: Path) -> None:
    written(tmp_path)
    with Journal(tmp_path, URL) as journal:
        assert journal.fresh(URL) == PAGE
        assert journal.fresh(f"{URL}3") == Answer(f"{URL}3", "text/html", b"3")
        assert journal.fresh(f"{URL}4") is None


def test_page_can_be_read_before_and_after_others_are_added(tmp_path: Path) -> None:
    with Journal(tmp_path, URL) as journal:
        for number in range(20):
            journal.add(f"{URL}{number}", "chapter", Answer("", "", b"%d" % number))
            assert [journal.any(f"{URL}{one}") for one in range(number + 1)] == [
                Answer("", "", b"%d" % one) for one in range(number + 1)
            ]


def test_journal_that_was_cut_anywhere_has_all_whole_lines_and_goes_on(tmp_path: Path) -> None:
    whole = written(tmp_path / "whole").read_bytes()
    ends = [place for place, byte in enumerate(whole) if byte == ord("\n")]
    near = (place + step for place in ends for step in (-1, 0, 1))
    for length in sorted({*range(0, len(whole), 29), *near} - {len(whole)}):
        folder = tmp_path / str(length)
        folder.mkdir()
        (folder / JOURNAL_FILE).write_bytes(whole[:length])
        with Journal(folder, URL) as journal:
            lines = max(0, whole[:length].count(b"\n") - 2)
            assert [number for number in (1, 2, 3) if journal.fresh(f"{URL}{number}")] == [1, 2, 3][:lines]
            journal.add(f"{URL}9", "chapter", PAGE)
        with Journal(folder, URL) as journal:
            assert journal.fresh(f"{URL}9") == PAGE
        for line in (folder / JOURNAL_FILE).read_bytes().splitlines():
            json.loads(line)


def test_next_crawl_asks_again_for_the_catalogue_and_what_was_doubtful(tmp_path: Path) -> None:
    written(tmp_path)
    with Journal(tmp_path, URL) as journal:
        assert not journal.is_finished
        journal.finish([f"{URL}2"])
    with Journal(tmp_path, URL) as journal:
        assert journal.is_finished
        assert journal.fresh(URL) is None
        assert journal.any(URL) == PAGE
        assert journal.fresh(f"{URL}2") is None
        assert journal.fresh(f"{URL}1") is not None
        journal.add(URL, "catalogue", Answer(URL, "", b"new"))
    with Journal(tmp_path, URL) as journal:  # which was killed before its end
        assert not journal.is_finished
        assert journal.fresh(URL) == Answer(URL, "", b"new")
        assert journal.fresh(f"{URL}2") is None


@pytest.mark.parametrize("line", [b"{", b"[]", b"{}", b'{"page": 1}', b'{"page": "x", "kind": "?"}', b"\xff", b""])
def test_damaged_line_is_told_by_its_number(tmp_path: Path, line: bytes) -> None:
    path = written(tmp_path)
    lines = path.read_bytes().splitlines()
    path.write_bytes(b"\n".join([*lines[:2], line, *lines[2:], b""]))
    with pytest.raises(TextError, match=r"is damaged .line 3: .*; remove the folder"):
        Journal(tmp_path, URL)


@pytest.mark.parametrize("change", [{"body": "!"}, {"body": "AAAA"}, {"body": None}, {"url": None, "body": 3}])
def test_damaged_page_is_told_when_it_is_needed(tmp_path: Path, change: dict[str, object]) -> None:
    path = written(tmp_path)
    lines = path.read_text("utf-8").splitlines()
    lines[2] = json.dumps({**json.loads(lines[2]), **change})
    path.write_text("\n".join([*lines, ""]), "utf-8")
    with Journal(tmp_path, URL) as journal, pytest.raises(TextError, match=f"is damaged .page {URL}1: "):
        journal.fresh(f"{URL}1")


def test_folder_of_another_book_is_refused(tmp_path: Path) -> None:
    written(tmp_path)
    with pytest.raises(SettingsError, match=r"holds the crawl of http://example.com/book/; name another folder"):
        Journal(tmp_path, "http://example.com/other/")


def test_two_crawls_at_a_time_are_one_too_many(tmp_path: Path) -> None:
    with Journal(tmp_path, URL) as journal:
        with pytest.raises(SettingsError, match=r"another crawl is at work on it; let that end, or stop it first$"):
            Journal(tmp_path, URL)
        journal.add(URL, "catalogue", PAGE)
    with Journal(tmp_path, URL) as journal:
        assert journal.fresh(URL) == PAGE


def test_folder_whose_crawl_was_killed_is_free_again(tmp_path: Path) -> None:
    code = "import sys, pathlib; from moxu.corpus.crawl.journal import Journal\n"
    code += f"journal = Journal(pathlib.Path(sys.argv[1]), {URL!r}); print('open', flush=True); sys.stdin.read()"
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], **pipes) as other:  # type: ignore[call-overload]
        assert other.stdout.readline().strip() == b"open"
        with pytest.raises(SettingsError, match="another crawl is at work"):
            Journal(tmp_path, URL)
        other.kill()
        other.wait()
    with Journal(tmp_path, URL) as journal:
        assert journal.fresh(URL) is None


def test_pages_reach_the_disk_within_a_second_and_at_the_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[int] = []
    monkeypatch.setattr(os, "fsync", lambda file: synced.append(os.fstat(file).st_size))
    with Journal(tmp_path, URL) as journal:
        journal.add(URL, "catalogue", PAGE)
        assert synced == []
        monkeypatch.setattr(journal_module, "SYNC_EVERY", -1.0)
        for number in range(3):
            journal.add(f"{URL}{number}", "chapter", PAGE)
            assert synced[number:] == [journal.path.stat().st_size]
        journal.finish([])
    assert synced[3:] == [journal.path.stat().st_size]


def test_journal_of_something_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / JOURNAL_FILE).write_text('{"format": "diary"}\n', "utf-8")
    with pytest.raises(SettingsError, match="is no journal of a crawl"):
        Journal(tmp_path, URL)


def test_journal_of_a_later_version_is_refused(tmp_path: Path) -> None:
    (tmp_path / JOURNAL_FILE).write_text(json.dumps({"format": "moxu-crawl", "version": 2, "url": URL}) + "\n", "utf-8")
    with pytest.raises(SettingsError, match="newer moxu"):
        Journal(tmp_path, URL)


def test_folder_with_other_things_is_refused_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "diary.txt").write_text("今天下雨。", "utf-8")
    with pytest.raises(SettingsError, match="is not empty, and no crawl"):
        Journal(tmp_path, URL)
    assert [path.name for path in tmp_path.iterdir()] == ["diary.txt"]


def test_file_is_refused_as_a_folder(tmp_path: Path) -> None:
    (tmp_path / "book").write_text("", "utf-8")
    with pytest.raises(SettingsError, match="is a file"):
        Journal(tmp_path / "book", URL)
