import re
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser

from browsers import browsing
from moxu.corpus.inspect.facts import Facts
from moxu.corpus.inspect.page import page
from tests_paths import REPOSITORY

MakeFacts = Callable[..., Facts]
VOID = ("meta", "link", "br", "img", "hr", "input")


class Elements(HTMLParser):
    """The elements of a page, which must be closed in the order they were opened."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_what_the_texts_hold_is_text_in_the_page(facts: MakeFacts) -> None:
    made = page(facts(excerpts=3))
    elements = Elements(made)
    assert {tag for tag, _ in elements.found} & {"script", "b", "iframe", "img", "object"} == set()
    assert "&lt;script&gt;" in made
    assert "a &lt;corpus&gt;" in made


def test_the_page_asks_for_nothing(facts: MakeFacts) -> None:
    made = page(facts(excerpts=3))
    for tag, attributes in Elements(made).found:
        assert "src" not in attributes, tag
        assert (attributes.get("href") or "#").startswith("#"), tag
        assert not any(name.startswith("on") for name in attributes), tag
    assert "url(" not in made
    assert "@import" not in made


def test_every_link_leads_to_a_section_and_no_name_stands_twice(facts: MakeFacts) -> None:
    for found in (facts(excerpts=3), facts([])):
        elements = Elements(page(found)).found
        names = [attributes["id"] for _, attributes in elements if "id" in attributes]
        assert len(names) == len(set(names))
        links = {(attributes["href"] or "")[1:] for tag, attributes in elements if tag == "a"}
        assert links <= set(names)


def test_excerpts_stand_in_the_page_only_if_they_were_drawn(facts: MakeFacts) -> None:
    assert "blockquote>" not in page(facts())
    assert page(facts(excerpts=2)).count("</blockquote>") == 2


def test_colours_are_those_of_the_desk() -> None:
    desk, ours = (
        REPOSITORY.joinpath(*path).read_text("utf-8")
        for path in (("web", "src", "theme.css"), ("src", "moxu", "corpus", "inspect", "page.css"))
    )
    pattern = r"--(paper|paper-deep|paper-raised|ink|ink-quiet|ink-pale|line|cinnabar|cinnabar-wash): (#\w+);"
    found = re.findall(pattern, ours.partition("@media print")[0])
    assert len(found) == 18
    assert set(found) <= set(re.findall(pattern, desk))


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with browsing() as started:
        yield started


@pytest.mark.parametrize(("scheme", "width"), [("light", 1200), ("dark", 390)])
def test_the_page_opens_as_a_file_and_keeps_nobody_out(
    scheme: str, width: int, browser: Browser, facts: MakeFacts, tmp_path: Path
) -> None:
    (tmp_path / "page.html").write_text(page(facts(excerpts=2)), "utf-8")
    options = {"viewport": {"width": width, "height": 800}, "color_scheme": scheme}
    context = browser.new_context(**options)  # type: ignore[arg-type]
    tab = context.new_page()
    requests: list[str] = []
    troubles: list[str] = []
    tab.on("request", lambda request: requests.append(request.url))
    tab.on("console", lambda message: troubles.append(message.text))
    tab.goto((tmp_path / "page.html").as_uri())
    tab.evaluate("document.querySelectorAll('details').forEach(details => { details.open = true })")
    assert tab.evaluate("document.documentElement.scrollWidth") <= width
    violations = Axe().run(tab).response["violations"]
    found = [f"{one['id']}: {node['target']}" for one in violations for node in one["nodes"]]
    assert found == []
    assert (len(requests), troubles) == (1, [])
    context.close()
