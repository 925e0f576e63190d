"""Archives of texts, whole and damaged."""

import io
import tarfile
from pathlib import Path

import pytest

from moxu.corpus.pack import archives
from moxu.corpus.pack.archives import is_archive, read_archive
from moxu.errors import TextError

TEXTS = {"甲书": "第一回\n却说那日，天色已晚。\n" * 50, "乙书": "雾从江上起来的时候，他还没有睡。" * 50}


def make_archive(path: Path, mode: str) -> Path:
    with tarfile.open(path, f"w:{mode}") as archive:  # type: ignore[call-overload]
        folder = tarfile.TarInfo("fiction.txt")
        folder.type = tarfile.DIRTYPE
        archive.addfile(folder)
        for name in ("fiction/README.md", "fiction/._甲书.txt", "fiction/cover.png"):
            archive.addfile(tarfile.TarInfo(name))
        for name, text in TEXTS.items():
            data = text.encode("gb18030")
            member = tarfile.TarInfo(f"fiction/{name}.txt")
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return path


@pytest.mark.parametrize("mode", ["", "gz", "bz2", "xz"])
def test_texts_come_in_the_order_of_the_archive(mode: str, tmp_path: Path) -> None:
    path = make_archive(tmp_path / ("a.tar" + (f".{mode}" if mode else "")), mode)
    assert is_archive(path.name)
    texts = list(read_archive(path))
    assert {text.name: text.read() for text in texts} == TEXTS
    assert [text.name for text in texts] == list(TEXTS)
    assert 0 < texts[0].part <= texts[1].part <= 1


@pytest.mark.parametrize("mode", ["", "gz", "bz2", "xz"])
@pytest.mark.parametrize("left", [0.0, 0.2, 0.3, 0.4])
def test_archive_that_was_cut_is_told_in_a_line(mode: str, left: float, tmp_path: Path) -> None:
    path = make_archive(tmp_path / "a.tar", mode)
    data = path.read_bytes()
    path.write_bytes(data[: int(left * len(data))])
    with pytest.raises(TextError, match=r"a\.tar: not a readable archive") as told:
        list(read_archive(path))
    assert "\n" not in str(told.value)


def test_archive_whose_middle_was_overwritten_is_told(tmp_path: Path) -> None:
    path = make_archive(tmp_path / "a.tar", "")
    data = bytearray(path.read_bytes())
    data[512:1024] = b"\xff" * 512
    path.write_bytes(data)
    with pytest.raises(TextError, match=r"a\.tar: not a readable archive: cut or damaged"):
        list(read_archive(path))


def test_text_without_end_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "LARGEST", 100)
    with pytest.raises(TextError, match=r"甲书\.txt would take [\d,]+ bytes"):
        list(read_archive(make_archive(tmp_path / "a.tar", "")))


def test_other_files_are_no_archives() -> None:
    assert not any(map(is_archive, ("a.txt", "tar", "a.tar.txt")))
    assert is_archive("A.TGZ")
