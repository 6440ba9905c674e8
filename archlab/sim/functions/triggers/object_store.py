"""An object store: it takes whole objects by a key, gives them back, and tells functions about new ones.

After Amazon S3. Who puts an object waits until it is stored; the function hears of it by a notice, asynchronously,
typically in seconds and at least once (*Amazon S3 Event Notifications*; `data/lambda.csv`). Two notices may come in
another order than their objects. How long a put and a get take is that of 128 KiB (S. Eskildsen, *napkin-math*, 2026,
also there).

What this leaves out: that large objects take longer, unless you give `bytes_per_s`; limits on requests; parts of
objects; and that versions are kept. Reading what was written is always fresh, as on S3 today.

>>> from archlab.sim import Function, Simulation
>>> sim = Simulation(seed=1)
>>> def thumbnail(invocation):
...     picture = yield pictures.get(invocation.payload.key)
...     yield invocation.compute(0.1)
...     yield pictures.put("small/" + picture.key, picture.size_bytes // 100)
>>> pictures = ObjectStore(sim, "pictures")
>>> pictures.notify(Function(sim, "thumbnail", thumbnail, 0.1, 600), notice_s=1.0, prefix="large/")
>>> stored = pictures.put("large/cat.png", size_bytes=100_000)
>>> sim.run(until=10)
>>> sorted(pictures.objects), stored.value.stored_s, round(pictures.objects["small/large/cat.png"].stored_s, 2)
(['large/cat.png', 'small/large/cat.png'], 0.2, 1.68)
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from simpy.events import Event

from archlab.sim.core.active_faults import coming_back, going_down
from archlab.sim.core.calendar import require_same_sim, require_sim
from archlab.sim.core.events import LeanEvent, fail_next, fail_now, process_event
from archlab.sim.core.level import Level
from archlab.sim.distributions import Distribution
from archlab.sim.failure import Crashed, Failure, Unavailable
from archlab.sim.functions.asynchronous import AsyncInvocations
from archlab.sim.functions.function import Function
from archlab.sim.functions.triggers.target import require_target
from archlab.sim.validation import (
    require_fraction,
    require_instance,
    require_positive,
    require_text,
    require_whole,
)

if TYPE_CHECKING:
    from archlab.sim.simulation import Simulation

PUT_S, GET_S = 0.200, 0.080
"""How long it takes to put and to get an object of 128 KiB."""
NOTICE_S = 1.0
"""How long a notice takes. AWS says "seconds"; the figure is ours."""


class NotFound(Failure):
    """There is no object with this key."""

    outcome = "not_found"
    what = "no such object, 404 Not Found"


@dataclass(frozen=True)
class StoredObject:
    """An object, with its size and when it was stored. A function that is told of it gets it as the payload."""

    key: str
    size_bytes: int
    stored_s: float
    body: Any = None


class Call(LeanEvent):
    """The event of a put or a get that is over. Its value is the `StoredObject`."""

    def __init__(self, sim: Simulation, key: str) -> None:
        self.env = sim
        self.waiter = None
        self.key = key


class ObjectStore:
    """A store known to the simulation by `name`.

    Args:
        put_s, get_s: seconds that a call takes, or a distribution of them.
        bytes_per_s: how fast an object goes there and back, on top of that. None: at once.

    `objects` are those that are stored, by their key; `puts` and `gets` count calls that succeeded, `refused` those
    that failed. In samples `busy` are calls on their way. It never waits for room. Raises `ValueError` when an argument
    is not allowed or the name is taken.
    """

    def __init__(
        self,
        sim: Simulation,
        name: str,
        put_s: float | Distribution = PUT_S,
        get_s: float | Distribution = GET_S,
        bytes_per_s: float | None = None,
    ) -> None:
        require_sim(sim)
        if bytes_per_s is not None:
            require_positive("bytes_per_s", bytes_per_s)
        self.sim, self.name, self.bytes_per_s = sim, name, bytes_per_s
        self._draw_put_s = sim.durations(f"{name} put", "put_s", put_s)
        self._draw_get_s = sim.durations(f"{name} get", "get_s", get_s)
        self.is_up = True
        self.objects: dict[str, StoredObject] = {}
        self.puts = self.gets = self.refused = 0
        self._told: list[tuple[str, Callable[[StoredObject], None]]] = []
        self._calls: dict[Call, None] = {}
        self._busy_level = Level(sim)
        sim.add(self)

    # Calls -----------------------------------------------------------------------------------------------

    def put(self, key: str, size_bytes: int, body: Any = None) -> Event:
        """Store an object, in place of the one with this key; yield the event to wait until it is stored.

        It fails with `Unavailable` when the store is down and `Crashed` when it goes down meanwhile: not stored.
        Raises `ValueError` when the key is no text or the size below 0.
        """
        require_text("key", key)
        require_whole("size_bytes", size_bytes, at_least=0)
        return self._call(key, self._draw_put_s() + self._way_s(size_bytes), self._store, size_bytes, body)

    def get(self, key: str) -> Event:
        """Ask for an object; yield the event to get the `StoredObject`.

        It fails with `NotFound` when there is none, and as `put` does. The store looks at the start of the call.
        """
        require_text("key", key)
        found = self.objects.get(key)
        wait_s = self._draw_get_s() + (0.0 if found is None else self._way_s(found.size_bytes))
        return self._call(key, wait_s, self._give, found)

    def _way_s(self, size_bytes: int) -> float:
        return 0.0 if self.bytes_per_s is None else size_bytes / self.bytes_per_s

    def _call(self, key: str, wait_s: float, done: Callable[..., None], *what: Any) -> Call:
        call = Call(self.sim, key)
        if not self.is_up:
            self.refused += 1
            fail_now(call, Unavailable(self.name))
            return call
        self._calls[call] = None
        self._busy_level.add(1)
        self.sim.call_at(self.sim.now + wait_s, self._over, (call, done, what))
        return call

    def _over(self, ending: tuple[Call, Callable[..., None], tuple[Any, ...]]) -> None:
        call, done, what = ending
        if call in self._calls:
            del self._calls[call]
            self._busy_level.add(-1)
            done(call, *what)

    def _store(self, call: Call, size_bytes: int, body: Any) -> None:
        self.puts += 1
        stored = StoredObject(call.key, size_bytes, float(self.sim.now), body)
        self.objects[call.key] = call._value = stored
        for prefix, tell in self._told:
            if call.key.startswith(prefix):
                tell(stored)
        process_event(call)

    def _give(self, call: Call, found: StoredObject | None) -> None:
        if found is None:
            self.refused += 1
            fail_now(call, NotFound(self.name))
            return
        self.gets += 1
        call._value = found
        process_event(call)

    # Notices ---------------------------------------------------------------------------------------------

    def notify(
        self,
        target: Function | AsyncInvocations,
        notice_s: float | Distribution = NOTICE_S,
        twice: float = 0.0,
        prefix: str = "",
    ) -> None:
        """From now on tell `target` of each object that is stored under a key that begins with `prefix`.

        Args:
            target: asynchronous invocations, or a function, which gets some with AWS's defaults.
            notice_s: seconds from the end of the put to the invocation, or a distribution of them.
            twice: the share of objects of which it hears twice, at random. Not published, so 0.

        A function that writes where it listens invokes itself for ever. Raises `ValueError` or `TypeError` when an
        argument is not allowed.
        """
        sent_to = require_target("target", target)
        require_same_sim(self.sim, "target", sent_to.function)
        require_fraction("twice", twice)
        require_instance("prefix", prefix, str, "a text")
        name = f"{self.name} tells {sent_to.function.name}"
        draw_s, random = self.sim.durations(name, "notice_s", notice_s), self.sim.stream(f"{name} twice")

        def tell(stored: StoredObject) -> None:
            for _ in range(1 + bool(random.random() < twice)):
                self.sim.call_at(self.sim.now + draw_s(), sent_to.send, stored)

        self._told.append((prefix, tell))

    # Faults and measurement ------------------------------------------------------------------------------

    @going_down
    def crash(self) -> None:
        """Go down. What is stored stays; calls on their way fail. Notices on their way arrive."""
        self.is_up = False
        for call in self._calls:
            fail_next(call, Crashed(self.name))
        self.refused += len(self._calls)
        self._busy_level.add(-len(self._calls))
        self._calls.clear()

    @coming_back
    def restart(self) -> None:
        """Come back, with all that was stored."""
        self.is_up = True

    @property
    def stored_bytes(self) -> int:
        """The size of all objects."""
        return sum(stored.size_bytes for stored in self.objects.values())

    def sample(self) -> tuple[int, int, int, bool]:
        """No queue, calls on their way, as many as there are (at least 1 is shown), and whether it is up."""
        busy = self._busy_level.value
        return 0, busy, max(1, busy), self.is_up

    def totals(self) -> dict[str, float]:
        """Sums since the start: seconds of calls, and counts of them."""
        return {
            "busy_s": self._busy_level.area,
            "waiting_s": 0.0,
            "completed": self.puts + self.gets,
            "refused": self.refused,
            "failed": 0,
        }
