"""``moxu reshard``: a CPM-1 checkpoint in another number of parts."""

from pathlib import Path

import click

from moxu.cli.convert import size_on_disk
from moxu.cli.model_choice import FILE
from moxu.cli.terminal import say_in_place, short_size


@click.command()
@click.argument("source", metavar="SRC", type=FILE)
@click.argument("target", metavar="DST", type=FILE)
@click.option("--parts", type=click.IntRange(min=1), required=True, help="How many parts DST is cut into.")
def reshard(source: Path, target: Path, parts: int) -> None:
    """Cut the CPM-1 checkpoint SRC into another number of parts, written as DST.

    SRC is the folder with latest_checkpointed_iteration.txt, or that of one iteration. The tensors pass through memory
    one by one. DST appears, or replaces an older checkpoint, only when it is complete; the state of the optimizer
    belongs to the old parts and is left out.
    """
    from moxu.checkpoints import reshard as resharding

    try:
        done = resharding.reshard(source, target, parts, _show)
    finally:
        say_in_place("")
    click.echo(f"read   {source}: {_counted(done.parts_before)}, {done.tensors} tensors")
    click.echo(f"wrote  {target}: {_counted(done.parts)}, {short_size(size_on_disk(target))}")
    if done.dropped:
        click.echo(f"left out: {', '.join(done.dropped)}")


def _show(done: int, total: int) -> None:
    say_in_place(f"resharding {done / total:.0%} of {short_size(total)}")


def _counted(parts: int) -> str:
    return f"{parts} part{'s' if parts > 1 else ''}"
