"""The manifest: rows by title, and every mistake in it named with its line."""

from pathlib import Path

import pytest

from moxu.corpus.manifest import Row, read_manifest
from moxu.errors import TextError


def write(path: Path, text: str, encoding: str = "utf-8") -> Path:
    path.write_bytes(text.encode(encoding))
    return path


def test_row_says_what_the_table_says_whatever_its_encoding_and_the_order_of_its_columns(tmp_path: Path) -> None:
    text = (
        "split\ttitle\tera\tstyle\tchars\tmood\ntrain\t甲书\tQing\tprose\t1,200\tsad\nvalidation\t乙书\t\tverse\t\t\n"
    )
    for number, encoding in enumerate(("utf-8", "utf-8-sig", "gb18030", "utf-16")):
        manifest = read_manifest(write(tmp_path / f"{number}.tsv", text, encoding))
        assert manifest.row_of("甲书") == Row("甲书", "train", era="Qing", style="prose", characters=1200)
        assert [row.group for row in manifest.rows.values()] == ["Qing, prose", "verse"]


def test_work_that_is_not_named_is_refused_with_the_nearest_name(tmp_path: Path) -> None:
    manifest = read_manifest(write(tmp_path / "m.tsv", "title\tsplit\n山中记\ttrain\n"))
    with pytest.raises(TextError, match=r"does not name '山中纪'.*did you mean '山中记'"):
        manifest.row_of("山中纪")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no column title, split"),
        ("title\tkind\n甲\tx\n", "no column split"),
        ("title\tsplit\n\ttrain\n", "line 2: has no title"),
        ("title\tsplit\n甲\ttrain\n乙\tdev\n", "line 3: split 'dev'; expected one of train, validation, test"),
        ("title\tsplit\n甲\ttrain\n甲\ttest\n", "line 3: '甲' has a row already"),
        ("title\tsplit\tchars\n甲\ttrain\tmany\n", "line 2: chars 'many'"),
    ],
)
def test_mistakes_are_named(text: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(TextError, match=message):
        read_manifest(write(tmp_path / "m.tsv", text))


def test_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(TextError, match="no such file"):
        read_manifest(tmp_path / "none.tsv")
