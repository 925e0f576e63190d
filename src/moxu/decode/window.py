"""What happens when a text grows past the context of its model.

A model with ``max_context`` can hold only so many tokens. When a row has filled it, one of four things happens:

- ``stop``: the text ends there.
- ``roll``: the oldest token is dropped and the last ``size`` are read again, for every token. This is what AI-Writer v1
  and CPM-1 did, exact and slow: positions inside the window count from 0, so nothing of the old state holds.
- ``reread``: the newest half is kept and read again once, and the following half context is written at the speed of
  the cache. Each token is chosen after at least half a context; the cost of reading is one more token for each token.
- ``lines``: the fewest whole lines are dropped from the front that leave a quarter of the window free, and the rest is
  read again once. The model never sees a part of a line, unless that line alone overfills its window.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from moxu.errors import SettingsError
from moxu.settings import nearest

WindowPolicy = Literal["stop", "roll", "reread", "lines"]


@dataclass(frozen=True, kw_only=True)
class Window:
    """The tokens a model can hold (None: any number) and the policy when a row has filled them.

    ``line_ends`` are the ids with which a line ends; ``lines`` needs one. Raises SettingsError without.
    """

    size: int | None
    policy: WindowPolicy = "reread"
    line_ends: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        check_policy(self.policy)
        if self.policy == "lines" and not self.line_ends:
            raise SettingsError(
                "window policy 'lines' needs a vocabulary with a newline, or --past-end where it has an end only; "
                "use reread"
            )

    def visible(self, ids: Sequence[int]) -> Sequence[int]:
        """Return what a model sees of a prompt: its last ``size`` ids, or as many whole lines as fit in them."""
        if self.size is None or len(ids) <= self.size:
            return ids
        if self.policy == "lines":
            return ids[self._line_start(ids, self.size) or -self.size :]
        return ids[-self.size :]

    def beginning(self, ids: Sequence[int]) -> Sequence[int]:
        """Return what is read of a prompt: what is visible of it."""
        return self.visible(ids)

    def held_after(self, read: Sequence[int]) -> int:
        """Return how many ids a row holds that has read these from nothing."""
        return len(read)

    def is_full(self, held: int) -> bool:
        """Whether a row that holds this many tokens can read no further."""
        return self.size is not None and held >= self.size

    def ends(self, held: int) -> bool:
        """Whether the text of a row that holds this many tokens ends for want of room."""
        return self.policy == "stop" and self.is_full(held)

    def anew(self, ids: Sequence[int]) -> Sequence[int]:
        """Return what a full row reads again: the end of its text ``ids``, the id just written included."""
        size = self.size or 1
        if self.policy == "roll":
            return ids[-size:]
        newest_half = -max(1, size // 2)
        if self.policy == "lines":
            seen = ids[-(size + 1) :]  # what the row holds, and the id that finds no room
            return seen[self._line_start(seen, size - -(-size // 4)) or newest_half :]
        return ids[newest_half:]

    def _line_start(self, ids: Sequence[int], room: int) -> int | None:
        """Return where the lines begin of which as many as possible fit in ``room``, but the last at least.

        None where no line begins after the first id. A last line that is longer than the room is kept whole all the
        same as long as the window holds it.
        """
        starts = [place + 1 for place, token_id in enumerate(ids[:-1]) if token_id in self.line_ends]
        fitting = [start for start in starts if len(ids) - start <= room]
        if fitting:
            return fitting[0]
        return starts[-1] if starts and len(ids) - starts[-1] <= (self.size or 0) else None


def check_policy(policy: str) -> None:
    """Raise SettingsError unless ``policy`` is one of the four."""
    policies = get_args(WindowPolicy)
    if policy not in policies:
        raise SettingsError(f"unknown window policy {policy!r}; {nearest(policy, policies)}")
