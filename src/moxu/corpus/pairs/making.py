"""Make a folder of records, or a file of another program's, and know what came of it."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from moxu.corpus.pairs.exports import Export
from moxu.corpus.pairs.folder import FolderWriter
from moxu.corpus.pairs.kinds import KINDS
from moxu.corpus.pairs.records import Dialogue, Lyric, Pair, Record, texts_of
from moxu.corpus.pairs.sources import Progress, Reading, Tally, records_from
from moxu.errors import TextError

FILES = (".csv", ".tsv", ".txt", ".json", ".jsonl")  # a name that ends so is that of a file


@dataclass
class Statistics:
    """How many records of each split there are, and how long their parts are."""

    form: type[Record]
    records: Counter[str] = field(default_factory=Counter)
    parts: int = 0
    characters: Counter[str] = field(default_factory=Counter)

    def count(self, record: Record, split: str) -> None:
        self.records[split] += 1
        texts = texts_of(record)
        self.parts += len(texts)
        names = ("source", "target") if self.form is Pair else ("part",) * len(texts)
        for name, text in zip(names, texts, strict=True):
            self.characters[name] += len(text)

    @property
    def lengths(self) -> str:
        """The mean lengths in words."""
        count, characters = max(1, self.records.total()), self.characters
        if self.form is Pair:
            source, target = characters["source"] / count, characters["target"] / count
            return f"sources of {source:.0f} characters, targets of {target:.0f} in the mean"
        name = {Dialogue: "turn", Lyric: "line"}[self.form]
        mean = characters["part"] / max(1, self.parts)
        return f"{self.parts / count:.1f} {name}s each, of {mean:.0f} characters in the mean"


@dataclass(frozen=True)
class Made:
    """What came of it: what was written, and what was not."""

    statistics: Statistics
    tally: Tally


def make_folder(
    name: str, sources: Sequence[Path], out: Path, options: Any, reading: Reading, progress: Progress
) -> Made:
    """Write the records of this kind to a folder; TextError when there are none, and then nothing is written."""
    kind = KINDS[name]
    statistics, tally = Statistics(kind.form), Tally()
    with FolderWriter(out, kind.form) as folder:
        for record, split in records_from(sources, kind, options, reading, tally, progress):
            folder.add(record, split)
            statistics.count(record, split)
        _check_some(statistics, name, sources, tally)
        folder.finish(_index(name, sources, options, reading, statistics, tally))
    return Made(statistics, tally)


def make_file(
    name: str, sources: Sequence[Path], out: Path, options: Any, reading: Reading, split: str, progress: Progress
) -> Made:
    """Write the records of one split to a file as the original program has it."""
    kind = KINDS[name]
    statistics, tally = Statistics(kind.form), Tally()
    with Export(out, kind.form) as file:
        for record, its_split in records_from(sources, kind, options, reading, tally, progress):
            if its_split != split:
                tally.skipped[f"is of the {its_split} split"] += 1
            elif reason := file.add(record):
                tally.skipped[reason] += 1
            else:
                statistics.count(record, its_split)
        _check_some(statistics, name, sources, tally)
    return Made(statistics, tally)


def _check_some(statistics: Statistics, name: str, sources: Sequence[Path], tally: Tally) -> None:
    if not statistics.records.total():
        reasons = [*tally.damaged[:1], *(f"{reason}: {count:,}" for reason, count in tally.skipped.most_common(3))]
        why = f" ({'; '.join(reasons)})" if reasons else ""
        raise TextError(f"{', '.join(map(str, sources))}: nothing for {name} in it{why}")


def _index(
    name: str, sources: Sequence[Path], options: Any, reading: Reading, statistics: Statistics, tally: Tally
) -> dict[str, Any]:
    return {
        "kind": name,
        "records": dict(statistics.records),
        "characters": dict(statistics.characters),
        "options": asdict(options),
        "validation": reading.validation,
        "template": reading.template,
        "sources": [source.name for source in sources],
        "skipped": dict(tally.skipped.most_common()),
        "damaged": tally.damaged_count,
        "works": tally.works,
    }
