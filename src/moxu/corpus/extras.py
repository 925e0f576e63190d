"""Modules whose libraries are an extra of moxu: imported where they are needed, and named where they are not there."""

from importlib import import_module
from typing import Any

from moxu.errors import SettingsError


def import_extra(module: str, extra: str, what: str) -> Any:
    """Return a module of moxu; SettingsError that says how to install what ``what`` needs where that is missing."""
    try:
        return import_module(module)
    except ImportError as error:
        library = (error.name or "").partition(".")[0]
        raise SettingsError(f"{what} needs {library}; pip install 'moxu[{extra}]'") from None
