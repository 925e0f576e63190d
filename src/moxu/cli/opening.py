"""Where the opening of a text comes from: the command line, a file, standard input."""

import os
import sys
from pathlib import Path

from moxu.errors import SettingsError
from moxu.text.encodings import decode_bytes, read_text

STANDARD_INPUT = "-"


def read_opening(argument: str | None, file: Path | None, subject: str = "opening") -> str | None:
    """Return what the user gave as an opening; None when nobody did and there is a terminal to ask at.

    Without a terminal, standard input is the opening. Raises SettingsError for two sources, TextError for a file that
    is missing or no text.
    """
    if argument is not None and file is not None:
        raise SettingsError(f"two {subject}s: {_short(argument)!r} and --file {file}; give one of them")
    if file is not None and str(file) != STANDARD_INPUT:
        return read_text(file)
    if argument is not None and argument != STANDARD_INPUT:
        return _from_command_line(argument, subject)
    if argument is None and file is None and sys.stdin.isatty():
        return None
    return decode_bytes(sys.stdin.buffer.read(), "standard input")[0]


def _from_command_line(argument: str, subject: str) -> str:
    """Return an argument; one in another encoding than the system's, its bytes kept as surrogates, is read again."""
    try:
        argument.encode()
    except UnicodeEncodeError:
        return decode_bytes(os.fsencode(argument), f"the {subject}")[0]
    return argument


def _short(text: str) -> str:
    return text if len(text) <= 20 else text[:20] + "…"
