"""XML and HTML of strangers, read as trees without entities, networks or files, and their text as a page shows it."""

import html.entities
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from lxml import etree

from moxu.corpus.book import UNWANTED
from moxu.errors import TextError
from moxu.text.encodings import decode_bytes
from moxu.text.prepare import BLANK

DECLARED = re.compile(rb"""(?:encoding|charset)\s*=\s*["']?\s*([A-Za-z0-9_.:-]{2,40})""")
CHINESE = {"gb2312": "gb18030", "gbk": "gb18030", "big5": "big5hkscs"}  # what is declared, and what is usually meant
ENTITY = re.compile("&([A-Za-z][A-Za-z0-9]{1,31});")
XML_ENTITIES = frozenset({"amp", "lt", "gt", "quot", "apos"})
SELF_CLOSED = re.compile(
    r"<((?!br\b|hr\b|img\b|meta\b|link\b|input\b|col\b|wbr\b)[A-Za-z][A-Za-z0-9]*)((?:\s[^<>]*)?)/>"
)
SPACES = re.compile("[ \t\r\n\f]+")
BREAK_BETWEEN_WIDE = re.compile("(?<=[\u2e80-\uffef])[ \t]*[\r\n\f]+[ \t]*(?=[\u2e80-\uffef])")
BLOCKS = frozenset(
    {
        *("address", "article", "aside", "blockquote", "body", "caption", "center", "dd", "details", "dialog", "div"),
        *("dl", "dt", "fieldset", "figcaption", "figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6"),
        *("header", "hgroup", "hr", "html", "legend", "li", "main", "menu", "nav", "ol", "optgroup", "option", "p"),
        *("pre", "search", "section", "summary", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "ul"),
    }
)
SILENT = frozenset({"head", "script", "style", "template"})
MOST_TAGS = 4_000_000  # each element takes some hundred bytes of memory
XML_SPACE = "{http://www.w3.org/XML/1998/namespace}space"
Element = Any


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph, or a heading of a ``level`` from 1 on; ``anchors`` are the ids that lie at its beginning."""

    text: str
    level: int = 0
    anchors: tuple[str, ...] = ()


def text_of(data: bytes, name: str) -> tuple[str, str]:
    """Return the text of XML or HTML and its encoding: by its mark, as UTF-8, as it declares, or as it looks."""
    declared = DECLARED.search(data[:2048])
    if declared and not data.startswith((b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")):
        encoding = declared[1].decode("ascii").lower()
        for candidate in ("utf-8", CHINESE.get(encoding, encoding)):
            try:
                return data.decode(candidate), candidate
            except (UnicodeDecodeError, LookupError):
                continue
    return decode_bytes(data, name)


def parse_xml(data: bytes, name: str) -> Element:
    """Return the root of an XML document; TextError when it is none, or defines entities."""
    text = _without_entities(text_of(data, name)[0], name)
    parser = etree.XMLParser(encoding="utf-8", resolve_entities=False, load_dtd=False, no_network=True, huge_tree=True)
    try:
        return etree.fromstring(text.encode(), parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise TextError(f"{name}: no well-formed XML: {str(error)[:200]}") from None


def parse_html(text: str, name: str = "the page") -> Element | None:
    """Return the root of an HTML document, whatever is wrong with it; None where there is nothing in it."""
    _check_size(text, name)
    parser = etree.HTMLParser(encoding="utf-8", no_network=True, remove_comments=True, remove_pis=True, huge_tree=True)
    text = UNWANTED.sub("", text)
    root = etree.fromstring(text.encode(), parser) if text.strip() else None
    if any(error.type == etree.ErrorTypes.ERR_RESOURCE_LIMIT for error in parser.error_log):  # it ends there silently
        raise TextError(f"{name}: its elements lie too deep in each other; expected a book")
    return root


def parse_xhtml(data: bytes, name: str) -> Element | None:
    """Return the root of a page of XHTML; one that is not well-formed is read as HTML, as browsers do."""
    try:
        return parse_xml(data, name)
    except TextError:
        text = text_of(data, name)[0]
        _without_entities(text, name)
        text = re.sub(r"^\s*<\?xml[^>]*\?>", "", text)
        return parse_html(SELF_CLOSED.sub(r"<\1\2></\1>", text), name)


def _without_entities(text: str, name: str) -> str:
    """Return XML with HTML's named characters as they are; TextError where it has entities of its own."""
    _check_size(text, name)
    if "<!ENTITY" in text:
        raise TextError(f"{name}: defines XML entities, which are not read; save the file anew without them")
    return ENTITY.sub(_character, UNWANTED.sub("", text))


def _check_size(text: str, name: str) -> None:
    if (tags := text.count("<")) > MOST_TAGS:
        raise TextError(f"{name}: has {tags:,} tags; expected a book, with {MOST_TAGS:,} at most")


def _character(found: re.Match[str]) -> str:
    if found[1] in XML_ENTITIES:
        return found[0]
    return html.entities.html5.get(found[1] + ";", f"&amp;{found[1]};")


def local_name(element: Element) -> str:
    """Return the name of an element without its namespace, in small letters; empty for comments and the like."""
    tag = element.tag
    return str(tag).rpartition("}")[2].lower() if isinstance(tag, str) else ""


@dataclass
class _Reading:
    """What has been read of a block so far."""

    pieces: list[str] = field(default_factory=list)
    anchors: list[str] = field(default_factory=list)
    level: int = 0
    kept: int = 0  # elements around this place whose white space counts
    silent: int = 0

    def add(self, text: str | None) -> None:
        if text and not self.silent:
            self.pieces.append(text if self.kept else SPACES.sub(" ", BREAK_BETWEEN_WIDE.sub("", text)))

    def end(self) -> Iterator[Block]:
        """Yield the block that ends here, if it has any text; each line of one whose white space counts."""
        text = "".join(self.pieces)
        self.pieces.clear()
        if not self.kept:
            text = re.sub(" {2,}", " ", text)
        lines = text.split("\n") if not self.level else [text.replace("\n", " ")]
        for line in lines:
            stripped = line.strip(BLANK)
            if stripped:
                yield Block(stripped, self.level, tuple(self.anchors))
                self.anchors.clear()


def blocks(root: Element) -> Iterator[Block]:
    """Yield the paragraphs and headings of a page in their order; no text is left out but scripts, styles and the head.

    An empty heading is a block without text: it says that something begins there.
    """
    reading = _Reading()
    for event, element in etree.iterwalk(root, events=("start", "end", "comment", "pi")):
        name = local_name(element)
        if not name:
            if event in ("comment", "pi") and element is not root:
                reading.add(element.tail)
            continue
        yield from _start(reading, element, name) if event == "start" else _end(reading, element, name, root)
    yield from reading.end()


def _start(reading: _Reading, element: Element, name: str) -> Iterator[Block]:
    if name in BLOCKS:
        yield from reading.end()
    anchor = element.get("id") or (element.get("name") if name == "a" else None)
    if anchor:
        reading.anchors.append(anchor)
    reading.silent += name in SILENT
    reading.kept += _keeps_space(element, name)
    if _is_heading(name):
        reading.level = int(name[1])
    if name == "br":
        reading.pieces.append("\n")
    reading.add(element.text)


def _end(reading: _Reading, element: Element, name: str, root: Element) -> Iterator[Block]:
    if name in BLOCKS:
        found = list(reading.end())
        if _is_heading(name):
            if not found and not len(element):
                found = [Block("", reading.level, tuple(reading.anchors))]
                reading.anchors.clear()
            reading.level = 0
        yield from found
    reading.silent -= name in SILENT
    reading.kept -= _keeps_space(element, name)
    if element is not root:
        reading.add(element.tail)


def _keeps_space(element: Element, name: str) -> bool:
    return name == "pre" or element.get(XML_SPACE) == "preserve"


def _is_heading(name: str) -> bool:
    return len(name) == 2 and name[0] == "h" and name[1] in "123456"
