"""Groups of commands that are imported when they are used, so that help is quick and one missing library stops one."""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import click


@dataclass(frozen=True)
class LazyCommand:
    """Where a command is defined, and its line in the group's help, which must not import it."""

    place: str  # module:attribute
    help: str


class LazyGroup(click.Group):
    """A group that imports a command only when it is called, or asked for its own help."""

    def __init__(self, *arguments: Any, places: Mapping[str, LazyCommand], **settings: Any) -> None:
        """Take the commands by name, in the order of the help; the rest is click's."""
        super().__init__(*arguments, **settings)
        self.places = places

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return list(self.places)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in self.places:
            return None
        module, _, attribute = self.places[cmd_name].place.partition(":")
        command = getattr(import_module(module), attribute)
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Commands"):
            formatter.write_dl([(name, command.help) for name, command in self.places.items()])
