"""Pages of HTML as books."""

from moxu.corpus.book import Book, one_line
from moxu.corpus.chapters.outline import chapters_of
from moxu.corpus.read.markup import blocks, local_name, parse_html, text_of


def read_html(data: bytes, name: str) -> Book:
    """Return the book that a page is: its headings begin chapters."""
    text, encoding = text_of(data, name)
    root = parse_html(text, name)
    if root is None:
        return Book(format="html", encoding=encoding)
    title, chapters = chapters_of(list(blocks(root)))
    named = next((one_line("".join(one.itertext())) for one in root.iter("title")), "")
    return Book(title or named, _author(root), chapters, "html", encoding)


def _author(root: object) -> str:
    for element in root.iter("meta"):  # type: ignore[attr-defined]  # lxml has no types
        if local_name(element) == "meta" and (element.get("name") or "").lower() in ("author", "dc.creator"):
            return one_line(element.get("content") or "")
    return ""
