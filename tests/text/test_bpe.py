import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers
from transformers import AutoTokenizer, PreTrainedTokenizerFast

from moxu.errors import TextError
from moxu.text.bpe import GPT2_END, BpeTokenizer

TEXT = "清晨的雾很大，他说：“我们一起走吧。”\n河里的水很慢，山里的人很少。\n\nthe boat went home, he said 3.14"
PROBES = [
    TEXT,
    "",
    "\n",
    " ",
    "  空 格 ",
    "雾里的boat",
    "魑魅😀",
    "a\r\n\tb",
    "é\u0301\u200b",
    "河" * 50,
    "<|endoftext|>",
]


def byte_level() -> Tokenizer:
    core = Tokenizer(models.BPE())
    core.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    core.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=330, special_tokens=[GPT2_END], initial_alphabet=alphabet, show_progress=False
    )
    core.train_from_iterator([TEXT] * 3, trainer)
    return core


def byte_fallback() -> Tokenizer:
    """Llama's sort: blanks are ▁, one goes before every text, unknown characters are spelled in bytes."""
    words = ["<unk>", "<s>", "</s>", *(f"<0x{byte:02X}>" for byte in range(256)), "▁", "的", "雾", "b", "▁的", "▁b"]
    ids = {word: token_id for token_id, word in enumerate(words)}
    core = Tokenizer(models.BPE(ids, [("▁", "的"), ("▁", "b")], unk_token="<unk>", fuse_unk=True, byte_fallback=True))
    core.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    core.decoder = decoders.Sequence(
        [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)]
    )
    core.add_special_tokens(["<unk>", "<s>", "</s>"])
    return core


def unigram() -> Tokenizer:
    pieces = [("<pad>", 0.0), ("</s>", 0.0), ("<unk>", -9.0), ("▁", -2.0), ("的", -3.0), ("雾", -3.0), ("▁的", -4.0)]
    core = Tokenizer(models.Unigram(pieces, 2))
    core.pre_tokenizer = pre_tokenizers.Metaspace()
    core.decoder = decoders.Metaspace()
    core.add_special_tokens(["<pad>", "</s>", "<unk>"])
    core.post_processor = processors.TemplateProcessing(single="$A </s>", special_tokens=[("</s>", 1)])
    return core


def wordpiece() -> Tokenizer:
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "的", "雾", "boat", "##s", ".", "。"]
    ids = {word: token_id for token_id, word in enumerate(words)}
    core = Tokenizer(models.WordPiece(ids, unk_token="[UNK]"))
    core.normalizer = normalizers.BertNormalizer()
    core.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    core.decoder = decoders.WordPiece()
    core.add_special_tokens(words[:4])
    core.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    return core


SORTS = {"byte_level": byte_level(), "byte_fallback": byte_fallback(), "unigram": unigram(), "wordpiece": wordpiece()}
BYTE_LEVEL = BpeTokenizer(SORTS["byte_level"].to_str())
BYTE_FALLBACK = BpeTokenizer(SORTS["byte_fallback"].to_str())


@pytest.mark.parametrize("sort", SORTS)
def test_ids_equal_those_of_transformers(sort: str) -> None:
    tokenizer = BpeTokenizer(SORTS[sort].to_str())
    library: Any = PreTrainedTokenizerFast
    theirs = library(tokenizer_object=SORTS[sort], split_special_tokens=True)
    for text in PROBES:
        assert tokenizer.encode(text) == theirs.encode(text, add_special_tokens=False)


@pytest.mark.parametrize("sort", ["byte_level", "byte_fallback", "unigram"])
def test_text_equals_that_of_transformers(sort: str) -> None:
    tokenizer, theirs = BpeTokenizer(SORTS[sort].to_str()), SORTS[sort]
    for text in PROBES:
        ids = tokenizer.encode(text)
        assert tokenizer.decode(ids) == theirs.decode(ids)


@given(st.lists(st.integers(0, BYTE_LEVEL.vocab_size - 1)))
def test_bytes_that_are_no_character_become_replacement_characters_as_in_transformers(ids: list[int]) -> None:
    assert BYTE_LEVEL.decode(ids) == SORTS["byte_level"].decode(ids, skip_special_tokens=True)


@given(st.text())
def test_every_text_round_trips_through_bytes(text: str) -> None:
    assert BYTE_LEVEL.decode(BYTE_LEVEL.encode(text)) == text
    assert BYTE_FALLBACK.decode(BYTE_FALLBACK.encode(text)) == text.replace("▁", " ")


def test_ideographs_of_a_wordpiece_have_no_blanks_between() -> None:
    tokenizer = BpeTokenizer(SORTS["wordpiece"].to_str())
    assert tokenizer.decode(tokenizer.encode("的雾。boats boat.")) == "的雾。boats boat."
    assert (tokenizer.source_marks, tokenizer.end_id, tokenizer.forbidden_ids) == ((2, 3), 3, (0, 1, 2))
    assert [tokenizer.token_bytes(token_id) for token_id in (3, 4, 7)] == [b"", "的".encode(), b"s"]


def test_special_tokens_are_not_read_from_text_and_add_nothing_to_it() -> None:
    end = BYTE_LEVEL.end_id
    assert end is not None
    assert end not in BYTE_LEVEL.encode(f"雾{GPT2_END}")
    assert BYTE_LEVEL.decode([end, *BYTE_LEVEL.encode("雾"), end]) == "雾"


@pytest.mark.parametrize(("sort", "newline"), [("byte_level", True), ("byte_fallback", False), ("unigram", False)])
def test_a_newline_has_an_id_when_it_is_one_token(sort: str, newline: bool) -> None:
    tokenizer = BpeTokenizer(SORTS[sort].to_str())
    assert (tokenizer.newline_id is not None) == newline
    assert tokenizer.newline_id is None or tokenizer.encode("\n") == [tokenizer.newline_id]


def test_bytes_of_ids_are_those_they_add() -> None:
    assert b"".join(map(BYTE_LEVEL.token_bytes, BYTE_LEVEL.encode(TEXT))).decode() == TEXT
    assert BYTE_FALLBACK.token_bytes(3 + 10) == b"\n"
    assert BYTE_FALLBACK.token_bytes(BYTE_FALLBACK.encode("的")[0]) == " 的".encode()


def test_truncation_and_padding_of_a_file_are_not_applied() -> None:
    core = byte_level()
    core.enable_truncation(4)
    core.enable_padding(length=9)
    assert BpeTokenizer(core.to_str()).encode(TEXT) == BYTE_LEVEL.encode(TEXT)


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("tokenizer_config.json", {"eos_token": "boat"}),
        ("tokenizer_config.json", {"eos_token": {"content": "boat", "special": True}}),
        ("generation_config.json", {"eos_token_id": 6}),
        ("generation_config.json", {"eos_token_id": [6, 2]}),
        ("config.json", {"eos_token_id": 6}),
    ],
)
def test_the_configuration_beside_a_tokenizer_names_its_end(tmp_path: Path, file: str, content: object) -> None:
    SORTS["wordpiece"].save(str(tmp_path / "tokenizer.json"))
    assert BpeTokenizer.load(tmp_path / "tokenizer.json").end_id == 3
    (tmp_path / file).write_text(json.dumps(content), "utf-8")
    tokenizer = BpeTokenizer.load(tmp_path / "tokenizer.json")
    assert (tokenizer.end_id, tokenizer.forbidden_ids) == (6, (0, 1, 2, 3))
    assert BpeTokenizer.load(tmp_path / "tokenizer.json", end_id=4).end_id == 4


@pytest.mark.parametrize("end", [None, "gone", 99, -1, 3.5, [[]], [], {}])
def test_a_configuration_that_names_no_end_changes_nothing(tmp_path: Path, end: object) -> None:
    SORTS["wordpiece"].save(str(tmp_path / "tokenizer.json"))
    (tmp_path / "tokenizer_config.json").write_text(json.dumps({"eos_token": end}), "utf-8")
    assert BpeTokenizer.load(tmp_path / "tokenizer.json").end_id == 3


def test_ids_of_padding_are_forbidden_and_add_nothing() -> None:
    size = BYTE_LEVEL.vocab_size
    padded = BYTE_LEVEL.with_vocab_size(size + 3)
    assert padded.vocab_size == size + 3
    assert padded.forbidden_ids == (size, size + 1, size + 2)
    assert padded.decode([size, *padded.encode("雾"), size + 2]) == "雾"
    assert BYTE_LEVEL.vocab_size == size
    with pytest.raises(TextError, match=f"has {size} entries, which do not fit a vocabulary of {size - 1}"):
        BYTE_LEVEL.with_vocab_size(size - 1)


def test_an_end_that_is_no_id_is_refused() -> None:
    for end_id in (-1, BYTE_LEVEL.vocab_size):
        with pytest.raises(TextError, match=f"the id {end_id} ends a text"):
            BpeTokenizer(SORTS["byte_level"].to_str(), end_id=end_id)


def test_a_saved_tokenizer_is_the_same_file(tmp_path: Path) -> None:
    SORTS["byte_level"].save(str(tmp_path / "tokenizer.json"))
    BpeTokenizer.load(tmp_path / "tokenizer.json").save(tmp_path / "again.json")
    assert (tmp_path / "again.json").read_bytes() == (tmp_path / "tokenizer.json").read_bytes()


def write_gpt2_files(folder: Path) -> tuple[Path, Path]:
    SORTS["byte_level"].model.save(str(folder))
    return folder / "vocab.json", folder / "merges.txt"


def test_the_two_files_of_gpt2_give_the_ids_of_transformers(tmp_path: Path) -> None:
    vocab, merges = write_gpt2_files(tmp_path)
    tokenizer = BpeTokenizer.from_vocab_merges(vocab, merges)
    (tmp_path / "config.json").write_text('{"model_type": "gpt2"}', "utf-8")
    library: Any = AutoTokenizer
    theirs = library.from_pretrained(tmp_path, split_special_tokens=True)
    for text in PROBES:
        assert tokenizer.encode(text) == theirs.encode(text) == BYTE_LEVEL.encode(text)
        assert tokenizer.decode(tokenizer.encode(text)) == text
    assert tokenizer.end_id == BYTE_LEVEL.end_id
    tokenizer.save(tmp_path / "tokenizer.json")
    assert BpeTokenizer.load(tmp_path / "tokenizer.json").encode(TEXT) == tokenizer.encode(TEXT)


@pytest.mark.parametrize(
    ("file", "content", "mistake"),
    [
        ("vocab.json", b"", "is no JSON"),
        ("vocab.json", b"[1]", "holds a list"),
        ("vocab.json", b'{"a": "b"}', "is no vocabulary of byte-level BPE"),
        ("vocab.json", b'{"a": 4294967295}', "is no vocabulary of byte-level BPE"),
        ("vocab.json", b'{"a": 0}', "does not belong to vocab.json"),
        ("merges.txt", b"a b c", "'a b c' is no merge"),
        ("merges.txt", b"\xff\xfe", "is no tokenizer"),
        ("merges.txt", "雾 雾".encode(), "does not belong to vocab.json"),
    ],
)
def test_damaged_files_of_gpt2_are_named(tmp_path: Path, file: str, content: bytes, mistake: str) -> None:
    vocab, merges = write_gpt2_files(tmp_path)
    (tmp_path / file).write_bytes(content)
    with pytest.raises(TextError) as error:
        BpeTokenizer.from_vocab_merges(vocab, merges)
    assert str(error.value).startswith(str(tmp_path))
    assert mistake in str(error.value)


def changed(sort: str, **fields: Any) -> bytes:
    return json.dumps(json.loads(SORTS[sort].to_str()) | fields).encode()


@pytest.mark.parametrize(
    ("content", "mistake"),
    [
        (b"", "is no JSON"),
        (b"\x80\x02}q\x00", "is no tokenizer"),
        (b"[" * 100_000, "is no JSON"),
        (b'{"model": ' * 100_000, "is no JSON"),
        (b"[1]", "holds a list"),
        (b"{}", "expected an object with a 'model'"),
        (b'{"model": {}}', "is no tokenizer, or damaged"),
        (SORTS["byte_level"].to_str().encode()[:-9], "is no JSON"),
        (changed("byte_level", decoder={"type": "BPEDecoder", "suffix": "</w>"}), "has a decoder 'BPEDecoder'"),
        (changed("byte_level", decoder=None), "has a decoder None"),
        (changed("unigram", decoder={"type": "Strip", "content": "x", "start": 9, "stop": 9}), "has a decoder 'Strip'"),
        (
            changed("byte_level", model={"type": "BPE", "vocab": {"a": 4294967295}, "merges": []}),
            "has an id 4294967295",
        ),
        (changed("byte_level", model={"type": "BPE", "vocab": {}, "merges": []}, added_tokens=[]), "has no entries"),
        (changed("byte_level", model={"type": "BPE", "vocab": {"a": 0}, "merges": ["a b"]}), "out of vocabulary"),
        (
            changed("byte_level", model={"type": "BPE", "vocab": {}, "merges": [], "continuing_subword_prefix": "x"}),
            "is a BPE with a mark for what continues a word",
        ),
    ],
)
def test_a_file_that_is_no_tokenizer_is_named_with_its_mistake(tmp_path: Path, content: bytes, mistake: str) -> None:
    path = tmp_path / "tokenizer.json"
    path.write_bytes(content)
    with pytest.raises(TextError) as error:
        BpeTokenizer.load(path)
    assert str(error.value).startswith(f"{path}: ")
    assert mistake in str(error.value)
    assert "\n" not in str(error.value)


def test_a_panic_of_the_library_is_one_line() -> None:
    normalizer = {"type": "Precompiled", "precompiled_charsmap": "AAAA"}
    with pytest.raises(TextError, match="is no tokenizer, or damaged: Precompiled"):
        BpeTokenizer(changed("unigram", normalizer=normalizer).decode())


def test_text_that_the_vocabulary_cannot_spell_is_named() -> None:
    core = Tokenizer(models.WordLevel({"的": 0}, unk_token="[UNK]"))
    core.decoder = decoders.Fuse()
    with pytest.raises(TextError, match="cannot encode '雾'"):
        BpeTokenizer(core.to_str()).encode("雾")


def test_a_missing_library_is_named() -> None:
    program = (
        "import sys; sys.modules['tokenizers'] = None\n"
        "from moxu.errors import TextError; from moxu.text.bpe import BpeTokenizer\n"
        "try: BpeTokenizer('{}')\n"
        "except TextError as error: print(error)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert "pip install 'moxu[hf]'" in done.stdout
