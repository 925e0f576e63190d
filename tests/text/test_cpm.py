import json
import os
import random
import subprocess
import sys
from pathlib import Path

import pytest

from moxu.errors import TextError
from moxu.text.cpm import CpmTokenizer


@pytest.fixture(scope="module")
def tokenizer(golden: Path) -> CpmTokenizer:
    return CpmTokenizer.load(golden / "text" / "cpm1_vocab.model")


def test_ids_and_texts_equal_those_of_cpm(tokenizer: CpmTokenizer, golden: Path) -> None:
    cases = json.loads((golden / "text" / "cpm1_pieces.json").read_text("utf-8"))
    for case in cases["encode"]:
        assert tokenizer.encode(case["text"]) == case["ids"]
        assert tokenizer.decode(case["ids"]) == case["decoded"]
    for case in cases["prompt"]:
        assert tokenizer.encode_parts(case["raw"], end_each=False) == case["novel_ids"]
        assert tokenizer.encode_parts(case["raw"], end_each=True) == case["lyric_ids"]


def test_ids_and_texts_equal_those_of_cpm_with_its_real_model(reference: Path) -> None:
    tokenizer = CpmTokenizer.load(reference / "third_party" / "cpm1" / "chinese_vocab.model")
    cases = json.loads((reference / "cpm1" / "public" / "tokenizer.json").read_text("utf-8"))
    assert tokenizer.vocab_size == cases["vocab_size"]
    for case in cases["encode"]:
        assert tokenizer.encode(case["text"]) == case["ids"]
    for case in cases["encode"] + cases["decode"]:
        assert tokenizer.decode(case["ids"]) == case["decoded"]


def test_newline_end_and_forbidden_ids_are_those_of_the_original(tokenizer: CpmTokenizer) -> None:
    assert (tokenizer.newline_id, tokenizer.end_id) == (3, 7)
    assert tokenizer.forbidden_ids == (0, 1, 2, 4, 5, 6)
    assert [tokenizer.decode([token_id]) for token_id in range(8)] == ["⁇", "", "", "\n", "", "", "", "<eod>"]


def test_the_end_of_a_document_is_not_read_from_text(tokenizer: CpmTokenizer) -> None:
    assert 7 not in tokenizer.encode("回家<eod>回家")


def test_only_lyrics_end_each_part(tokenizer: CpmTokenizer) -> None:
    home = tokenizer.encode("回家")
    text = "<eod> 回家 \n<eod><eod>回家<eod>\n"
    assert tokenizer.encode_parts(text, end_each=False) == home * 2
    assert tokenizer.encode_parts(text, end_each=True) == [*home, 7] * 2
    assert tokenizer.encode_parts(" \n", end_each=True) == []


def test_a_lone_surrogate_is_read_as_a_question_mark(tokenizer: CpmTokenizer) -> None:
    assert tokenizer.encode("回\ud800家") == tokenizer.encode("回?家")


def test_a_saved_model_is_the_same_file(tokenizer: CpmTokenizer, golden: Path, tmp_path: Path) -> None:
    tokenizer.save(tmp_path / "chinese_vocab.model")
    assert (tmp_path / "chinese_vocab.model").read_bytes() == (golden / "text" / "cpm1_vocab.model").read_bytes()


@pytest.mark.parametrize(
    "content", [b"", b"\n", b"\x80\x02}q\x00", "从前有座山".encode(), b"[" * 100_000, b"\x0a\xff" * 9]
)
def test_a_file_that_is_no_model_is_named_in_one_line(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "chinese_vocab.model"
    path.write_bytes(content)
    with pytest.raises(TextError) as error:
        CpmTokenizer.load(path)
    assert str(error.value).startswith(f"{path}: ")
    assert "\n" not in str(error.value)


def test_a_damaged_model_is_refused_in_one_line_or_works(golden: Path) -> None:
    whole = (golden / "text" / "cpm1_vocab.model").read_bytes()
    for seed in range(60):
        draw = random.Random(seed)
        damaged = bytearray(whole[: draw.choice([len(whole), draw.randrange(len(whole))])])
        for _ in range(3):
            damaged[draw.randrange(min(len(damaged), 5000))] = draw.randrange(256)
        try:
            message = CpmTokenizer(bytes(damaged), "some.model").decode([3]) and "some.model: is read"
        except TextError as error:
            message = str(error)
        assert message.startswith("some.model: ")
        assert "\n" not in message


def test_a_sentencepiece_model_without_an_end_of_documents_is_not_that_of_cpm(golden: Path) -> None:
    model = (golden / "text" / "cpm1_vocab.model").read_bytes().replace(b"<eod>", b"<eop>")
    with pytest.raises(TextError, match="has no piece <eod>"):
        CpmTokenizer(model)


def test_jieba_is_silent_and_leaves_no_file_behind(golden: Path, tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from moxu.text.cpm import CpmTokenizer\n"
        f"tokenizer = CpmTokenizer.load(Path({str(golden / 'text' / 'cpm1_vocab.model')!r}))\n"
        "assert 'jieba' not in sys.modules\n"
        "print(tokenizer.encode('回家'))"
    )
    environment = os.environ | {"TMPDIR": str(tmp_path), "TEMP": str(tmp_path), "TMP": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program], capture_output=True, text=True, env=environment
    )
    assert (done.stdout.strip(), done.stderr) == ("[8, 196]", "")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("library", ["sentencepiece", "jieba"])
def test_a_missing_library_is_named(library: str, golden: Path) -> None:
    program = (
        f"import sys; sys.modules[{library!r}] = None\n"
        "from pathlib import Path; from moxu.errors import TextError; from moxu.text.cpm import CpmTokenizer\n"
        f"try: CpmTokenizer.load(Path({str(golden / 'text' / 'cpm1_vocab.model')!r})).encode('回家')\n"
        "except TextError as error: print(error)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert "pip install 'moxu[hf]'" in done.stdout
