import runpy
from collections.abc import Callable
from pathlib import Path

from tests_paths import REPOSITORY

Differences = Callable[[Path, Path], list[str]]


def written(folder: Path, texts: dict[str, str]) -> Path:
    for name, text in texts.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


def test_files_that_differ_or_that_only_one_page_has_are_named(tmp_path: Path) -> None:
    differences: Differences = runpy.run_path(str(REPOSITORY / "scripts" / "build-desk"))["differences"]
    same = {"index.html": "a", "assets/same.js": "b"}
    one = written(tmp_path / "one", same | {"assets/new.js": "c", "assets/page.css": "d"})
    other = written(tmp_path / "other", same | {"assets/old.js": "c", "assets/page.css": "e"})
    assert differences(one, one) == []
    assert differences(one, other) == ["assets/new.js", "assets/old.js", "assets/page.css"]


def test_the_packages_of_the_page_are_of_no_particular_registry() -> None:
    lock = (REPOSITORY / "web" / "package-lock.json").read_text("utf-8")
    assert '"resolved"' not in lock
    assert '"integrity"' in lock
