import subprocess
import sys

import click

from moxu.cli.lazy import LazyCommand, LazyGroup

PLACES = {
    "there": LazyCommand("moxu.cli.corpus_pack:pack_command", "Is there."),
    "missing": LazyCommand("a_module_that_is_missing:command", "Is not."),
}


def test_help_lists_what_need_not_be_there() -> None:
    group = LazyGroup("group", places=PLACES)
    text = group.get_help(click.Context(group))
    assert text.index("there    Is there.") < text.index("missing  Is not.")


def test_a_command_that_is_missing_does_not_stop_the_others() -> None:
    group = LazyGroup("group", places=PLACES)
    context = click.Context(group)
    command = group.get_command(context, "there")
    assert command is not None
    assert command.name == "pack"
    assert group.get_command(context, "unknown") is None


def test_commands_are_imported_when_they_are_used() -> None:
    program = "import sys, moxu.cli.corpus; print('moxu.cli.corpus_pack' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], capture_output=True, check=True).stdout.strip() == b"False"
