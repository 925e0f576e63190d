"""What a build depends on: what is read and cleaned, what counts as a duplicate, how works are split."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from moxu.corpus.dedup.duplicates import check_threshold
from moxu.corpus.manifest import Manifest
from moxu.errors import SettingsError

NEAR = 0.7
PARTS = (0.98, 0.01, 0.01)


@dataclass(frozen=True, kw_only=True)
class PrepareOptions:
    """What the preparation of a unit depends on; it can be sent to any process.

    ``without`` and ``also`` name rules of cleaning; ``text_column`` is that of tables; ``licence`` is that of works of
    which nothing else tells it; ``manifests`` are those that pieces name.
    """

    without: tuple[str, ...] = ()
    also: tuple[str, ...] = ()
    simplified: bool = False
    text_column: str | None = None
    licence: str = ""
    manifests: Mapping[str, Manifest] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class BuildOptions:
    """What becomes of what was prepared.

    ``near`` is the similarity from which on a chapter repeats another, or None; ``parts`` are those of the works for
    training, validation and test (PARTS, unless ``validation`` or ``test`` name works: then the rest is for training).
    """

    near: float | None = NEAR
    parts: tuple[float, ...] | None = None
    validation: tuple[str, ...] = ()
    test: tuple[str, ...] = ()
    min_chars: int = 1
    seed: int = 1

    def __post_init__(self) -> None:
        if self.near is not None:
            check_threshold(self.near)
        parts = self.drawn
        if len(parts) != 3 or min(parts) < 0 or abs(sum(parts) - 1) > 1e-6:
            told = ",".join(f"{part:g}" for part in parts)
            raise SettingsError(f"split {told}: expected three parts whose sum is 1: training, validation, test")
        if both := sorted({*self.validation} & {*self.test}):
            raise SettingsError(f"{both[0]!r} is named for validation and for test; name it for one of them")
        if self.min_chars < 1:
            raise SettingsError(f"min_chars is {self.min_chars}; expected 1 or more")
        if self.seed < 0:
            raise SettingsError(f"seed is {self.seed}; expected 0 or more")

    @property
    def drawn(self) -> tuple[float, ...]:
        """The parts of the works of which nothing says what they are for."""
        if self.parts is not None:
            return self.parts
        return (1.0, 0.0, 0.0) if self.validation or self.test else PARTS

    @property
    def named(self) -> dict[str, str]:
        """The split of each title that is named."""
        return dict.fromkeys(self.validation, "validation") | dict.fromkeys(self.test, "test")
