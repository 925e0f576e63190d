"""Texts need no extra; what needs one says which, in a line."""

import subprocess
import sys
from pathlib import Path

import pytest

from moxu.corpus.extras import import_extra
from moxu.errors import SettingsError

WITHOUT = """import sys, tarfile
from pathlib import Path
for name in ("pyarrow", "lxml", "markdown_it", "opencc", "scrapy", "ray", "torch", "matplotlib"):
    sys.modules[name] = None
from moxu.corpus.dedup.survey import Survey
from moxu.corpus.inspect.sources import read_works
from moxu.corpus.pack.sources import Sources
folder = Path(sys.argv[1])
(folder / "a.txt").write_text("第一章 雨\\n夜里下了一场雨。\\n", "utf-8")
(folder / "b.jsonl").write_text('{"text": "x", "title": "y"}', "utf-8")
with tarfile.open(folder / "c.tar.xz", "w:xz") as archive:
    archive.add(folder / "a.txt", "d.txt")
assert [text.name for text in Sources([folder])] == ["a", "y", "d"]
assert len([text.read() for text in Sources([folder])]) == 3
survey = Survey()
for work in read_works([folder], print):
    survey.add(work)
assert survey.works == ["a", "y", "d"], survey.works
"""


def test_texts_lines_and_archives_of_them_are_read_without_any_extra(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", WITHOUT, str(tmp_path)], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()


def test_missing_library_is_named_with_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    monkeypatch.delitem(sys.modules, "moxu.corpus.folder", raising=False)
    with pytest.raises(SettingsError, match=r"^a\.parquet needs pyarrow; pip install 'moxu\[corpus\]'$"):
        import_extra("moxu.corpus.folder", "corpus", "a.parquet")
