"""Kinesis: for how many consumers of a shard, and under which load, a record is there in real time.

A record has the age of the time from the producer's first attempt to write it until a consumer has it. Whatever a push
needs for that, 70 ms by AWS's average, polling needs, too, and then waits for the next poll: writing and sending are
the same. All consumers read as fast as records come. Beside it stands an order on its way through the components of our
shop, with the topic as shards and, the fair opponent, as a log.

Three things end real time. Those who poll share five calls a second, so each asks less often the more they are; and
they share 2 MB/s, so that with more than two of them a shard can be written faster than it can be read. And AWS Lambda
and AWS's own client, when it polls, ask once a second, however few they are: then one record in a hundred waits longer
than 0.99 s for that alone. (From version 2 on the client is pushed to, unless it is told otherwise.) So the fair
opponent here asks as often as the limit lets it.

What this leaves out: the work on a record; how much the 70 ms vary, which AWS does not say (were they exponential, the
p99 of a push would be 0.3 s: no verdict would change); prices. There are few and
large records, so a shard's other limit, 1,000 a second, is not reached.

>>> polled_s, pushed_s = (p99_s(seed=1, consumers=2, way=way) for way in ("polling", "push"))
>>> pushed_s < 0.1 < 0.4 < polled_s
True
"""

from collections.abc import Callable, Generator, Iterable, Mapping
from functools import partial
from typing import Any

import joblib
import numpy as np
from simpy.events import Event

from archlab.course.claims.assumption import Assumption
from archlab.course.claims.bisection import bisect
from archlab.course.claims.limit import Limit
from archlab.course.claims.over_seeds import OverSeeds
from archlab.course.claims.rule import Evidence, settles
from archlab.course.claims.verdict import Verdict, holds_if, holds_up_to
from archlab.course.quantity import about
from archlab.published.polling_delay import evenly
from archlab.shop.event_driven import EventDriven, EventDrivenConfig
from archlab.sim.distributions import Distribution
from archlab.sim.load import Request
from archlab.sim.messaging.event_log import Record
from archlab.sim.messaging.shard_reader import PROPAGATION_S, EnhancedFanOut, Polling
from archlab.sim.messaging.shard_stream import ShardStream
from archlab.sim.parallel import in_parallel
from archlab.sim.resilience.backoff import Backoff
from archlab.sim.resilience.retry import Retry
from archlab.sim.simulation import Simulation
from archlab.sim.validation import require_positive, require_whole
from archlab.sim.workload import Poisson, Trace

REAL_TIME_S = 1.0
"""A record is there in real time when 99 of 100 are not older than this. A second is what a person bears without losing
the thread (J. Nielsen, *Usability Engineering*, 1993). On one side stands whoever has a customer waiting: a check for
fraud, an order's state. On the other stand dashboards and reports; for them "within seconds" is real time enough."""

OTHER_S = PROPAGATION_S
"""What a record needs besides its wait for a poll, the same for all."""
OTHER_MS = 1000 * OTHER_S
OURS = 5
"""The components of our shop. Each reads the events of the others."""
MOST = 20
"""So many consumers a provisioned stream may register for a push (`data/kinesis.csv`)."""
LOW_KB_PER_S = 50.0
"""So little that ten consumers stay far below the 2 MB/s they share."""
RECORDS_PER_S = 10.0
SECONDS, LOADED_S = 15.0, 25.0
"""How long a run takes; longer where a queue must have time to show that it grows."""
SEEDS = range(10)


def p99_s(
    seed: int,
    consumers: int,
    way: str,
    load_kb_per_s: float = LOW_KB_PER_S,
    other_s: float | Distribution = OTHER_S,
    seconds: float = SECONDS,
) -> float:
    """Return the age that 99 of 100 records do not exceed when a consumer has them, in seconds; all consumers together.

    Args:
        way: "polling", in turns and as often as they may; "once a second", each so; or "push".
        load_kb_per_s: what is written to one shard.
        other_s: what a record needs besides its wait for a poll.
        seconds: how long producers write.

    Records that were not read by the end count with their age then.
    Raises `ValueError` when an argument is not allowed.
    """
    require_whole("consumers", consumers, at_least=1)
    require_positive("load_kb_per_s", load_kb_per_s)
    sim = Simulation(seed)
    ages: list[float] = []

    def note(records: Iterable[Record]) -> Generator[Event, Any, None]:
        ages.extend(sim.now - record.value for record in records)
        yield from ()

    stream = _stream(sim, way, consumers, other_s, note)
    size_bytes = round(1000 * load_kb_per_s / RECORDS_PER_S)
    retry = Retry(sim, "producer", attempts=1000, backoff=Backoff(0.1, 1.0, "full"))

    def produce(request: Request) -> Generator[Event, Any, None]:
        sent_s = sim.now
        yield retry.call(lambda: stream.append("key", sent_s, size_bytes))

    sim.open_load(Poisson(RECORDS_PER_S), produce)
    arrived = sim.measure(seconds, sample_every_s=seconds).requests.arrived_s.to_numpy()
    unread = len(arrived) * consumers - len(ages)
    return float(np.percentile(np.append(ages, _oldest_unread(sim, arrived, unread, consumers)), 99))


READINGS: Mapping[str, Callable[[int, int], Polling | EnhancedFanOut]] = {
    "polling": evenly,
    "once a second": lambda consumers, turn: Polling(),
    "push": lambda consumers, turn: EnhancedFanOut(propagation_s=0.0),
}
"""A way -> how a consumer reads, one of so many, whose turn it is."""


def _stream(
    sim: Simulation, way: str, consumers: int, other_s: float | Distribution, note: Any
) -> ShardStream:
    if way not in READINGS:
        raise ValueError(f"way is {way!r}; it must be one of {', '.join(READINGS)}")
    stream = ShardStream(sim, "stream", append_s=other_s)
    for turn in range(consumers):
        stream.subscribe(f"consumer {turn}", note, READINGS[way](consumers, turn), by_batch=True)
    return stream


def _oldest_unread(sim: Simulation, arrived_s: np.ndarray, unread: int, consumers: int) -> np.ndarray:
    """Ages of what was not read: the last ones, as each consumer reads in order."""
    each = -(-unread // consumers)
    last = arrived_s[len(arrived_s) - each :]
    return np.repeat(sim.now - last, consumers)[:unread]


# The shop ----------------------------------------------------------------------------------------------------

TOPICS: Mapping[str, Mapping[str, Any]] = {
    "polled": {"topic": "shards"},
    "pushed": {"topic": "shards", "shard_poll_s": None},
    "log": {"topic": "log"},
}
"""What carries the events of the shop -> its parameters. Polling is once a second."""
ORDERS, ORDERS_FOR_S, WATCH_S = 8, 5.0, 10.0


def order_s(seed: int, topic: str) -> float:
    """Return how long an order takes in our shop from the click until it is confirmed, in seconds: the median of some.

    `topic` is one of `TOPICS`. An order that is not done after `WATCH_S` counts as endless.
    """
    if topic not in TOPICS:
        raise ValueError(f"topic is {topic!r}; it must be one of {', '.join(TOPICS)}")
    sim = Simulation(seed)
    shop = EventDriven(sim, EventDrivenConfig(**TOPICS[topic]))
    at_s = np.sort(sim.stream("orders").uniform(0, ORDERS_FOR_S, ORDERS))
    sim.open_load(Trace(at_s.tolist()), shop.handle, mix={"place_order": 1.0})
    rows = sim.measure(WATCH_S, sample_every_s=WATCH_S).requests
    return float((rows.id.map(shop.finished_s) - rows.arrived_s).fillna(np.inf).median())


def orders_s(topic: str, seeds: Iterable[int] = SEEDS) -> OverSeeds:
    """Return `order_s` over seeds."""
    return OverSeeds(in_parallel(joblib.delayed(order_s)(seed, topic) for seed in seeds))


# Limits ------------------------------------------------------------------------------------------------------


def _spare_s(seed: int, consumers: int, way: str, **options: float) -> float:
    return REAL_TIME_S - p99_s(seed, consumers, way, **options)


def up_to_consumers(seeds: Iterable[int] = SEEDS) -> Limit:
    """Return up to how many consumers that poll a shard real time holds, at `LOW_KB_PER_S`."""
    return bisect(_consumers, (2, 6), "up to", seeds, whole=True)


def _consumers(seed: int, consumers: float) -> float:
    return _spare_s(seed, int(consumers), "polling")


LOADS_KB_PER_S: Mapping[str, tuple[float, float]] = {"polling": (300.0, 700.0), "push": (800.0, 1280.0)}
"""The loads tried. A shard takes 1,000 kB/s, and a little more for a while."""


def up_to_kb_per_s(way: str, consumers: int, seeds: Iterable[int] = SEEDS) -> Limit:
    """Return up to which load of a shard real time holds for so many consumers."""
    return bisect(partial(_load, way=way, consumers=consumers), LOADS_KB_PER_S[way], "up to", seeds, 120.0)


def _load(seed: int, load_kb_per_s: float, way: str, consumers: int) -> float:
    return _spare_s(seed, consumers, way, load_kb_per_s=load_kb_per_s, seconds=LOADED_S)


def up_to_other_ms(consumers: int, seeds: Iterable[int] = SEEDS) -> Limit:
    """Return up to how many ms a record may need besides its wait, so that polling holds for so many consumers."""
    return bisect(partial(_other, consumers=consumers), (100.0, 340.0), "up to", seeds, 60.0)


def _other(seed: int, other_ms: float, consumers: int) -> float:
    return _spare_s(seed, consumers, "polling", other_s=other_ms / 1000)


def figures(seeds: Iterable[int] = SEEDS) -> dict[str, OverSeeds]:
    """Return the figures of `aws_kinesis`, by their names."""
    chosen = list(seeds)
    polling = up_to_consumers(chosen)
    several = max(1, int(polling)) if np.isfinite(polling) else MOST
    one = joblib.delayed(p99_s)
    slow_s = in_parallel(one(seed, 1, "once a second") for seed in chosen)
    push_s = in_parallel(one(seed, MOST, "push", seconds=SECONDS / 3) for seed in chosen)
    return {
        "polling_up_to_consumers": polling,
        "once_a_second_p99_s": OverSeeds(slow_s),
        "polling_up_to_load": up_to_kb_per_s("polling", several, chosen),
        "push_to_all_p99_s": OverSeeds(push_s),
        "push_up_to_load": up_to_kb_per_s("push", 1, chosen),
        "up_to_other_ms": up_to_other_ms(several, chosen),
        **{f"order_{topic}_s": orders_s(topic, chosen) for topic in TOPICS},
    }


def by_theory(real_time_s: float = REAL_TIME_S, other_s: float = OTHER_S) -> int:
    """Return how many may poll: 99 % of their interval, k/5 s, and what else a record needs are not above real time."""
    return int(max(0.0, real_time_s - other_s) / 0.99 * evenly(1).every_s ** -1)


SAYS: Mapping[str, str] = {
    "polling_up_to_consumers": "consumers of a shard that may poll, as often as its limit lets them",
    "once_a_second_p99_s": "p99 of one that polls once a second, as AWS Lambda does",
    "polling_up_to_load": "load that the shard bears then, in kB/s",
    "push_to_all_p99_s": f"p99 by a push to {MOST} consumers (from AWS's average, put in)",
    "push_up_to_load": "load that a shard bears with a push, in kB/s",
    "up_to_other_ms": "what a record may need besides its wait for a poll",
    "order_polled_s": "an order of our shop through polled shards",
    "order_pushed_s": "the same through pushed ones",
    "order_log_s": "the same through a log",
}


@settles("event-streaming.aws-kinesis", evidence=Evidence.SIMULATED, says=SAYS)
def aws_kinesis(
    polling_up_to_consumers: float,
    once_a_second_p99_s: float,
    polling_up_to_load: float,
    push_to_all_p99_s: float,
    push_up_to_load: float,
    up_to_other_ms: float,
    order_polled_s: float,
    order_pushed_s: float,
    order_log_s: float,
) -> Verdict:
    """Holds up to the number of consumers that may poll a shard until one of a hundred records is older than
    {REAL_TIME_S} s when a consumer has it, if pushes are in time: to the {MOST} consumers that AWS allows, and for a
    whole order of our shop. Those who poll ask as often as the shard lets them, and ours are {OURS}; beside them stands
    one that asks once a second, and what the shop needs so, and with a log. Besides its wait for a poll a record needs
    {OTHER_MS} ms. No price is in it.
    """
    other = Assumption(
        "what a record needs besides its wait for a poll",
        OTHER_MS,
        up_to_other_ms,
        "ms",
        when="a record needs at most {flips_at} besides its wait for a poll",
    )
    once_a_second = "is" if once_a_second_p99_s <= REAL_TIME_S else "is not"
    unit = (
        f"consumers that poll a shard as often as they may (ours: {OURS}; by a push all {MOST}; one that asks once "
        f"a second {once_a_second} in time, and an order of our shop takes {order_polled_s:.1f} s so, "
        f"{order_pushed_s:.1f} s by a push, {order_log_s:.1f} s with a log), with up to "
        f"{about(polling_up_to_load)} kB/s in it (by a push {about(push_up_to_load)})"
    )
    if max(push_to_all_p99_s, order_pushed_s) > REAL_TIME_S:
        return holds_if(False)
    return holds_up_to(polling_up_to_consumers, unit, decided_by=other)
