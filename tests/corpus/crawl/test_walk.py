"""The walk through a book: its order and its bounds, over pages that lie in memory."""

import asyncio
from collections import Counter

import pytest

from moxu.corpus.crawl.catalogue import ChapterLink
from moxu.corpus.crawl.failures import PageFailed
from moxu.corpus.crawl.journal import Kind
from moxu.corpus.crawl.layout import Learned
from moxu.corpus.crawl.options import CrawlOptions
from moxu.corpus.crawl.pages import Page
from moxu.corpus.crawl.progress import CrawlProgress
from moxu.corpus.crawl.rules import CatalogueRules, Rules, SiteRules
from moxu.corpus.crawl.walk import AHEAD, LEARN_FROM, Walk
from moxu.errors import TextError
from sites import chapter_html, chapter_lines, small_book

HOST = "http://example.com"


class Shelf:
    """Pages by path; what is missing has failed."""

    def __init__(self, pages: dict[str, str]) -> None:
        self.pages, self.asked = pages, Counter[str]()
        self.kinds: list[Kind] = []

    async def fetch(self, url: str, kind: Kind) -> Page:
        path = url.removeprefix(HOST)
        self.asked[path] += 1
        self.kinds.append(kind)
        await asyncio.sleep(0)
        if path not in self.pages:
            raise PageFailed("answers 404 Not Found")
        return Page(url, self.pages[path])


def book(chapters: int) -> dict[str, str]:
    return {path: page for path, page in small_book(chapters).items() if isinstance(page, str)}


def walk(shelf: Shelf, **options: int) -> Walk:
    walked = Walk(f"{HOST}/book/", Rules(), CrawlOptions(**options), CrawlProgress())  # type: ignore[arg-type]
    asyncio.run(walked.run(shelf.fetch))
    return walked


def next_page(path: str) -> str:
    return f'<a href="{path}">下一页</a>'


def test_catalogue_is_read_before_any_chapter() -> None:
    shelf = Shelf(book(12))
    walked = walk(shelf)
    assert shelf.kinds == ["catalogue"] + ["chapter"] * (len(shelf.kinds) - 1)
    assert [walked.chapters[number].paragraphs for number in range(1, 13)] == [
        tuple(chapter_lines(number)) for number in range(1, 13)
    ]
    assert walked.progress.done == walked.progress.chapters == 12


def test_chapters_are_fetched_at_the_same_time_after_the_sample_too() -> None:
    class Counting(Shelf):
        under_way = most = 0

        async def fetch(self, url: str, kind: Kind) -> Page:
            self.under_way += 1
            if len(self.kinds) > 1 + LEARN_FROM:
                self.most = max(self.most, self.under_way)
            try:
                return await super().fetch(url, kind)
            finally:
                self.under_way -= 1

    shelf = Counting(book(60))
    walk(shelf, concurrency=3)
    assert shelf.most == 3 * AHEAD


def test_parts_of_a_chapter_are_read_one_after_the_other() -> None:
    pages = book(12)
    pages["/book/3.html"] = chapter_html(3, next_page("/book/3_2.html"))
    pages["/book/3_2.html"] = chapter_html(30, next_page("/book/4.html"))
    chapter = walk(Shelf(pages)).chapters[3]
    assert chapter.paragraphs == (*chapter_lines(3), *chapter_lines(30))
    assert chapter.failure is None


def test_chapter_whose_second_page_fails_is_not_whole() -> None:
    pages = book(12)
    pages["/book/3.html"] = chapter_html(3, next_page("/book/3_2.html"))
    chapter = walk(Shelf(pages)).chapters[3]
    assert chapter.failure == f"{HOST}/book/3_2.html: answers 404 Not Found"


def test_endless_chain_of_parts_is_cut_and_told() -> None:
    pages = book(12)
    pages["/book/3.html"] = chapter_html(3, next_page("/book/3_2.html"))
    for part in range(2, 500):
        pages[f"/book/3_{part}.html"] = chapter_html(3 * part, next_page(f"/book/3_{part + 1}.html"))
    shelf = Shelf(pages)
    chapter = walk(shelf, max_parts=6).chapters[3]
    assert chapter.failure == f"goes on at {HOST}/book/3_7.html after 6 pages; --max-parts allows more"
    assert sum(path.startswith("/book/3_") for path in shelf.asked) == 5


def test_parts_that_lead_in_a_circle_are_read_once() -> None:
    pages = book(12)
    pages["/book/3.html"] = chapter_html(3, next_page("/book/3_2.html"))
    pages["/book/3_2.html"] = chapter_html(30, next_page("/book/3.html"))
    shelf = Shelf(pages)
    assert walk(shelf).chapters[3].failure is None
    assert shelf.asked["/book/3_2.html"] == 1


def endless_catalogue(pages: int) -> dict[str, str]:
    """Return a catalogue each page of which leads to the next, with 12 chapters on each."""
    found = {}
    for page in range(1, pages + 1):
        numbers = range(12 * page - 11, 12 * page + 1)
        links = "".join(f'<li><a href="/book/{number}.html">第{number}章 雨夜</a></li>' for number in numbers)
        path = f"/book/index_{page}.html" if page > 1 else "/book/"
        found[path] = f"<h1>雨夜行</h1><ul>{links}</ul>{next_page(f'/book/index_{page + 1}.html')}"
        found |= {f"/book/{number}.html": chapter_html(number) for number in numbers}
    return found


def test_endless_catalogue_is_cut_and_told() -> None:
    walked = walk(Shelf(endless_catalogue(40)), max_catalogue_pages=4)
    assert walked.progress.catalogue_pages == 4
    assert len(walked.chapters) == 48
    (warning,) = walked.warnings
    assert warning.endswith("/book/index_5.html; --max-catalogue-pages allows more than 4 pages")


def test_page_of_the_catalogue_that_fails_is_told() -> None:
    pages = endless_catalogue(4)
    walked = walk(Shelf(pages))
    assert len(walked.chapters) == 48
    assert walked.warnings == [f"a page of the catalogue, {HOST}/book/index_5.html: answers 404 Not Found"]


def test_more_chapters_than_allowed_are_cut_and_told() -> None:
    shelf = Shelf(book(300))
    walked = walk(shelf, max_chapters=20)
    assert sorted(walked.chapters) == list(range(1, 21))
    assert len(shelf.asked) == 21
    assert any("300 chapters; only the first 20" in warning for warning in walked.warnings)


def test_links_that_are_no_chapters_are_not_followed() -> None:
    pages = book(12)
    days = "".join(f'<a href="/calendar/{day}">{day}</a>' for day in range(10_000))
    pages["/book/"] = pages["/book/"].replace("</body>", f"<div>{days}</div></body>")
    shelf = Shelf(pages)
    assert len(walk(shelf).chapters) == 12
    assert not any(path.startswith("/calendar") for path in shelf.asked)


@pytest.mark.parametrize("page", ["", "<p>什么也没有</p>", "<a href='/about'>关于我们</a>"])
def test_page_without_chapters_is_a_mistake_of_one_line(page: str) -> None:
    with pytest.raises(TextError, match=r"^http://example.com/book/: lists no chapters; give the page that does"):
        walk(Shelf({"/book/": page}))


def test_rule_for_links_that_finds_none_is_named() -> None:
    rules = Rules((SiteRules(("example.com",), CatalogueRules(links="#none a")),))
    walked = Walk(f"{HOST}/book/", rules, CrawlOptions(), CrawlProgress())
    with pytest.raises(TextError, match="the rule for its links finds none; mend 'links' in the site rules"):
        asyncio.run(walked.run(Shelf(book(12)).fetch))


def test_catalogue_that_fails_is_a_mistake_of_one_line() -> None:
    with pytest.raises(
        TextError, match=r"^http://example.com/book/: answers 404 Not Found; check the address, or try later$"
    ):
        walk(Shelf({}))


def test_what_is_learned_from_the_sample_is_not_changed_by_the_pages_after_it() -> None:
    class Remembering(Walk):
        async def _learn(self, links: tuple[ChapterLink, ...]) -> Learned:
            self.learned = await super()._learn(links)
            self.first = self.learned.copy()
            return self.learned

    walked = Remembering(f"{HOST}/book/", Rules(), CrawlOptions(), CrawlProgress())
    pages = book(40) | {"/book/6.html": chapter_html(6).replace("敲过去", "敲过去，一声比一声远")}
    asyncio.run(walked.run(Shelf(pages).fetch))
    assert len(walked.chapters) == 40
    assert walked.learned.of("example.com").way is not None
    assert walked.learned.of("example.com") == walked.first.of("example.com")


def test_chapter_of_the_sample_that_failed_is_asked_for_once() -> None:
    pages = book(40)
    del pages["/book/1.html"]
    shelf = Shelf(pages)
    assert walk(shelf).chapters[1].failure == f"{HOST}/book/1.html: answers 404 Not Found"
    assert set(shelf.asked.values()) <= {1, 2}  # the journal answers for pages of the sample that were had
    assert shelf.asked["/book/1.html"] == 1


def test_what_every_page_gives_does_not_depend_on_the_order_of_their_arrival() -> None:
    pages = book(40)
    pages["/book/7.html"] = pages["/book/7.html"].replace("content", "other")
    pages["/book/9.html"] = "<h1>第9章 雨夜</h1><div id='content'><p>请假一天。</p></div>"

    class Shuffled(Shelf):
        async def fetch(self, url: str, kind: Kind) -> Page:
            for _ in range(hash((url, self.seed)) % 20):
                await asyncio.sleep(0)
            return await super().fetch(url, kind)

        seed = 0

    texts = []
    for seed in range(3):
        shelf = Shuffled(pages)
        shelf.seed = seed
        texts.append({number: chapter.paragraphs for number, chapter in walk(shelf).chapters.items()})
    assert texts[0] == texts[1] == texts[2]
