"""Clients that ask for much and read nothing: what that costs, and for how long."""

import asyncio
import time

from benchmarks.serve.client import Address, ask, begin_deaf
from benchmarks.serve.figures import Sheet
from benchmarks.serve.program import Program
from moxu.serve.limits import Limits

MORE_MEMORY = 64.0  # MB, beside the lines in which the pieces wait that nobody takes
MORE_AGAIN = 32.0  # MB, when the same happens once more
GRACE = 60.0  # seconds beyond the server's patience: the buffers of the system have to fill up first


async def measure(program: Program, sheet: Sheet, count: int) -> None:
    """Take down the growth of the server beside ``count`` clients that read nothing, and when it is free of them."""
    address, limits = program.address, Limits()
    await asyncio.gather(*(ask(address, _stream(address, 50)) for _ in range(count)))  # those that are read cost, too
    sheet.note("clients that read nothing", count)
    most = count * limits.waiting_bytes / 2**20 + MORE_MEMORY
    for when, memory in (("", most), (", once more", MORE_AGAIN)):
        growth, used, seconds = await _serve_deaf(program, count, limits.slow_reader_seconds + GRACE)
        sheet.note("slots they used" + when, used)
        sheet.at_most("memory they cost" + when, growth, memory, "MB")
        sheet.at_most("until all slots were free" + when, seconds, limits.slow_reader_seconds + GRACE, "s")
    sheet.at_most("errors in the log", program.failures(), 0)


async def _serve_deaf(program: Program, count: int, patience: float) -> tuple[float, float, float]:
    """Return the most memory in MB that deaf clients cost, the most slots, and the seconds until these were free."""
    before, growth, used = program.memory, 0.0, 0.0
    deaf = [await begin_deaf(program.address, _stream(program.address, 16_000)) for _ in range(count)]
    began = time.perf_counter()
    try:
        while (seconds := time.perf_counter() - began) < patience:
            growth, slots = max(growth, program.memory - before), (await program.figures())["slots_used"]
            used = max(used, slots)
            if used and not slots:
                break
            await asyncio.sleep(0.5)
    finally:
        for one in deaf:
            one.close()
    return growth, used, seconds


def _stream(address: Address, tokens: int) -> bytes:
    """Return the request of a stream that says much with each token."""
    wishes = {"prompt": "他推开门", "n": 4, "logprobs": 20, "max_tokens": tokens, "past_end": True, "stream": True}
    return address.post("/v1/completions", wishes)
