"""The folder of a book: its files are whole, or as they were before."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from crawls import Crawl
from moxu.corpus.crawl.result import CHAPTERS_FILE, MANIFEST_FILE
from sites import Reply, Site, small_book


def test_book_that_could_not_be_written_stays_as_it_was(
    site: Site, crawl_site: Crawl, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert crawl_site().is_complete
    folder = tmp_path / "book"
    before = [(folder / name).read_bytes() for name in (CHAPTERS_FILE, MANIFEST_FILE)]
    site.pages = small_book(13)

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("moxu.corpus.crawl.result.os", SimpleNamespace(fsync=full))
        with pytest.raises(OSError, match="No space left"):
            crawl_site()
    assert [(folder / name).read_bytes() for name in (CHAPTERS_FILE, MANIFEST_FILE)] == before
    assert crawl_site().written == 13


def test_chapter_that_failed_on_its_second_page_is_not_written(site: Site, crawl_site: Crawl, tmp_path: Path) -> None:
    page = site.pages["/book/5.html"]
    assert isinstance(page, str)
    site.pages["/book/5.html"] = page.replace("</body>", "<a href='/book/5_2.html'>下一页</a></body>")
    site.pages["/book/5_2.html"] = Reply("没有", status=404)
    result = crawl_site()
    assert [(finding.kind, finding.number) for finding in result.findings] == [("failed", 5)]
    assert result.written == 11
    assert "第5章" not in (tmp_path / "book" / CHAPTERS_FILE).read_text("utf-8")
    assert result.doubtful == (site.url("/book/5_2.html"),)
