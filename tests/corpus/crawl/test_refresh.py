import pytest

from moxu.corpus.crawl.pages import Page
from moxu.corpus.crawl.refresh import refreshed_to

URL = "http://a.example/book/1.html"


@pytest.mark.parametrize(
    "meta",
    [
        '<meta http-equiv="refresh" content="0; url=/real/1.html">',
        "<META HTTP-EQUIV=Refresh CONTENT='0;URL=../real/1.html'>",
        """<meta content="1, url='http://a.example/real/1.html'" http-equiv="refresh" />""",
        '<title>x</title><meta name=a content=b><meta http-equiv=refresh content="0.5;url=/real/1.html#top">',
    ],
)
def test_page_that_sends_on_at_once_names_its_target(meta: str) -> None:
    assert refreshed_to(Page(URL, f"<html><head>{meta}</head>")) == "http://a.example/real/1.html"


def test_target_may_have_what_is_written_as_entities() -> None:
    page = Page(URL, '<meta http-equiv="refresh" content="0;url=/read?book=1&amp;chapter=2">')
    assert refreshed_to(page) == "http://a.example/read?book=1&chapter=2"


@pytest.mark.parametrize(
    "meta",
    [
        "",
        '<meta http-equiv="refresh" content="3; url=/">',  # beside a message that there is no such chapter
        '<meta http-equiv="refresh" content="0">',
        '<meta http-equiv="refresh" content="0; url=/book/1.html">',  # loads itself again
        '<meta http-equiv="refresh" content="0; url=javascript:go()">',
        '<meta http-equiv="refresh" content="0; url=http://[::1">',
        '<meta name="refresh" content="0; url=/real">',
        '<noscript><meta http-equiv="refresh" content="0; url=/old"></noscript>',
        '<!-- <meta http-equiv="refresh" content="0; url=/old"> -->',
        """<script>write('<meta http-equiv="refresh" content="0; url=/old">')</script>""",
        " " * 5000 + '<meta http-equiv="refresh" content="0; url=/real">',
        '<meta http-equiv="refresh" content="' + "9" * 4000,
    ],
)
def test_page_that_stays_names_none(meta: str) -> None:
    assert refreshed_to(Page(URL, f"<html><head>{meta}</head>")) is None
