import gzip
import os
import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moxu.errors import TextError
from moxu.text.encodings import decode_bytes, read_text

SIMPLIFIED = [
    "这是一颗",
    "星",
    "模",
    "路",
    "联通",
    "你好，世界！",
    "魑魅魍魉",
    "“去吧。”她说，“别回头。”",
    "他走了——走得很远……\n　　天亮的时候，雪还在下。\n",
    "第１章 abc 123\r\n张三 said: hello，然后笑了。",
    "滕王高阁临江渚，佩玉鸣鸾罢歌舞。",
    "他发来一个😀，又撤回了。",
]
TRADITIONAL = [
    "這是一顆",
    "你好，世界！",
    "「去吧。」她說，「別回頭。」",
    "他走了──走得很遠……\n　　天亮的時候，雪還在下。\n",
    "滕王高閣臨江渚，佩玉鳴鸞罷歌舞。",
]
OTHERS = [
    "",
    "hello",
    "café",
    "naïve façade — “quoted”",
    "αβγδ",
    "Все счастливые семьи похожи",
    "吾輩は猫である。",
    "그는 말했다.",
]
NOVEL = "他走了，走得很远。天亮的时候，雪还在下，街上没有人。\n「這是一顆星。」她說。\n" * 60


@pytest.mark.parametrize("text", SIMPLIFIED)
def test_simplified_text_is_read_in_gb18030(text: str) -> None:
    assert decode_bytes(text.encode("gb18030")) == (text, "gb18030")


@pytest.mark.parametrize("text", TRADITIONAL)
def test_traditional_text_is_read_in_big5_and_gb18030(text: str) -> None:
    assert decode_bytes(text.encode("big5")) == (text, "big5hkscs")
    assert decode_bytes(text.encode("gb18030")) == (text, "gb18030")


@pytest.mark.parametrize("text", SIMPLIFIED + TRADITIONAL + OTHERS)
def test_text_is_read_in_utf_8_and_with_every_mark(text: str) -> None:
    for encoding in ("utf-8", "utf-8-sig", "utf-16", "utf-32"):
        assert decode_bytes(text.encode(encoding)) == (text, encoding)
    assert decode_bytes(("\ufeff" + text).encode("utf-16-be")) == (text, "utf-16")
    assert decode_bytes(("\ufeff" + text).encode("utf-32-be")) == (text, "utf-32")


@pytest.mark.parametrize("text", ["这是一颗", *SIMPLIFIED[7:], *TRADITIONAL[2:], "hello, world"])
@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf_16_is_read_without_its_mark(text: str, encoding: str) -> None:
    assert decode_bytes(text.encode(encoding)) == (text, encoding)


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030", "big5hkscs", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("text", ["他走了，走得很遠。天亮的時候，雪還在下", "這是一顆小小的星"])
def test_a_file_cut_within_its_last_character_is_read(text: str, encoding: str) -> None:
    decoded, found = decode_bytes(text.encode(encoding)[:-1])
    assert found == encoding
    assert decoded == text[:-1] + "\ufffd"


def test_a_file_cut_within_its_first_character_is_read() -> None:
    assert decode_bytes("这是一颗小小的星".encode()[1:]) == ("\ufffd\ufffd是一颗小小的星", "utf-8")


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030", "big5hkscs"])
def test_a_few_stray_bytes_become_replacement_characters(encoding: str) -> None:
    text = NOVEL if encoding != "big5hkscs" else NOVEL.encode("big5", "ignore").decode("big5")
    data = text.encode(encoding).replace(b"\n", b"\xff\n", 3)
    decoded, found = decode_bytes(data)
    assert found == encoding
    assert decoded == text.replace("\n", "\ufffd\n", 3)


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030", "big5hkscs", "utf-16-le"])
def test_chinese_after_a_long_head_in_ascii_is_read(encoding: str) -> None:
    text = "<meta>" * 5000 + "他走了，走得很遠。天亮的時候，雪還在下。"
    assert decode_bytes(text.encode(encoding)) == (text, encoding)


def test_a_lone_control_character_makes_no_text_binary() -> None:
    text = NOVEL + "\0" + NOVEL
    assert decode_bytes(text.encode()) == (text, "utf-8")


def test_replacement_characters_that_were_written_are_no_damage() -> None:
    text = "\ufffd失\ufffd落\ufffd" * 400
    for encoding in ("utf-8", "utf-8-sig", "utf-16"):
        assert decode_bytes(text.encode(encoding)) == (text, encoding)


@given(st.text(st.sampled_from("的一是了不在人有我他这个们来上说时，。“”！\n"), min_size=8))
def test_ordinary_chinese_is_read_in_any_encoding(text: str) -> None:
    for encoding in ("utf-8", "gb18030", "utf-16", "utf-8-sig"):
        assert decode_bytes(text.encode(encoding))[0] == text


@given(st.binary())
def test_any_bytes_are_read_as_their_encoding_says_or_refused_in_one_line(data: bytes) -> None:
    try:
        text, encoding = decode_bytes(data, "some.txt")
    except TextError as error:
        message = str(error)
    else:
        message = "some.txt: is not text"
        assert text == data.decode(encoding, "replace")
    assert message.startswith("some.txt: is not text")
    assert "\n" not in message


@pytest.mark.parametrize(
    "text", ["Les misérables étaient là, à côté du café déjà fermé.", "Все счастливые семьи похожи"]
)
def test_a_text_that_is_not_chinese_is_no_mojibake_of_hanzi(text: str) -> None:
    encoding = "cp1251" if "В" in text else "cp1252"
    assert decode_bytes(text.encode(encoding))[0] == text


@pytest.mark.parametrize(
    "data",
    [
        b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x02",
        gzip.compress(NOVEL.encode(), mtime=0),
        random.Random(1).randbytes(5000),
        b"\x80\x02}q\x00(X\x05\x00\x00\x00helloq\x01K\x01u.",
        bytes(100),
        b"\xff\xfe" + bytes.fromhex("00d8") * 100,
        b"\xef\xbb\xbf" + b"\xff" * 100,
    ],
    ids=["png", "gzip", "random", "pickle", "zeros", "surrogates", "marked"],
)
def test_a_file_that_is_no_text_is_refused(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "novel.txt"
    path.write_bytes(data)
    with pytest.raises(TextError) as error:
        read_text(path)
    assert str(error.value).startswith(f"{path}: is not text")


def test_a_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / "开头.txt"
    path.write_bytes("这是一颗".encode("gb18030"))
    assert read_text(path) == read_text(str(path)) == "这是一颗"


def test_a_missing_file_a_directory_and_a_bad_name_are_named(tmp_path: Path) -> None:
    with pytest.raises(TextError, match=r"absent\.txt: no such file"):
        read_text(tmp_path / "absent.txt")
    with pytest.raises(TextError, match="is a directory; expected a file"):
        read_text(tmp_path)
    with pytest.raises(TextError, match="cannot be read"):
        read_text("novel\0.txt")


@pytest.mark.skipif(os.name == "nt", reason="Windows says that there is no such file")
def test_a_file_taken_for_a_directory_is_named_once(tmp_path: Path) -> None:
    (tmp_path / "novel.txt").write_text("这是一颗", "utf-8")
    with pytest.raises(TextError, match=r"^[^']*novel\.txt/inner: cannot be read: Not a directory$"):
        read_text(tmp_path / "novel.txt" / "inner")


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="nothing is forbidden to root")
def test_a_file_that_may_not_be_read_is_named(tmp_path: Path) -> None:
    path = tmp_path / "novel.txt"
    path.touch(mode=0)
    with pytest.raises(TextError, match="permission denied"):
        read_text(path)
