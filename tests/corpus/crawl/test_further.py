import pytest

from moxu.corpus.crawl.catalogue import read_catalogue
from moxu.corpus.crawl.further import in_page_order
from moxu.corpus.crawl.pages import Page
from moxu.corpus.crawl.rules import SiteRules
from novel_pages import items, table_catalogue

HOST = "http://a.example"


def further(extra: str, url: str = "/book/123/") -> list[str]:
    html = table_catalogue(items(1, 20)).replace("</body>", f"{extra}</body>")
    found = read_catalogue(Page(HOST + url, html), SiteRules()).further
    return [one.removeprefix(HOST) for one in found]


@pytest.mark.parametrize(
    ("extra", "expected"),
    [
        ("<a href=/book/123/2.html>下一页</a>", ["/book/123/2.html"]),
        ("<a href=index_2.html>[2]</a><a href=index_3.html>3</a><a href=index_9.html>尾页</a>", [2, 3, 9]),
        ("<a href=index_2.html>21-40章</a><a href=index_3.html>第41章-第60章</a>", [2, 3]),
        ("<select><option value=/book/123/>第1页<option value=index_2.html>21 - 40章<option value=3>x</select>", [2]),
        ("<select><option value='/style/dark.html'>夜间</select>", []),
        ("<link rel=next href=/book/123/?page=2>", ["/book/123/?page=2"]),
        ("<a href=/book/123/all.html>查看全部章节</a>", ["/book/123/all.html"]),
        ("<a href=/sort/2.html>下一页</a><a href=/sort/1_2.html>2</a>", []),  # of a list of books
        ("<a href=/book/124/>下一页</a>", ["/book/124/"]),
        ("<a href=http://b.example/book/123/2>2</a><a href='javascript:go(2)'>下一页</a><a href=#>3</a>", []),
        ("<a href=/book/123/>1</a><a href=/book/123/#p>下一页</a>", []),
    ],
)
def test_the_other_pages_of_a_catalogue_are_found(extra: str, expected: list[str | int]) -> None:
    wanted = [f"/book/123/index_{one}.html" if isinstance(one, int) else one for one in expected]
    assert further(extra) == wanted


def test_a_page_without_chapters_leads_only_to_all_of_them() -> None:
    html = "<h1>长夜行</h1><a href=/book/123/2.html>2</a><a href=/book/123/all.html>查看全部章节</a>"
    page = read_catalogue(Page(f"{HOST}/book/123/", html), SiteRules())
    assert page.further == (f"{HOST}/book/123/all.html",)


def test_there_are_no_more_further_pages_than_asked_for() -> None:
    extra = "".join(f"<a href=index_{n}.html>{n}</a>" for n in range(2, 2000))
    page = read_catalogue(
        Page(f"{HOST}/book/123/", table_catalogue(items(1, 20)).replace("</body>", extra)), SiteRules(), most_further=7
    )
    assert len(page.further) == 7


def test_pages_are_ordered_by_their_numbers() -> None:
    assert in_page_order(["a/b/1/", "a/b/1/9.html", "a/b/1/10.html", "a/b/1/2.html"], [[]] * 4) == [0, 3, 1, 2]
    assert in_page_order(["//a/b?p=3", "//a/b?p=1", "//a/b?p=2"], [[]] * 3) == [1, 2, 0]


def test_pages_without_numbers_are_ordered_as_they_lead_to_each_other() -> None:
    urls = [f"http://a.example/{name}" for name in ("first", "third", "second")]
    assert in_page_order(urls, [[urls[2]], [], [urls[1]]]) == [0, 2, 1]
    assert in_page_order(urls[:1], [[]]) == [0]
