import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from books import archive, told
from moxu.corpus.book import Book, Chapter
from moxu.corpus.publish.books import FORMATS, publish
from moxu.corpus.read.books import read_book
from moxu.errors import TextError

BOOK = Book("长夜行", "某人", (Chapter("一", ("甲", "乙")), Chapter("二", ("丙",))))


@pytest.mark.parametrize("format", FORMATS)
def test_what_a_file_holds_counts_more_than_its_name(format: str) -> None:
    name = "x.md" if format == "markdown" else "x.txt"
    assert read_book(publish(BOOK, format), name).chapters == BOOK.chapters


def test_a_file_without_a_title_has_its_name() -> None:
    for name in ("长夜行.txt", "C:\\书\\长夜行.txt", "/books/长夜行.txt"):
        assert read_book("第一章\n甲\n第二章\n乙".encode(), name).title == "长夜行"


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"%PDF-1.7", "is a PDF"),
        (b"\xd0\xcf\x11\xe0\xa1", r"old Word document \(.doc\)"),
        (b"{\\rtf1", "RTF"),
        (archive({"a": b""}), "neither EPUB nor Word"),
        (b"PK\x03\x04", "damaged archive"),
        (b"", "has no text in it"),
        (b" \n\t", "has no text in it"),
        (bytes(range(256)) * 40, "is not text"),
    ],
)
def test_what_is_no_book_is_named_in_one_line(data: bytes, message: str) -> None:
    with pytest.raises(TextError, match=f"^书.txt: .*{message}") as raised:
        read_book(data, "书.txt")
    assert "\n" not in str(raised.value)


def test_control_characters_are_removed_and_counted() -> None:
    book = read_book(f"第一章\n甲\x01\x02乙\ufffe\n\x03\n第二章\n丙\x1a{'丁' * 2000}".encode(), "x.txt")
    assert book.chapters == (Chapter("第一章", ("甲乙",)), Chapter("第二章", ("丙" + "丁" * 2000,)))
    assert book.warnings == ("5 control characters were removed",)


@pytest.mark.parametrize("format", FORMATS)
@given(place=st.integers(0, 10**6), junk=st.binary(max_size=8), cut=st.integers(0, 10**6))
@settings(deadline=None, max_examples=150)
def test_a_damaged_file_is_a_book_or_a_text_error_of_one_line(format: str, place: int, junk: bytes, cut: int) -> None:
    data = bytearray(publish(BOOK, format))
    place %= len(data)
    data[place : place + len(junk)] = junk
    damaged = bytes(data[: 1 + cut % (2 * len(data))])
    assert "\n" not in told(lambda: read_book(damaged, "x" + FORMATS[format].suffix))


@pytest.mark.parametrize("name", ["x.html", "x.md", "x.txt"])
@given(text=st.text(st.sampled_from("<>/&;=\"' \n#-*_[]()`!~pbhdiv1xml?雾\0\x1f\ud7ff")))
@settings(deadline=None)
def test_no_text_breaks_a_reader(name: str, text: str) -> None:
    assert "\n" not in told(lambda: read_book(text.encode(), name))
