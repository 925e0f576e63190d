"""``moxu corpus pack``: texts into the ids that training reads."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from moxu.cli.exit_status import INCOMPLETE
from moxu.cli.model_choice import FILE
from moxu.cli.progress import bars
from moxu.cli.terminal import say
from moxu.cli.tokenizer_choice import choose_tokenizer
from moxu.corpus.target import check_target
from moxu.errors import SettingsError, TextError

if TYPE_CHECKING:
    from moxu.corpus.pack.sources import Sources
    from moxu.corpus.pack.texts import Progress
    from moxu.text.tokenizer import Tokenizer

VOCAB_SIZE = 6000
PACKED = ("index.json", "ids.bin")  # by which a packed folder is known, without what reads it
SMALL = 1 << 20  # bytes of sources that are packed before other processes would have begun
SMALL_FOR_TABLES = 1 << 28  # the same for tokenizers that look all characters up at once


@click.command("pack")
@click.argument("sources", metavar="SRC...", nargs=-1, required=True, type=FILE)
@click.option("--out", type=FILE, required=True, help="The folder to make; an older packed folder is replaced.")
@click.option(
    "--manifest", type=FILE, help="Tab-separated table: title, split, and if you like era, style of each text."
)
@click.option("--vocab-size", type=click.IntRange(min=258), help=f"Ids at most.  [default: {VOCAB_SIZE}]")
@click.option("--coverage", type=click.FloatRange(0, 1, min_open=True), help="As many as cover this part: 0.9995.")
@click.option("--vocab", type=FILE, help="Use the vocabulary in this file, of any kind, instead of making one.")
@click.option("--tokenizer", metavar="MODEL", help="Use that of a model, installed or a folder, or of a packed folder.")
@click.option("--workers", type=click.IntRange(min=1), help="Processes.  [default: as many as pay]")
def pack_command(
    sources: tuple[Path, ...],
    out: Path,
    manifest: Path | None,
    vocab_size: int | None,
    coverage: float | None,
    vocab: Path | None,
    tokenizer: str | None,
    workers: int | None,
) -> int:
    """Pack texts into ids that training reads.

    SRC are corpora that were built, .txt files in any Chinese encoding, books (EPUB, Word, HTML, Markdown), folders and
    archives of them, tables of texts, and what was crawled; nothing is cleaned. Without --vocab and --tokenizer the
    most frequent characters become the vocabulary.
    """
    check_target(out, PACKED, "packed folder")
    chosen = choose_tokenizer(vocab, tokenizer)
    if chosen is not None and (vocab_size or coverage):
        raise SettingsError("--vocab-size and --coverage are for a new vocabulary; leave them, or --vocab, out")

    from moxu.corpus.pack.packing import pack
    from moxu.corpus.pack.sources import Sources
    from moxu.corpus.processes import available_processors

    texts = Sources(sources, manifest)
    if next(iter(texts), None) is None:
        raise TextError(f"{', '.join(map(str, sources))}: no texts here; give .txt files, books, folders or archives")
    if workers is None:
        small = SMALL_FOR_TABLES if chosen is None or hasattr(chosen, "encode_array") else SMALL
        workers = 1 if texts.size < small else available_processors()
    with _bars() as bar:
        if chosen is None:
            chosen = _make_vocabulary(texts, vocab_size, coverage, workers, bar("counting"))
        try:
            done = pack(texts, chosen, out, workers=workers, origin=texts.origin, progress=bar("packing"))
        except KeyboardInterrupt:
            say(f"stopped; what was packed is in {out.name}.part, and the same command goes on from there")
            raise
    if done.gone_on_after:
        say(f"went on after {_count(done.gone_on_after, 'text')} that were packed before")
    if done.empty:
        say(f"left out, because there is no text in them: {_some(done.empty)}")
    _tell(out, chosen)
    for fault in texts.foreign.values():
        say(f"left out: {fault.source}: {fault.reason}")
    return INCOMPLETE if texts.foreign else 0


def _make_vocabulary(
    texts: "Sources", size: int | None, coverage: float | None, workers: int, progress: "Progress"
) -> "Tokenizer":
    """Make a vocabulary of characters, and say what it covers."""
    from moxu.corpus.pack.vocabulary import count_texts

    counts = count_texts(texts, workers, progress)
    if coverage is not None:
        size = min(counts.size_for(coverage), size or 1 << 30)
    tokenizer = counts.vocabulary(size or VOCAB_SIZE)
    of_texts = counts.coverage_of(tokenizer)
    rarest, times = of_texts.rarest
    say(
        f"vocabulary: {len(tokenizer.characters):,} of {of_texts.distinct:,} characters cover {of_texts.share:.4%} "
        f"of the training text; {of_texts.spelled:,} are spelled in bytes; the rarest kept is {rarest!r}, {times:,} x"
    )
    return tokenizer


def _tell(out: Path, tokenizer: "Tokenizer") -> None:
    """Print what was packed."""
    from moxu.corpus.pack.packed import PackedText

    packed = PackedText(out)
    index, unknown = packed.index, packed.documents.total("unknown")
    if tokenizer.end_id is None:
        say("this tokenizer has no id for the end of a text; only the index says where one ends")
    if unknown and tokenizer.kind != "chars":
        say(f"{unknown:,} of {index.ids:,} ids stand for what the vocabulary does not know: is it the right one?")
    click.echo(
        f"{out}: {_count(index.documents, 'text')}, {index.characters:,} characters, {index.ids:,} ids, "
        f"vocabulary of {tokenizer.vocab_size:,}"
    )


@contextmanager
def _bars() -> "Iterator[Callable[[str], Progress]]":
    """Show a bar for each thing that is begun, with what was done and how long the rest takes; only on a terminal."""
    with bars() as drawn:

        def begin(title: str) -> "Progress":
            task = drawn.add_task(title, total=1.0)
            texts = characters = 0

            def advance(part: float, more_texts: int, more_characters: int) -> None:
                nonlocal texts, characters
                texts, characters = texts + more_texts, characters + more_characters
                speed = characters / (drawn.tasks[task].elapsed or 1)
                line = f"{title}: {texts:,} texts, {characters:,} characters, {speed:,.0f} a second"
                drawn.update(task, completed=part, description=line)

            return advance

        yield begin


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _some(names: list[str]) -> str:
    return ", ".join(names[:5]) + (f" and {len(names) - 5:,} more" if len(names) > 5 else "")
