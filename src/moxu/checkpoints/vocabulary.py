"""The vocabulary of a foreign checkpoint: the one that was named, or the one beside it that fits."""

from pathlib import Path

from moxu.checkpoints.checkpoint import ReadOptions
from moxu.errors import CheckpointError
from moxu.text.tokenizer import Tokenizer
from moxu.text.tokenizers import GPT2_FILES, KINDS, read_vocab, recognise

_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")  # AI-Writer's word tables are UTF-16, which other JSON files hardly are
_ONE_VOCABULARY = ("vocab.txt", "tokenizer.json", GPT2_FILES[0])
"""The forms in which a Hugging Face folder holds its one vocabulary, that which says most first."""


def find_tokenizer(path: Path, options: ReadOptions, vocab_size: int) -> Tokenizer | None:
    """Return the tokenizer for a model of ``vocab_size`` that was read from ``path``.

    ``options.vocab`` names its file or a folder. Else the one vocabulary that fits is taken from beside the checkpoint,
    or from within it when it is a folder; where there is none, or several, the model works on ids. Raises
    CheckpointError when the named one does not fit.
    """
    if options.vocab is not None:
        return _named(options.vocab, vocab_size)
    files = _vocabularies(path if path.is_dir() else path.parent)
    fitting = _fitting([file for file in files if _is_vocabulary(file)], vocab_size)
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
        names = ", ".join(kind.file for kind in KINDS.values())
        raise CheckpointError(f"{path}: no vocabulary in this folder; expected a *.json word table or one of {names}")
    fitting = _fitting(files, vocab_size)
    if not fitting:
        check_size(read_vocab(files[0]), vocab_size, str(files[0]))
    return fitting[0]


def _fitting(files: list[Path], vocab_size: int) -> list[Tokenizer]:
    """Return the tokenizers of the files that fit the model; of the forms of one vocabulary, the first that fits."""
    fitting: dict[Path, Tokenizer] = {}
    for file in files:
        tokenizer = _sized(read_vocab(file), vocab_size)
        if tokenizer.vocab_size == vocab_size:
            fitting[file] = tokenizer
    forms = [file for name in _ONE_VOCABULARY for file in fitting if file.name == name]
    return [tokenizer for file, tokenizer in fitting.items() if file not in forms[1:]]


def _sized(tokenizer: Tokenizer, vocab_size: int) -> Tokenizer:
    """Return the tokenizer for a model of ``vocab_size``; models of ``tokenizers`` are often padded to a round size."""
    from moxu.text.bpe import BpeTokenizer

    if isinstance(tokenizer, BpeTokenizer) and tokenizer.vocab_size < vocab_size:
        return tokenizer.with_vocab_size(vocab_size)
    return tokenizer


def _vocabularies(folder: Path) -> list[Path]:
    """Return the files of a folder that are called as vocabularies are, or are word tables, by name."""
    own = {kind.file for kind in KINDS.values()}
    files = [file for file in sorted(folder.iterdir()) if file.is_file()]
    return [
        file
        for file in files
        if file.name in own
        or file.match("rwkv_vocab*.txt")
        or (file.suffix == ".json" and _is_utf16(file))
        or (file.name == GPT2_FILES[0] and (folder / GPT2_FILES[1]).is_file())
    ]


def _is_vocabulary(file: Path) -> bool:
    """Say whether a file with a vocabulary's name is one; another program may call another thing ``vocab.txt``."""
    return file.name == GPT2_FILES[0] or recognise(file) is not None


def _is_utf16(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(2) in _UTF16_MARKS
