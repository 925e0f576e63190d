"""Word documents (.docx) as books: headings begin chapters; tables, text boxes, foot- and endnotes keep their text.

Read from the XML itself, because text lies in more places than a library's list of paragraphs: in content controls,
inserted passages, tables within tables. What was deleted with tracking switched on is deleted.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from posixpath import dirname, join, normpath

from lxml import etree

from moxu.corpus.book import Book, one_line
from moxu.corpus.chapters.outline import chapters_of
from moxu.corpus.read.archive import Archive
from moxu.corpus.read.markup import Block, Element, local_name, parse_xml
from moxu.errors import TextError
from moxu.text.prepare import BLANK

RELATIONS = "_rels/.rels"
USUAL = "word/document.xml"
SKIPPED = frozenset({"del", "movefrom", "fallback", "instrtext", "deltext", "ppr", "rpr", "sectpr", "comment"})
NOTES = {"footnotereference": "footnotes.xml", "endnotereference": "endnotes.xml"}
CHARACTERS = {"tab": "\t", "ptab": "\t", "br": "\n", "cr": "\n", "nobreakhyphen": "-"}
BODY_LEVEL = 9  # the outline level of text that is no heading

Notes = Mapping[tuple[str, str], list[str]]


@dataclass(frozen=True)
class Style:
    """A style of paragraphs: its name, what it is based on, and its level in the outline."""

    name: str
    base: str
    outline: int | None


@dataclass
class _Paragraph:
    """A paragraph that is being read."""

    style: str = ""
    outline: int | None = None
    numbered: bool = False
    pieces: list[str] = field(default_factory=list)
    notes: list[tuple[str, str]] = field(default_factory=list)


def read_docx(data: bytes, name: str) -> Book:
    """Return the book that a document is; TextError when it is damaged."""
    archive = Archive(data, name)
    main = _main_part(archive)
    styles = _styles(archive, main)
    notes = {kind: _notes(archive, main, part) for kind, part in NOTES.items()}
    reading = list(_paragraphs(parse_xml(archive.read(main), name)))
    row, title, author = list[Block](), "", ""
    for paragraph in reading:
        text = "".join(paragraph.pieces).strip(BLANK)
        style = _style_name(styles, paragraph.style)
        if style == "title" and not row and not title and text:
            title = one_line(text)
        elif style in ("author", "subtitle") and not row and title and not author and text:
            author = one_line(text)
        else:
            row += _blocks(paragraph, text, _level(styles, paragraph), notes)
    found, chapters = chapters_of(row)
    metadata = _metadata(archive)
    return Book(
        title or found or metadata.get("title", ""),
        author or metadata.get("creator", ""),
        chapters,
        "docx",
        None,
        _warnings(reading),
    )


def _blocks(paragraph: _Paragraph, text: str, level: int, notes: Mapping[str, Mapping[str, str]]) -> Iterator[Block]:
    if level:
        yield Block(text.replace("\n", " "), level)
    else:
        for line in text.split("\n"):
            if line.strip(BLANK):
                yield Block(line.strip(BLANK))
    for kind, number in paragraph.notes:
        note = notes[kind].get(number, "").strip(BLANK)
        if note:
            yield from (Block(line.strip(BLANK)) for line in note.split("\n") if line.strip(BLANK))


def _warnings(paragraphs: list[_Paragraph]) -> tuple[str, ...]:
    numbered = sum(paragraph.numbered for paragraph in paragraphs)
    noted = sum(len(paragraph.notes) for paragraph in paragraphs)
    warnings = []
    if numbered:
        warnings.append(f"{numbered:,} paragraphs are numbered by the word processor; the numbers are no part of them")
    if noted:
        warnings.append(f"{noted:,} notes stand after the paragraphs they belong to")
    return tuple(warnings)


def _main_part(archive: Archive) -> str:
    """Return the entry that holds the text."""
    if RELATIONS in archive:
        for relation in parse_xml(archive.read(RELATIONS), archive.name).iter():
            if (relation.get("Type") or "").endswith("/officeDocument"):
                return normpath((relation.get("Target") or "").lstrip("/"))
    if USUAL in archive:
        return USUAL
    raise TextError(f"{archive.name}: has no text in it; the document is damaged, or no Word document")


def _part(archive: Archive, main: str, name: str) -> Element | None:
    path = join(dirname(main), name)
    return parse_xml(archive.read(path), archive.name) if path in archive else None


def _styles(archive: Archive, main: str) -> dict[str, Style]:
    styles: dict[str, Style] = {}
    root = _part(archive, main, "styles.xml")
    for style in root.iter() if root is not None else ():
        if local_name(style) == "style" and (key := _value(style, "styleId")):
            parts = {local_name(child): child for child in style}
            outline = next((child for child in style.iter() if local_name(child) == "outlinelvl"), None)
            name = _value(parts["name"]) if "name" in parts else ""
            base = _value(parts["basedon"]) if "basedon" in parts else ""
            styles[key] = Style(name.lower(), base, _number(outline))
    return styles


def _value(element: Element, name: str = "val") -> str:
    """Return an attribute whatever its namespace: strict documents have another one."""
    return next((str(value) for key, value in element.attrib.items() if key.rpartition("}")[2] == name), "")


def _number(element: Element | None) -> int | None:
    text = _value(element) if element is not None else ""
    return int(text) if text.isdecimal() and len(text) < 3 else None


def _style_name(styles: Mapping[str, Style], key: str) -> str:
    return styles[key].name if key in styles else ""


def _level(styles: Mapping[str, Style], paragraph: _Paragraph) -> int:
    """Return the level of a heading, 0 for text, by the paragraph itself or by its style and what that is based on."""
    if paragraph.outline is not None:
        return paragraph.outline + 1 if paragraph.outline < BODY_LEVEL else 0
    key, seen = paragraph.style, set[str]()
    while key in styles and key not in seen:
        seen.add(key)
        style = styles[key]
        if style.outline is not None:
            return style.outline + 1 if style.outline < BODY_LEVEL else 0
        word, _, number = style.name.partition(" ")
        if word == "heading" and number.isdecimal() and len(number) == 1:
            return int(number)
        key = style.base
    return 0


def _paragraphs(root: Element) -> Iterator[_Paragraph]:
    """Yield the paragraphs of a part; those of a text box come before the one that the box hangs on."""
    stack: list[_Paragraph] = []
    walk = etree.iterwalk(root, events=("start", "end"))
    for event, element in walk:
        name = local_name(element)
        if event == "start" and name == "ppr" and stack:
            _read_properties(stack[-1], element)
        if event == "start" and name in SKIPPED:
            walk.skip_subtree()
        elif name == "p" and event == "start":
            stack.append(_Paragraph())
        elif name == "p" and stack:
            yield stack.pop()
        elif event == "start" and stack:
            _read_piece(stack[-1], element, name)


def _read_properties(paragraph: _Paragraph, properties: Element) -> None:
    for child in properties:
        match local_name(child):
            case "pstyle":
                paragraph.style = _value(child)
            case "outlinelvl":
                paragraph.outline = _number(child)
            case "numpr":
                paragraph.numbered = any(local_name(one) == "numid" and _value(one) != "0" for one in child)


def _read_piece(paragraph: _Paragraph, element: Element, name: str) -> None:
    if name == "t" and element.text:
        paragraph.pieces.append(element.text)
    elif name in NOTES:
        paragraph.notes.append((name, _value(element, "id")))
    elif name in CHARACTERS:
        paragraph.pieces.append(CHARACTERS[name])


def _notes(archive: Archive, main: str, part: str) -> dict[str, str]:
    """Return the texts of foot- or endnotes by their numbers; separators are none."""
    root = _part(archive, main, part)
    return {
        _value(note, "id"): "\n".join("".join(paragraph.pieces) for paragraph in _paragraphs(note))
        for note in (root if root is not None else ())
        if local_name(note) in ("footnote", "endnote") and not _value(note, "type")
    }


def _metadata(archive: Archive) -> dict[str, str]:
    if "docProps/core.xml" not in archive:
        return {}
    root = parse_xml(archive.read("docProps/core.xml"), archive.name)
    return {local_name(element): one_line("".join(element.itertext())) for element in root}
