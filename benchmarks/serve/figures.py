"""What was measured, what of it is demanded, and how it is shown."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Figure:
    """A value, in its unit; ``demand`` says in words what it has to be, and ``holds`` whether it is."""

    part: str
    name: str
    value: float
    unit: str = ""
    demand: str = ""
    holds: bool = True

    @property
    def shown(self) -> str:
        """The value with its unit, as a table shows it."""
        digits = 0 if self.value == int(self.value) or abs(self.value) >= 100 else 2
        return f"{self.value:,.{digits}f} {self.unit}".rstrip()


@dataclass(frozen=True)
class Sheet:
    """The figures of one part, as they are taken down."""

    part: str
    figures: list[Figure]

    def note(self, name: str, value: float, unit: str = "") -> None:
        """Take down a figure of which nothing is demanded."""
        self.figures.append(Figure(self.part, name, value, unit))

    def at_most(self, name: str, value: float, limit: float, unit: str = "") -> None:
        """Take down a figure that has to be no more than the limit."""
        self._demand(name, value, unit, f"at most {limit:g}" if limit else "none", value <= limit)

    def at_least(self, name: str, value: float, limit: float, unit: str = "") -> None:
        """Take down a figure that has to be no less than the limit."""
        self._demand(name, value, unit, f"at least {limit:g}", value >= limit)

    def _demand(self, name: str, value: float, unit: str, demand: str, holds: bool) -> None:
        self.figures.append(Figure(self.part, name, value, unit, f"{demand} {unit}".rstrip(), holds))


def table(figures: Sequence[Figure]) -> str:
    """Return the figures as a table in Markdown, which a terminal shows as well."""
    rows = [("", "", "measured", "demanded")]
    rows += [(each.part, each.name, each.shown, each.demand + ("" if each.holds else " FAILED")) for each in figures]
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    first, second, third, fourth = widths
    lines = [f"| {a:<{first}} | {b:<{second}} | {c:>{third}} | {d:<{fourth}} |" for a, b, c, d in rows]
    rule = f"|{'-' * (first + 2)}|{'-' * (second + 2)}|{'-' * (third + 1)}:|{'-' * (fourth + 2)}|"
    return "\n".join([lines[0], rule, *lines[1:]])


def as_json(figures: Sequence[Figure]) -> list[dict[str, Any]]:
    """Return the figures as what JSON can hold."""
    return [asdict(each) for each in figures]
