"""Fixtures that any test may use."""

from pathlib import Path

import pytest

from tests_paths import REPOSITORY


@pytest.fixture(scope="session")
def golden() -> Path:
    """The small golden sets in the repository."""
    return REPOSITORY / "tests" / "golden"


@pytest.fixture(scope="session")
def reference() -> Path:
    """The full golden sets beside the repository; the test is skipped where they are not."""
    path = REPOSITORY.parent / "shared" / "reference"
    if not path.is_dir():
        pytest.skip("the reference data are not beside the repository")
    return path
