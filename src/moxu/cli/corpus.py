"""``moxu corpus``: prepare texts for training."""

import itertools
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from moxu.cli.model_choice import FILE
from moxu.corpus.pack.packed import IDS_FILE, INDEX_FILE, PackedText
from moxu.corpus.pack.packing import Work, build_vocabulary, pack, read_works
from moxu.errors import SettingsError, TextError
from moxu.text.chars import CharTokenizer

if TYPE_CHECKING:
    from rich.progress import Progress


@click.group()
def corpus() -> None:
    """Prepare texts for training."""


@corpus.command("pack")
@click.argument("sources", metavar="SRC...", nargs=-1, required=True, type=FILE)
@click.option("--out", type=FILE, required=True, help="The folder to make; an older packed folder is replaced.")
@click.option("--manifest", type=FILE, help="Tab-separated table: title, split, era, style of each text.")
@click.option("--vocab-size", type=click.IntRange(min=258), default=6000, show_default=True, help="Ids at most.")
@click.option("--vocab", type=FILE, help="Use this vocabulary of characters instead of making one.")
def pack_command(
    sources: tuple[Path, ...], out: Path, manifest: Path | None, vocab_size: int, vocab: Path | None
) -> None:
    """Pack texts into ids that training reads.

    SRC are .txt files, folders of them and tar archives of them, in any Chinese encoding. The folder holds ids.bin,
    index.json and the vocabulary.
    """
    _check_target(out)
    tokenizer = CharTokenizer.load(vocab) if vocab else None

    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        if tokenizer is None:
            works = _watched(_some_works(sources, manifest), progress, "counting characters")
            tokenizer = build_vocabulary(works, vocab_size)
        pack(_watched(_some_works(sources, manifest), progress, "packing"), tokenizer, out)
    packed = PackedText(out)
    characters = sum(document.characters for document in packed.documents)
    documents = f"{len(packed.documents):,} text{'s' if len(packed.documents) > 1 else ''}"
    click.echo(f"{out}: {documents}, {characters:,} characters, vocabulary of {tokenizer.vocab_size:,}")


def _check_target(out: Path) -> None:
    """Refuse to replace what was not packed by moxu."""
    is_packed = (out / INDEX_FILE).is_file() and (out / IDS_FILE).is_file()
    is_empty = out.is_dir() and not any(out.iterdir())
    if out.exists() and not (is_packed or is_empty):
        raise SettingsError(f"--out {out}: exists and is no packed folder; name another, it would be replaced")


def _some_works(sources: Iterable[Path], manifest: Path | None) -> Iterator[Work]:
    """Read the works; TextError when there are none."""
    works = read_works(sources, manifest)
    first = next(works, None)
    if first is None:
        raise TextError(f"{', '.join(map(str, sources))}: no .txt files here; give texts, folders or archives of them")
    return itertools.chain([first], works)


def _watched(works: Iterator[Work], progress: "Progress", title: str) -> Iterator[Work]:
    """Pass the works on, and show how many there were."""
    task, characters = progress.add_task(title, total=None), 0
    for number, work in enumerate(works, start=1):
        yield work
        characters += len(work.text)
        progress.update(task, description=f"{title}: {number:,} texts, {characters:,} characters, {work.name}")
