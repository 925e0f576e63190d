"""Speaking to people: lines of status on standard error, and colours where a terminal shows them."""

import os
import sys
from typing import TextIO

import click


def shows_colours(stream: TextIO) -> bool:
    """Whether ``stream`` is a terminal that takes colours, and its owner has not declined them with ``NO_COLOR``."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def paint(text: str, stream: TextIO, *, colour: str | None = None, dim: bool | None = None) -> str:
    """Return ``text`` in this style where ``stream`` shows it, else as it is."""
    return click.style(text, fg=colour, dim=dim) if text and shows_colours(stream) else text


def say(line: str) -> None:
    """Print a line of status on standard error, dim on a terminal."""
    click.echo(paint(line, sys.stderr, dim=True), err=True)


def say_in_place(line: str) -> None:
    """Show a line on a terminal where the last such line stood; an empty one clears the place. Silent elsewhere."""
    if sys.stderr.isatty():
        click.echo(f"\r\x1b[K{line}", nl=False, err=True)


def short_count(number: int) -> str:
    """Return a number of parameters as people write it: 812, 6.5M, 1.5B."""
    for size, letter in ((10**9, "B"), (10**6, "M"), (10**3, "K")):
        if number >= size:
            return f"{number / size:.1f}{letter}"
    return str(number)


def short_size(size: int) -> str:
    """Return a number of bytes as people write it: 812 B, 26.2 MB."""
    for unit, letters in ((10**9, "GB"), (10**6, "MB"), (10**3, "kB")):
        if size >= unit:
            return f"{size / unit:.1f} {letters}"
    return f"{size} B"
