from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer as Tokenizers
from tokenizers import decoders
from tokenizers.decoders import Decoder
from tokenizers.models import BPE
from tokenizers.pre_tokenizers import ByteLevel

from moxu.text.bpe import BpeTokenizer
from moxu.text.chars import CharTokenizer
from moxu.text.cpm import CpmTokenizer
from moxu.text.rwkv_world import RwkvWorldTokenizer
from moxu.text.tokenizer import Tokenizer
from moxu.text.tokenizers import KINDS
from moxu.text.turns import TurnsTokenizer
from moxu.text.word_table import UNKNOWN, WordTable
from moxu.text.wordpiece import WordPieceTokenizer
from tests_paths import REPOSITORY

BYTES = {byte + 1: bytes((byte,)) for byte in range(256)}
FALLBACK = {f"<0x{byte:02X}>": byte for byte in range(256)}


def bpe(decoder: Decoder, words: Iterable[str]) -> BpeTokenizer:
    core = Tokenizers(BPE({word: token_id for token_id, word in enumerate(words)}, []))
    core.decoder = decoder
    core.add_special_tokens(["</s>"])
    return BpeTokenizer(core.to_str())


TOKENIZERS: list[Tokenizer] = [
    RwkvWorldTokenizer(BYTES | {300: "这是".encode(), 301: "😀".encode()[:3], 302: b"\x80\x80", 303: b"\xed\xa0"}),
    CharTokenizer("\n的，😀"),
    WordTable(["\n", "的", "😀", UNKNOWN]),
    WordPieceTokenizer(["[UNK]", "[SEP]", *"氼的，.!'(12", "s", "r", "##e", "##l", "boat"]),
    CpmTokenizer.load(REPOSITORY / "tests" / "golden" / "text" / "cpm1_vocab.model"),
    TurnsTokenizer(["<pad>", "<unk>", "<sep>", "\n", "的", "😀"]),
    bpe(decoders.ByteLevel(), sorted(ByteLevel.alphabet())),
    bpe(decoders.Metaspace(), ["▁", "▁的", "的▁", "😀", "▁▁"]),
    bpe(decoders.WordPiece(), ["的", "boat", "##s", "'", "s", "."]),
    bpe(
        decoders.Sequence(
            [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1)]
        ),
        [*FALLBACK, "▁", "▁的", "😀"],
    ),
]
IDS = {"rwkv_world": st.sampled_from([0, *BYTES, 300, 301, 302, 303])}  # others have no gaps


def pieces(tokenizer: Tokenizer, ids: Iterable[int]) -> list[str]:
    detokenizer = tokenizer.detokenizer()
    return [*map(detokenizer.push, ids), detokenizer.finish()]


def test_there_is_a_tokenizer_of_every_kind() -> None:
    assert {tokenizer.kind for tokenizer in TOKENIZERS} == KINDS.keys()


@given(st.data())
@pytest.mark.parametrize("tokenizer", TOKENIZERS, ids=lambda tokenizer: tokenizer.kind)
def test_pieces_joined_equal_the_whole_decoded(tokenizer: Tokenizer, data: st.DataObject) -> None:
    some = IDS.get(tokenizer.kind, st.integers(0, tokenizer.vocab_size - 1))
    ids = data.draw(st.lists(some, max_size=40))
    assert "".join(pieces(tokenizer, ids)) == tokenizer.decode(ids)


@given(st.data())
@pytest.mark.parametrize("tokenizer", TOKENIZERS, ids=lambda tokenizer: tokenizer.kind)
def test_what_was_given_out_begins_the_text_whatever_follows(tokenizer: Tokenizer, data: st.DataObject) -> None:
    some = IDS.get(tokenizer.kind, st.integers(0, tokenizer.vocab_size - 1))
    begun, rest = data.draw(st.lists(some, max_size=12)), data.draw(st.lists(some, max_size=12))
    given_out = "".join(pieces(tokenizer, begun)[:-1])
    assert tokenizer.decode(begun + rest).startswith(given_out)


@pytest.mark.parametrize("tokenizer", TOKENIZERS, ids=lambda tokenizer: tokenizer.kind)
def test_little_is_ever_held_back(tokenizer: Tokenizer) -> None:
    for token_id in range(min(tokenizer.vocab_size, 320)):
        rest = pieces(tokenizer, [token_id] * 50)[-1]
        assert len(rest) <= 4


@pytest.mark.parametrize("tokenizer", TOKENIZERS, ids=lambda tokenizer: tokenizer.kind)
def test_a_detokenizer_that_has_finished_decodes_another_text(tokenizer: Tokenizer) -> None:
    detokenizer = tokenizer.detokenizer()
    ids = tokenizer.encode("的的")
    for _ in range(2):
        assert "".join(map(detokenizer.push, ids)) + detokenizer.finish() == tokenizer.decode(ids)


def test_what_goes_before_every_text_is_not_shown_and_only_there() -> None:
    metaspace = TOKENIZERS[7]
    assert pieces(metaspace, [0, 0, 1, 0]) == ["", " ", " 的", " ", ""]
    assert pieces(metaspace, [metaspace.end_id or 0, 1, 1]) == ["", "的", " 的", ""]


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
    detokenizer = TOKENIZERS[0].detokenizer()
    detokenizer.push(0xE8 + 1)
    detokenizer.finish()
    assert detokenizer.push(300) == "这是"


def test_special_ids_put_nothing_into_the_text_even_within_a_character() -> None:
    first, second, third = (byte + 1 for byte in "这".encode())
    assert pieces(TOKENIZERS[0], [first, 0, second, 0, third]) == ["", "", "", "", "这", ""]
