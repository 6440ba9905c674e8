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

from archlab.sim.validation import refuse, require_number, require_one_of

Discipline = Literal["fifo", "lifo", "priority"]


def line(discipline: Discipline) -> Any:
    """An empty queue of the named discipline. Raises `ValueError` for a name that is not one of the three."""
    lines: dict[str, Any] = {"fifo": deque, "lifo": Stack, "priority": PriorityLine}
    require_one_of("discipline", discipline, lines)
    return lines[discipline]()


def require_priority(discipline: Discipline, priority: float) -> None:
    """Raise `ValueError` unless `priority` is a finite number, and 0 where nobody looks at it.

    >>> require_priority("fifo", 2)
    Traceback (most recent call last):
    ValueError: priority is 2; it must be 0: the discipline is 'fifo', which does not look at it
    """
    require_number("priority", priority)
    if priority and discipline != "priority":
        refuse(
            ValueError,
            "priority",
            priority,
            f"0: the discipline is {discipline!r}, which does not look at it",
        )


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
