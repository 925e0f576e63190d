"""A file that a command is to write: refused before anything is read, if it cannot be written or would be a loss."""

from collections.abc import Sequence
from pathlib import Path

from moxu.errors import SettingsError


def check_output_file(option: str, path: Path | None, sources: Sequence[Path], *, apart: bool = False) -> None:
    """Raise SettingsError where ``path`` is a source, lies in one (if it has to be ``apart``), or in no folder."""
    if path is None:
        return
    place = path.resolve()
    taken = (place, *place.parents) if apart else (place,)
    if any(source.resolve() in taken for source in sources):
        raise SettingsError(f"{option} {path}: is among what is read; name a file elsewhere")
    if place.is_dir() or not place.parent.is_dir():
        raise SettingsError(f"{option} {path}: expected the name of a file in a folder that is there")
