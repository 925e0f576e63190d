"""Books in and out of the desk: a file becomes a story, all of it or nothing, and a story becomes a file."""

import re
from collections.abc import Iterator
from typing import Annotated, Literal
from urllib.parse import quote

from fastapi import Depends, Query, Request, Response
from pydantic import BaseModel

from moxu.corpus.book import Book, Chapter
from moxu.corpus.publish.books import FORMATS, publish
from moxu.corpus.read.books import read_book
from moxu.errors import TextError
from moxu.serve.desk.access import GivenLimits, OpenStore
from moxu.serve.desk.paths import desk_router
from moxu.serve.limits import Limits
from moxu.serve.problems import Problem
from moxu.store.records import Story
from moxu.store.whole import WholeStory

IMPORT = "/desk/import"
TYPES = frozenset(
    {
        "",  # of a file that the browser knows nothing about
        "application/epub+zip",
        "application/msword",
        "application/octet-stream",
        "application/pdf",  # is told what it is
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        "application/xhtml+xml",
        "application/x-zip-compressed",
        "application/zip",
        "text/html",
        "text/markdown",
        "text/plain",
        "text/x-markdown",
    }
)
"""The types of bodies that may be books; what they are is seen in the body."""

LONGEST_NAME = 80  # characters of a file's name; systems allow 255 bytes
_EXPORT = re.compile(r"/desk/stories/[^/]+/export/?")
_NOT_IN_NAMES = re.compile(r'[\x00-\x1f\x7f/\\:*?"<>|]')
_BODY = {"content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}, "required": True}
_FILES = {one.media_type: {"schema": {"type": "string", "format": "binary"}} for one in FORMATS.values()}

router = desk_router()


class ImportedChapter(BaseModel):
    """A chapter that was found in a book; that of a volume's title has no characters."""

    title: str
    characters: int


class Imported(BaseModel):
    """What became of a book: the story, what the file was, and what was not kept or had to be changed."""

    story: Story
    author: str
    format: str
    encoding: str | None
    chapters: list[ImportedChapter]
    warnings: list[str]


def is_book(path: str) -> bool:
    """Say whether a request to this path has a whole book in its body or its answer."""
    return path == IMPORT or _EXPORT.fullmatch(path) is not None


async def _body(request: Request) -> bytes:
    return await request.body()


def _book(
    name: Annotated[str, Query(min_length=1, max_length=255, description="The file's name.")],
    body: Annotated[bytes, Depends(_body)],
    limits: GivenLimits,
) -> Book:
    """Read the book that was sent, in a thread; only then is the store asked for."""
    try:
        book = read_book(body, name)
    except TextError as error:
        raise Problem(400, str(error), param="body", code="unreadable_book") from error
    return _in_pieces(book, limits)


@router.post("/import", status_code=201, openapi_extra={"requestBody": _BODY})
def import_book(book: Annotated[Book, Depends(_book)], store: OpenStore) -> Imported:
    """Make a story of a file: txt in any encoding, EPUB, Word (.docx), Markdown or HTML."""
    texts = [(chapter.title, "\n".join((chapter.title, *chapter.paragraphs))) for chapter in book.chapters]
    return Imported(
        story=store.add_story(book.title, texts, book.author),
        author=book.author,
        format=book.format,
        encoding=book.encoding,
        chapters=[ImportedChapter(title=one.title, characters=one.characters) for one in book.chapters],
        warnings=list(book.warnings),
    )


@router.get(
    "/stories/{story}/export",
    response_class=Response,
    responses={200: {"content": _FILES, "description": "The file."}},
)
def export_story(story: int, store: OpenStore, format: Literal["txt", "markdown", "epub", "docx"]) -> Response:
    """Give a story as a file, complete."""
    whole = store.whole_story(story)
    content = publish(book_of(whole), format, whole.story.updated)
    headers = {"content-disposition": disposition(whole.story.title, FORMATS[format].suffix, f"story-{story}")}
    return Response(content, media_type=FORMATS[format].media_type, headers=headers)


def book_of(whole: WholeStory) -> Book:
    """Return a story as a book; the first line of a chapter's text is its title."""
    chapters = []
    for chapter in whole.chapters:
        title, _, text = (chapter.text or chapter.title).partition("\n")
        chapters.append(Chapter(title, tuple(text.split("\n")) if text else ()))
    return Book(whole.story.title, whole.author, tuple(chapters))


def disposition(title: str, suffix: str, plain: str) -> str:
    """Return the header that names a file: by its title (RFC 8187), and plainly for those who read no such names."""
    name = _NOT_IN_NAMES.sub("_", title)[:LONGEST_NAME].strip(" .") or plain
    return f"attachment; filename=\"{plain}{suffix}\"; filename*=UTF-8''{quote(name + suffix, safe='')}"


def _in_pieces(book: Book, limits: Limits) -> Book:
    """Return a book whose chapters are no longer than the store's may be; Problem 413 where that cannot be."""
    chapters = tuple(piece for chapter in book.chapters for piece in _pieces(chapter, limits.chapter_characters))
    if len(chapters) > limits.book_chapters:
        message = f"the book has {len(chapters):,} chapters; at most {limits.book_chapters:,} can be kept in a story"
        raise Problem(413, message, param="body", code="too_long")
    cut = len(chapters) - len(book.chapters)
    warnings = (f"chapters were too long and are cut in {cut:,} places",) if cut else ()
    return Book(book.title[:500], book.author, chapters, book.format, book.encoding, (*book.warnings, *warnings))


def _pieces(chapter: Chapter, most: int) -> Iterator[Chapter]:
    """Yield a chapter between its paragraphs in pieces of ``most`` characters, the first of which has its title."""
    title, paragraphs, size = chapter.title, list[str](), len(chapter.title)
    for paragraph in chapter.paragraphs:
        if len(paragraph) >= most:
            message = f"a paragraph has {len(paragraph):,} characters; at most {most:,} can be kept in one piece"
            raise Problem(413, message, param="body", code="too_long")
        if size + 1 + len(paragraph) > most:
            yield Chapter(title, tuple(paragraphs))
            title, paragraphs, size = "", [], 0
        paragraphs.append(paragraph)
        size += 1 + len(paragraph)
    yield Chapter(title, tuple(paragraphs))
