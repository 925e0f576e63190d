import pytest

from moxu.corpus.crawl.addresses import equivalent
from moxu.corpus.crawl.chapter_page import read_chapter
from moxu.corpus.crawl.layout import Learned
from moxu.corpus.crawl.pages import Page
from moxu.corpus.crawl.rules import SiteRules
from novel_pages import pocket_chapter, story

HOST = "http://m.wujiang.example"
CHAPTERS = frozenset(equivalent(f"{HOST}/b/1/{n}.html") for n in range(10, 40))
IN_NUMBERS = frozenset(equivalent(f"{HOST}/b/1_{n}.html") for n in range(10, 40))


def following(url: str, link: str, word: str, title: str = "第三章 雾", known: frozenset[str] = CHAPTERS) -> str | None:
    page = Page(HOST + url, pocket_chapter(title, story(3), link, word))
    found = read_chapter(page, SiteRules(), Learned(), "第三章 雾", known).next_part
    return found.removeprefix(HOST) if found else None


@pytest.mark.parametrize("word", ["下一页", "下—页", "下页", "下一章", "下一节", "继续阅读 »"])
@pytest.mark.parametrize(("url", "link"), [("/b/1/12.html", "/b/1/12_2.html"), ("/b/1/12_2.html", "/b/1/12_3.html")])
def test_a_part_is_known_by_its_address_whatever_the_link_is_called(url: str, link: str, word: str) -> None:
    if word == "下—页":
        word = "下 一 页"
    assert following(url, link, word) == link


@pytest.mark.parametrize("word", ["下一页", "下一章"])
@pytest.mark.parametrize("url", ["/b/1/12.html", "/b/1/12_3.html"])
def test_the_next_chapter_is_never_a_part(url: str, word: str) -> None:
    assert following(url, "/b/1/13.html", word) is None


def test_chapters_whose_addresses_count_up_are_not_parts_of_each_other() -> None:
    assert following("/b/1_12.html", "/b/1_13.html", "下一章", known=IN_NUMBERS) is None
    assert following("/b/1_12.html", "/b/1_13.html", "下一页", known=IN_NUMBERS) is None
    assert following("/b/1_39.html", "/b/1_40.html", "下一章", known=IN_NUMBERS) is None  # not in the catalogue yet
    assert following("/b/1_12.html", "/b/1_12_2.html", "下一章", known=IN_NUMBERS) == "/b/1_12_2.html"


def test_a_title_that_counts_says_whether_anything_follows() -> None:
    assert following("/b/1/12.html", "/b/1/x9.html", "下一页", "第三章 雾（1/3）") == "/b/1/x9.html"
    assert following("/b/1/12.html", "/b/1/x9.html", "下一页") is None
    assert following("/b/1/12_3.html", "/b/1/12_4.html", "下一页", "第三章 雾（3/3）") is None


def test_without_a_catalogue_addresses_and_words_must_agree() -> None:
    nothing: frozenset[str] = frozenset()
    assert following("/b/1/12.html", "/b/1/12_2.html", "下一页", known=nothing) == "/b/1/12_2.html"
    assert following("/b/1/12_2.html", "/b/1/12_3.html", "下一页", known=nothing) == "/b/1/12_3.html"
    assert following("/b/1_12.html", "/b/1_13.html", "下一章", known=nothing) is None


@pytest.mark.parametrize("link", ["javascript:next()", "http://b.example/b/1/12_2.html", "/b/1/12.html", "#", "/b/1/"])
def test_what_leads_elsewhere_or_nowhere_is_no_part(link: str) -> None:
    assert following("/b/1/12.html", link, "下一页") is None
