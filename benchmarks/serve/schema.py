"""Whatever the OpenAPI document of a server allows, and much that it does not: schemathesis looks for a 5xx."""

import asyncio
from collections import Counter
from typing import Any

import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import APIOperation, BaseSchema, Case, GenerationMode
from schemathesis.core.result import Ok

from benchmarks.serve.client import PATIENCE
from benchmarks.serve.figures import Sheet
from benchmarks.serve.program import Program

LENGTHS = ("max_tokens", "max_chars", "max_completion_tokens", "max_length")
SHORT = 8  # so many tokens or characters of a text say as much as sixteen thousand


async def measure(program: Program, sheet: Sheet, examples: int) -> None:
    """Take down what the server answers to so many examples of each operation, and to as many that are wrong."""
    url = f"http://{program.address.host}:{program.address.port}/openapi.json"
    told = await asyncio.to_thread(statuses, schemathesis.openapi.from_url(url), examples)
    sheet.note("operations described", len({operation for operation, _ in told}))
    for kind in range(2, 5):
        sheet.note(f"answers {kind}xx", sum(count for (_, status), count in told.items() if status // 100 == kind))
    sheet.at_most("answers 5xx", sum(count for (_, status), count in told.items() if status >= 500), 0)
    for operation in sorted({operation for operation, status in told if status >= 500}):
        print("failed:", operation)
    sheet.at_most("errors in the log", program.failures(), 0)


def statuses(schema: BaseSchema, examples: int) -> Counter[tuple[str, int]]:
    """Return how often each operation gave each status; the same examples come every time."""
    told: Counter[tuple[str, int]] = Counter()
    for found in schema.get_all_operations():
        if not isinstance(found, Ok):
            raise found.err()
        operation = found.ok()
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
            try:
                _ask(operation, mode, examples, told)
            except Unsatisfiable:  # nothing can be wrong with a request that has no parameters and no body
                continue
    return told


def _ask(
    operation: APIOperation[Any, Any, Any, Any], mode: GenerationMode, examples: int, told: Counter[tuple[str, int]]
) -> None:
    """Ask for one operation in many ways, and count what is told."""

    @settings(
        max_examples=examples,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def ask(case: Case[Any]) -> None:
        if isinstance(case.body, dict):
            for name in LENGTHS:
                if isinstance(length := case.body.get(name), int):
                    case.body[name] = min(length, SHORT)
        told[operation.label, case.call(timeout=PATIENCE).status_code] += 1

    ask()
