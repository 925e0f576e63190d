"""The building of a corpus, stage by stage: read and prepare, compare, split, write, describe.

    sources ──> pieces ──> units ──prepare, in processes──> OUT.part/prepared/*.arrow
    prepared files ──> numbers of all chapters ──> related works, splits, duplicates
    prepared files ──> data/*.parquet, works.jsonl, dropped.jsonl, statistics.json, README.md, corpus.json

Memory does not grow with the texts: some units are under way at a time, and of the rest there are fingerprints, in
mapped files. The result depends on the sources and the options only, not on the processes.
"""

import json
import shlex
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import moxu
from moxu.corpus.build.assembly import Decisions, write_corpus
from moxu.corpus.build.card import write_card
from moxu.corpus.build.gathering import gather
from moxu.corpus.build.kinship import related_works
from moxu.corpus.build.options import BuildOptions, PrepareOptions
from moxu.corpus.build.prepare import prepare_units
from moxu.corpus.build.splits import assign_splits
from moxu.corpus.build.statistics import NOT_STATED, Statistics
from moxu.corpus.build.unfinished import CORPUS, GATHERED, Unfinished, check_out, write_whole
from moxu.corpus.build.verdicts import judge
from moxu.corpus.marks import INDEX_FILE
from moxu.corpus.processes import available_processors
from moxu.corpus.sources.listing import Listing, list_sources
from moxu.corpus.sources.pieces import UNIT, Fault, Unit, units_of
from moxu.corpus.sources.reading import read_pieces
from moxu.corpus.target import part_of
from moxu.errors import TextError

FORMAT = 1
CARD_FILE, STATISTICS_FILE = "README.md", "statistics.json"

Preparing = Callable[[Iterable[Unit], PrepareOptions], Iterator[bytes]]
"""Prepares units anywhere: yields what ``Preparer`` makes of each, in their order, taking them as they are needed."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a stage is: ``done`` of ``total`` bytes of sources or prepared files, and the characters so far."""

    stage: str
    done: int
    total: int
    characters: int = 0


@dataclass(frozen=True, slots=True)
class Report:
    """What became of a build: what is in the corpus, what its maker should know, and what was left out by fault.

    ``unreadable`` is how many files and rows that were; the first of them are in ``faults``.
    """

    out: Path
    works: int
    chapters: int
    characters: int
    dropped: int
    kept_units: int
    started_over: bool
    unreadable: int
    faults: tuple[Fault, ...]
    warnings: tuple[str, ...]


def build(
    sources: Sequence[Path],
    out: Path,
    prepare_options: PrepareOptions = PrepareOptions(),  # noqa: B008 — frozen
    options: BuildOptions = BuildOptions(),  # noqa: B008 — frozen
    *,
    manifest: Path | None = None,
    workers: int | None = None,
    progress: Callable[[Progress], None] = lambda _: None,
    preparing: Preparing | None = None,
) -> Report:
    """Build a corpus in the folder ``out``, or go on where it was interrupted.

    ``workers`` is how many processes prepare units: one for each processor if there is enough for more than one.
    ``preparing`` prepares them elsewhere. Raises SettingsError or TextError for
    what the user has to change, and OSError where the disk does not take the result; what is prepared then is kept.
    """
    check_out(out)
    listing = list_sources(sources, manifest, without=(out, part_of(out)))
    prepare_options = replace(prepare_options, manifests=listing.manifests)
    unfinished = Unfinished.begin(out, prepare_options)
    if preparing is None:

        def preparing(units: Iterable[Unit], given: PrepareOptions) -> Iterator[bytes]:
            usual = 1 if listing.size <= UNIT else available_processors()
            return prepare_units(units, given, workers or usual)

    with unfinished:
        faults = _prepare(listing, unfinished, prepare_options, preparing, progress)
        if not unfinished.paths:
            told = f": {faults[0].source}: {faults[0].reason}" if faults else ""
            raise TextError(f"{', '.join(map(str, sources))}: no texts here{told}")
        decisions = _decide(unfinished, options, progress)
        folder = unfinished.fresh(CORPUS)
        statistics, faults = write_corpus(
            folder,
            unfinished.paths,
            decisions,
            faults=faults,
            expected={title for each in listing.manifests.values() for title in each.rows},
            advance=lambda done, characters: progress(Progress("write", done, len(unfinished.paths), characters)),
        )
        if not statistics.kept.works:
            told = f"; the first reason: {faults[0].source}: {faults[0].reason}" if faults else ""
            raise TextError(f"{', '.join(map(str, sources))}: nothing is left to make a corpus of{told}")
        _describe(folder, out.name, statistics, _index(sources, listing, unfinished, prepare_options, options))
        del decisions  # and the files that are mapped for them, which some systems do not remove before
        unfinished.finish(out)
    return _report(out, unfinished, statistics, faults)


def _prepare(
    listing: Listing,
    unfinished: Unfinished,
    options: PrepareOptions,
    preparing: Preparing,
    progress: Callable[[Progress], None],
) -> list[Fault]:
    """Prepare what has not been prepared; return what could not be read."""
    faults: list[Fault] = []
    waiting: deque[Path] = deque()
    position = 0

    def readable() -> Iterator[Unit]:
        for each in units_of(read_pieces(listing, options.text_column)):
            if isinstance(each, Fault):
                faults.append(each)
            else:
                yield each

    def met(unit: Unit) -> None:
        nonlocal position
        position = max(position, unit.pieces[-1].position)
        progress(Progress("prepare", position, listing.size))

    def missing() -> Iterator[Unit]:
        for path, unit in unfinished.missing(readable(), met):
            waiting.append(path)
            yield unit

    for content in preparing(missing(), options):
        write_whole(waiting.popleft(), content)
        progress(Progress("prepare", position, listing.size))
    unfinished.forget_others()
    return faults


def _decide(unfinished: Unfinished, options: BuildOptions, progress: Callable[[Progress], None]) -> Decisions:
    """Compare everything with everything, and decide what is for which split and what is dropped."""
    progress(Progress("compare", 0, 3))
    works, chapters = gather(unfinished.paths, unfinished.fresh(GATHERED), options.named)
    progress(Progress("compare", 1, 3))
    related = related_works(works, chapters)
    assignment = assign_splits(works.ids, works.named, related.groups, options.drawn, options.seed)
    progress(Progress("compare", 2, 3))
    verdicts = judge(works, chapters, assignment, options.near, options.min_chars)
    progress(Progress("compare", 3, 3))
    return Decisions(works, chapters, related, assignment, verdicts)


def _index(
    sources: Sequence[Path],
    listing: Listing,
    unfinished: Unfinished,
    prepare_options: PrepareOptions,
    options: BuildOptions,
) -> dict[str, Any]:
    """Return what ``corpus.json`` says of the making: names, options and digests, but no folders of this machine."""
    names = [source.resolve().name for source in sources]
    said = {name: value for name, value in asdict(prepare_options).items() if name != "manifests"}
    return {
        "format": FORMAT,
        "moxu": moxu.__version__,
        "sources": [{"name": name} for name in names],
        "files": len(listing.files),
        "bytes": listing.size,
        "manifests": sorted(listing.manifests),
        "digest": unfinished.digest,
        "options": said | asdict(options),
        "command": _command(names, prepare_options, options),
    }


def _command(names: Sequence[str], prepare_options: PrepareOptions, options: BuildOptions) -> str:
    """Return the command that makes the corpus from its sources, with the options that are not the defaults."""
    words = ["moxu", "corpus", "build", *names, "--out", "CORPUS"]
    for name, value in asdict(replace(prepare_options, manifests={})).items():
        words += _words(name, value, getattr(PrepareOptions(), name))
    for name, value in asdict(options).items():
        words += _words({"parts": "split"}.get(name, name), value, getattr(BuildOptions(), name))
    return shlex.join(words)


def _words(name: str, value: Any, default: Any) -> list[str]:
    flag = "--" + name.replace("_", "-")
    if value == default:
        return []
    if value is True:
        return [flag]
    if name == "split":
        return [flag, ",".join(f"{part:g}" for part in value)]
    if isinstance(value, list | tuple):
        return [word for each in value for word in (flag, str(each))]
    return [flag, "off" if value is None else str(value)]


def _describe(folder: Path, name: str, statistics: Statistics, index: dict[str, Any]) -> None:
    numbers = statistics.to_json()
    (folder / STATISTICS_FILE).write_text(_json(numbers), "utf-8")
    (folder / CARD_FILE).write_text(write_card(folder, name, numbers, index), "utf-8")
    counts = {key: numbers[key] for key in ("works", "chapters", "characters", "splits")}
    (folder / INDEX_FILE).write_text(_json(index | counts), "utf-8")


def _json(content: Any) -> str:
    return json.dumps(content, ensure_ascii=False, indent=1) + "\n"


def _report(out: Path, unfinished: Unfinished, statistics: Statistics, faults: Sequence[Fault]) -> Report:
    return Report(
        out,
        statistics.kept.works,
        statistics.kept.chapters,
        statistics.kept.characters,
        sum(counts.chapters for counts in statistics.dropped.values()),
        unfinished.kept,
        unfinished.started_over,
        statistics.faults,
        tuple(faults),
        tuple(_warnings(statistics)),
    )


def _warnings(statistics: Statistics) -> Iterator[str]:
    if unknown := statistics.licences.get(NOT_STATED):
        yield f"licence not stated, of {unknown.works:,} of the works: give it with --licence, or in a manifest"
    for split in ("train", "validation"):
        if split not in statistics.splits:
            yield f"no work is for {split}; name some with --validation, or change --split"
    if statistics.damaged:
        yield f"damaged in places: {statistics.damaged:,} of the works; works.jsonl says which, and how"
    for work in statistics.differing[:1]:
        yield (
            f"other characters than the manifest says in {len(statistics.differing):,} of the works: "
            f"{work['title']} has {work['read']:,}, not {work['manifest']:,}"
        )
    if statistics.missing:
        told = ", ".join(statistics.missing[:5])
        yield f"in the manifest, but in no source: {told} ({len(statistics.missing):,} in all)"
    for group in statistics.related:
        if len(set(group["splits"])) > 1:
            told = ", ".join(f"{title} ({split})" for title, split in zip(group["works"], group["splits"], strict=True))
            yield f"share text, but are named for different sides: {told}; what overlaps is dropped from training"
        if group["followed"]:
            yield f"on the side of a related work that is named: {', '.join(group['followed'])}"
