"""A shelf of invented books."""

import subprocess
import sys
from pathlib import Path

import pytest

from novels import novel
from tests_paths import REPOSITORY


@pytest.fixture
def shelf(tmp_path: Path) -> Path:
    """A folder of three books of three chapters each, in three encodings."""
    folder = tmp_path / "shelf"
    folder.mkdir()
    for name, encoding in (("江上", "utf-8"), ("山中", "gb18030"), ("雨夜", "utf-16")):
        chapters = [f"{name}{number}" for number in range(3)]
        (folder / f"{name}.txt").write_bytes(novel(*chapters).encode(encoding))
    return folder


@pytest.fixture(scope="session")
def fiction(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The public-domain fiction beside the repository and the corpus built of it; skipped where there is none."""
    source = REPOSITORY.parent / "shared" / "corpus"
    if not source.is_dir():
        pytest.skip("the fiction is not beside the repository")
    out = tmp_path_factory.mktemp("fiction") / "corpus"
    command = [sys.executable, "-m", "moxu.cli.main", "corpus", "build", str(source), "--out", str(out)]
    done = subprocess.run(command, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return source, out
