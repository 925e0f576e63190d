"""Fixtures for everything that serves."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from mocks import ByteTokenizer, NgramModel
from moxu.language_model import LanguageModel
from moxu.serve.scheduler import Scheduler
from moxu.text.tokenizer import Tokenizer

NewScheduler = Callable[..., Scheduler]


@pytest.fixture
def new_scheduler() -> Iterator[NewScheduler]:
    """Make schedulers over a model (by default one that counts what it reads); all are closed after the test."""
    made: list[Scheduler] = []

    def make(
        model: LanguageModel | None = None, tokenizer: Tokenizer | None = None, name: str = "mock", **options: Any
    ) -> Scheduler:
        made.append(Scheduler(model or NgramModel(), tokenizer or ByteTokenizer(), name, **options))
        return made[-1]

    yield make
    for scheduler in made:
        scheduler.close()
