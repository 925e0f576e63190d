"""Whether the memory of a build depends on how much there is: synthetic texts of more and more gigabytes.

    python -m benchmarks.corpus.memory [--sizes 0.5 2] [--kind lines|files] [--workers 2] [--folder F] [--json FILE]

Each size is written to a temporary folder (``--folder`` names the disk), as JSON lines of a work each or as text files
in folders, and removed when it was built. Texts are random characters with the frequencies of a Chinese novel's, so
that none repeats another; a tenth of them are copies of an earlier one with some characters changed. The peak is that
of all processes together.
"""

import argparse
import json
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from benchmarks.corpus.measuring import measure
from benchmarks.serve.figures import Figure, Sheet, as_json, table
from moxu.corpus.folder import Corpus

MEMORY = 2048  # MB
FLAT = 1.5  # what the largest may take, in terms of the smallest
LENGTH = 30_000  # characters of a work
CHAPTERS = 10
COPIED = 0.1
COMMON = (
    "的一是不了人我在有他这为之大来以个中上们到说国和地也子时道出而要于就下得可你年生自会那后能对着事其里所去行过家十用"
)


def works(size: int) -> Iterator[tuple[str, str]]:
    """Yield titles and texts until there are ``size`` bytes of them."""
    draw = np.random.default_rng(1)
    letters = np.array([ord(letter) for letter in COMMON] + list(range(0x4E00, 0x4E00 + 3000)), np.uint32)
    weights = 1 / np.arange(1, len(letters) + 1)
    bounds = np.cumsum(weights / weights.sum())
    codes, written, number = np.empty(0, np.uint32), 0, 0
    while written < size:
        if number and draw.random() < COPIED:
            codes = codes.copy()
            codes[draw.integers(0, LENGTH, LENGTH // 100)] = ord("改")
        else:
            codes = letters[np.searchsorted(bounds, draw.random(LENGTH)).clip(max=len(letters) - 1)]
        text = _chapters(codes.astype("<u4").tobytes().decode("utf-32-le"))
        written += 3 * LENGTH
        number += 1
        yield f"书{number}", text


def _chapters(text: str) -> str:
    length = LENGTH // CHAPTERS
    parts = (text[start : start + length] for start in range(0, LENGTH, length))
    lines = ("。\n".join(part[place : place + 60] for place in range(0, length, 60)) for part in parts)
    return "\n".join(f"第{number}章 回目\n{line}。" for number, line in enumerate(lines, 1))


def write_lines(folder: Path, size: int) -> None:
    with (folder / "works.jsonl").open("w", encoding="utf-8") as file:
        for title, text in works(size):
            file.write(json.dumps({"title": title, "text": text}, ensure_ascii=False) + "\n")


def write_files(folder: Path, size: int) -> None:
    for number, (title, text) in enumerate(works(size)):
        inner = folder / f"{number // 1000:04d}"
        inner.mkdir(exist_ok=True)
        (inner / f"{title}.txt").write_text(text, "utf-8")


def main() -> int:
    arguments = _arguments()
    figures: list[Figure] = []
    peaks: list[float] = []
    for size in arguments.sizes:
        sheet = Sheet(f"{size:g} GB", figures)
        with tempfile.TemporaryDirectory(dir=arguments.folder) as folder:
            sources, out = Path(folder) / "sources", Path(folder) / "corpus"
            sources.mkdir()
            print(f"{size:g} GB: writing …", file=sys.stderr, flush=True)
            {"lines": write_lines, "files": write_files}[arguments.kind](sources, int(size * 1e9))
            print(f"{size:g} GB: building …", file=sys.stderr, flush=True)
            command = [sys.executable, "-m", "moxu.cli.main", "corpus", "build", str(sources), "--out", str(out)]
            measured = measure([*command, "--workers", str(arguments.workers)])
            if measured.status != 0:
                print(measured.output, file=sys.stderr)
                return 1
            index = Corpus(out).index
            shutil.rmtree(out)
        peaks.append(measured.peak)
        sheet.note("chapters kept", index["chapters"])
        sheet.note("time", measured.seconds, "s")
        sheet.note("time of the processors", measured.processor_seconds, "s")
        sheet.at_most("memory of all processes", measured.peak, MEMORY, "MB")
    if len(peaks) > 1:
        Sheet("growth", figures).at_most("largest to smallest", peaks[-1] / peaks[0], FLAT)
    print(table(figures))
    if arguments.json is not None:
        arguments.json.write_text(json.dumps(as_json(figures), ensure_ascii=False, indent=1) + "\n", "utf-8")
    return 0 if all(each.holds for each in figures) else 1


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.corpus.memory",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--sizes", nargs="+", type=float, default=[0.5, 2.0], help="gigabytes (10^9 bytes)")
    parser.add_argument("--kind", choices=("lines", "files"), default="lines")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--folder", type=Path, help="a disk with room for three times the largest size")
    parser.add_argument("--json", type=Path, help="write the figures to this file, too")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
