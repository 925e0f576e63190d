"""The data card of a corpus, ``README.md``: what is in it, whose it is, what was done to it, and how to do it again.

Its head is what Hugging Face reads, so ``datasets.load_dataset`` finds the splits.
"""

import json
from collections.abc import Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from moxu.corpus.build.statistics import NOT_STATED
from moxu.corpus.build.write import DROPPED_FILE, WORKS_FILE
from moxu.corpus.clean.rules import RULES
from moxu.corpus.marks import DATA
from moxu.corpus.work import SPLITS

MOST_WORKS = 1000  # in the table of works
MOST_NAMED = 50  # works of a split that is held out
SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"))
LONGEST_SAMPLE = 60


def write_card(folder: Path, name: str, statistics: Mapping[str, Any], index: Mapping[str, Any]) -> str:
    """Return the card of the corpus in a folder, of which the other files are there."""
    works = folder / WORKS_FILE
    parts = [
        _head(name, statistics),
        f"# {name}\n\n{_summary(statistics)}",
        _splits(statistics, works),
        _licences(statistics),
        _groups(statistics),
        _cleaning(statistics["cleaning"]),
        _dropped(statistics),
        _related(statistics["related"]),
        _manifest(statistics["manifest"]),
        _repeat(index),
        _works(works, statistics["found"]["works"]),
    ]
    return "\n\n".join(filter(None, parts)) + "\n"


def _head(name: str, statistics: Mapping[str, Any]) -> str:
    chapters = statistics["chapters"]
    size = next((label for limit, label in SIZES if chapters < limit), "1M<n<10M")
    lines = ["---", "language: [zh]", "license: other", f"pretty_name: {json.dumps(name, ensure_ascii=False)}"]
    lines += ["task_categories: [text-generation]", f"size_categories: [{size}]", "configs:", "- config_name: default"]
    lines += ["  data_files:"]
    for split in (split for split in SPLITS if split in statistics["splits"]):
        lines += [f"  - split: {split}", f"    path: {DATA}/{split}-*.parquet"]
    return "\n".join([*lines, "---"])


def _summary(statistics: Mapping[str, Any]) -> str:
    characters = statistics["characters"]
    return (
        f"Chinese texts: **{statistics['works']:,} works, {statistics['chapters']:,} chapters, "
        f"{characters['kept']:,} characters**, made by moxu.\n\n"
        f"Characters, headings and line ends included: {characters['read']:,} as read, {characters['cleaned']:,} "
        f"after cleaning, {characters['kept']:,} kept. A row of `{DATA}/*.parquet` is a chapter, with its work, title, "
        "author, source, licence, group, number, heading, text (a paragraph a line) and characters (of its "
        "paragraphs); the title of a volume is a row without text."
    )


def _splits(statistics: Mapping[str, Any], works: Path) -> str:
    rows = [("split", "works", "chapters", "characters")]
    rows += [(split, *_numbers(statistics["splits"][split])) for split in SPLITS if split in statistics["splits"]]
    text = f"## Splits\n\nA work is in one split whole, and so are works that share much text.\n\n{table(rows)}"
    for split in ("validation", "test"):
        if counts := statistics["splits"].get(split):
            titles = list(islice((work["title"] for work in _kept(works) if work["split"] == split), MOST_NAMED))
            more = f" and {counts['works'] - len(titles):,} more" if counts["works"] > len(titles) else ""
            text += f"\n\nFor {split}, never to be trained on: {'; '.join(map(cell, titles))}{more}."
    return text


def _licences(statistics: Mapping[str, Any]) -> str:
    rows = [("licence", "works", "chapters", "characters")]
    rows += [(name, *_numbers(counts)) for name, counts in statistics["licences"].items()]
    text = f"## Licences\n\nAs whoever made this corpus gave them; moxu cannot know.\n\n{table(rows)}"
    if unknown := statistics["licences"].get(NOT_STATED):
        text += (
            f"\n\n**Warning:** the licence of {unknown['works']:,} of the works is not stated. Whether they may be "
            "shared, or trained on, has to be found out before that is done."
        )
    return text


def _groups(statistics: Mapping[str, Any]) -> str:
    groups = statistics["groups"]
    if set(groups) <= {""}:
        return ""
    rows = [("group", "works", "chapters", "characters")]
    rows += [(name or "none", *_numbers(counts)) for name, counts in groups.items()]
    return f"## Groups\n\n{table(rows)}"


def _cleaning(cleaning: Mapping[str, Any]) -> str:
    titles = {name: rule.title for name, rule in RULES.items()}
    rows = [("rule", "what it does", "lines", "sample: before", "after")]
    for name, counts in cleaning.items():
        before, after = next(iter(counts["samples"]), ("", ""))
        lines = f"{counts['lines']:,}"
        rows.append((f"`{name}`", titles.get(name, ""), lines, _sample(before), _sample(after) or "(nothing)"))
    if len(rows) == 1:
        return "## Cleaning\n\nNo rule of cleaning changed anything."
    return f"## Cleaning\n\nRules that changed something, and how many lines each did.\n\n{table(rows)}"


def _sample(text: str) -> str:
    return text if len(text) <= LONGEST_SAMPLE else text[:LONGEST_SAMPLE] + " …"


def _dropped(statistics: Mapping[str, Any]) -> str:
    rows = [("reason", "works", "chapters", "characters")]
    rows += [(reason, *_numbers(counts)) for reason, counts in statistics["dropped"].items()]
    text = f"## Dropped\n\n`{DROPPED_FILE}` names every chapter that was dropped, why, and which one it repeats."
    text += f"\n\n{table(rows)}" if len(rows) > 1 else " None was."
    if faults := statistics["unreadable"]:
        text += f"\n\nFiles and rows that could not be read, or were refused: {faults:,}; it names them, too."
    if statistics["passed_over"]:
        text += f"\n\nFiles that are no texts, and were passed over: {statistics['passed_over']:,}."
    return text


def _related(related: Sequence[Mapping[str, Any]]) -> str:
    if not related:
        return ""
    lines = ["## Related works\n\nEach line names works that share much of their text.\n"]
    for group in related:
        splits = dict.fromkeys(group["splits"])
        told = ", ".join(splits) if len(splits) > 1 else next(iter(splits))
        moved = f"; {'; '.join(map(cell, group['followed']))} followed the others" if group["followed"] else ""
        lines.append(f"- {'; '.join(map(cell, group['works']))} ({told}{moved})")
        if len(splits) > 1:
            lines.append(
                "  They were named for different sides; chapters for training that overlap the others are dropped."
            )
    return "\n".join(lines)


def _manifest(manifest: Mapping[str, Any]) -> str:
    if not manifest["told"] and not manifest["missing"]:
        return ""
    equal = manifest["told"] - len(manifest["differing"])
    lines = [f"## Manifest\n\nThe manifest tells the number of characters of {manifest['told']:,} works: ", ""]
    lines[0] += f"{equal:,} were read with exactly as many."
    lines += [
        f"- {cell(work['title'])}: {work['manifest']:,} in the manifest, {work['read']:,} read"
        for work in manifest["differing"]
    ]
    if manifest["missing"]:
        lines.append(f"- named, but in no source: {'; '.join(map(cell, manifest['missing']))}")
    return "\n".join(lines).rstrip()


def _repeat(index: Mapping[str, Any]) -> str:
    return (
        "## How to repeat\n\nThe same sources, options and versions give the same bytes.\n\n"
        f"```sh\n{index['command']}\n```\n\nmoxu {index['moxu']}; digest of the sources: `{index['digest']}`"
    )


def _works(works: Path, count: int) -> str:
    rows = [("title", "author", "split", "licence", "chapters", "characters read", "kept")]
    for work in islice(_lines(works), MOST_WORKS):
        split = work["split"] if work["chapters"] else "dropped"
        licence = work["licence"] or NOT_STATED
        numbers = (f"{work[name]:,}" for name in ("chapters", "read", "kept"))
        rows.append((work["title"], work["author"], split, licence, *numbers))
    more = f"\n\nThese are the first {MOST_WORKS:,} of {count:,}." if count > MOST_WORKS else ""
    return f"## Works\n\n`{WORKS_FILE}` has a line for each.\n\n{table(rows)}{more}"


def _kept(works: Path) -> Any:
    return (work for work in _lines(works) if work["chapters"])


def _lines(path: Path) -> Any:
    with path.open(encoding="utf-8") as file:
        yield from map(json.loads, file)


def _numbers(counts: Mapping[str, int]) -> tuple[str, str, str]:
    return f"{counts['works']:,}", f"{counts['chapters']:,}", f"{counts['characters']:,}"


def cell(text: str) -> str:
    """Return a text as it may stand in a cell of a table in Markdown, without any markup of its own."""
    for mark in "\\|<>*_[]`#":
        text = text.replace(mark, f"\\{mark}")
    return " ".join(text.split())


def table(rows: Sequence[Sequence[str]]) -> str:
    """Return rows as a table in Markdown; the first is the head."""
    first, *others = rows
    lines = [f"| {' | '.join(first)} |", "|" + "---|" * len(first)]
    for row in others:
        cells = (text if text.startswith("`") else cell(text) for text in row)
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)
