"""The program itself, run in this process or in one of its own, and small models with random weights for it."""

import io
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pytest
import torch

from moxu.checkpoints import folder
from moxu.checkpoints.checkpoint import Checkpoint
from moxu.cli.main import main
from moxu.models.registry import build
from moxu.text.chars import CharTokenizer
from moxu.text.tokenizer import Tokenizer
from moxu.text.turns import SPECIAL, TurnsTokenizer
from moxu.text.word_table import UNKNOWN, WordTable
from moxu.text.wordpiece import WordPieceTokenizer
from terminals import Terminal

CHARACTERS = "\n这是一颗的了不在有人我他来到说时要就出会也你对生能而子那得于着下自之年过，。？！“”"
PROGRAM = [sys.executable, "-m", "moxu.cli.main"]


@dataclass(frozen=True)
class Answer:
    """What a command came to."""

    status: int
    out: str
    err: str


Moxu = Callable[..., Answer]


@pytest.fixture(autouse=True)
def user_models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's folder of models, which holds none yet."""
    path = tmp_path / "models"
    path.mkdir()
    monkeypatch.setenv("MOXU_MODELS", str(path))
    return path


@pytest.fixture
def moxu(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Moxu:
    """Run the program in this process: ``moxu("write", "这是", "--seed", 3, stdin=b"...")``."""

    def run(*arguments: object, stdin: bytes = b"") -> Answer:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        status = main([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        return Answer(status, captured.out, captured.err)

    return run


def heed_ctrl_c() -> None:
    """Let a new process heed Ctrl-C even where the tests were started, in the background, to ignore it."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
def start() -> Iterator[Callable[..., subprocess.Popen[bytes]]]:
    """Start the program in a process of its own, with a pipe for everything it prints; none outlives the test."""
    started: list[subprocess.Popen[bytes]] = []

    def run(*arguments: object, **environment: str) -> subprocess.Popen[bytes]:
        command = [*PROGRAM, *map(str, arguments)]
        pipes: Any = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        begin = None if os.name == "nt" else heed_ctrl_c
        started.append(subprocess.Popen(command, env={**os.environ, **environment}, preexec_fn=begin, **pipes))
        return started[-1]

    yield run
    for process in started:
        if process.returncode is None:
            process.kill()
            process.communicate()


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Terminal]]:
    """Open terminals: ``terminal("write", "--model", path, NO_COLOR="1")``."""
    monkeypatch.delenv("NO_COLOR", raising=False)
    opened: list[Terminal] = []

    def open_terminal(*arguments: Any, **environment: str) -> Terminal:
        opened.append(Terminal(*arguments, **environment))
        return opened[-1]

    yield open_terminal
    for each in opened:
        each.close()


@pytest.fixture(scope="session")
def rwkv7(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A moxu folder: a small RWKV-7 of characters."""
    tokenizer = CharTokenizer(CHARACTERS)
    config = {"width": 64, "layers": 2, "vocab_size": tokenizer.vocab_size}
    card = {"description": "small and random", "licence": "CC0-1.0"}
    return _make("rwkv7", config, tokenizer, card, tmp_path_factory.mktemp("rwkv7") / "small")


@pytest.fixture(scope="session")
def aiwriter1(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A moxu folder: a small AI-Writer v1 with a window of 12 characters."""
    tokenizer = WordTable([*CHARACTERS, UNKNOWN])
    sizes = {"layers": 1, "heads": 2, "width": 8, "attention_width": 8, "feed_forward_width": 8, "folded": False}
    config = {"vocab_size": tokenizer.vocab_size, "context": 12, **sizes}
    return _make("aiwriter1", config, tokenizer, {}, tmp_path_factory.mktemp("aiwriter1") / "windowed")


@pytest.fixture(scope="session")
def dialogues(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A moxu folder: a small character GPT of dialogues, as in the course, with a window of 30 characters."""
    tokenizer = TurnsTokenizer([*SPECIAL, *CHARACTERS[1:]])
    kinds = {"norm": "post", "activation": "relu", "bias": False, "tied": False}
    return _make("gpt", _gpt(tokenizer, 30) | kinds, tokenizer, {}, tmp_path_factory.mktemp("gpt") / "dialogues")


@pytest.fixture(scope="session")
def gpt(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A moxu folder: a small transformer with characters and a window of 24."""
    tokenizer = CharTokenizer(CHARACTERS)
    return _make("gpt", _gpt(tokenizer, 24), tokenizer, {}, tmp_path_factory.mktemp("gpt") / "transformer")


@pytest.fixture(scope="session")
def misaka(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A moxu folder: a small Misaka."""
    tokenizer = WordPieceTokenizer(["[PAD]", "氼", "[UNK]", "[CLS]", "[SEP]", *CHARACTERS[1:]])
    sizes = {"width": 16, "hidden": 24, "key_size": 8, "encoder_layers": 2, "decoder_layers": 1}
    config = {"vocab_size": tokenizer.vocab_size, "start_id": 3, **sizes}
    return _make("gau", config, tokenizer, {}, tmp_path_factory.mktemp("gau") / "misaka")


@pytest.fixture(scope="session")
def unilm(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A moxu folder: a small UniLM with 24 positions, of which a target has 12."""
    tokenizer = WordPieceTokenizer(["[PAD]", "[UNK]", "[CLS]", "[SEP]", *CHARACTERS[1:], "[EOS]"])
    sizes = {"width": 16, "layers": 1, "heads": 2, "hidden": 24, "positions": 24}
    config = {"vocab_size": tokenizer.vocab_size, **sizes}
    return _make("unilm", config, tokenizer, {}, tmp_path_factory.mktemp("unilm") / "unilm")


@pytest.fixture(scope="session")
def cpm(tmp_path_factory: pytest.TempPathFactory, reference: Path) -> Path:
    """A moxu folder: a small CPM-1 with a window of 24 pieces."""
    from moxu.text.cpm import CpmTokenizer

    (vocabulary,) = (reference / "cpm1" / "public" / "small_tokenizer").glob("*.model")
    tokenizer = CpmTokenizer.load(vocabulary)
    return _make("gpt", _gpt(tokenizer, 24), tokenizer, {}, tmp_path_factory.mktemp("gpt") / "cpm")


def _gpt(tokenizer: Tokenizer, positions: int) -> dict[str, Any]:
    return {"vocab_size": tokenizer.vocab_size, "width": 16, "layers": 1, "heads": 2, "positions": positions}


def _make(architecture: str, config: dict[str, Any], tokenizer: Tokenizer, card: dict[str, Any], path: Path) -> Path:
    """Write a folder of a model with random weights; return where."""
    generator = torch.Generator().manual_seed(1)
    model = build(architecture, config)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.normal_(0, 0.3, generator=generator)
    folder.write(Checkpoint(architecture, asdict(model.config), model.state_dict(), tokenizer, card), path)
    return path
