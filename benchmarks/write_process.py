"""``moxu write`` and ``moxu --help`` as whole processes: time to the first character, characters/s, peak memory.

    python benchmarks/write_process.py [--model default] [--rounds 5] [--chars 600] [--help-rounds 10]

Every round starts fresh processes; the first round warms the disk and is not counted. Medians are printed.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time

OPENING = "这是一颗"


def seconds_to_first_character(model: str) -> float:
    """Start the program and wait for the first bytes that follow the opening on its standard output."""
    began = time.perf_counter()
    command = [
        sys.executable,
        "-m",
        "moxu.cli.main",
        "write",
        OPENING,
        "--model",
        model,
        "--chars",
        "30",
        "--seed",
        "1",
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        assert process.stdout is not None
        seen = b""
        while len(seen) <= len(OPENING.encode()) + 1:
            piece = os.read(process.stdout.fileno(), 4096)
            if not piece:
                raise SystemExit(f"moxu write ended early: {seen.decode(errors='replace')}")
            seen += piece
        elapsed = time.perf_counter() - began
        process.stdout.read()
    return elapsed


def characters_per_second(model: str, count: int, chars: int, threads: int | None) -> tuple[float, float]:
    """Return all characters of one command over its decoding time, and its peak memory in MB."""
    command = [sys.executable, "-m", "moxu", "write", OPENING, "--model", model, "--json"]
    command += ["--chars", str(chars), "-n", str(count), "--seed", "1"]
    command += ["--threads", str(threads)] if threads else []
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        assert process.stdout is not None
        output = process.stdout.read()
        _, _, usage = os.wait4(process.pid, 0)
        process.returncode = 0
    written = json.loads(output)["continuations"]
    seconds = max(len(one["text"]) / one["characters_per_second"] for one in written)
    return sum(len(one["text"]) for one in written) / seconds, usage.ru_maxrss / 1024


def seconds_of_help() -> float:
    began = time.perf_counter()
    subprocess.run([sys.executable, "-m", "moxu", "--help"], stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - began


def median_line(name: str, values: list[float], unit: str) -> str:
    return f"{name:<44}{statistics.median(values):>10.2f} {unit:<8} ({min(values):.2f} … {max(values):.2f})"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="default")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--chars", type=int, default=600)
    parser.add_argument("--threads", type=int)
    arguments = parser.parse_args()
    model, chars, threads = arguments.model, arguments.chars, arguments.threads

    rounds = range(arguments.rounds + 1)
    help_times = [seconds_of_help() for _ in rounds][1:]
    first = [seconds_to_first_character(model) for _ in rounds][1:]
    alone = [characters_per_second(model, 1, chars, threads) for _ in rounds][1:]
    eight = [characters_per_second(model, 8, chars, threads) for _ in rounds][1:]
    print(f"medians of {arguments.rounds} fresh processes (least … most)")
    print(median_line("moxu --help", help_times, "s"))
    print(median_line("moxu write: first character after", first, "s"))
    print(median_line("one text", [speed for speed, _ in alone], "chars/s"))
    print(median_line("8 candidates together", [speed for speed, _ in eight], "chars/s"))
    ratio = statistics.median(speed for speed, _ in eight) / statistics.median(speed for speed, _ in alone)
    print(f"{'8 candidates against one':<44}{ratio:>10.2f} x")
    print(median_line("peak memory, 8 candidates", [memory for _, memory in eight], "MB"))


if __name__ == "__main__":
    main()
