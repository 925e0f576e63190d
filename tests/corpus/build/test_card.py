"""The data card: what Hugging Face reads of it, what people read, and no text of a stranger as markup."""

import re
from pathlib import Path
from typing import Any

import pytest

from moxu.corpus.build.card import cell, table
from moxu.corpus.build.options import BuildOptions, PrepareOptions
from moxu.corpus.build.pipeline import build
from novels import novel, prose


@pytest.fixture
def card(shelf: Path, tmp_path: Path) -> str:
    (shelf / "抄本.txt").write_text(novel("江上1", "own"), "utf-8")
    (shelf / "a|b <i>.txt").write_text(prose("mark") + "\n他说...\n", "utf-8")
    (shelf / "坏.epub").write_bytes(b"PK\x03\x04junk")
    (shelf / "manifest.tsv").write_text(
        "title\tsplit\tauthor\tera\tstyle\tlicence\tchars\n"
        "江上\tvalidation\t某人\t1920s\tprose\tpublic domain\t5\n"
        "山中\ttrain\t他人\t1930s\tprose\tpublic domain\t\n"
        "雨夜\ttrain\t\t\t\t\t\n抄本\ttrain\t\t\t\t\t\na|b <i>\ttrain\t\t\t\t\t\n云外\ttest\t\t\t\t\t\n",
        "utf-8",
    )
    build([shelf], tmp_path / "corpus", PrepareOptions(also=("notes",)), BuildOptions(min_chars=3))
    return (tmp_path / "corpus" / "README.md").read_text("utf-8")


def test_head_names_the_files_of_each_split_that_there_is(card: str, tmp_path: Path) -> None:
    head = card.split("---\n")[1]
    found = dict(re.findall(r"  - split: (\w+)\n    path: (.+)\n", head + "\n"))
    assert found == {"train": "data/train-*.parquet", "validation": "data/validation-*.parquet"}
    assert all(list((tmp_path / "corpus").glob(pattern)) for pattern in found.values())
    assert "license: other" in head


@pytest.mark.parametrize(
    "line",
    [
        "For validation, never to be trained on: 江上.",
        "| 1920s, prose | 1 | 3 |",
        "| public domain | 2 | 6 |",
        "**Warning:** the licence of 3 of the works is not stated.",
        "| `ellipses` | rows of dots become …… | 1 | 他说... | 他说…… |",
        "| exact duplicate | 0 | 1 |",
        "Files and rows that could not be read, or were refused: 1",
        "- 江上: 5 in the manifest, ",
        "- named, but in no source: 云外",
        "moxu corpus build shelf --out CORPUS --also notes --min-chars 3",
        "| 江上 | 某人 | validation | public domain | 3 |",
        "| a\\|b \\<i\\> |",
    ],
)
def test_card_tells(line: str, card: str) -> None:
    assert line in card


def test_card_says_nothing_of_this_machine(card: str, tmp_path: Path) -> None:
    assert str(tmp_path) not in card


def test_table_keeps_its_columns_whatever_stands_in_it() -> None:
    rows: list[Any] = [("a", "b"), ("x|y", "*z*\n[l](u)")]
    assert table(rows).splitlines()[-1] == "| x\\|y | \\*z\\* \\[l\\](u) |"
    assert cell("<script>") == "\\<script\\>"
