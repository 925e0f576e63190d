"""Asking a person on the terminal, line by line."""

import contextlib
import sys

import click

from moxu.cli.terminal import say

LEAVE = "stop"


def edit_lines() -> None:
    """Let a line be edited while it is typed, and earlier ones be brought back; Windows does so by itself."""
    with contextlib.suppress(ImportError):
        import readline  # noqa: F401 — importing it is what does it


def ask() -> str | None:
    """Return the next line; None when the user wants to leave. A Ctrl-C here is passed on."""
    if not sys.stdout.isatty():  # the question must not be among the texts
        click.echo("> ", nl=False, err=True)
    try:
        answer = input("> " if sys.stdout.isatty() else "")
    except EOFError:
        say("")
        return None
    return None if answer.strip() == LEAVE else answer
