"""The place of a folder that is made: it grows beside it, as ``NAME.part``, and takes its name when it is whole.

Only one process at a time makes it. What stands in the place is replaced if it is of the same kind, and never lost
before the new one is there.
"""

import shutil
from collections.abc import Collection
from pathlib import Path
from typing import BinaryIO

from moxu.corpus.lock import lock
from moxu.errors import SettingsError
from moxu.interrupt import uninterrupted

LOCK_FILE = ".lock"


def part_of(out: Path) -> Path:
    """Return the folder of the unfinished form."""
    return out.with_name(out.name + ".part")


def is_free(folder: Path) -> bool:
    """Say whether nothing is there that could be lost: no such folder, or an empty one."""
    if not folder.is_dir():
        return not folder.exists()
    return all(entry.name == LOCK_FILE for entry in folder.iterdir())


def check_target(out: Path, marks: Collection[str], what: str) -> None:
    """Raise SettingsError where something else would be replaced than ``what`` is known by its files, the ``marks``."""
    if not is_free(out) and not all((out / mark).is_file() for mark in marks):
        raise SettingsError(f"--out {out}: exists and is no {what}; name another, it would be replaced")


def claim(out: Path) -> BinaryIO:
    """Make the unfinished folder if it is not there, and keep others away from it until what is returned is closed.

    SettingsError where another process has it, or the folder cannot be made.
    """
    part = part_of(out)
    try:
        part.mkdir(parents=True, exist_ok=True)
        file = (part / LOCK_FILE).open("ab")
    except OSError as error:
        raise SettingsError(f"--out {out}: {error.strerror or error}; name another folder") from None
    if not lock(file):
        file.close()
        raise SettingsError(f"--out {out}: another process is at work on it; let that end, or stop it first")
    return file


def clear(part: Path) -> None:
    """Remove what an unfinished folder that is claimed holds."""
    for entry in part.iterdir():
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry)
        elif entry.name != LOCK_FILE:
            entry.unlink()


def take_place(new: Path, out: Path) -> None:
    """Give ``new``, which nobody claims any more, the name ``out``; what has it is removed when that is done."""
    (new / LOCK_FILE).unlink(missing_ok=True)
    with uninterrupted():
        aside = out.with_name(f".{out.name}.old")
        if out.exists():
            if aside.exists():
                shutil.rmtree(aside)
            out.replace(aside)
        new.replace(out)
        if aside.exists():
            shutil.rmtree(aside)
