import random

import pytest

from moxu.corpus.crawl import layout
from moxu.corpus.crawl.chapter_page import read_chapter
from moxu.corpus.crawl.layout import Learned
from moxu.corpus.crawl.pages import Page, read_page
from moxu.corpus.crawl.rules import ChapterRules, SiteRules
from moxu.errors import TextError
from novel_pages import ADVERT, items, modern_chapter, pocket_chapter, story, table_chapter

URL = "http://www.wujiang.example/book/123/7003.html"
NO_RULES = SiteRules()
ROWS = items(1, 40)

SITES = {
    "old": lambda title, lines: table_chapter(title, lines),
    "pocket": lambda title, lines: pocket_chapter(title, lines, "/book/123/7006.html", "下一章"),
    "modern": lambda title, lines: modern_chapter(title, lines),
    "bare": lambda title, lines: f"<title>{title}</title>" + "".join(f"<p>　　{line}" for line in lines),
    "spans": lambda title, lines: (
        f"<h1>{title}</h1><table><tr><td>{'<hr>'.join(f'<span>{line}</span>' for line in lines)}</td></tr></table>"
    ),
    "divs": lambda title, lines: (
        f"<h1>{title}</h1><main><div class=txt9>{''.join(f'<div>{line}</div>' for line in lines)}</div></main>"
    ),
    "pre": lambda title, lines: f"<h1>{title}</h1><pre>" + "\n\n".join(f"    {line}" for line in lines) + "</pre>",
}


@pytest.mark.parametrize("site", SITES)
def test_every_page_of_a_site_gives_its_text_and_nothing_else(site: str) -> None:
    learned, told = Learned(), []
    for number, row in enumerate(ROWS[:8], 1):
        page = read_chapter(Page(URL, SITES[site](row.name, story(number))), NO_RULES, learned, row.name)
        assert page.paragraphs == story(number)
        assert page.title == row.name
        assert page.next_part is None
        told.append(page.how)
    assert told[0] in ("trafilatura", "density")
    assert told[-1] == "layout"


@pytest.mark.parametrize("site", SITES)
def test_a_site_is_read_without_trafilatura_as_well(site: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layout, "_extract", lambda: None)
    page = read_chapter(Page(URL, SITES[site](ROWS[0].name, story(1))), NO_RULES, Learned(), ROWS[0].name)
    assert (page.paragraphs, page.how) == (story(1), "density")


@pytest.mark.parametrize("encoding", ["gbk", "big5hkscs"])
def test_pages_in_chinese_encodings_give_their_text(encoding: str) -> None:
    lines = [line.replace("从", "從").replace("来", "來").replace("还", "還").replace("么", "麼") for line in story(1)]
    lines = [line.replace("数", "數").replace("问", "問").replace("雾", "霧").replace("船家", "船家") for line in lines]
    body = table_chapter("第一章 渡口", lines, encoding).encode(encoding, "xmlcharrefreplace")
    page = read_chapter(read_page(URL, body), NO_RULES, Learned(), "第一章 渡口")
    assert page.paragraphs == tuple(lines)


def test_adverts_within_the_text_stay_and_navigation_goes() -> None:
    lines = [*story(1)[:5], ADVERT, *story(1)[5:]]
    html = table_chapter(
        "第一章 雾", lines, before="第一章 雾<br>上一章 | 目录 | 下一章<br>", after="<br>加入书签<br>下一页"
    )
    page = read_chapter(Page(URL, html), NO_RULES, Learned(), "第一章 雾")
    assert page.paragraphs == tuple(lines)


def test_site_rules_come_before_everything() -> None:
    html = (
        f"<h3 class=t>第一章 雾</h3><div class=x>{''.join(f'<p>{line}</p>' for line in story(2, 60))}</div>"
        f"<div id=y>{story(1)[0]}<i>广告</i><br>{ADVERT}<br>{story(1)[1]}</div><a id=n href=9.html>再看</a>"
    )
    parts = ChapterRules(title=".t", body="//div[@id='y']", remove=("i",), remove_text=("记住网址.*",), next_part="#n")
    page = read_chapter(Page(URL, html), SiteRules(chapter=parts), Learned())
    assert (page.title, page.paragraphs, page.how) == ("第一章 雾", story(1)[:2], "rule")
    assert page.next_part == "http://www.wujiang.example/book/123/9.html"


def test_a_body_that_the_rule_does_not_find_is_empty_and_not_guessed() -> None:
    rules = SiteRules(chapter=ChapterRules(body="#none"))
    page = read_chapter(Page(URL, table_chapter("第一章 雾", story(1))), rules, Learned(), "第一章 雾")
    assert (page.paragraphs, page.how) == ((), "")


def test_where_the_known_element_is_missing_or_nearly_empty_the_text_is_found_elsewhere() -> None:
    learned = Learned()
    for number in range(1, 4):
        read_chapter(Page(URL, table_chapter(ROWS[number].name, story(number))), NO_RULES, learned)
    missing = read_chapter(Page(URL, modern_chapter("第八章 雾", story(8))), NO_RULES, learned)
    assert (missing.paragraphs, missing.how) == (story(8), "density")
    text = "".join(f"<p>{line}</p>" for line in story(9))
    empty = table_chapter("第九章 雾", []).replace("<div class=foot>", f"<div class=vip>{text}</div><div class=foot>")
    assert read_chapter(Page(URL, empty), NO_RULES, learned).paragraphs == story(9)


def test_a_chapter_without_text_is_empty_once_the_site_is_known() -> None:
    learned = Learned()
    for number in range(1, 4):
        read_chapter(Page(URL, table_chapter(ROWS[number].name, story(number))), NO_RULES, learned)
    assert read_chapter(Page(URL, table_chapter("第八章 雾", [])), NO_RULES, learned).paragraphs == ()
    short = read_chapter(Page(URL, table_chapter("第九章 雾", ["今天请假。"])), NO_RULES, learned)
    assert short.paragraphs == ("今天请假。",)


@pytest.mark.parametrize(
    ("html", "name", "title"),
    [
        ("<title>第三章 雾_长夜行_某站</title><h1>长夜行</h1><h2>第三章 雾</h2>", "", "第三章 雾"),
        ("<title>长夜行-第三章 雾</title><h1>长夜行</h1>", "", "第三章 雾"),
        ("<title>长夜行</title><h1>第三章 雾里的人和他的船</h1>", "第三章 雾里的", "第三章 雾里的人和他的船"),
        ("<title>雾_长夜行</title><h1>雾</h1>", "", "雾"),
        ("<h1>长夜行</h1>", "番外 灯", "番外 灯"),
        ("<p>x", "", ""),
    ],
)
def test_the_title_is_the_heading_that_names_the_chapter(html: str, name: str, title: str) -> None:
    assert read_chapter(Page(URL, html), NO_RULES, Learned(), name).title == title


def test_no_damaged_page_does_more_than_raise_a_text_error() -> None:
    with_text = 0
    for seed in range(40):
        draw = random.Random(seed)
        body = bytearray(table_chapter("第一章 雾", story(1)).encode("gbk"))
        for _ in range(30):
            place = draw.randrange(len(body))
            body[place : place + draw.randrange(9)] = draw.randbytes(draw.randrange(9))
        try:
            page = read_chapter(read_page(URL, bytes(body)), NO_RULES, Learned(), "第一章 雾")
        except TextError:
            continue
        with_text += page.characters > 300
    assert with_text > 30  # in the others, it has become a part of the script before it, or of the title


@pytest.mark.parametrize(
    "html",
    [
        "",
        "<div>" * 200,
        "<a href=2.html>下一页" * 3000,
        "<p>" * 30_000,
        "<!--" * 9999,
        "<title>" + "（1" * 99_999,
        "大|||" * 9999,
    ],
)
def test_a_page_without_a_text_gives_none(html: str) -> None:
    page = read_chapter(Page(URL, html), NO_RULES, Learned(), "第一章 雾")
    assert page.characters < 50_000
    assert page.title == "第一章 雾"
