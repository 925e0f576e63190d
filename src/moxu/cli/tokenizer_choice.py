"""Which tokenizer a command uses that needs no model: a vocabulary file, or what a folder was made with."""

from pathlib import Path
from typing import TYPE_CHECKING

from moxu.cli.model_choice import find
from moxu.errors import SettingsError, TextError

if TYPE_CHECKING:
    from moxu.text.tokenizer import Tokenizer

CONFIG_FILE = "config.json"
VOCABULARIES = ("tokenizer.json", "vocab.txt", "vocab.json")  # of a Hugging Face folder, that which says most first


def choose_tokenizer(vocab: Path | None, name: str | None) -> "Tokenizer | None":
    """Return the tokenizer of a vocabulary file, or of what has this name; None when neither is given."""
    if vocab is not None and name is not None:
        raise SettingsError("--vocab and --tokenizer both name a tokenizer; give one of them")
    if vocab is not None:
        from moxu.text.tokenizers import read_vocab

        return read_vocab(vocab)
    return None if name is None else _tokenizer_of(find(name))


def _tokenizer_of(folder: Path) -> "Tokenizer":
    """Return the tokenizer of a folder: moxu's own, a packed one, or one of Hugging Face's layout."""
    from moxu.checkpoints.json_files import read_table
    from moxu.corpus.pack.packed import INDEX_FILE, PackedText
    from moxu.text.tokenizers import load_tokenizer, read_vocab

    if (folder / INDEX_FILE).is_file():
        return PackedText(folder).tokenizer
    config = read_table(folder / CONFIG_FILE) if (folder / CONFIG_FILE).is_file() else {}
    if config.get("tokenizer") and "architecture" in config:
        return load_tokenizer(config["tokenizer"], folder)
    for file in VOCABULARIES:
        if (folder / file).is_file():
            return read_vocab(folder / file)
    raise TextError(f"--tokenizer {folder}: no tokenizer here; expected a model's folder, or name a file with --vocab")
