"""The way through a book: first all pages of its catalogue, then its chapters, several at a time, each page by page.

A walk knows nothing of networks: it asks for pages, and is given each one or told why there is none. It is bounded
whatever the site does: in pages of the catalogue, in chapters, in pages of a chapter; where it met a bound, it says so.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from dataclasses import dataclass, field
from typing import Any, TypeVar
from urllib.parse import urlsplit

from moxu.corpus.crawl.addresses import equivalent
from moxu.corpus.crawl.catalogue import Catalogue, CataloguePage, ChapterLink, merge, read_catalogue
from moxu.corpus.crawl.chapter_page import ChapterPage, read_chapter
from moxu.corpus.crawl.failures import PageFailed
from moxu.corpus.crawl.join import join_parts
from moxu.corpus.crawl.journal import Kind
from moxu.corpus.crawl.layout import Learned
from moxu.corpus.crawl.options import CrawlOptions
from moxu.corpus.crawl.pages import Page
from moxu.corpus.crawl.progress import CrawlProgress
from moxu.corpus.crawl.rules import Rules
from moxu.errors import TextError

Fetch = Callable[[str, Kind], Awaitable[Page]]
Result = TypeVar("Result")

LEARN_FROM = 8  # chapters, spread over the book, that show where on a page its text is
AHEAD = 2  # chapters under way for each request that may be, so that no turn is missed while one is read


@dataclass(frozen=True)
class FetchedChapter:
    """A chapter as it was had; ``failure`` says why it was not, or not whole. ``urls`` are its pages."""

    link: ChapterLink
    title: str = ""
    paragraphs: tuple[str, ...] = ()
    failure: str | None = None
    urls: tuple[str, ...] = ()


@dataclass
class Walk:
    """A walk through the book at ``url``; what it found is there at any time, also when it was broken off."""

    url: str
    rules: Rules
    options: CrawlOptions
    progress: CrawlProgress
    catalogue: Catalogue | None = None
    chapters: dict[int, FetchedChapter] = field(default_factory=dict)  # by number
    warnings: list[str] = field(default_factory=list)

    async def run(self, fetch: Fetch) -> None:
        """Walk, or go on from where the walk was broken off; TextError when there is no catalogue."""
        self._fetch = fetch
        if self.catalogue is None:
            self.catalogue = await self._read_catalogue()
            self.warnings += self.catalogue.warnings
        links = self.catalogue.chapters
        self.progress.chapters = len(links)
        self._of_chapters = {equivalent(link.url) for link in links}
        self._failures: dict[str, PageFailed] = {}
        learned = await self._learn(links)
        turns = asyncio.Semaphore(self.options.concurrency * AHEAD)

        async def in_turn(link: ChapterLink) -> None:
            async with turns:
                self._add(await self._chapter(link, learned))

        await _all(in_turn(link) for link in links if link.number not in self.chapters)

    def _add(self, chapter: FetchedChapter) -> None:
        self.chapters[chapter.link.number] = chapter
        self.progress.done += 1
        self.progress.failed += chapter.failure is not None

    async def _read_catalogue(self) -> Catalogue:
        """Read all pages of the catalogue, round by round: those that the last ones lead to."""
        try:
            pages = [await self._catalogue_page(self.url)]
        except PageFailed as error:
            advice = "" if ";" in str(error) else "; check the address, or try later"
            raise TextError(f"{self.url}: {error}{advice}") from None
        seen = {equivalent(self.url)}
        waiting = _unseen(pages, seen)
        while waiting and (room := self.options.max_catalogue_pages - len(seen) + len(waiting)) > 0:
            found = await _all(self._further(url) for url in waiting[:room])
            more = [page for page in found if page is not None]
            pages += more
            waiting = waiting[room:] + _unseen(more, seen)
        if waiting:
            self.warnings.append(
                f"the catalogue goes on at {waiting[0]}; --max-catalogue-pages allows more than "
                f"{self.options.max_catalogue_pages:,} pages"
            )
        catalogue = merge(pages, self.options.max_chapters)
        if not catalogue.chapters and pages[0].chosen:
            raise TextError(f"{self.url}: the rule for its links finds none; mend 'links' in the site rules (--rules)")
        if not catalogue.chapters:
            raise TextError(f"{self.url}: lists no chapters; give the page that does, or rules for the site (--rules)")
        return catalogue

    async def _further(self, url: str) -> CataloguePage | None:
        try:
            return await self._catalogue_page(url)
        except PageFailed as error:
            self.warnings.append(f"a page of the catalogue, {url}: {error}")
            return None

    async def _catalogue_page(self, url: str) -> CataloguePage:
        page = await self._fetch(url, "catalogue")
        self.progress.catalogue_pages += 1
        return _readable(page, lambda: read_catalogue(page, self.rules.for_url(page.url)))

    async def _learn(self, links: tuple[ChapterLink, ...]) -> Learned:
        """Return where on the pages of this site the text is, as some of them show it."""
        sample = links[:: -(-len(links) // LEARN_FROM)]
        pages = await _all(self._sample(link.url) for link in sample)
        learned = Learned()
        for link, page in zip(sample, pages, strict=True):
            if page is not None:
                with contextlib.suppress(PageFailed):  # which is told when it is this chapter's turn
                    self._read(page, link, learned)
        return learned

    async def _sample(self, url: str) -> Page | None:
        try:
            return await self._fetch(url, "chapter")
        except PageFailed as error:
            self._failures[url] = error  # to be told when it is this chapter's turn
            return None

    async def _chapter(self, link: ChapterLink, learned: Learned) -> FetchedChapter:
        """Return a chapter, put together from its pages."""
        parts: list[ChapterPage] = []
        urls: list[str] = []
        failure: str | None = None
        url: str | None = link.url
        while url is not None and failure is None:
            if len(urls) == self.options.max_parts:
                failure = f"goes on at {url} after {len(urls)} pages; --max-parts allows more"
                break
            urls.append(url)
            try:
                parts.append(await self._part(url, link, learned))
            except PageFailed as error:
                failure = f"{url}: {error}"
            else:
                url = self._next_part(parts[-1], urls)
        title, paragraphs = join_parts(parts) if parts else ("", ())
        return FetchedChapter(link, title, tuple(paragraphs), failure, tuple(urls))

    async def _part(self, url: str, link: ChapterLink, learned: Learned) -> ChapterPage:
        """Return a page as one reads it who knows the sample only: what else came before is chance."""
        if url in self._failures:
            raise self._failures[url]
        return self._read(await self._fetch(url, "chapter"), link, learned.copy())

    def _read(self, page: Page, link: ChapterLink, learned: Learned) -> ChapterPage:
        if equivalent(page.url) != equivalent(link.url) and self._is_no_chapter(page.url):
            raise PageFailed(f"sends on to {page.url}, which is no chapter")
        rules = self.rules.for_url(page.url)
        return _readable(page, lambda: read_chapter(page, rules, learned, link.name, self._of_chapters))

    def _is_no_chapter(self, url: str) -> bool:
        """Say whether a page is one that sites send on to from where a chapter was: their door, or the catalogue."""
        return equivalent(url) == equivalent(self.url) or urlsplit(url).path in ("", "/")

    def _next_part(self, part: ChapterPage, urls: list[str]) -> str | None:
        """Return where the chapter goes on, if not on a page of it that was read."""
        following = part.next_part
        return None if following is None or equivalent(following) in map(equivalent, urls) else following


def _readable(page: Page, read: Callable[[], Result]) -> Result:
    """Return what is on a page; PageFailed when nobody can read it."""
    try:
        return read()
    except TextError as error:
        raise PageFailed(str(error).removeprefix(f"{page.url}: ")) from None


def _unseen(pages: list[CataloguePage], seen: set[str]) -> list[str]:
    """Return where the catalogue goes on, each page once, and note it as seen."""
    urls = [url for page in pages for url in page.further]
    fresh = []
    for url in urls:
        if equivalent(url) not in seen:
            seen.add(equivalent(url))
            fresh.append(url)
    return fresh


async def _all(works: Iterable[Coroutine[Any, Any, Result]]) -> list[Result]:
    """Do all of the works at once, and return their results in order; where one fails, the others are given up."""
    tasks = [asyncio.ensure_future(work) for work in works]
    try:
        return await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
