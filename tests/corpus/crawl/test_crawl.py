"""A whole crawl: a novel with all its troubles, killed again and again, ends complete but for what the site has not."""

import json
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from crawls import Crawl
from moxu.corpus.book import Book, Chapter
from moxu.corpus.clean.cleaner import Cleaner, clean_book
from moxu.corpus.crawl.crawl import crawl
from moxu.corpus.crawl.options import CrawlOptions
from moxu.corpus.crawl.progress import CrawlProgress
from moxu.errors import SettingsError, TextError
from novel_site import ADVERTS, MISSING, NovelSite, part_path
from sites import Reply, Site, chapter_html, small_book

KILLS = 3
PATIENCE = 120.0
QUICK = ("--allow-private", "--no-throttle", "--concurrency", "8", "--backoff", "0.05")


def lines_of(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "chapters.jsonl").read_text("utf-8").splitlines()]


def manifest_of(folder: Path) -> dict[str, Any]:
    manifest: dict[str, Any] = json.loads((folder / "manifest.json").read_text("utf-8"))
    return manifest


def journalled(folder: Path) -> set[str]:
    """Return the URLs of the pages in the whole lines of the journal."""
    path = folder / "pages.jsonl"
    lines = path.read_bytes().splitlines(keepends=True) if path.exists() else []
    entries = [json.loads(line) for line in lines if line.endswith(b"\n")]
    return {entry["page"] for entry in entries if "page" in entry}


def start(site: NovelSite, out: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "moxu", "crawl", site.catalogue, "--out", str(out), *QUICK]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8")


def kill_at_random(site: NovelSite, out: Path, draw: random.Random) -> None:
    """Start the crawl, and kill it when it has fetched some more pages."""
    enough = sum(site.asked.values()) + draw.randint(1, 250)
    with start(site, out) as process:
        end = time.monotonic() + PATIENCE
        while process.poll() is None and sum(site.asked.values()) < enough:
            assert time.monotonic() < end
            time.sleep(0.001)
        process.kill()


def test_novel_ends_complete_but_for_the_missing_chapter_however_often_it_is_killed(tmp_path: Path) -> None:
    out, draw = tmp_path / "book", random.Random(6)
    with Site() as refuge, NovelSite(refuge=refuge.url("/")) as site:
        for _ in range(KILLS):
            had, asked = journalled(out), site.asked.copy()
            kill_at_random(site, out, draw)
            assert_not_asked_again(site, had, asked)
            assert not (out / "chapters.jsonl").exists()
        had, asked = journalled(out), site.asked.copy()
        with start(site, out) as process:
            said, told = process.communicate(timeout=PATIENCE)
        assert_not_asked_again(site, had, asked)
        assert len(had) > 100
        assert process.returncode == 1, told
        assert not refuge.asked
        assert not any(path.startswith("/calendar") for path in site.asked)
    missing = site.chapters[MISSING - 1]
    assert f"failed: {MISSING} {missing.title}: " in told
    assert "answers 404 Not Found" in told
    assert "refused: 127.0.0.1 is a private address" in told
    assert "599 of 600 chapters; incomplete" in said
    assert_is_the_original(site, out)
    findings = manifest_of(out)["findings"]
    assert [(finding["kind"], finding["number"], finding["name"]) for finding in findings] == [
        ("failed", MISSING, missing.title)
    ]


def assert_not_asked_again(site: NovelSite, had: set[str], asked: Counter[str]) -> None:
    """Assert that no page of the journal was asked for since then."""
    again = site.asked - asked
    assert [url for url in sorted(had) if again[url.removeprefix(site.url(""))]] == []


def assert_is_the_original(site: NovelSite, out: Path) -> None:
    """Assert that the text is that of the novel, byte for byte, once cleaning has taken out the adverts."""
    manifest = manifest_of(out)
    assert (manifest["title"], manifest["author"]) == (site.title, site.author)
    lines = {line["number"]: line for line in lines_of(out)}
    assert list(lines) == [chapter.number for chapter in site.chapters if chapter.number != MISSING]
    fetched = Book(chapters=tuple(Chapter(line["title"], tuple(line["text"].split("\n"))) for line in lines.values()))
    assert {advert for advert in ADVERTS for chapter in fetched.chapters if advert in chapter.paragraphs} == {*ADVERTS}
    cleaned = dict(zip(lines, clean_book(fetched, Cleaner())[0].chapters, strict=True))
    for chapter in site.chapters:
        if chapter.number != MISSING:
            assert (cleaned[chapter.number].title, cleaned[chapter.number].paragraphs) == (
                chapter.title,
                tuple(chapter.paragraphs),
            )
            assert lines[chapter.number]["url"] == site.url(part_path(chapter, 1))


def test_second_crawl_asks_for_the_catalogue_and_what_is_missing_only(site: Site, crawl_site: Crawl) -> None:
    site.pages["/book/5.html"] = Reply("没有", status=404)
    site.pages["/book/7.html"] = "<h1>第7章 雨夜</h1><div id='content'><p>正在手打中，请稍后。</p></div>"
    first = crawl_site()
    assert [(finding.number, finding.kind) for finding in first.findings] == [(5, "failed"), (7, "short")]
    site.pages = small_book(13)
    site.asked.clear()
    second = crawl_site()
    assert second.is_complete
    assert second.written == 13
    assert sorted(site.asked) == ["/book/", "/book/13.html", "/book/5.html", "/book/7.html", "/robots.txt"]
    site.asked.clear()
    assert crawl_site().is_complete
    assert sorted(site.asked) == ["/book/", "/robots.txt"]


def test_catalogue_that_cannot_be_had_again_is_told_and_the_earlier_one_is_used(site: Site, crawl_site: Crawl) -> None:
    assert crawl_site().is_complete
    site.pages["/book/"] = Reply("坏了", status=500)
    result = crawl_site(retries=0)
    assert result.written == 12
    assert result.warnings == (
        f"{site.url('/book/')}: answers 500 Internal Server Error; the page of an earlier crawl was taken",
    )
    assert not result.is_complete


def test_other_rules_need_no_other_crawl(site: Site, crawl_site: Crawl, tmp_path: Path) -> None:
    assert crawl_site().is_complete
    rules = tmp_path / "rules.toml"
    rules.write_text('[[site]]\nmatch = ["127.0.0.1"]\nchapter.remove_text = ["，灯还亮着"]\n', "utf-8")
    site.asked.clear()
    assert crawl_site(rules=rules).is_complete
    assert sorted(site.asked) == ["/book/", "/robots.txt"]
    assert "灯还亮着" not in (tmp_path / "book" / "chapters.jsonl").read_text("utf-8")


def ctrl_c_after(chapters: int) -> Callable[[CrawlProgress], None]:
    """Return what presses Ctrl-C, once, when a crawl has so many chapters."""
    pressed: list[int] = []

    def look(progress: CrawlProgress) -> None:
        if progress.done >= chapters and not pressed:
            pressed.append(progress.done)
            signal.raise_signal(signal.SIGINT)

    return look


def test_ctrl_c_leaves_what_there_is_and_the_next_crawl_goes_on(tmp_path: Path) -> None:
    pages = small_book(40)
    for number in range(9, 41):
        pages[f"/book/{number}.html"] = Reply(chapter_html(number), delay=0.2)
    options = CrawlOptions(allow_private=True, throttle=False, concurrency=2)

    with Site(pages) as site:
        result = crawl(site.url("/book/"), tmp_path, options, ctrl_c_after(5))
        assert result.interrupted
        assert not result.is_complete
        assert 4 < result.written < 40
        assert result.findings == ()
        assert [line["number"] for line in lines_of(tmp_path)] == sorted(line["number"] for line in lines_of(tmp_path))
        assert manifest_of(tmp_path)["interrupted"]
        had, asked = journalled(tmp_path), site.asked.copy()
        site.pages = small_book(40)
        assert crawl(site.url("/book/"), tmp_path, options).is_complete
        again = site.asked - asked
        assert not [url for url in sorted(had) if again[url.removeprefix(site.url(""))]]


def test_ctrl_c_in_a_later_crawl_loses_no_chapter_of_the_earlier_ones(site: Site, tmp_path: Path) -> None:
    options = CrawlOptions(allow_private=True, throttle=False)
    assert crawl(site.url("/book/"), tmp_path, options).is_complete
    before = (tmp_path / "chapters.jsonl").read_bytes()
    catalogue = site.pages["/book/"]
    assert isinstance(catalogue, str)
    site.pages["/book/"] = Reply(catalogue, delay=3600)
    result = crawl(site.url("/book/"), tmp_path, options, ctrl_c_after(0))
    assert result.interrupted
    assert result.written == 12
    assert (tmp_path / "chapters.jsonl").read_bytes() == before


def test_ctrl_c_before_there_is_a_catalogue_leaves_no_book(tmp_path: Path) -> None:
    with Site({"/book/": Reply("", delay=3600)}) as site:
        options = CrawlOptions(allow_private=True, throttle=False)
        with pytest.raises(KeyboardInterrupt):
            crawl(site.url("/book/"), tmp_path, options, ctrl_c_after(0))
    assert [path.name for path in tmp_path.iterdir()] == ["pages.jsonl"]


def test_chapters_that_repeat_or_are_empty_are_told_by_number_and_name(site: Site, crawl_site: Crawl) -> None:
    site.pages["/book/4.html"] = chapter_html(3).replace("第3章", "第4章")
    site.pages["/book/6.html"] = "<h1>第6章 雨夜</h1><div id='content'></div>"
    result = crawl_site()
    assert [(finding.kind, str(finding)) for finding in result.findings] == [
        ("repeated", "4 第4章 雨夜: repeats 3 第3章 雨夜"),
        ("empty", "6 第6章 雨夜: has no text"),
    ]
    assert result.written == 11


def test_site_hears_who_asks_and_is_not_asked_more_at_a_time_than_allowed(site: Site, crawl_site: Crawl) -> None:
    for number in range(1, 13):
        site.pages[f"/book/{number}.html"] = Reply(chapter_html(number), delay=0.02)
    assert crawl_site(concurrency=3).is_complete
    assert site.most_under_way <= 3
    (agent,) = site.agents
    assert agent.startswith("moxu/")


def test_throttled_crawl_is_complete(crawl_site: Crawl) -> None:
    assert crawl_site(throttle=True, delay=0.01).is_complete


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://127.0.0.1:1/book/", "is a private address; --allow-private permits it"),
        ("http://localhost/book/", "is a name of this machine; --allow-private permits it"),
        ("ftp://example.com/", "expected http or https, not 'ftp'"),
        ("example.com/book/", "example.com/book/: expected an address that begins with http:// or https://"),
        ("http://me:secret@example.com/", "a name or a password"),
        ("", "'': expected an address that begins with http:// or https://"),
    ],
)
def test_address_that_is_refused_is_a_mistake_of_one_line_and_nothing_is_made(
    tmp_path: Path, url: str, why: str
) -> None:
    with pytest.raises(SettingsError) as error:
        crawl(url, tmp_path / "book")
    assert why in str(error.value)
    assert not (tmp_path / "book").exists()


def test_slip_in_the_address_leaves_the_folder_free(site: Site, crawl_site: Crawl, tmp_path: Path) -> None:
    for slip in ("/book/3.html", "/nothing"):
        with pytest.raises(TextError):
            crawl(site.url(slip), tmp_path / "book", CrawlOptions(allow_private=True, throttle=False))
    assert crawl_site().is_complete
    assert len(lines_of(tmp_path / "book")) == 12
    assert journalled(tmp_path / "book") == {site.url(path) for path in small_book(12)}


def test_host_that_nobody_answers_at_is_a_mistake_of_one_line(tmp_path: Path) -> None:
    with Site() as gone:
        url = gone.url("/book/")
    with pytest.raises(TextError, match="refuses the connection"):
        crawl(url, tmp_path / "book", CrawlOptions(allow_private=True, retries=0))


def test_journal_that_is_damaged_stops_the_crawl(crawl_site: Crawl, tmp_path: Path) -> None:
    crawl_site()
    path = tmp_path / "book" / "pages.jsonl"
    lines = path.read_text("utf-8").splitlines()
    lines[4] = lines[4].replace('"body": "', '"body": "!')
    path.write_text("\n".join([*lines, ""]), "utf-8")
    with pytest.raises(TextError, match="is damaged"):
        crawl_site()
