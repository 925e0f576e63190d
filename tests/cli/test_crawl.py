"""``moxu crawl``: what it says, and its exit status."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from certificates import self_signed
from moxu.cli.main import main
from moxu.corpus.crawl.journal import Journal
from sites import Reply, Site, chapter_html, small_book
from terminals import PATIENCE, Terminal, wait_until

QUICK = ("--allow-private", "--no-throttle", "--backoff", "0.01")
POSIX = pytest.mark.skipif(os.name == "nt", reason="Windows has no such terminals")


@pytest.fixture
def site() -> Iterator[Site]:
    with Site(small_book(12)) as served:
        yield served


def crawl(site: Site, out: Path, *arguments: object) -> int:
    return main(["crawl", site.url("/book/"), "--out", str(out), *QUICK, *map(str, arguments)])


def test_complete_book_ends_with_0(site: Site, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    book = tmp_path / "book"
    assert crawl(site, book) == 0
    out, err = capfd.readouterr()
    assert out == f"{book}: 《雨夜行》, 12 of 12 chapters\n"
    assert err == ""
    assert len((book / "chapters.jsonl").read_text("utf-8").splitlines()) == 12


def test_incomplete_book_ends_with_1_and_says_what_is_missing(
    site: Site, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    site.pages["/book/5.html"] = Reply("没有", status=404)
    book = tmp_path / "book"
    assert crawl(site, book) == 1
    out, err = capfd.readouterr()
    assert out == f"{book}: 《雨夜行》, 11 of 12 chapters; incomplete\n"
    assert f"failed: 5 第5章 雨夜: {site.url('/book/5.html')}: answers 404 Not Found\n" in err
    assert "Traceback" not in err


def test_long_list_of_findings_is_cut_on_the_terminal_and_whole_in_the_manifest(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    pages = small_book(60) | {f"/book/{number}.html": Reply("没有", status=404) for number in range(10, 40)}
    with Site(pages) as site:
        assert crawl(site, tmp_path / "book") == 1
    err = capfd.readouterr().err
    findings = json.loads((tmp_path / "book" / "manifest.json").read_text("utf-8"))["findings"]
    assert len(findings) == 30
    assert "… and 10 more, which are in the manifest" in err


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["http://127.0.0.1:1/", "--out", "book"], "is a private address; --allow-private permits it"),
        (["gopher://example.com/", "--out", "book"], "expected http or https"),
        (["http://example.com/", "--out", "book", "--rules", "none.toml"], "none.toml: no such file"),
        (["http://example.com/", "--out", "book", "--user-agent", "墨续"], "expected a name of ASCII characters"),
        (["http://example.com/"], "Missing option '--out'"),
        (["http://example.com/", "--out", "book", "--timeout", "0"], "--timeout"),
    ],
)
def test_mistake_is_one_line_and_ends_with_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, arguments: list[str], why: str
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["crawl", *arguments]) == 2
    err = capsys.readouterr().err
    assert why in err
    assert err.count("\n") == 1
    assert not (tmp_path / "book").exists()


def test_folder_of_another_book_ends_with_2(site: Site, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    book = tmp_path / "book"
    assert crawl(site, book) == 0
    with Site(small_book(12)) as other:
        assert crawl(other, book) == 2
    assert f"{book}: holds the crawl of {site.url('/book/')}; name another folder" in capsys.readouterr().err


def test_folder_where_another_crawl_is_at_work_ends_with_2(
    site: Site, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    book = tmp_path / "book"
    with Journal(book, site.url("/book/")):
        assert crawl(site, book) == 2
    assert capsys.readouterr().err == f"moxu: {book}: another crawl is at work on it; let that end, or stop it first\n"
    assert not site.asked
    assert crawl(site, book) == 0


def test_book_that_was_cut_by_an_option_is_not_said_to_come_whole_another_time(
    site: Site, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert crawl(site, tmp_path / "book", "--max-chapters", 3) == 1
    err = capfd.readouterr().err
    assert "has 12 chapters; only the first 3 are taken (--max-chapters)" in err
    assert "the same command asks again" not in err


def test_site_without_a_valid_certificate_is_asked_with_insecure_only(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with Site(small_book(12), self_signed(tmp_path / "site.pem")) as site:
        assert crawl(site, tmp_path / "book") == 2
        assert capfd.readouterr().err.endswith("; --insecure asks nevertheless\n")
        assert crawl(site, tmp_path / "book", "--insecure") == 0


def test_library_that_is_missing_is_named_with_the_command_to_install_it(tmp_path: Path) -> None:
    code = "import sys; sys.modules['scrapy'] = None; from moxu.cli.main import main; sys.exit(main())"
    command = [sys.executable, "-c", code, "crawl", "http://example.com/", "--out", str(tmp_path / "book")]
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", timeout=PATIENCE, check=False)
    assert done.returncode == 2
    assert done.stderr == "moxu: crawl needs scrapy, which is not installed: pip install 'moxu[crawl]'\n"


@POSIX
def test_terminal_shows_how_far_it_is_and_ctrl_c_ends_with_130(tmp_path: Path) -> None:
    pages = small_book(60)
    for number in range(9, 61):
        pages[f"/book/{number}.html"] = Reply(chapter_html(number), delay=0.3)
    with Site(pages) as site:
        program = Terminal("crawl", site.url("/book/"), "--out", tmp_path / "book", *QUICK, "--concurrency", "1")
        try:
            program.wait_for("of 60 chapters")
            wait_until(lambda: sum(site.asked.values()) > 25)
            program.type("\x03")
            program.wait_for("stopped; the same command goes on from there")
            assert program.process.wait(PATIENCE) == 130
        finally:
            program.close()
    written = (tmp_path / "book" / "chapters.jsonl").read_text("utf-8").splitlines()
    assert 0 < len(written) < 60
