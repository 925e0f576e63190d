"""How fast the writing desk is: first paint, frames while eight candidates are written, keys in a long chapter, size.

    python -m benchmarks.desk [--only size paint frames keys] [--json FILE]

Starts ``moxu serve`` with the shipped model on a free port of the loopback; server and browser share the cores. Prints
a table; the exit status is 1 where something that is demanded does not hold.
"""

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Browser

from benchmarks.desk import measures
from benchmarks.desk.browser import browsing
from benchmarks.serve.figures import Figure, Sheet, as_json, table
from benchmarks.serve.program import serving

Part = Callable[[Browser, str, Sheet], None]


def main() -> int:
    arguments = _arguments()
    parts: dict[str, Part] = {
        "paint": lambda browser, url, sheet: measures.measure_first_paint(browser, url, sheet, arguments.visits),
        "frames": lambda browser, url, sheet: measures.measure_frames(browser, url, sheet, arguments.characters),
        "keys": lambda browser, url, sheet: measures.measure_keys(browser, url, sheet, arguments.keys),
    }
    figures: list[Figure] = []
    if "size" in arguments.only:
        measures.measure_size(Sheet("size", figures))
    with serving("default") as program, browsing() as browser:
        url = f"http://{program.address.host}:{program.address.port}"
        for name in (one for one in arguments.only if one in parts):
            print(f"{name} …", file=sys.stderr, flush=True)
            parts[name](browser, url, Sheet(name, figures))
    print(table(figures))
    if arguments.json is not None:
        arguments.json.write_text(json.dumps(as_json(figures), ensure_ascii=False, indent=1) + "\n", "utf-8")
    return 0 if all(each.holds for each in figures) else 1


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.desk", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    names = ("size", "paint", "frames", "keys")
    parser.add_argument("--only", nargs="+", choices=names, default=names, help="parts to run")
    parser.add_argument("--json", type=Path, help="write the figures to this file, too")
    parser.add_argument("--visits", type=int, default=7)
    parser.add_argument("--characters", type=int, default=300, help="of each candidate")
    parser.add_argument("--keys", type=int, default=100)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
