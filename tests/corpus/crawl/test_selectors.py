import pytest

from moxu.corpus.crawl.selectors import select, select_text
from moxu.corpus.read.markup import parse_html
from moxu.errors import SettingsError

ROOT = parse_html(
    "<head><meta name=author content=' 江上 客'></head><body><p class=a> <p class=a>甲\n乙<a href=/1>丙</a>"
)


@pytest.mark.parametrize(
    ("selector", "text"),
    [
        ("p.a", "甲 乙丙"),
        ("//p/a/@href", "/1"),
        ("(string(//a))", "丙"),
        ("(//a)[1]", "丙"),
        ("meta[name=author]", "江上 客"),
        ("i", ""),
    ],
)
def test_a_selector_is_css_or_xpath(selector: str, text: str) -> None:
    assert select_text(ROOT, selector) == text


def test_an_xpath_may_answer_with_a_text() -> None:
    assert select(ROOT, "(//a/text())[1]") == ["丙"]


def test_a_function_that_xpath_does_not_know_is_a_settings_error() -> None:
    with pytest.raises(SettingsError, match="cannot be evaluated"):
        select(ROOT, "//p[nonsense()]")
