"""How events come to a projector: twice, or late; and two guards that decide what is applied of them.

*Twice*: some batches come again at once, as after a crash between the rows and the place. *Late*: some events come some
places later, as when two projectors share one log, or a broker sorts by nothing. A guard that keeps the last position
takes what comes late for what was seen. One that waits for gaps holds back what comes early.

What this leaves out: events that never come; batches that come again after others have come between.

>>> events = [Event(place, "order", place, "OrderPlaced", {}, 0.0, "") for place in (1, 3, 2, 3)]
>>> [event.position for event in after_the_place(events)]
[1, 3]
>>> [event.position for event in without_gaps(events)[0]]
[1, 2, 3]
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from archlab.shop.events.event import Event
from archlab.sim.validation import require_one_of

FAULTS = ("once, in order", "twice", "late", "twice and late")
BATCH, TWICE = 10, 0.1
"""Events of a batch, and the share of batches that come twice. Assumptions."""
LATE, PLACES = 0.1, 10
"""The share of events that come late, and by how many places at most. Assumptions."""


def twice(events: Sequence[Event], random: np.random.Generator) -> list[Event]:
    """Return the events with some batches repeated at once."""
    starts = range(0, len(events), BATCH)
    return [
        event
        for start in starts
        for _ in range(2 if random.random() < TWICE else 1)
        for event in events[start : start + BATCH]
    ]


def late(events: Sequence[Event], random: np.random.Generator) -> list[Event]:
    """Return the events with some of them up to `PLACES` places later."""
    delays = np.where(
        random.random(len(events)) < LATE, random.integers(1, PLACES + 1, len(events)) + 0.5, 0.0
    )
    return [events[place] for place in np.argsort(np.arange(len(events)) + delays, kind="stable")]


def coming(events: Sequence[Event], fault: str, seed: int) -> list[Event]:
    """Return the events as they come to a projector. Raises `ValueError` when there is no such fault."""
    require_one_of("fault", fault, FAULTS)
    random = np.random.default_rng(seed)
    delayed = late(events, random) if "late" in fault else list(events)
    return twice(delayed, random) if "twice" in fault else delayed


def after_the_place(events: Iterable[Event]) -> Iterator[Event]:
    """Yield what is after the last position: what comes late is skipped as if it had been seen."""
    place = 0
    for event in events:
        if event.position > place:
            place = event.position
            yield event


def without_gaps(events: Iterable[Event]) -> tuple[list[Event], int]:
    """Return the events each once, in the order of positions, and how many were held back at most."""
    ready, early, most = list[Event](), dict[int, Event](), 0
    for event in events:
        if event.position > len(ready):
            early[event.position] = event
        while len(ready) + 1 in early:
            ready.append(early.pop(len(ready) + 1))
        most = max(most, len(early))
    return ready, most
