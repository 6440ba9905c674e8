"""Kafka: what makes a log of events a *distributed event streaming platform*, and what breaks it.

Five things, each measured while one of the four consumers of a group is killed and does not come back:

- *order*: the events of a key are dealt with in their order, seen from the first time that each is;
- *nothing lost*: all events are dealt with, some of them twice;
- *groups*: a slow group does not make a quick one wait;
- *scales*: four consumers do `SCALES` times as much as one or more;
- *replay*: a group that comes when all is over reads everything from the first event on.

The opponent is the strongest form of a queue after RabbitMQ: queues of its own for each group, each with a share of the
keys and a single active consumer, so that order is kept. It can do four of the five: what was acknowledged is gone.
RabbitMQ's streams are logs, not queues; so are Kinesis and Pulsar, and nothing here says that they cannot do all five.

Then the limit. A consumer asks for up to `max.poll.records` = 500 events at a time, and when it has not asked again for
`max.poll.interval.ms` = 300 s, it is put out of its group: so where events have piled up, none may take longer than
0.6 s on average. Beyond that the group works and works and never commits: each consumer is put out before it is
through, and the next one begins at the same event.

What this leaves out. Copies of the log on several brokers: the log of the kit has one copy, which never loses a stored
event and is away while its broker is. Kafka's replicas shorten that time, so this errs against Kafka; and with its
default `min.insync.replicas` = 1 a confirmed event may lie on one disk only, where the kit loses none, so this errs for
it. What a broker can carry is left out, too. Consumers that hand events to threads of their own, or pause their
partitions, pass the limit; that is more work, and no default.

>>> figures = streaming(seed=1)
>>> figures["out_of_order"], figures["lost"], figures["replayed_percent"]
(0, 0, 100.0)
"""

from collections import defaultdict
from collections.abc import Generator, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import Any, Protocol
from zlib import crc32

import joblib
import pandas as pd
from simpy.events import Event

from archlab.course.claims.assumption import Assumption
from archlab.course.claims.bisection import bisect
from archlab.course.claims.limit import Limit
from archlab.course.claims.over_seeds import OverSeeds
from archlab.course.claims.rule import Evidence, settles
from archlab.course.claims.thresholds import NOTICEABLE_PERCENT
from archlab.course.claims.verdict import Verdict, holds_if, holds_up_to
from archlab.shop.config import PROVIDER_S
from archlab.shop.instance import Mortal
from archlab.sim.distributions import Lognormal
from archlab.sim.load import Request
from archlab.sim.messaging.broker import Broker
from archlab.sim.messaging.consumer_group import MAX_POLL_RECORDS
from archlab.sim.messaging.coordinated_group import CoordinatedGroup
from archlab.sim.messaging.coordinator import Coordination
from archlab.sim.messaging.event_log import EventLog, Record
from archlab.sim.messaging.message import Message
from archlab.sim.messaging.message_queue import MessageQueue
from archlab.sim.parallel import in_parallel
from archlab.sim.servers.station import Station
from archlab.sim.simulation import Simulation
from archlab.sim.statistics import percentile
from archlab.sim.workload import Poisson

SEEDS = range(10)
CONSUMERS, PARTITIONS, KEYS = 4, 12, 1000
EVENTS_PER_S, WORK_S = 40.0, 0.02
"""So four consumers are busy for a fifth of the time, and one for four fifths."""
SLOW_WORK_S = 0.2
"""An event takes a slow group's single consumer so long: it falls behind at once."""
STORE_S = 0.0008
"""To store an event, as in the shop."""
KILLED_AT_S, UNTIL_S, RUN_S, REPLAY_S = 5.0, 10.0, 60.0, 20.0
"""When a consumer dies, when the last event comes, how long the run is, and how long it takes to read all again."""
PILE = 500
"""Events that wait for a group, to see how much faster four consumers are than one."""
SCALES = 3.0
"""So many times as much four consumers must do as one: one of the four may be lost to keys that are spread unevenly."""
THINGS = ("order", "nothing lost", "groups", "scales", "replay")
OF = len(THINGS)


@dataclass(frozen=True)
class Item:
    """What an event carries: its number, and its key."""

    number: int
    key: str


class Book:
    """What one group has done: when each event was dealt with first, and the events of each key in that order."""

    def __init__(self, sim: Simulation, work_s: float = WORK_S) -> None:
        self.sim, self.work_s = sim, work_s
        self.done_s: dict[int, float] = {}
        self.of_key: dict[str, list[int]] = defaultdict(list)

    def note(self, item: Item) -> None:
        """An event was dealt with. Only the first time counts."""
        if item.number not in self.done_s:
            self.done_s[item.number] = self.sim.now
            self.of_key[item.key].append(item.number)

    @property
    def out_of_order(self) -> int:
        """How many events were dealt with before an earlier one of their key."""
        return sum(later < earlier for one in self.of_key.values() for earlier, later in pairwise(one))


class Channel(Protocol):
    """What carries the events."""

    def publish(self, item: Item) -> Event:
        """Send an event; wait for the confirm."""

    def subscribe(self, name: str, book: Book, consumers: int = CONSUMERS) -> None:
        """Let a group of consumers read all that it can still get."""

    def kill(self, name: str) -> None:
        """The first consumer of a group dies for ever."""


class Log:
    """A log. The consumers of a group share its partitions, with Kafka's defaults."""

    def __init__(self, sim: Simulation, partitions: int, retention_s: float | None = None) -> None:
        self.log = EventLog(sim, "events", STORE_S, partitions, retention_s, Broker(sim, "broker"))

    def publish(self, item: Item) -> Event:
        return self.log.append(item.key, item)

    def subscribe(self, name: str, book: Book, consumers: int = CONSUMERS) -> None:
        def handle(record: Record) -> Generator[Event, Any, None]:
            yield self.log.sim.timeout(book.work_s)
            book.note(record.value)

        CoordinatedGroup(self.log, name, handle, Coordination(), consumers, reset="earliest")

    def kill(self, name: str) -> None:
        self.log.groups[name].members[0].crash()


class Queues:
    """For each group as many queues as a log has partitions, each with a share of the keys and one active consumer."""

    def __init__(self, sim: Simulation, partitions: int) -> None:
        self.sim, self.partitions = sim, partitions
        self.groups: dict[str, list[MessageQueue]] = {}
        self.consumers: dict[str, list[Mortal]] = {}

    def publish(self, item: Item) -> Event:
        number = crc32(item.key.encode()) % self.partitions
        return self.sim.all_of([queues[number].publish(item) for queues in self.groups.values()])

    def subscribe(self, name: str, book: Book, consumers: int = CONSUMERS) -> None:
        programs = [Station(self.sim, f"{name}-{number}", capacity=1) for number in range(1, consumers + 1)]
        self.groups[name] = [
            MessageQueue(self.sim, f"{name} {number}", STORE_S, single_active=True)
            for number in range(self.partitions)
        ]
        self.consumers[name] = []
        for number, queue in enumerate(self.groups[name]):
            for program in programs[number % consumers :] + programs[: number % consumers]:
                handle = partial(_serve, program, book)
                consumer = queue.consume(handle, prefetch=1, name=f"{program.name} of {number}")
                self.consumers[name] += [consumer] * (program is programs[0])
        self.consumers[name] += [programs[0]]

    def kill(self, name: str) -> None:
        for part in self.consumers[name]:
            part.crash()


def _serve(program: Station, book: Book, message: Message) -> Generator[Event, Any, None]:
    """A program does one thing at a time, however many queues it reads."""
    yield program.serve(book.work_s)
    book.note(message.body)


CHANNELS: Mapping[str, Any] = {"log": Log, "queues": Queues}


# Five things -------------------------------------------------------------------------------------------------


class Stream:
    """Events at random, each with one of `KEYS` keys, through a channel until `UNTIL_S`."""

    def __init__(
        self, seed: int, design: str, partitions: int, hot_share: float = 0.0, **options: Any
    ) -> None:
        self.sim = Simulation(seed)
        self.channel: Channel = CHANNELS[design](self.sim, partitions, **options)
        self.hot_share = hot_share
        self.published = 0

    def publish(self, _: Request | None = None) -> Generator[Event, Any, None]:
        """Send the next event. Its key is one of all, each as likely, but for a hot key's share."""
        random = self.sim.stream("keys")
        key = 0 if random.random() < self.hot_share else int(random.integers(KEYS))
        item = Item(self.published, f"{self.sim.seed}-{key}")
        self.published += 1
        yield self.channel.publish(item)

    def open(self) -> None:
        """Let events come."""
        gaps_s = self.sim.stream("times").exponential(1 / EVENTS_PER_S, int(2 * EVENTS_PER_S * UNTIL_S))
        times_s = gaps_s.cumsum()
        for at_s in times_s[times_s < UNTIL_S].tolist():
            self.sim.call_at(at_s, lambda _: self.sim.start(self.publish()))


def streaming(
    seed: int, design: str = "log", partitions: int = PARTITIONS, hot_share: float = 0.0, **options: Any
) -> dict[str, float]:
    """Measure the five things for a "log" or for "queues"; `options` of the channel.

    Returns out_of_order and lost, events of the group whose consumer was killed; slower_percent, how much longer an
    event waits at the median in a quick group when a slow group reads as well; times_as_fast, four consumers beside
    one; replayed_percent, what a group reads that comes last.
    """
    stream = Stream(seed, design, partitions, hot_share, **options)
    books = {name: Book(stream.sim) for name in ("hit", "late")}
    stream.channel.subscribe("hit", books["hit"])
    stream.open()
    stream.sim.call_at(KILLED_AT_S, lambda _: stream.channel.kill("hit"))
    stream.sim.run(until=RUN_S)
    stream.channel.subscribe("late", books["late"])
    stream.sim.run(until=RUN_S + REPLAY_S)
    alone_s, beside_s = (_median_wait_s(seed, design, partitions, slow) for slow in (False, True))
    one_s, four_s = (_work_off_s(seed, design, partitions, hot_share, count) for count in (1, CONSUMERS))
    return {
        "out_of_order": books["hit"].out_of_order,
        "lost": stream.published - len(books["hit"].done_s),
        "slower_percent": 100 * (beside_s / alone_s - 1),
        "times_as_fast": one_s / four_s,
        "replayed_percent": 100 * len(books["late"].done_s) / stream.published,
    }


def _median_wait_s(seed: int, design: str, partitions: int, beside_a_slow_group: bool) -> float:
    stream = Stream(seed, design, partitions)
    quick, sent_s = Book(stream.sim), dict[int, float]()
    stream.channel.subscribe("quick", quick)
    if beside_a_slow_group:
        stream.channel.subscribe("slow", Book(stream.sim, SLOW_WORK_S), consumers=1)

    def publish(request: Request) -> Generator[Event, Any, None]:
        sent_s[stream.published] = stream.sim.now
        yield from stream.publish()

    stream.sim.open_load(Poisson(EVENTS_PER_S), publish)
    stream.sim.run(until=UNTIL_S)
    return percentile([done_s - sent_s[number] for number, done_s in quick.done_s.items()], 50)


def _work_off_s(seed: int, design: str, partitions: int, hot_share: float, consumers: int) -> float:
    """How long a group needs for `PILE` events that come all at once."""
    stream = Stream(seed, design, partitions, hot_share)
    book = Book(stream.sim)
    stream.channel.subscribe("group", book, consumers)
    for _ in range(PILE):
        stream.sim.start(stream.publish())
    while len(book.done_s) < PILE:
        stream.sim.run(until=stream.sim.now + 1.0)
    return max(book.done_s.values())


def can(figures: Mapping[str, float]) -> tuple[str, ...]:
    """Return which of `THINGS` figures of `streaming` show."""
    shown = (
        figures["out_of_order"] == 0,
        figures["lost"] == 0,
        figures["slower_percent"] < NOTICEABLE_PERCENT,
        figures["times_as_fast"] >= SCALES,
        figures["replayed_percent"] == 100,
    )
    return tuple(thing for thing, is_shown in zip(THINGS, shown, strict=True) if is_shown)


def both(seeds: Iterable[int] = SEEDS) -> pd.DataFrame:
    """Run `streaming` for both designs. A row a run: design, seed, the figures, and `things`, how many of five."""
    jobs = [(design, seed) for design in CHANNELS for seed in seeds]
    runs = in_parallel(joblib.delayed(streaming)(seed, design) for design, seed in jobs)
    table = pd.DataFrame(jobs, columns=["design", "seed"]).join(pd.DataFrame(runs))
    return table.assign(things=[len(can(run)) for run in runs])


# How long an event may take ----------------------------------------------------------------------------------

CV = PROVIDER_S.cv
"""How much events differ: as calls of the payment provider do."""
EVENTS_S, EVENTS_A_POLL = (0.45, 0.9), (2000.0, 3200.0)
"""What is tried. An event may wait for a payment provider (0.12 s on average) or be a document to print."""
LOOK_EVERY_S = 10.0
HALF_AN_HOUR_S = 1800.0


class Pile:
    """Events that wait in one partition, more than a batch, and a group that begins to read them."""

    def __init__(
        self,
        seed: int,
        event_s: float,
        events: int,
        events_a_poll: int = MAX_POLL_RECORDS,
        consumers: int = 1,
    ) -> None:
        self.sim = sim = Simulation(seed)
        draw_s = sim.draws("work", Lognormal.from_mean_cv(event_s, CV))
        self.worked = 0

        def handle(record: Record) -> Generator[Event, Any, None]:
            yield sim.timeout(draw_s())
            self.worked += 1

        log = EventLog(sim, "events", append_s=0.0)
        self.group = CoordinatedGroup(
            log, "group", handle, Coordination(), consumers, "earliest", max_poll_records=events_a_poll
        )
        for number in range(events):
            log.append("key", number)

    @property
    def committed(self) -> int:
        """How far the group has come."""
        return self.group.committed[0]


def is_done_in_time(seed: int, event_s: float, events_a_poll: float = MAX_POLL_RECORDS) -> float:
    """Return 1 when a consumer has dealt with a full batch and committed it before its time is over, else -1.

    Args:
        event_s: the mean time of an event.
        events_a_poll: the most events that the consumer asks for at a time (`max.poll.records`).
    """
    most, time_s = round(events_a_poll), Coordination().max_poll_interval_s
    pile = Pile(seed, event_s, events=most + 1, events_a_poll=most)
    while not pile.committed and pile.sim.now < time_s + LOOK_EVERY_S:
        pile.sim.run(until=pile.sim.now + LOOK_EVERY_S)
    return 1.0 if pile.committed else -1.0


def _more_a_poll(seed: int, events_a_poll: float) -> float:
    return is_done_in_time(seed, PROVIDER_S.mean, events_a_poll)


def limits(seeds: Iterable[int] = SEEDS) -> dict[str, Limit]:
    """Return the longest mean time of an event, and the most events a poll when each waits for the payment provider."""
    chosen = list(seeds)
    return {
        "longest_event_s": bisect(is_done_in_time, EVENTS_S, "up to", chosen, tolerance=0.05, log=True),
        "most_events_a_poll": bisect(_more_a_poll, EVENTS_A_POLL, "up to", chosen, tolerance=0.07, log=True),
    }


def half_an_hour(
    events_s: Iterable[float] = (0.3, 0.4, 0.5, 0.55, 0.65),
    events_a_poll: int = MAX_POLL_RECORDS,
    seed: int = 1,
) -> pd.DataFrame:
    """Let two consumers work at a pile of events for half an hour.

    Columns: design ("worked" or "committed"), time_per_event_s, the mean, and events, how many.
    """
    rows: list[tuple[str, float, int]] = []
    for event_s in events_s:
        pile = Pile(seed, event_s, int(HALF_AN_HOUR_S / event_s) + 1, events_a_poll, consumers=2)
        pile.sim.run(until=HALF_AN_HOUR_S)
        rows += [("worked", event_s, pile.worked), ("committed", event_s, pile.committed)]
    return pd.DataFrame(rows, columns=["design", "time_per_event_s", "events"])


def too_long(events_a_poll: int, pile: pd.DataFrame) -> dict[str, float]:
    """Return the time of an event with which so many take the whole of max.poll.interval, for a figure of `pile`, by
    the words for it; empty where the figure does not reach so far.

    >>> too_long(500, pd.DataFrame({"time_per_event_s": [0.3, 0.65]}))
    {'300 s / 500': 0.6}
    """
    most_s = Coordination().max_poll_interval_s
    limit_s = most_s / events_a_poll
    shown = pile.time_per_event_s.min() <= limit_s <= pile.time_per_event_s.max()
    return {f"{most_s:g} s / {events_a_poll}": limit_s} if shown else {}


def figures(table: pd.DataFrame, found: Mapping[str, Limit]) -> dict[str, OverSeeds]:
    """Return what the rule judges: `table` of `both`, `found` of `limits`."""
    things = {design: OverSeeds(runs.things) for design, runs in table.groupby("design")}
    return {"log_shows": things["log"], "queues_show": things["queues"], **found}


@settles(
    "event-streaming.kafka",
    evidence=Evidence.SIMULATED,
    says={
        "log_shows": "of five things a log with Kafka's defaults shows",
        "queues_show": "queues show",
        "longest_event_s": "the longest that an event may take",
        "most_events_a_poll": "with events that wait for our payment provider, up to so many at a time",
    },
)
def distributed_event_streaming(
    log_shows: float, queues_show: float, longest_event_s: float, most_events_a_poll: float
) -> Verdict:
    """Holds up to the time of an event beyond which a group that has fallen {PILE} events behind, and asks for
    {MAX_POLL_RECORDS} at a time, never commits, if a log with Kafka's defaults shows all {OF} things, and queues in
    their strongest form do not: order for each key and nothing lost when a consumer is killed, groups that do not feel
    one another, {SCALES} times as much done by {CONSUMERS} consumers, and everything read again by a group that comes
    last. Copies of the log on several brokers are not in it.
    """
    decides = Assumption(
        "max.poll.records",
        usual=MAX_POLL_RECORDS,
        flips_at=most_events_a_poll,
        unit="events",
        when="no more than {flips_at} that wait for our payment provider are asked for at a time "
        "by max.poll.records",
    )
    if log_shows < OF or queues_show >= OF:
        return holds_if(False)
    return holds_up_to(
        longest_event_s, f"s an event on average, where {PILE} have piled up", decided_by=decides
    )
