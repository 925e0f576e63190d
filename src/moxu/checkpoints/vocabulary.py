"""The vocabulary of a foreign checkpoint: the one that was named, or the one beside it that fits."""

from pathlib import Path

from moxu.checkpoints.checkpoint import ReadOptions
from moxu.errors import CheckpointError
from moxu.text.tokenizer import Tokenizer
from moxu.text.tokenizers import KINDS, read_vocab

_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")  # AI-Writer's word tables are UTF-16, which other JSON files hardly are


def find_tokenizer(path: Path, options: ReadOptions, vocab_size: int) -> Tokenizer | None:
    """Return the tokenizer for a model of ``vocab_size`` that was read from ``path``.

    ``options.vocab`` names its file or a folder. Else the one vocabulary beside the checkpoint that fits is taken;
    where there is none, or several, the model works on ids. Raises CheckpointError when the named one does not fit.
    """
    if options.vocab is not None:
        return _named(options.vocab, vocab_size)
    fitting = [
        tokenizer for file in _vocabularies(path.parent) if (tokenizer := read_vocab(file)).vocab_size == vocab_size
    ]
    return fitting[0] if len(fitting) == 1 else None


def check_size(tokenizer: Tokenizer, vocab_size: int, where: str) -> None:
    """Raise CheckpointError, naming both sizes, when a tokenizer belongs to another model."""
    if tokenizer.vocab_size != vocab_size:
        raise CheckpointError(
            f"{where}: the vocabulary has {tokenizer.vocab_size} entries, but the model has {vocab_size}; "
            f"name the right one with --vocab"
        )


def _named(path: Path, vocab_size: int) -> Tokenizer:
    files = _vocabularies(path) if path.is_dir() else [path]
    if not files:
        raise CheckpointError(f"{path}: no vocabulary in this folder; expected a *.json word table or rwkv_vocab*.txt")
    tokenizers = [read_vocab(file) for file in files]
    fitting = [tokenizer for tokenizer in tokenizers if tokenizer.vocab_size == vocab_size]
    chosen = (fitting or tokenizers)[0]
    check_size(chosen, vocab_size, str(files[tokenizers.index(chosen)]))
    return chosen


def _vocabularies(folder: Path) -> list[Path]:
    """Return the word tables, RWKV vocabularies and moxu's own tokenizer files of a folder, by name."""
    own = {kind.file for kind in KINDS.values()}
    files = [file for file in sorted(folder.iterdir()) if file.is_file()]
    return [
        file
        for file in files
        if file.name in own or file.match("rwkv_vocab*.txt") or (file.suffix == ".json" and _is_utf16(file))
    ]


def _is_utf16(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(2) in _UTF16_MARKS
