"""EPUB 2 and 3 as books: the pages in the order of the spine, chapters by the table of contents and the headings."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from posixpath import dirname, join, normpath
from urllib.parse import unquote, urlsplit

from moxu.corpus.book import Book, one_line
from moxu.corpus.chapters.outline import chapters_of
from moxu.corpus.read.archive import Archive
from moxu.corpus.read.markup import Block, Element, blocks, local_name, parse_xhtml, parse_xml
from moxu.errors import TextError

CONTAINER = "META-INF/container.xml"
ENCRYPTION = "META-INF/encryption.xml"
FONTS = ("http://www.idpf.org/2008/embedding", "http://ns.adobe.com/pdf/enc#RC")  # which hide fonts, not texts
PAGES = frozenset({"application/xhtml+xml", "text/html", "application/x-dtbook+xml", "text/x-oeb1-document"})
PIECES = 4  # blocks that a title may be spread over
TYPE = "{http://www.idpf.org/2007/ops}type"


@dataclass(frozen=True)
class Package:
    """What the package document says: title, author, the pages in order, and where the table of contents is."""

    title: str
    author: str
    pages: tuple[str, ...]
    missing: int
    contents: str | None


@dataclass(frozen=True)
class Page:
    """A page: its paragraphs, and whether it says itself that it is a chapter."""

    blocks: tuple[Block, ...]
    is_chapter: bool


def read_epub(data: bytes, name: str) -> Book:
    """Return the book that an EPUB is; TextError when it is damaged or protected."""
    archive = Archive(data, name)
    _refuse_protected(archive)
    package = _package(archive)
    titles = _contents(archive, package)
    row: list[Block] = []
    for path in package.pages:
        root = parse_xhtml(archive.read(path), name)
        if root is not None:
            row += _titled(_page(root), path, titles)
    warnings = (f"{package.missing} pages are missing in the file",) if package.missing else ()
    found, chapters = chapters_of(row)
    return Book(package.title or found, package.author, chapters, "epub", None, warnings)


def _refuse_protected(archive: Archive) -> None:
    if ENCRYPTION in archive:
        methods = (
            element.get("Algorithm", "")
            for element in parse_xml(archive.read(ENCRYPTION), archive.name).iter()
            if local_name(element) == "encryptionmethod"
        )
        if not all(method in FONTS for method in methods):
            raise TextError(f"{archive.name}: is protected against copying (DRM); expected an EPUB without protection")


def _package(archive: Archive) -> Package:
    """Read the package document, which the container names."""
    container = parse_xml(archive.read(CONTAINER), archive.name)
    paths = [element.get("full-path") for element in container.iter() if local_name(element) == "rootfile"]
    if not paths or not paths[0]:
        raise TextError(f"{archive.name}: its container names no package document; the EPUB is damaged")
    root = parse_xml(archive.read(paths[0]), archive.name)
    by_name: dict[str, list[Element]] = {}
    for element in root.iter():
        by_name.setdefault(local_name(element), []).append(element)
    items = {item.get("id"): item for item in by_name.get("item", [])}
    hrefs = {key: _resolve(paths[0], item.get("href") or "")[0] for key, item in items.items()}
    navigation = [key for key, item in items.items() if "nav" in (item.get("properties") or "").split()]
    spine = [reference.get("idref") for reference in by_name.get("itemref", [])]
    wanted = [key for key in spine if key not in navigation]
    pages = [key for key in wanted if key in items and hrefs[key] in archive and _is_page(items[key])]
    missing = sum(key not in items or (_is_page(items[key]) and hrefs[key] not in archive) for key in wanted)
    toc = next((spine.get("toc") for spine in by_name.get("spine", [])), None)
    tables = [hrefs[key] for key in [*navigation, toc] if key in items and hrefs[key] in archive]
    if not pages:
        raise TextError(f"{archive.name}: names no page that is in it; the EPUB is damaged")
    return Package(
        _metadata(by_name, "title"),
        _metadata(by_name, "creator"),
        tuple(hrefs[key] for key in dict.fromkeys(pages)),
        missing,
        tables[0] if tables else None,
    )


def _is_page(item: Element) -> bool:
    return (item.get("media-type") or "").strip().lower() in PAGES


def _metadata(by_name: Mapping[str, Sequence[Element]], name: str) -> str:
    found = (one_line("".join(element.itertext())) for element in by_name.get(name, []))
    return next((text for text in found if text), "")


def _resolve(base: str, reference: str) -> tuple[str, str]:
    """Return the entry of the archive, and the place in it, that a reference from another entry leads to."""
    parts = urlsplit(reference)
    path = unquote(parts.path)
    return (normpath(join(dirname(base), path)) if path else base), unquote(parts.fragment)


def _contents(archive: Archive, package: Package) -> dict[tuple[str, str], str]:
    """Return the titles of the table of contents by page and place in it; the first title of a place counts."""
    titles: dict[tuple[str, str], str] = {}
    if package.contents is None:
        return titles
    root = parse_xhtml(archive.read(package.contents), archive.name)
    for title, reference in _entries(root) if root is not None else ():
        if title and reference:
            titles.setdefault(_resolve(package.contents, reference), title)
    if list(titles.values()) == [package.title]:
        return {}  # the book as a whole is no chapter
    return titles


def _entries(root: Element) -> Iterator[tuple[str, str]]:
    """Yield title and reference of each entry of a nav (EPUB 3) or an ncx (EPUB 2)."""
    navs = [element for element in root.iter() if local_name(element) == "nav"]
    tocs = [nav for nav in navs if "toc" in (nav.get(TYPE) or nav.get("epub:type") or "")] or navs[:1]
    for nav in tocs:
        for link in nav.iter():
            if local_name(link) == "a":
                yield one_line("".join(link.itertext())), link.get("href") or ""
    for point in root.iter():
        if local_name(point) == "navpoint":
            label = next((child for child in point if local_name(child) == "navlabel"), None)
            content = next((child for child in point if local_name(child) == "content"), None)
            if label is not None and content is not None:
                yield one_line("".join(label.itertext())), content.get("src") or ""


def _page(root: Element) -> Page:
    says = (element.get(TYPE) or element.get("epub:type") or "" for element in root.iter() if local_name(element))
    return Page(tuple(blocks(root)), any("chapter" in one.split() for one in says))


def _titled(page: Page, path: str, titles: Mapping[tuple[str, str], str]) -> Iterator[Block]:
    """Yield the paragraphs of a page with the titles of the contents as the only headings, where there are contents.

    A heading that says the same as the entry, in one piece or in several, is that title. One that the contents do not
    name begins a chapter only at the head of a page that says it is one; else it is a paragraph.
    """
    row = page.blocks
    if not titles:
        if page.is_chapter and not (row and row[0].level):
            yield Block("", 1)
        yield from row
        return
    at_head, number = titles.get((path, "")), 0
    if at_head is not None:
        heading, number = _heading(at_head, row)
        yield heading
    elif page.is_chapter and not _named(row[:1], path, titles):
        has_heading = bool(row and row[0].level)
        yield Block(row[0].text if has_heading else "", 1)
        number = int(has_heading)
    while number < len(row):
        title = _named(row[number : number + 1], path, titles)
        taken = 0
        if title and title != at_head:
            heading, taken = _heading(title, row[number : number + PIECES])
            yield heading
        if not taken:
            if row[number].text:
                yield replace(row[number], level=0)
            taken = 1
        number += taken


def _named(row: Sequence[Block], path: str, titles: Mapping[tuple[str, str], str]) -> str:
    """Return the title that the contents give to a place that lies at the beginning of these blocks."""
    anchors = (anchor for block in row for anchor in block.anchors)
    return next((titles[path, anchor] for anchor in anchors if (path, anchor) in titles), "")


def _heading(title: str, row: Sequence[Block]) -> tuple[Block, int]:
    """Return the heading with a title of the contents, and how many blocks say it, and nothing else."""
    wanted, said = "".join(title.split()), ""
    for number, block in enumerate(row[:PIECES], 1):
        said += "".join(block.text.split())
        if said == wanted:
            return Block(block.text if number == 1 else title, 1), number
        if not wanted.startswith(said):
            break
    return Block(title, 1), 0
