"""Load and faults, shown on a real server: what is demanded of it, and what it does.

    python -m benchmarks.serve [--only streams cancelled …] [--model default] [--json FILE]

Starts ``moxu serve`` on a free port of the loopback for each part; the client runs beside it on the same cores. Prints
a table; the exit status is 1 where something that is demanded does not hold.
"""

import argparse
import asyncio
import json
import statistics
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from benchmarks.serve import cancelled, hostile, schema, streams, unread
from benchmarks.serve.figures import Figure, Sheet, as_json, table
from benchmarks.serve.program import Program, seconds_until_ready, serving

READY_WITHIN = 4.0  # seconds
Part = Callable[[Program, Sheet], Coroutine[Any, Any, None]]


def main() -> int:
    arguments = _arguments()
    parts: dict[str, Part] = {
        "streams": lambda program, sheet: streams.measure(program, sheet, arguments.streams, arguments.characters),
        "cancelled": lambda program, sheet: cancelled.measure(program, sheet, arguments.cancelled),
        "unread": lambda program, sheet: unread.measure(program, sheet, arguments.unread),
        "hostile": hostile.measure,
        "schema": lambda program, sheet: schema.measure(program, sheet, arguments.examples),
    }
    figures: list[Figure] = []
    for name in arguments.only:
        sheet = Sheet(name, figures)
        print(f"{name} …", file=sys.stderr, flush=True)
        if name == "ready":
            _measure_ready(arguments.model, sheet, arguments.starts)
            continue
        with serving(arguments.model) as program:
            asyncio.run(parts[name](program, sheet))
    print(table(figures))
    if arguments.json is not None:
        arguments.json.write_text(json.dumps(as_json(figures), ensure_ascii=False, indent=1) + "\n", "utf-8")
    failed = [each for each in figures if not each.holds]
    for each in failed:
        print(f"{each.part}: {each.name} is {each.shown}, but has to be: {each.demand}", file=sys.stderr)
    return 1 if failed else 0


def _measure_ready(model: str, sheet: Sheet, starts: int) -> None:
    """Take down how long it takes from the start of a process until it is ready."""
    seconds = [seconds_until_ready(model) for _ in range(starts)]
    sheet.at_most(f"from start to ready, median of {starts}", statistics.median(seconds), READY_WITHIN, "s")
    sheet.note("longest", max(seconds), "s")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.serve", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    names = ("ready", "streams", "cancelled", "unread", "hostile", "schema")
    parser.add_argument("--only", nargs="+", choices=names, default=names, help="parts to run")
    parser.add_argument("--model", default="default")
    parser.add_argument("--json", type=Path, help="write the figures to this file, too")
    parser.add_argument("--starts", type=int, default=5)
    parser.add_argument("--streams", type=int, default=64)
    parser.add_argument("--characters", type=int, default=300, help="of each stream")
    parser.add_argument("--cancelled", type=int, default=1000)
    parser.add_argument("--unread", type=int, default=16, help="clients, of 4 texts each")
    parser.add_argument("--examples", type=int, default=5, help="of each operation, for schemathesis")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
