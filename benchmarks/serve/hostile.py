"""Hostile requests of every kind: each is told in its interface's words what is wrong, and a stream goes on beside."""

import asyncio
from collections.abc import Sequence

from benchmarks.serve.attacks import Attack, attacks
from benchmarks.serve.client import PATIENCE, Address, Answer, ask, begin
from benchmarks.serve.figures import Sheet
from benchmarks.serve.program import Program
from moxu.serve.limits import Limits
from moxu.serve.problems import RENDERERS, Problem

AT_ONCE = 8
TRICKLES = 32
SHOWN = 20  # of the attacks that came through


async def measure(program: Program, sheet: Sheet) -> None:
    """Send all attacks beside a stream, and take down which of them were not refused, and whether the stream was."""
    address = program.address
    described = (await ask(address, address.head("GET", "/openapi.json"))).json()["paths"]
    hostile = attacks(address, described)
    alone = await ask(address, _stream(address))
    trickles = asyncio.create_task(_trickle(address))
    sent = asyncio.create_task(_send(address, hostile))
    beside = []
    while not sent.done():
        beside.append(await ask(address, _stream(address)))
    wrong = [f"{attack.name}: {_told(answer)}" for attack, answer in await sent if not _is_refused(attack, answer)]
    for line in wrong[:SHOWN]:
        print("not refused:", line)
    sheet.at_least("hostile requests", len(hostile), 500)
    sheet.at_most("of them without a 4xx and the error object", len(wrong), 0)
    slow = await trickles
    sheet.note("clients whose head comes byte by byte", TRICKLES)
    sheet.at_most("of them not told that it is late", sum(each.status != 408 for each in slow), 0)
    sheet.at_most("until they were told", max(each.seconds for each in slow), Limits().arrival_seconds + 10, "s")
    sheet.note("streams beside them", len(beside))
    sheet.at_most("of them other than alone", sum(one.text != alone.text or not one.is_whole for one in beside), 0)
    sheet.at_most("errors in the log", program.failures(), 0)
    ready = await ask(address, address.head("GET", "/readyz"))
    sheet.at_least("status of /readyz afterwards", ready.status, 200)


async def _send(address: Address, hostile: Sequence[Attack]) -> list[tuple[Attack, Answer]]:
    places = asyncio.Semaphore(AT_ONCE)

    async def one(attack: Attack) -> tuple[Attack, Answer]:
        async with places:
            return attack, await ask(address, attack.request)

    return await asyncio.gather(*map(one, hostile))


async def _trickle(address: Address) -> list[Answer]:
    """Send heads that never end, a byte now and then."""

    async def one() -> Answer:
        exchange = await begin(address, address.head("GET", "/healthz")[:-4] + b"\r\nx: ")
        async with asyncio.timeout(PATIENCE):
            while not exchange.over.done():
                exchange.transport.write(b"a")
                await asyncio.wait([exchange.over], timeout=1.0)
        return exchange.answer

    return await asyncio.gather(*(one() for _ in range(TRICKLES)))


def _is_refused(attack: Attack, answer: Answer) -> bool:
    """Whether an attack got a 4xx, and the error object of the interface that it was sent to."""
    render = RENDERERS[max((one for one in RENDERERS if (attack.path or "/").startswith(one)), key=len, default="/")]
    expected, told = render(Problem(400, "")), answer.json()
    is_object = isinstance(told, dict) and told.keys() == expected.keys()
    return 400 <= answer.status < 500 and is_object


def _told(answer: Answer) -> str:
    return f"{answer.status} {answer.body[:100]!r} after {answer.seconds:.2f} s"


def _stream(address: Address) -> bytes:
    """Return the request of the stream that has to be the same each time."""
    wishes = {"prompt": "他推开门", "max_chars": 300, "seed": 7, "stream": True, "past_end": True}
    return address.post("/v1/completions", wishes)
