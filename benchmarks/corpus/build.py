"""How long a whole corpus takes to build, and how much memory: read, clean, compare, split, write, describe.

    python -m benchmarks.corpus.build [SRC ...] [--workers 2] [--json FILE]

SRC is the fiction beside the repository unless something else is given. The result is written to a temporary folder,
and checked: it is a corpus, and no work of it was lost.
"""

import argparse
import json
import sys
import tempfile
from pathlib import Path

from benchmarks.corpus.measuring import measure
from benchmarks.serve.figures import Figure, Sheet, as_json, table
from moxu.corpus.folder import Corpus

FICTION = Path(__file__).resolve().parents[3] / "shared" / "corpus"
SECONDS, MEMORY = 180, 2048


def main() -> int:
    arguments = _arguments()
    figures: list[Figure] = []
    sheet = Sheet("build", figures)
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "corpus"
        command = [sys.executable, "-m", "moxu.cli.main", "corpus", "build", *map(str, arguments.sources)]
        measured = measure([*command, "--out", str(out), "--workers", str(arguments.workers)])
        if measured.status != 0:
            print(measured.output, file=sys.stderr)
            return 1
        index = Corpus(out).index
    characters = index["characters"]
    sheet.note("works", index["works"])
    sheet.note("chapters", index["chapters"])
    sheet.note("characters read", characters["read"])
    sheet.note("characters kept", characters["kept"])
    sheet.at_most("time", measured.seconds, SECONDS, "s")
    sheet.note("time of the processors", measured.processor_seconds, "s")
    sheet.note("speed", characters["read"] / measured.seconds, "characters/s")
    sheet.at_most("memory of all processes", measured.peak, MEMORY, "MB")
    print(table(figures))
    if arguments.json is not None:
        arguments.json.write_text(json.dumps(as_json(figures), ensure_ascii=False, indent=1) + "\n", "utf-8")
    return 0 if all(each.holds for each in figures) else 1


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.corpus.build",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("sources", nargs="*", type=Path, default=[FICTION])
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--json", type=Path, help="write the figures to this file, too")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
