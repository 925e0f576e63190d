"""Small texts to pack, and a tokenizer of every kind."""

from pathlib import Path

import pytest

from moxu.corpus.pack.packed import PackedText
from moxu.corpus.pack.packing import pack
from moxu.corpus.pack.texts import Text
from moxu.corpus.pack.vocabulary import build_vocabulary
from moxu.text.tokenizer import Tokenizer
from some_tokenizers import TOKENIZERS


@pytest.fixture
def texts() -> list[Text]:
    return [
        Text("甲书", "第一回\n却说那日，天色已晚。\n"),
        Text("乙书", "雾从江上起来的时候，他还没有睡。", split="validation", group="modern"),
    ]


@pytest.fixture
def packed(texts: list[Text], tmp_path: Path) -> PackedText:
    pack(texts, build_vocabulary(texts, 300), tmp_path / "packed")
    return PackedText(tmp_path / "packed")


@pytest.fixture(params=list(TOKENIZERS))
def tokenizer(request: pytest.FixtureRequest, golden: Path) -> Tokenizer:
    return TOKENIZERS[request.param](golden)
