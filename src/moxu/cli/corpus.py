"""``moxu corpus``: from books on the shelf to what training reads."""

import click

from moxu.cli.lazy import LazyCommand, LazyGroup

COMMANDS = {
    "build": LazyCommand("moxu.cli.corpus_build:build_command", "Make one clean corpus of books and pages."),
    "inspect": LazyCommand("moxu.cli.corpus_inspect:inspect_command", "Show what is in a corpus."),
    "dedup": LazyCommand("moxu.cli.corpus_dedup:dedup_command", "Find, and leave out, what stands there twice."),
    "pairs": LazyCommand("moxu.cli.corpus_pairs:pairs_command", "Make pairs and dialogues to train on."),
    "pack": LazyCommand("moxu.cli.corpus_pack:pack_command", "Pack texts into ids that training reads."),
}


@click.group(cls=LazyGroup, places=COMMANDS)
def corpus() -> None:
    """Prepare texts for training.

    \b
      moxu corpus build books/ --out corpus
      moxu corpus inspect corpus
      moxu corpus pack corpus --out runs/novels
    """
