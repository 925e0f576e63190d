"""The few things with the largest keys among any number of them; of equal ones those that came first."""

import heapq
from typing import Generic, TypeVar

Thing = TypeVar("Thing")


class Top(Generic[Thing]):
    """Keeps ``most`` things, and counts all that were offered."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._heap: list[tuple[float, int, Thing]] = []
        self.offered = 0

    def offer(self, key: float, thing: Thing) -> None:
        """Keep a thing if its key is large enough."""
        self.offered += 1
        entry = (key, -self.offered, thing)  # the second is different each time: things are never compared
        if len(self._heap) < self._most:
            heapq.heappush(self._heap, entry)
        elif self._heap and key > self._heap[0][0]:
            heapq.heapreplace(self._heap, entry)

    def things(self) -> tuple[Thing, ...]:
        """Return what was kept, the largest key first."""
        return tuple(entry[2] for entry in sorted(self._heap, key=lambda entry: (-entry[0], -entry[1])))
