"""The numbers of the real corpus beside the repository: those of its manifest, its files and its card."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq

from moxu.corpus.build.statistics import Counts
from moxu.corpus.dedup.duplicates import find_duplicates
from moxu.corpus.dedup.fingerprint import Fingerprinter
from moxu.corpus.folder import Corpus
from moxu.corpus.manifest import read_manifest

HELD_OUT = ["镜花缘", "孽海花", "鲁迅·呐喊", "许地山·落花生"]
OVERLAPPING = ["三遂平妖传", "鬼谷四友志", "混唐后传", "隋史遗文", "剑侠奇中奇全传"]

Fiction = tuple[Path, Path]


def lines_of(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def test_counts_add_up() -> None:
    counts = Counts(1, 2, 3)
    counts.add(1, 1, 1)
    assert counts.to_json() == {"works": 2, "chapters": 3, "characters": 4}


def test_every_work_has_the_characters_that_the_manifest_tells(fiction: Fiction) -> None:
    manifest = read_manifest(fiction[0] / "manifest.tsv")
    works = lines_of(fiction[1] / "works.jsonl")
    assert len(works) == 321
    differing = [work["title"] for work in works if work["read"] != manifest.row_of(work["title"]).characters]
    assert differing == []
    statistics = json.loads((fiction[1] / "statistics.json").read_bytes())
    assert statistics["manifest"] == {"told": 321, "differing": [], "missing": []}
    assert statistics["characters"]["read"] == sum(row.characters or 0 for row in manifest.rows.values())


def test_splits_groups_and_authors_are_those_of_the_manifest(fiction: Fiction) -> None:
    manifest = read_manifest(fiction[0] / "manifest.tsv")
    works = list(Corpus(fiction[1]).works())
    assert len(works) == 321
    facts = {work.book.title: (work.split, work.group, work.book.author) for work in works}
    assert facts == {row.title: (row.split, row.group, row.author) for row in manifest.rows.values()}
    assert sorted(title for title, fact in facts.items() if fact[0] == "validation") == sorted(HELD_OUT)


def test_hardly_anything_is_lost_and_all_that_is_is_told(fiction: Fiction) -> None:
    statistics = json.loads((fiction[1] / "statistics.json").read_bytes())
    characters = statistics["characters"]
    assert characters["cleaned"] > 0.999 * characters["read"]
    assert characters["kept"] > 0.998 * characters["cleaned"]
    reasons = Counter(line["why"] for line in lines_of(fiction[1] / "dropped.jsonl"))
    assert dict(reasons) == {reason: counts["chapters"] for reason, counts in statistics["dropped"].items()}
    kept = sum(bool(chapter.paragraphs) for work in Corpus(fiction[1]).works() for chapter in work.book.chapters)
    assert (kept, kept + reasons.total()) == (statistics["chapters"], statistics["found"]["chapters"])


def test_files_hold_what_the_statistics_say(fiction: Fiction) -> None:
    statistics = json.loads((fiction[1] / "statistics.json").read_bytes())
    for split, counts in statistics["splits"].items():
        tables = [pq.read_table(path) for path in Corpus(fiction[1]).files(split)]
        texts = [text for table in tables for text in table.column("text").to_pylist()]
        assert sum(map(bool, texts)) == counts["chapters"]
        assert len({work for table in tables for work in table.column("work").to_pylist()}) == counts["works"]


def test_no_chapter_for_training_is_nearly_one_that_is_held_out(fiction: Fiction) -> None:
    texts, sides = list[str](), list[bool]()
    for work in Corpus(fiction[1]).works():
        for chapter in work.book.chapters:
            texts.append("\n".join(chapter.paragraphs))
            sides.append(work.split == "validation")
    chosen = [Fingerprinter().of(text) for text in texts if len(text) > 100]
    held_out = np.array([side for text, side in zip(texts, sides, strict=True) if len(text) > 100])
    exact = np.array([np.frombuffer(each.exact, np.uint8) for each in chosen])
    signatures = np.array([each.signature for each in chosen])
    found = find_duplicates(exact, signatures, np.ones(len(exact), np.bool_), threshold=0.5, priority=held_out * 1.0)
    repeated = found.repeats[(found.repeats >= 0) & ~held_out]
    assert not held_out[repeated].any()


def test_card_names_the_works_that_are_held_out_and_those_that_overlap(fiction: Fiction) -> None:
    card = (fiction[1] / "README.md").read_text("utf-8")
    (line,) = (line for line in card.splitlines() if line.startswith("For validation"))
    assert all(title in line for title in HELD_OUT)
    related = card.partition("## Related works")[2].partition("\n## ")[0]
    assert [title for title in OVERLAPPING if title in related] == OVERLAPPING
    assert "were read with exactly as many" in card
    assert "**321 works, " in card
