import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest

from moxu.corpus.inspect import png
from moxu.corpus.inspect.facts import Facts
from moxu.corpus.inspect.png import drawable, write_png

MakeFacts = Callable[..., Facts]


def size_of(path: Path) -> tuple[int, int]:
    data = path.read_bytes()
    assert data.startswith(b"\x89PNG\r\n\x1a\n")
    assert zlib.crc32(data[12:29]) == struct.unpack(">I", data[29:33])[0]
    width, height = struct.unpack(">II", data[16:24])
    return width, height


def test_the_plots_are_one_picture(facts: MakeFacts, tmp_path: Path) -> None:
    write_png(facts(), tmp_path / "plots.png")  # warnings of glyphs that are missing would be errors
    width, height = size_of(tmp_path / "plots.png")
    assert (width > 1000, height > 1000) == (True, True)


def test_names_are_drawn_without_a_chinese_font(
    facts: MakeFacts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = facts()
    group = found.shares["group"]
    chinese = tuple(type(share)("金陵 $x_1^2", share.works, share.chapters, share.characters) for share in group)
    found.shares["group"] = chinese
    monkeypatch.setattr(png, "FONTS", ())
    write_png(found, tmp_path / "plots.png")
    assert size_of(tmp_path / "plots.png")[0] > 1000


def test_a_character_that_cannot_be_drawn_is_its_code_point() -> None:
    assert drawable("金陵 a$", has_chinese=False) == r"<91D1><9675> a\$"
    assert drawable("金陵", has_chinese=True) == "金陵"


def test_the_picture_of_nothing_is_a_picture(facts: MakeFacts, tmp_path: Path) -> None:
    write_png(facts([]), tmp_path / "plots.png")
    assert size_of(tmp_path / "plots.png")[0] > 1000
