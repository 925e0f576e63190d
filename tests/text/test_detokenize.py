from collections.abc import Iterable

from hypothesis import given
from hypothesis import strategies as st

from moxu.text.chars import CharTokenizer
from moxu.text.detokenize import StreamingDetokenizer
from moxu.text.rwkv_world import RwkvWorldTokenizer
from moxu.text.tokenizer import Tokenizer
from moxu.text.word_table import UNKNOWN, WordTable

BYTES = {byte + 1: bytes((byte,)) for byte in range(256)}
TOKENIZERS: list[Tokenizer] = [
    RwkvWorldTokenizer(BYTES | {300: "这是".encode(), 301: "😀".encode()[:3], 302: b"\x80\x80", 303: b"\xed\xa0"}),
    CharTokenizer("\n的，😀"),
    WordTable(["\n", "的", "😀", UNKNOWN]),
]
IDS = {
    "rwkv_world": st.sampled_from([0, *BYTES, 300, 301, 302, 303]),
    "chars": st.integers(0, 260),
    "word_table": st.integers(0, 3),
}


def pieces(tokenizer: Tokenizer, ids: Iterable[int]) -> list[str]:
    detokenizer = StreamingDetokenizer(tokenizer)
    return [*map(detokenizer.push, ids), detokenizer.finish()]


@given(st.data())
def test_pieces_joined_equal_the_whole_decoded(data: st.DataObject) -> None:
    for tokenizer in TOKENIZERS:
        ids = data.draw(st.lists(IDS[tokenizer.kind], max_size=40))
        assert "".join(pieces(tokenizer, ids)) == tokenizer.decode(ids)


@given(st.lists(st.binary(min_size=1, max_size=1) | st.sampled_from([c.encode() for c in "é这😀\ufffd"])))
def test_invalid_bytes_become_replacement_characters_as_in_the_whole(parts: list[bytes]) -> None:
    data = b"".join(parts)
    assert "".join(pieces(TOKENIZERS[0], [byte + 1 for byte in data])) == data.decode("utf-8", "replace")


@given(st.text())
def test_no_piece_of_a_valid_text_holds_half_a_character(text: str) -> None:
    expected = [piece for character in text for piece in [*[""] * (len(character.encode()) - 1), character]]
    ids = [byte + 1 for byte in text.encode()]
    assert pieces(TOKENIZERS[0], ids) == [*expected, ""]


def test_a_character_cut_off_at_the_end_comes_out_as_one_replacement_character() -> None:
    assert pieces(TOKENIZERS[0], [byte + 1 for byte in "这".encode()[:2]]) == ["", "", "\ufffd"]


def test_a_detokenizer_that_has_finished_begins_anew() -> None:
    detokenizer = StreamingDetokenizer(TOKENIZERS[0])
    detokenizer.push(0xE8 + 1)
    detokenizer.finish()
    assert detokenizer.push(300) == "这是"


def test_special_ids_put_nothing_into_the_text_even_within_a_character() -> None:
    first, second, third = (byte + 1 for byte in "这".encode())
    assert pieces(TOKENIZERS[0], [first, 0, second, 0, third]) == ["", "", "", "", "这", ""]
