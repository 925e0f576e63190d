"""Files that are whole or not there: written beside their place, then moved into it in one step."""

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from moxu.errors import CheckpointError


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a name to write to; when the block ends well the file takes the place of ``path``, else it is removed.

    Raises CheckpointError when the disk is full, the folder cannot be written or ``path`` is itself a folder; what
    stood at ``path`` is untouched.
    """
    if path.is_dir():
        raise CheckpointError(f"{path}: is a folder; give the name of a file")
    with replacing_in(path.parent) as folder:
        yield folder / path.name


@contextlib.contextmanager
def replacing_in(path: Path, last: str = "") -> Iterator[Path]:
    """Give a folder to write in; when the block ends well what is in it moves into ``path``, ``last`` after the rest.

    A folder takes the place of the whole folder of its name. Other files of ``path`` stay. A ``path`` that was
    made for the purpose goes away again when the block fails.
    """
    fresh = not path.exists()
    try:
        path.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=path, prefix=".writing-") as temporary:
            yield Path(temporary)
            entries = sorted(Path(temporary).iterdir(), key=lambda entry: (entry.name == last, entry.name))
            for written in sorted(Path(temporary).rglob("*")):
                _flush(written)
            for entry in entries:
                if entry.is_dir() and (path / entry.name).is_dir():
                    (path / entry.name).replace(Path(temporary) / f".old-{entry.name}")
                entry.replace(path / entry.name)
            _flush(path)
    except BaseException as error:
        if fresh:
            with contextlib.suppress(OSError):
                path.rmdir()
        if isinstance(error, OSError):
            reason = error.strerror or error
            raise CheckpointError(f"{path}: could not be written: {reason}; what was there is unchanged") from error
        raise


def _flush(path: Path) -> None:
    """Have the system write a file (or the entries of a folder, where it can) to the disk."""
    if path.is_dir() and os.name == "nt":
        return
    handle = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
