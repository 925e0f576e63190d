"""What has been written so far, for ``--json`` and for the line that ends a text: whole or interrupted."""

import time
from dataclasses import asdict
from typing import Any

from moxu.writers.base import Continuation, Event, Finish, Piece, Request, Started

SETTINGS = ("max_chars", "stop", "window", "context", "past_end", "beams")


class Record:
    """Keeps the texts of all rows; those that have not finished are ``cancelled`` when they are asked for."""

    def __init__(self) -> None:
        self.seeds: tuple[int, ...] = ()
        self._began = time.perf_counter()
        self._texts: list[str] = []
        self._finishes: dict[int, Finish] = {}

    def take(self, event: Event) -> None:
        match event:
            case Started():
                self.seeds, self._texts = event.seeds, [""] * len(event.seeds)
            case Piece():
                if not self.has_text:
                    self._began = time.perf_counter()
                self._texts[event.row] += event.text
            case Finish():
                self._finishes[event.row] = event

    @property
    def has_text(self) -> bool:
        return any(self._texts)

    def continuations(self) -> list[Continuation]:
        return [self._continuation(row) for row in range(len(self.seeds))]

    def summary(self) -> str:
        """Return what is needed to write the same again, and how fast it was written, all rows together."""
        seconds = max((finish.seconds for finish in self._finishes.values()), default=self._elapsed())
        speed = sum(map(len, self._texts)) / seconds if seconds > 0 else 0.0
        seeds = f"seed {self.seeds[0]}" if len(self.seeds) == 1 else f"seeds {self.seeds[0]} to {self.seeds[-1]}"
        return f"{seeds} · {speed:,.0f} characters/s"

    def as_json(self, model: str, request: Request, preset: str) -> dict[str, Any]:
        """Return the answer of ``--json``."""
        settings = {"preset": preset, **{name: getattr(request, name) for name in SETTINGS}}
        names = ("text", "finish_reason", "characters_per_second", "seed")
        return {
            "model": model,
            "seed": self.seeds[0],
            "settings": {**settings, **asdict(request.options)},
            "continuations": [{name: getattr(one, name) for name in names} for one in self.continuations()],
        }

    def _continuation(self, row: int) -> Continuation:
        text, finish = self._texts[row], self._finishes.get(row)
        seconds = finish.seconds if finish else self._elapsed()
        reason = finish.reason if finish else "cancelled"
        return Continuation(text, reason, self.seeds[row], len(text) / seconds if seconds > 0 else 0.0)

    def _elapsed(self) -> float:
        return time.perf_counter() - self._began
