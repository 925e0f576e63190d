"""Requests whose clients leave at any moment: what they leave behind."""

import asyncio
import random
from dataclasses import dataclass

from benchmarks.serve.client import Address, begin
from benchmarks.serve.figures import Sheet
from benchmarks.serve.program import Program

AT_ONCE = 120  # more than there are slots, so that some leave while they wait
LONGEST_STAY = 0.8  # seconds
PROMPTS = 24


@dataclass(frozen=True)
class Left:
    """What a server holds when it has nothing to do."""

    slots: float
    waiting: float
    threads: int
    connections: int
    memory: float  # MB, without the cache of prompts, which has a bound of its own

    @classmethod
    async def by(cls, program: Program) -> "Left":
        figures = await program.figures()
        connections = sum(one.status == "ESTABLISHED" for one in program.process.net_connections("tcp"))
        memory = program.memory - figures["cache_bytes"] / 2**20
        return cls(figures["slots_used"], figures["waiting"], program.threads, connections, memory)


async def measure(program: Program, sheet: Sheet, count: int) -> None:
    """Let the clients of ``count`` requests leave, and take down what is there afterwards that was not before."""
    warm = max(1, count * 3 // 10)
    await _leave(program.address, range(warm))
    await program.is_idle(30)
    before, done_before = await Left.by(program), await program.figures()
    await _leave(program.address, range(warm, count))
    await program.is_idle(30)
    after, done = await Left.by(program), await program.figures()
    sheet.note("requests whose clients left", count)
    sheet.note("of the server's count as cancelled", done["cancelled"])
    sheet.note("ended before their clients left", done["finished"])
    sheet.at_most("slots used afterwards", after.slots, 0)
    sheet.at_most("requests waiting afterwards", after.waiting, 0)
    sheet.at_most("more connections than before", after.connections - before.connections, 0)
    sheet.at_most("more threads than before", after.threads - before.threads, 0)
    sheet.at_most(f"more memory after {count} than after {warm}", after.memory - before.memory, 24, "MB")
    cache = (done["cache_bytes"] - done_before["cache_bytes"]) / 2**20
    sheet.note("more in the cache of prompts", cache, "MB")
    sheet.at_most("errors in the log", program.failures(), 0)


async def _leave(address: Address, numbers: range) -> None:
    """Begin these requests, ``AT_ONCE`` at a time, and leave each at a moment of its own."""
    places = asyncio.Semaphore(AT_ONCE)

    async def one(number: int) -> None:
        draw = random.Random(number)
        async with places:
            exchange = await begin(address, _request(address, number, draw))
            await asyncio.wait([exchange.over], timeout=draw.uniform(0, LONGEST_STAY))
            exchange.leave()

    await asyncio.gather(*(one(number) for number in numbers))


def _request(address: Address, number: int, draw: random.Random) -> bytes:
    """Return a request for a stream or a whole answer, after a prompt that is short or takes a while to read."""
    prompt = f"第{number % PROMPTS}章" + "雨还在下。" * draw.choice((1, 1, 1, 400))
    wishes = {"prompt": prompt, "max_chars": 2000, "n": draw.choice((1, 1, 2)), "seed": number, "past_end": True}
    return address.post("/v1/completions", wishes | {"stream": draw.random() < 0.5})
