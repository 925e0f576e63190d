"""Archives: texts of any kind out of tar and zip, in order; bombs, damage and strange names are told."""

import io
import tarfile
import zipfile
from pathlib import Path

import pytest

from moxu.corpus.sources.listing import list_sources
from moxu.corpus.sources.pieces import LARGEST, Fault, Piece
from moxu.corpus.sources.reading import read_pieces

FILES = {"shelf/乙.txt": b"second", "shelf/甲.txt": b"first", "shelf/README.md": b"about", "shelf/.x.txt": b"hidden"}


def write_tar(path: Path, files: dict[str, bytes], mode: str = "w") -> Path:
    with tarfile.open(path, mode) as archive:  # type: ignore[call-overload]
        for name, data in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return path


def write_zip(path: Path, files: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return path


def read(path: Path) -> tuple[list[Piece], list[Fault]]:
    found = list(read_pieces(list_sources([path])))
    pieces = [each for each in found if isinstance(each, Piece)]
    return pieces, [each for each in found if isinstance(each, Fault)]


@pytest.mark.parametrize(("suffix", "mode"), [("tar", "w"), ("tgz", "w:gz"), ("tar.xz", "w:xz"), ("TAR.BZ2", "w:bz2")])
def test_tar_gives_its_books_in_its_own_order(suffix: str, mode: str, tmp_path: Path) -> None:
    pieces, faults = read(write_tar(tmp_path / f"a.{suffix}", FILES, mode))
    assert [(piece.source, piece.data) for piece in pieces] == [
        (f"a.{suffix}/shelf/乙.txt", b"second"),
        (f"a.{suffix}/shelf/甲.txt", b"first"),
    ]
    assert faults == []


def test_zip_gives_its_books_and_reads_names_of_old_programs(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "a.zip", {**FILES, "xy.txt": b"third"})
    data = path.read_bytes().replace(b"xy.txt", "丙".encode("gb18030") + b".txt")
    path.write_bytes(data)
    pieces, faults = read(path)
    assert [piece.source for piece in pieces] == ["a.zip/shelf/乙.txt", "a.zip/shelf/甲.txt", "a.zip/丙.txt"]
    assert faults == []


def test_names_in_an_archive_never_become_paths(tmp_path: Path) -> None:
    files = {"../../etc/甲.txt": b"a", "/root/乙.txt": b"b", "c\\d\\丙.txt": b"c", "n\nl\x07.txt": b"d"}
    pieces, _ = read(write_tar(tmp_path / "a.tar", files))
    names = [piece.source for piece in pieces]
    assert names == ["a.tar/etc/甲.txt", "a.tar/root/乙.txt", "a.tar/c/d/丙.txt", "a.tar/n l.txt"]
    assert sorted(tmp_path.iterdir()) == [tmp_path / "a.tar"]


def test_links_and_devices_in_a_tar_are_not_followed(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "a.tar", "w") as archive:
        for kind in (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE):
            member = tarfile.TarInfo("passwd.txt")
            member.type, member.linkname = kind, "/etc/passwd"
            archive.addfile(member)
    assert read(tmp_path / "a.tar") == ([], [])


@pytest.mark.parametrize("mode", ["", "gz", "bz2", "xz"])
@pytest.mark.parametrize("left", [0.0, 0.2, 0.3, 0.4])
def test_tar_that_was_cut_anywhere_is_told_in_a_line(mode: str, left: float, tmp_path: Path) -> None:
    texts = {f"{number}.txt": f"第{number}章，雾从江上起来。".encode() * 50 for number in range(2)}
    path = write_tar(tmp_path / "a.tar", texts, f"w:{mode}")
    data = path.read_bytes()
    path.write_bytes(data[: int(left * len(data))])
    (fault,) = read(path)[1]
    assert fault.reason.startswith("damaged archive: ")
    assert fault.reason.endswith("what follows in it is missing")
    assert "\n" not in fault.reason


def test_tar_whose_middle_was_overwritten_is_told(tmp_path: Path) -> None:
    path = write_tar(tmp_path / "a.tar", {"1.txt": b"first", "2.txt": b"second"})
    data = bytearray(path.read_bytes())
    data[1024:1536] = b"\xff" * 512
    path.write_bytes(data)
    pieces, (fault,) = read(path)
    assert [piece.data for piece in pieces] == [b"first"]
    assert "damaged archive: cut or damaged" in fault.reason


@pytest.mark.parametrize("kind", ["tar", "zip"])
@pytest.mark.parametrize("order", [("pages", "chapters", "manifest"), ("manifest", "chapters", "pages")])
def test_crawl_in_an_archive_is_one_piece_and_its_journal_is_none(
    kind: str, order: tuple[str, ...], tmp_path: Path
) -> None:
    contents = {"pages": ("pages.jsonl", b"journal"), "chapters": ("chapters.jsonl", b"{}")}
    contents["manifest"] = ("manifest.json", b'{"title": "x"}')
    files = {f"river/{contents[name][0]}": contents[name][1] for name in order}
    write = write_tar if kind == "tar" else write_zip
    pieces, faults = read(write(tmp_path / f"a.{kind}", {**files, "甲.txt": b"first"}))
    assert [(piece.kind, piece.source, piece.data, piece.about) for piece in pieces] == [
        ("crawl", f"a.{kind}/river", b"{}", b'{"title": "x"}'),
        ("book", f"a.{kind}/甲.txt", b"first", b""),
    ]
    assert faults == []


def test_lines_called_chapters_without_a_crawl_are_lines(tmp_path: Path) -> None:
    files = {"a/chapters.jsonl": b'{"text": "x"}', "b/manifest.json": b"{}", "c/pages.jsonl": b'{"text": "y"}'}
    pieces, faults = read(write_tar(tmp_path / "a.tar", files))
    assert [(piece.kind, piece.source) for piece in pieces] == [
        ("lines", "a.tar/a/chapters.jsonl"),
        ("lines", "a.tar/c/pages.jsonl"),
    ]
    assert faults == []


def test_archive_within_an_archive_and_what_cannot_be_read_are_told(tmp_path: Path) -> None:
    pieces, faults = read(write_zip(tmp_path / "a.zip", {"in.tar.gz": b"", "x.pdf": b"", "y.jpg": b"", "甲.txt": b"a"}))
    assert [piece.source for piece in pieces] == ["a.zip/甲.txt"]
    assert {fault.source: fault.harmless for fault in faults} == {
        "a.zip/in.tar.gz": False,
        "a.zip/x.pdf": False,
        "a.zip/y.jpg": True,
    }


def test_tables_in_archives_are_cut_like_others(tmp_path: Path) -> None:
    pieces, _ = read(write_zip(tmp_path / "a.zip", {"t.jsonl": b'{"text": "x"}\n', "validation.jsonl": b"{}\n"}))
    assert [(piece.kind, piece.split) for piece in pieces] == [("lines", ""), ("lines", "validation")]


def test_manifest_within_an_archive_is_not_heeded_silently(tmp_path: Path) -> None:
    _, faults = read(write_tar(tmp_path / "a.tar", {"manifest.tsv": b"title\tsplit\n"}))
    assert [fault.harmless for fault in faults] == [True]
    assert "give it with --manifest" in faults[0].reason


def test_damaged_archives_are_faults_and_what_came_before_is_kept(tmp_path: Path) -> None:
    whole = write_tar(
        tmp_path / "a.tar.gz", {"甲.txt": b"first", "乙.txt": bytes(range(256)) * 4000}, "w:gz"
    ).read_bytes()
    for number, data in enumerate((whole[:-2000], b"junk", whole[:40] + b"\0" * 40 + whole[80:])):
        path = tmp_path / f"{number}.tar.gz"
        path.write_bytes(data)
        _, faults = read(path)
        assert ["damaged archive" in fault.reason for fault in faults] == [True], number
    (tmp_path / "bad.zip").write_bytes(b"PK\x03\x04junk")
    assert "damaged archive" in read(tmp_path / "bad.zip")[1][0].reason


def test_damaged_entry_of_a_zip_is_a_fault_and_the_others_are_read(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "a.zip", {"甲.txt": b"first" * 50, "乙.txt": b"second"})
    data = bytearray(path.read_bytes())
    data[38:42] = b"\xff" * 4  # the first of its compressed bytes
    path.write_bytes(data)
    pieces, faults = read(path)
    assert [piece.data for piece in pieces] == [b"second"]
    assert [fault.source for fault in faults] == ["a.zip/甲.txt"]


def test_zip_bomb_is_not_unpacked(tmp_path: Path) -> None:
    pieces, faults = read(write_zip(tmp_path / "a.zip", {"bomb.txt": bytes(40 << 20), "甲.txt": b"a"}))
    assert [piece.source for piece in pieces] == ["a.zip/甲.txt"]
    assert "bursts" in faults[0].reason


def test_tar_with_a_file_or_a_header_of_any_size_is_not_believed(tmp_path: Path) -> None:
    huge = tarfile.TarInfo("huge.txt")
    huge.size = LARGEST + 1
    (tmp_path / "a.tar").write_bytes(huge.tobuf() + bytes(1024))
    assert "expected a text of" in read(tmp_path / "a.tar")[1][0].reason
    huge.type = tarfile.XHDTYPE  # tarfile reads such headers whole
    (tmp_path / "b.tar").write_bytes(huge.tobuf() + bytes(1024))
    assert "in one piece" in read(tmp_path / "b.tar")[1][0].reason


def test_encrypted_entry_is_a_fault(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "a.zip", {"甲.txt": b"first"})
    data = bytearray(path.read_bytes())
    data[data.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(data)
    assert "is encrypted" in read(path)[1][0].reason
