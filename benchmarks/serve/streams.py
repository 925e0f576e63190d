"""Many streams at once against one alone, and what a long prompt does to those that are being written."""

import asyncio
import statistics
from collections.abc import Sequence
from itertools import pairwise

from benchmarks.serve.client import Address, Answer, ask
from benchmarks.serve.figures import Sheet
from benchmarks.serve.program import Program

OPENINGS = (
    "他推开门",
    "夜里下了一场雨",
    "这是一颗",
    "那年冬天",
    "她没有说话",
    "山下有一座小庙",
    "船到岸时",
    "老人点了灯",
)
LONGEST_GAP = 1.0  # seconds, for which a stream may stand still while others' prompts are read


async def measure(program: Program, sheet: Sheet, count: int, characters: int) -> None:
    """Take down one stream, ``count`` streams, and some streams beside long prompts."""
    address = program.address
    await ask(address, _stream(address, 0, 50))  # warm up
    alone = [await ask(address, _stream(address, seed, characters)) for seed in range(5)]
    together = await _all(address, [_stream(address, seed, characters) for seed in range(count)])
    speed = statistics.median(_speed(each, characters) for each in alone)
    sheet.note("one stream", speed, "characters/s")
    _note_together(sheet, together, characters, speed)
    differing = sum(one.text != other.text for one, other in zip(alone, together, strict=False))
    sheet.at_most("texts that differ from those written alone", differing, 0)
    await _measure_gaps(program, sheet, max(2, count // 4), characters)


def _note_together(sheet: Sheet, answers: Sequence[Answer], characters: int, alone: float) -> None:
    whole = [each for each in answers if each.is_whole and len(each.text) == characters]
    sheet.at_most(f"dropped, of {len(answers)} streams", len(answers) - len(whole), 0)
    if not whole:
        return
    speeds = [_speed(each, characters) for each in whole]
    middle = statistics.median(speeds)
    sheet.note("median stream of them", middle, "characters/s")
    sheet.at_least("slowest stream by the median", min(speeds) / middle, 0.5, "x")
    span = max(each.ended for each in whole) - min(each.began for each in whole)
    together = len(whole) * characters / span
    sheet.note("all together", together, "characters/s")
    sheet.at_least("all together by one stream", together / alone, 4, "x")
    first = [each.written_at[0] - each.began for each in whole]
    sheet.note("first character after, median", statistics.median(first), "s")
    sheet.note("first character after, longest", max(first), "s")


async def _measure_gaps(program: Program, sheet: Sheet, count: int, characters: int) -> None:
    """Read prompts of 20,000 characters while streams are written, and see how long these stand still."""
    address, length = program.address, 20_000
    short = [_stream(address, seed, 2 * characters) for seed in range(count)]
    running = asyncio.create_task(_all(address, short))
    await asyncio.sleep(0.5)
    long = await _all(
        address, [_stream(address, seed, 20, ((OPENINGS[seed] + "，") * length)[:length]) for seed in range(2)]
    )
    streams = await running
    sheet.at_most("dropped beside long prompts", sum(not each.is_whole for each in [*streams, *long]), 0)
    began, read = min(each.began for each in long), max(each.written_at[0] for each in long)
    inside, outside = list[float](), list[float]()
    for each in streams:
        for one, other in pairwise(each.written_at):
            (inside if began <= other and one <= read else outside).append(other - one)
    sheet.note("a prompt of 20,000: first character after", read - began, "s")
    sheet.note("between two pieces otherwise, median", 1000 * statistics.median(outside), "ms")
    sheet.note("between two pieces meanwhile, median", 1000 * statistics.median(inside), "ms")
    sheet.at_most("between two pieces meanwhile, longest", max(inside), LONGEST_GAP, "s")


async def _all(address: Address, requests: Sequence[bytes]) -> list[Answer]:
    """Send all requests at once."""
    return list(await asyncio.gather(*(ask(address, request) for request in requests)))


def _stream(address: Address, seed: int, characters: int, prompt: str = "") -> bytes:
    """Return the request of a stream that goes on until it has its characters."""
    given = prompt or OPENINGS[seed % len(OPENINGS)]
    wishes = {"prompt": given, "max_chars": characters, "seed": seed, "stream": True, "past_end": True}
    return address.post("/v1/completions", wishes)


def _speed(answer: Answer, characters: int) -> float:
    """Return characters a second, from the request to the end."""
    return characters / answer.seconds
