"""All measurements of the making of a corpus, one program after the other.

    python -m benchmarks.corpus [--only build memory crawl dedup pack]

Each is a program of its own, ``python -m benchmarks.corpus.NAME``, with options of its own; here they run with their
defaults. The exit status is 1 where one of them finds that something that is demanded does not hold.
"""

import argparse
import subprocess
import sys
from pathlib import Path

PARTS = ("build", "memory", "crawl", "dedup", "pack")


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.corpus", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    there = [name for name in PARTS if (Path(__file__).parent / f"{name}.py").is_file()]
    parser.add_argument("--only", nargs="+", choices=there, default=there, help="parts to run")
    status = 0
    for name in parser.parse_args().only:
        print(f"\n{name}\n", flush=True)
        done = subprocess.run([sys.executable, "-m", f"benchmarks.corpus.{name}"], check=False)
        status = max(status, min(done.returncode, 1) if done.returncode >= 0 else 1)
    return status


if __name__ == "__main__":
    sys.exit(main())
