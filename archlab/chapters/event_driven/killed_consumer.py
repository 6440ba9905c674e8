"""A consumer dies or leaves: for how long is nobody reading its partitions, and who else stops?

Four consumers share the twelve partitions of a topic. The coordinator of the group does not see the connection break,
as the broker of a queue does; it waits for heartbeats. So one setting decides, the session time-out. A consumer that is
started again before it is over is a stranger, unless it is a *static* member: the group waits for the old one, and with
an eager rebalance everybody stops for that.

What this leaves out: what is left out in `archlab.sim.messaging.coordinator`, and more consumers than four. With more,
a dead one takes a smaller share with it, and a rebalance waits a little longer for the last heartbeat. The queue gets
the messages back at once, which is right when a program dies; when a machine does, RabbitMQ needs a minute or so.

>>> figures = stopped(seed=1, way="killed")
>>> 42 < figures["own_s"] < 48, figures["others_s"] < 5
(True, True)
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import joblib
import pandas as pd
from simpy.events import Event

from archlab.course.claims.over_seeds import OverSeeds
from archlab.course.figures.bars import name_rows
from archlab.course.figures.canvas import canvas
from archlab.course.figures.picture import Picture
from archlab.course.quantity import number
from archlab.course.style import INK, variants
from archlab.published.killed_consumer import published
from archlab.sim.load import Request
from archlab.sim.messaging.coordinated_group import CoordinatedGroup
from archlab.sim.messaging.coordinator import Coordination
from archlab.sim.messaging.event_log import EventLog, Record
from archlab.sim.messaging.message import Message
from archlab.sim.messaging.message_queue import MessageQueue
from archlab.sim.parallel import in_parallel
from archlab.sim.simulation import Simulation
from archlab.sim.workload import Deterministic

if TYPE_CHECKING:  # matplotlib is loaded when something is drawn
    from matplotlib.axes import Axes

SEEDS = range(10)
CONSUMERS, PARTITIONS = 4, 12
EVENTS_PER_S = 8.0
WORK_S = 0.01
"""For an event, as long as an order takes on a processor. So a backlog is gone in seconds."""
STORE_S = 0.0008
"""To store an event, as in the shop."""
AT_S, RUN_S = 20.0, 80.0
"""When something happens (a random moment in the five seconds from then on), and how long the run is."""
BACK_AFTER_S = 5.0
"""Until a program that died runs again. An assumption: a supervisor starts it at once, and it needs some seconds."""
ROOM = 1.5
"""The axis is so many times as long as the longest bar: its words need room."""
LATE_S = 1.0
"""An event is late when it waits for longer."""

Happens = Literal["is killed", "leaves"]

DEFAULTS = Coordination()


@dataclass(frozen=True)
class Way:
    """What happens to the first consumer, after how long it is back (None: never), and how the group is held together.

    `coordination` None: a queue instead of a log, with the same consumers.
    """

    happens: Happens = "is killed"
    back_after_s: float | None = None
    coordination: Coordination | None = DEFAULTS


WAYS: Mapping[str, Way] = {
    "killed": Way(),
    "killed, back in 5 s": Way(back_after_s=BACK_AFTER_S),
    "the same, static member": Way(back_after_s=BACK_AFTER_S, coordination=Coordination(static_members=True)),
    "the same, cooperative": Way(
        back_after_s=BACK_AFTER_S, coordination=Coordination(assignor="cooperative-sticky")
    ),
    "killed, time-out 10 s": Way(coordination=Coordination(session_timeout_s=10.0)),
    "says goodbye": Way("leaves"),
    "killed, with a queue": Way(coordination=None),
}


class Group:
    """Events to twelve partitions or to a queue, and four consumers. `done` counts how often each was dealt with."""

    def __init__(
        self, seed: int, coordination: Coordination | None, events_per_s: float = EVENTS_PER_S
    ) -> None:
        self.sim = sim = Simulation(seed)
        self.done: dict[int, int] = {}
        self.partition: dict[int, int] = {}
        self.members: Sequence[Any]
        if coordination is None:
            self._through_a_queue()
        else:
            self._through_a_log(coordination)
        sim.open_load(Deterministic(events_per_s), self._publish)

    def _through_a_log(self, coordination: Coordination) -> None:
        log = EventLog(self.sim, "events", STORE_S, PARTITIONS)
        self.group = CoordinatedGroup(log, "consumer", self._on_record, coordination, CONSUMERS)
        self.members = self.group.members
        self._send = lambda request: log.append(str(request.id), request)

    def _through_a_queue(self) -> None:
        queue = MessageQueue(self.sim, "events", STORE_S)
        self.members = [
            queue.consume(self._on_message, prefetch=1, name=f"consumer-{number}")
            for number in range(1, CONSUMERS + 1)
        ]
        self._send = queue.publish

    def _publish(self, request: Request) -> Generator[Event, Any, None]:
        request.goes_on()
        yield self._send(request)

    def _on_record(self, record: Record) -> Generator[Event, Any, None]:
        self.partition[record.value.id] = record.partition
        yield from self._work(record.value)

    def _on_message(self, message: Message) -> Generator[Event, Any, None]:
        yield from self._work(message.body)

    def _work(self, request: Request) -> Generator[Event, Any, None]:
        yield self.sim.timeout(WORK_S)
        self.done[request.id] = self.done.get(request.id, 0) + 1
        if self.done[request.id] == 1:
            request.done()

    @property
    def twice(self) -> int:
        """How much work was done again."""
        return sum(times - 1 for times in self.done.values())

    def let_happen(self, way: Way, at_s: float = AT_S) -> None:
        """Plan what happens to the first consumer."""
        member, sim = self.members[0], self.sim
        action = {"is killed": member.crash, "leaves": getattr(member, "leave", member.crash)}[way.happens]
        sim.call_at(at_s, lambda _: action())
        if way.back_after_s is not None:
            sim.call_at(at_s + way.back_after_s, lambda _: member.restart())


def stopped(seed: int, way: str, ways: Mapping[str, Way] = WAYS) -> dict[str, float]:
    """Let one of `ways` happen, and return how long events waited because of it.

    own_s: the longest wait of an event in a partition that the consumer had; others_s: in any other. With a queue there
    are no partitions, so all are own. late: events that waited more than a second. twice: those dealt with again.
    """
    chosen = ways[way]
    group = Group(seed, chosen.coordination)
    had = list(group.members[0].partitions) if chosen.coordination else []
    group.let_happen(chosen, AT_S + float(group.sim.stream("when").uniform(0, 5)))
    rows = group.sim.measure(RUN_S).requests
    waits_s = rows.end_to_end_s.fillna(group.sim.now - rows.arrived_s)
    own = rows.id.map(group.partition).isin(had) | (not had)
    return {
        "own_s": float(waits_s[own].max()),
        "others_s": float(waits_s[~own].max()) if had else 0.0,
        "late": float((waits_s > LATE_S).sum()),
        "twice": float(group.twice),
    }


def beside_each_other(seeds: Iterable[int] = SEEDS, ways: Mapping[str, Way] = WAYS) -> pd.DataFrame:
    """Run `stopped` for each way and seed. A row a run: design (the way), seed, and the figures."""
    jobs = [(way, seed) for way in ways for seed in seeds]
    runs = in_parallel(joblib.delayed(stopped)(seed, way, ways) for way, seed in jobs)
    return pd.DataFrame(jobs, columns=["design", "seed"]).join(pd.DataFrame(runs))


def longest_waits(table: pd.DataFrame) -> pd.DataFrame:
    """Return for each way its longest waits: columns design, own_s and others_s, and `_low`, `_high` of each.

    `table`: of `beside_each_other`. A value is the median over the seeds.
    """
    rows = []
    for way, runs in table.groupby("design", sort=False):
        row: dict[str, object] = {"design": way}
        for name in ("own_s", "others_s"):
            figure = OverSeeds(runs[name])
            row |= {name: float(figure), f"{name}_low": figure.low, f"{name}_high": figure.high}
        rows.append(row)
    return pd.DataFrame(rows)


GROUPS: Mapping[str, str] = {"own_s": "its own partitions", "others_s": "the others' partitions"}


def figure(waits: pd.DataFrame, title: str) -> Picture:
    """Draw two bars a way: the longest wait in the partitions that the consumer had, and in all others.

    `waits`: of `longest_waits`. The dotted line is the pause that was published (see `archlab.published`).
    """
    looks = variants("event-driven", GROUPS)
    published_s = float(published().pause_s["roundrobin"])
    with canvas(title, tall=True) as drawing:
        panel = drawing.panels[0]
        for shift, (column, name) in zip((-0.2, 0.2), GROUPS.items(), strict=True):
            places = [place + shift for place in range(len(waits))]
            panel.barh(places, waits[column], height=0.36, color=looks[column].colour)
            for row, (place, wait_s) in enumerate(zip(places, waits[column], strict=True)):
                _write(panel, place, wait_s, f": {name}" if row == 0 else "")
        panel.axvline(published_s, color=INK, linewidth=1, linestyle=":")
        drawing.name_line(panel, published_s, f"published: {number(published_s)} s")
        name_rows(panel, waits.design.tolist())
        panel.set(xlabel="Longest wait of an event [s]", xlim=(0, ROOM * waits.own_s.max()))
    told = "; ".join(
        f"{row.design}: {', '.join(f'{name} {_short(row[column])}' for column, name in GROUPS.items())}"
        for _, row in waits.iterrows()
    )
    return Picture(drawing.figure, f"{title.rstrip('.')}. Longest wait of an event [s]: {told}.")


def _short(wait_s: float) -> str:
    """A wait with two digits; below a tenth of a second with one."""
    return f"{wait_s:.0f} s" if wait_s >= 10 else f"{wait_s:.1f} s" if wait_s >= 0.1 else f"{wait_s:.2f} s"


def _write(panel: Axes, place: float, wait_s: float, more: str) -> None:
    """Write a wait beside its bar. Where there was nobody to wait there is nothing to write."""
    if wait_s > 0:
        style: dict[str, Any] = {"facecolor": "white", "edgecolor": "none", "pad": 1.0}
        panel.annotate(
            _short(wait_s) + more,
            (wait_s, place),
            (6, 0),
            textcoords="offset points",
            va="center",
            bbox=style,
        )
