"""Queue disciplines: who is served next.

All have the face of a `collections.deque`, as far as a station uses it: append, popleft, remove, clear, iterate, len.

>>> queue = line("lifo")
>>> for customer in ("Ann", "Bo"):
...     queue.append(customer)
>>> queue.popleft()
'Bo'
"""

from collections import deque
from heapq import heapify, heappop, heappush
from typing import Any, Literal

Discipline = Literal["fifo", "lifo", "priority"]


def line(discipline: Discipline) -> Any:
    """An empty queue of the named discipline. Raises `ValueError` for a name that is not one of the three."""
    lines: dict[str, Any] = {"fifo": deque, "lifo": Stack, "priority": PriorityLine}
    if discipline not in lines:
        raise ValueError(f"discipline is {discipline!r}; it must be one of {', '.join(map(repr, lines))}")
    return lines[discipline]()


class PriorityLine:
    """A queue ordered by priority, with the face of a deque."""

    def __init__(self) -> None:
        self._heap: list[Any] = []
        self._count = 0

    def append(self, visit: Any) -> None:
        self._count += 1
        heappush(self._heap, (visit.priority, self._count, visit))

    def popleft(self) -> Any:
        return heappop(self._heap)[2]

    def remove(self, visit: Any) -> None:
        self._heap[:] = [entry for entry in self._heap if entry[2] is not visit]
        heapify(self._heap)

    def clear(self) -> None:
        self._heap.clear()

    def __iter__(self) -> Any:
        return (entry[2] for entry in sorted(self._heap))

    def __len__(self) -> int:
        return len(self._heap)


class Stack(deque[Any]):
    """A queue that serves the last who came, with the face of a deque."""

    def popleft(self) -> Any:
        return self.pop()
