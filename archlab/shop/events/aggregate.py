"""An aggregate: a thing that has a stream of its own. Its state is what folding its events gives, and nothing else.

>>> from archlab.shop.events.event import Event
>>> count = Aggregate("count", start=0, evolve=lambda state, event: state + 1, to_data=dict, from_data=dict)
>>> count.stream(7), count.fold([Event(1, "count-7", 1, "Counted", {}, at_s=0.0, correlation_id="a")])
('count-7', 1)
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import reduce
from typing import Generic, TypeVar

from archlab.shop.events.event import Data, Event

State = TypeVar("State")


@dataclass(frozen=True)
class Aggregate(Generic[State]):
    """How one kind of thing follows from its events.

    Args:
        name: of the kind; a thing's stream is called by it and by its id.
        start: the state before the first event.
        evolve: the state after an event. It refuses nothing: what happened, happened. Rules belong to the decision.
        to_data, from_data: the state as JSON and back, for snapshots.
    """

    name: str
    start: State
    evolve: Callable[[State, Event], State]
    to_data: Callable[[State], Data]
    from_data: Callable[[Data], State]

    def stream(self, id_: int) -> str:
        """Return the name of a thing's stream."""
        return f"{self.name}-{id_}"

    def fold(self, events: Iterable[Event]) -> State:
        """Return the state after these events, from the start."""
        return self.after(self.start, events)

    def after(self, state: State, events: Iterable[Event]) -> State:
        """Return the state after these events, from `state`."""
        return reduce(self.evolve, events, state)
