import functools
import importlib.util
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moxu.errors import TextError
from moxu.text.rwkv_world import RwkvWorldTokenizer

BYTES = {byte + 1: bytes((byte,)) for byte in range(256)}
WORDS = BYTES | {300: "这是".encode(), 301: "这".encode(), 302: b"ab", 303: b"abcd", 304: "是一".encode()[:4]}


def package_file(name: str) -> Path:
    """A file of the PyPI package rwkv, which is found without importing it (that needs torch)."""
    spec = importlib.util.find_spec("rwkv")
    if spec is None or spec.origin is None:
        pytest.skip("the package rwkv is not installed")
    return Path(spec.origin).parent / name


@functools.cache
def released() -> RwkvWorldTokenizer:
    return RwkvWorldTokenizer.load(package_file("rwkv_vocab_v20230424.txt"))


def ids_of_package(texts: list[str]) -> list[list[int]]:
    spec = importlib.util.spec_from_file_location("rwkv_tokenizer", package_file("rwkv_tokenizer.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    tokenizer = module.TRIE_TOKENIZER(str(package_file("rwkv_vocab_v20230424.txt")))
    return [tokenizer.encode(text) for text in texts]


def test_ids_equal_those_of_the_package() -> None:
    texts = [
        "",
        "这是一颗小小的星星。\n\n　　“你好，世界！”他说——然后就走了……",
        "蜃樓志 龘䶮 😀👨‍👩‍👧 \x00\x7f\u0080 naïve Привет こんにちは",
        "def f(x):\r\n\treturn x ** 2  # " + " " * 300 + "=" * 200,
        Path(__file__).read_text("utf-8"),
    ]
    assert [released().encode(text) for text in texts] == ids_of_package(texts)


def test_the_released_vocabulary_has_all_rows_of_the_models() -> None:
    tokenizer = released()
    assert (tokenizer.vocab_size, tokenizer.newline_id, tokenizer.end_id) == (65536, 11, 0)
    assert tokenizer.forbidden_ids == tuple(range(65530, 65536))


def test_the_released_vocabulary_is_saved_byte_for_byte(tmp_path: Path) -> None:
    released().save(tmp_path / "vocab.txt")
    assert (tmp_path / "vocab.txt").read_bytes() == package_file("rwkv_vocab_v20230424.txt").read_bytes()


def test_the_longest_word_is_taken_even_when_it_ends_within_a_character() -> None:
    tokenizer = RwkvWorldTokenizer(WORDS)
    assert tokenizer.encode("这是这") == [300, 301]
    assert tokenizer.encode("abcabcd") == [302, ord("c") + 1, 303]
    assert tokenizer.encode("是一") == [304, 0xB8 + 1, 0x80 + 1]


@given(st.text())
def test_every_text_round_trips(text: str) -> None:
    tokenizer = RwkvWorldTokenizer(WORDS)
    assert tokenizer.decode(tokenizer.encode(text)) == text


def test_the_end_of_a_text_and_padding_add_nothing_and_are_never_read() -> None:
    tokenizer = RwkvWorldTokenizer(WORDS)
    assert tokenizer.decode([302, 0, 65535, 303]) == "ababcd"
    assert 0 not in tokenizer.encode("\0")
    assert 0 not in tokenizer.forbidden_ids
    assert 65535 in tokenizer.forbidden_ids


def test_a_lone_surrogate_is_read_as_a_question_mark() -> None:
    assert RwkvWorldTokenizer(WORDS).encode("\udcff") == [ord("?") + 1]


def test_what_is_saved_is_loaded(tmp_path: Path) -> None:
    RwkvWorldTokenizer(WORDS).save(tmp_path / "vocab.txt")
    loaded = RwkvWorldTokenizer.load(tmp_path / "vocab.txt")
    assert [loaded.token_bytes(token_id) for token_id in WORDS] == list(WORDS.values())


@pytest.mark.parametrize(
    "line",
    [
        "257 __import__('os').getpid() 4",
        "257 'ab' 3",
        "257 'ab'",
        "x 'ab' 2",
        "257 12 2",
        "257 'ab 2",
        "257 " + "(" * 5000 + " 2",
        "1 'ab' 2",
    ],
)
def test_a_line_that_is_no_word_is_named_and_nothing_of_it_runs(tmp_path: Path, line: str) -> None:
    path = tmp_path / "vocab.txt"
    RwkvWorldTokenizer(BYTES).save(path)
    path.write_bytes(path.read_bytes() + line.encode())
    with pytest.raises(TextError, match="line 257: ") as error:
        RwkvWorldTokenizer.load(path)
    assert str(error.value).startswith(str(path))
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("words", "mistake"),
    [
        (BYTES | {0: b"ab"}, "id 0 is out of range"),
        (BYTES | {70_000: b"ab"}, "id 70000 is out of range"),
        (BYTES | {300: b"a"}, "has another id too"),
        (BYTES | {300: b""}, "is empty"),
        ({1: b"a"}, "no word for the byte 0x00"),
    ],
)
def test_a_vocabulary_that_could_not_work_is_refused(words: dict[int, bytes], mistake: str) -> None:
    with pytest.raises(TextError, match=mistake):
        RwkvWorldTokenizer(words)
