import struct
import zipfile
from functools import partial
from io import BytesIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from books import archive, told
from moxu.corpus.read import archive as module
from moxu.corpus.read.archive import Archive, write_archive
from moxu.errors import TextError


def test_an_entry_that_grows_a_thousandfold_is_refused_before_it_is_unpacked() -> None:
    bomb = archive({"a": bytes(8 << 20)})
    with pytest.raises(TextError, match=r"x: 'a' would take 8,388,608 bytes; expected a book"):
        Archive(bomb, "x").read("a")


def test_all_entries_together_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LARGEST_SUM", 2500)
    opened = Archive(archive({"a": b"x" * 1000, "b": b"y" * 1000, "c": b"z" * 1000}), "x")
    assert len(opened.read("a") + opened.read("b")) == 2000
    with pytest.raises(TextError, match="would take 1,000 bytes"):
        opened.read("c")


def test_too_many_entries_are_refused_before_they_are_listed() -> None:
    with pytest.raises(TextError, match="more than 10,000 files"):
        Archive(archive({str(number): b"" for number in range(10_001)}), "x")


def test_an_archive_that_lies_about_a_size_is_damaged() -> None:
    data = bytearray(archive({"a": b"x" * 1000}))
    for mark, offset in ((b"PK\x01\x02", 24), (b"PK\x03\x04", 22)):
        struct.pack_into("<I", data, data.index(mark) + offset, 10)
    with pytest.raises(TextError, match="x: 'a' is damaged"):
        Archive(bytes(data), "x").read("a")


def test_an_encrypted_entry_is_refused() -> None:
    data = bytearray(archive({"a": b"x"}))
    for mark, offset in ((b"PK\x01\x02", 8), (b"PK\x03\x04", 6)):
        struct.pack_into("<H", data, data.index(mark) + offset, 1)
    with pytest.raises(TextError, match="encrypted"):
        Archive(bytes(data), "x").read("a")


def test_other_ways_of_packing_are_refused() -> None:
    with pytest.raises(TextError, match="packed in an unusual way"):
        Archive(archive({"a": b"x" * 100}, zipfile.ZIP_LZMA), "x").read("a")


def test_a_missing_entry_is_named() -> None:
    with pytest.raises(TextError, match="x: has no 'b' in it"):
        Archive(archive({"a": b""}), "x").read("b")


def read_entry(data: bytes, name: str) -> bytes:
    return Archive(data, "x").read(name)


@given(place=st.integers(0, 10_000), bits=st.integers(1, 255), length=st.integers(0, 10_000))
@settings(deadline=None, max_examples=200)
def test_a_damaged_archive_is_a_text_error_of_one_line(place: int, bits: int, length: int) -> None:
    data = bytearray(archive({"a": b"abc" * 50, "b/../../c": b"x"}))
    data[place % len(data)] ^= bits
    if length < len(data):
        del data[length:]
    for name in ("a", "b/../../c"):
        assert "\n" not in told(partial(read_entry, bytes(data), name))


def test_what_is_written_is_read_and_written_the_same_again() -> None:
    entries = [("first", b"1"), ("目录/二", "二".encode())]
    data = write_archive(entries, stored=1)
    assert data == write_archive(entries, stored=1)
    with zipfile.ZipFile(BytesIO(data)) as opened:
        assert opened.testzip() is None
        assert [info.compress_type for info in opened.infolist()] == [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED]
    assert Archive(data, "x").read("目录/二") == "二".encode()
