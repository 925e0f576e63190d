"""``moxu convert``: one checkpoint format into another."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from moxu.checkpoints.kinds import FORMATS
from moxu.cli.model_choice import FILE, FOREIGN_OPTIONS, find, find_kind, read_options, with_options
from moxu.cli.terminal import short_count, short_size

if TYPE_CHECKING:
    from moxu.checkpoints.checkpoint import Checkpoint
    from moxu.checkpoints.storage import Store

KINDS = " or ".join((", ".join(list(FORMATS)[:-1]), list(FORMATS)[-1]))


@click.command()
@click.argument("source", metavar="SRC")
@click.argument("target", metavar="DST", type=FILE)
@click.option("--from", "from_kind", metavar="KIND", help=f"What SRC is: {KINDS}.  [default: detected]")
@click.option("--to", "to_kind", metavar="KIND", help="What DST becomes.  [default: told by its name]")
@with_options(*FOREIGN_OPTIONS)
@click.option(
    "--store", type=click.Choice(["float32", "float16", "bfloat16", "int8"]), help="Number type; int8 for folders only."
)
@click.option("--parts", type=click.IntRange(min=1), default=1, help="Into how many parts a cpm1 checkpoint is cut.")
def convert(
    source: str,
    target: Path,
    from_kind: str | None,
    to_kind: str | None,
    vocab: Path | None,
    config: Path | None,
    facts: tuple[str, ...],
    store: "Store | None",
    parts: int,
) -> None:
    """Convert the checkpoint SRC and write it as DST.

    By its name DST is Paddle's (.pdparams), Misaka's (.h5), llama.cpp's (.gguf), the original format of the model
    (.pth, .pt) or else a moxu folder. Every tensor is accounted for; DST appears, or changes, only when it is complete.
    """
    path = find(source)

    from moxu.checkpoints import convert as conversion
    from moxu.checkpoints.formats import detect

    kind = from_kind or find_kind(path)
    told = read_options(vocab, config, facts)
    checkpoint = conversion.convert(path, target, kind, to_kind, told, store=store, parts=parts)
    click.echo(f"read   {path} ({kind}): {describe(checkpoint)}")
    click.echo(f"wrote  {target} ({to_kind or detect(target)}): {short_size(size_on_disk(target))}")


def describe(checkpoint: "Checkpoint") -> str:
    """Return the architecture, the number of parameters and the vocabulary of a checkpoint in words."""
    count = short_count(sum(tensor.numel() for tensor in checkpoint.tensors.values()))
    tokenizer = checkpoint.tokenizer
    words = f"vocabulary of {tokenizer.vocab_size:,} ({tokenizer.kind})" if tokenizer else "no vocabulary (--vocab)"
    return f"{checkpoint.architecture}, {count} parameters, {words}"


def size_on_disk(path: Path) -> int:
    """Return the bytes of a file, or of all files of a folder."""
    files = [path] if path.is_file() else path.rglob("*")
    return sum(file.stat().st_size for file in files if file.is_file())
