"""Where the repository lies, for tests that read its files."""

from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
