"""Upcasting: events keep the form in which they were written, and are lifted to today's form when they are read.

An upcast changes the data of one type of event from one schema version to the next. A reader that lifts needs to know
the newest form alone, however old the store is. The events themselves stay as they are.

>>> split = Upcast("OrderPlaced", from_version=1, change=lambda data: {"total_cents": round(100 * data["total"])})
>>> old = Event(1, "order-7", 1, "OrderPlaced", {"total": 21.0}, at_s=0.0, correlation_id="7")
>>> new = Upcasts([split]).lift(old)
>>> new.data, new.schema_version, old.data
({'total_cents': 2100}, 2, {'total': 21.0})

It works one way. An upcast that needs what was never written down must invent it, and code that is older than an
event has no upcast for it.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from archlab.shop.events.event import Data, Event
from archlab.sim.validation import require_whole


@dataclass(frozen=True)
class Upcast:
    """How the data of a type of event comes from one schema version to the next.

    Args:
        type: of the event.
        from_version: the version that it takes; it gives the next one.
        change: takes the old data and returns the new. It must not change what it is given.

    Raises:
        ValueError: when the version is not a whole number from 1 on.
    """

    type: str
    from_version: int
    change: Callable[[Data], Data]

    def __post_init__(self) -> None:
        require_whole("from_version", self.from_version, at_least=1)


class Upcasts:
    """All upcasts of a program.

    Raises:
        ValueError: when two take the same version of the same type.
    """

    def __init__(self, upcasts: Iterable[Upcast] = ()) -> None:
        self._steps: dict[tuple[str, int], Upcast] = {}
        for upcast in upcasts:
            key = upcast.type, upcast.from_version
            if key in self._steps:
                raise ValueError(
                    f"upcasts has two of {upcast.type} from version {upcast.from_version}; it may have one"
                )
            self._steps[key] = upcast

    def lift(self, event: Event) -> Event:
        """Return the event in the newest form that there is a way to; unchanged when it is in that form already."""
        while step := self._steps.get((event.type, event.schema_version)):
            event = replace(event, data=step.change(event.data), schema_version=event.schema_version + 1)
        return event
