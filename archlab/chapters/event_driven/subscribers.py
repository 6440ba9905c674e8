"""Subscribers: more of them, without a change to the publisher. What that costs the publisher, and what the broker.

Five ways to tell `n` others:

- "log": the broker stores the event once, and sends it to each subscriber.
- "queue": the broker stores a copy for each subscriber, and sends each. (RabbitMQ's streams are logs, and its classic
  queues share bodies of 4 kB and more; quorum queues and short messages are what is meant here.)
- "calls in parallel": the publisher calls all subscribers at the same time. Each notes what it was told and answers at
  once, so that a call is as short as it can be.
- "hedged calls", the fair opponent: who has not answered when 95 % of all calls have is called a second time, on
  another machine, and the first answer counts. It costs a twentieth more calls (Dean and Barroso 2013).
- "calls one after another".

What is compared is how long the publisher waits. It does not mean the same: who has called knows that all were told,
and who has published knows that they will be. Who calls all and waits for some of them only waits less, and knows
neither of the others.

A publisher that calls is done when the slowest subscriber has answered, so its tail grows with their number, though no
part is busier than before (`archlab.published.fan_out`). One that publishes waits for the broker alone; what grows is
the broker's load, which has an end. Beyond it the subscribers of a log fall behind, for they fetch when they can, and
the publisher does not notice. A queue pushes, and there the publisher waits, too.

The answers of a subscriber are those of one server of a real service (`data/tail_at_scale.csv`: median 1 ms, p99 10
ms), with a lognormal shape, an assumption. The broker is the one of `archlab.sim.messaging.broker`; its base time is
two hops and a flush to the disk.

What this leaves out, in favour of the calls: a subscriber that is away, on which all calls wait; the publisher's own
time to send each call; that a new subscriber is a change of the publisher; and that two machines of a subscriber are
slow together, which takes most of what a hedge gains. How many hedged calls bear hangs on the shape of the tail far
beyond the p99 that was measured. In favour of the broker: its money. A queue's broker costs no more a message than
Kafka's here; RabbitMQ's own tests say that it costs far more.

>>> calls_bear(), calls_bear(hedged=True), bears(100_000), bears(100_000, copies=True)
(8, 2564, 24, 11)
>>> scalable(**broker_figures()).words
"Holds when: up to 340 events a second (our shop: 78) to the 2,600 subscribers that hedged calls bear, and 85,000 to \
the 8 that calls without a hedge bear (42,000 with a copy for each), with the p99 of a subscriber's answer at least \
4.6 times its median (here 10)"
"""

from collections.abc import Callable, Generator, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from simpy.events import Event

from archlab.course.claims.assumption import Assumption
from archlab.course.claims.bisection import bisect
from archlab.course.claims.rule import Evidence, settles
from archlab.course.claims.thresholds import MUCH_SLOWER
from archlab.course.claims.verdict import Verdict, holds_if, holds_up_to
from archlab.course.quantity import number
from archlab.data import load as published
from archlab.shop.architecture import SHOP_MIX
from archlab.shop.config import COMMIT_S, CORES_PER_MACHINE
from archlab.shop.day import capacity_per_s
from archlab.shop.event_driven import EVENT_DRIVEN, USE_CASES
from archlab.sim.distributions import Lognormal
from archlab.sim.experiment import PooledPercentile, sweep
from archlab.sim.load import Request
from archlab.sim.messaging.broker import CORES, SEND_S, STORE_S, Broker
from archlab.sim.messaging.event_log import EventLog
from archlab.sim.simulation import Simulation
from archlab.sim.validation import require_one_of, require_positive, require_whole
from archlab.sim.workload import Trace

HOP_S = 0.00025
"""To the broker, and back (napkin-math, as in `archlab.shop.config`)."""
EVENTS_PER_S = 100_000
"""At which the ways are shown: a twentieth of what the broker can store."""
EVENTS = 150
LONG_S = 60.0
"""Until then all are told, however late."""
MOST_SUBSCRIBERS = 100_000
TAIL_FINENESS = 0.01
BROKER_CORES = EVENT_DRIVEN.broker_machines * CORES_PER_MACHINE
"""Of the broker of our shop."""


def answer(tail: float | None = None) -> Lognormal:
    """Return how long a subscriber takes to answer: as published, or with a p99 of `tail` times the median."""
    table = published("tail_at_scale").query("case == 'one random leaf'").set_index("figure").value
    median_s = float(table["p50"])
    return Lognormal.from_median_p99(median_s, float(table["p99"]) if tail is None else tail * median_s)


HEDGE_AFTER_PERCENT = 95.0
"""A call is repeated when so many percent of all calls would have been answered: what the article advises."""
USUAL_TAIL = answer().percentile(99) / answer().percentile(50)


# By the laws --------------------------------------------------------------------------------------------------


def calls_bear(tail: float | None = None, hedged: bool = False, most: int = MOST_SUBSCRIBERS) -> int:
    """Return up to how many subscribers the p99 of calls in parallel stays within `MUCH_SLOWER` times that of one.

    Of one that is not hedged, also when these are (`hedged`): customers compare with what was before. The slowest of
    independent answers, exactly. `most` when it is more.
    """
    leaf = answer(tail)
    limit_s = MUCH_SLOWER * leaf.percentile(99)
    late = _late_share(leaf, limit_s)
    if hedged:
        late *= _late_share(leaf, limit_s - leaf.percentile(HEDGE_AFTER_PERCENT))
    if late * most < 0.01:  # all of so many are in time in more than 99 %
        return most
    return min(most, int(np.log(0.99) / np.log1p(-late)))


def _late_share(leaf: Lognormal, time_s: float) -> float:
    """The share of answers that take longer."""
    from scipy.special import ndtr  # SciPy is loaded when it is used: that takes a while

    return float(ndtr(-np.log(time_s / leaf.median) / leaf.sigma))


def bears(events_per_s: float, copies: bool = False, cores: int = CORES) -> int:
    """Return how many subscribers a broker serves at most, by the bottleneck law: its cores are all busy then.

    `copies`: whether it stores one for each of them.
    """
    require_positive("events_per_s", events_per_s)
    require_whole("cores", cores, at_least=1)
    each_s = SEND_S + STORE_S if copies else SEND_S
    once_s = 0.0 if copies else STORE_S
    return max(0, int((cores / events_per_s - once_s) / each_s))


def most_events_per_s(subscribers: int, copies: bool = False, cores: int = BROKER_CORES) -> float:
    """Return the events a second that a broker sends to so many subscribers at most, by the bottleneck law."""
    require_whole("subscribers", subscribers, at_least=1)
    require_whole("cores", cores, at_least=1)
    return cores / ((subscribers if copies else 1) * STORE_S + subscribers * SEND_S)


def our_events_per_s() -> float:
    """Return the events a second of the shop at half of its capacity."""
    orders_per_s = 0.5 * capacity_per_s(EVENT_DRIVEN) * SHOP_MIX.shares["place_order"]
    return orders_per_s * sum(step.events for step in USE_CASES["place_order"])


def tail_from() -> float:
    """Return from which p99 of an answer, in times of its median, hedged calls bear fewer than our broker."""
    broker = bears(our_events_per_s(), cores=BROKER_CORES)
    return float(
        bisect(partial(_fewer_by_calls, broker=broker), (1.5, USUAL_TAIL), "from", [0], TAIL_FINENESS)
    )


def _fewer_by_calls(seed: int, tail: float, broker: int) -> float:
    return broker - calls_bear(tail, hedged=True, most=broker + 1) - 0.5


# Simulated ----------------------------------------------------------------------------------------------------

Told = Generator[Event, Any, None]


@dataclass
class Delivered:
    """How many subscribers were told, over all events."""

    count: int = 0

    def one(self, _: object = None) -> None:
        self.count += 1


Way = Callable[[Simulation, int, Delivered], Callable[[Request], Told]]
"""Makes a way to tell so many subscribers: a function that tells them what one request says."""


def _log(sim: Simulation, subscribers: int, delivered: Delivered) -> Callable[[Request], Told]:
    """Each subscriber fetches what is new, when it has dealt with what it fetched before."""
    log = EventLog(sim, "log", append_s=0.0, broker=Broker(sim, "broker"))

    def note(_: object) -> Told:
        delivered.one()
        return
        yield

    for subscriber in range(subscribers):
        log.subscribe(f"subscriber {subscriber}", note)
    flush_s = sim.draws("flush", COMMIT_S)

    def publish(request: Request) -> Told:
        yield sim.timeout(HOP_S)
        yield log.append(str(request.id), request.id)
        yield sim.timeout(flush_s() + HOP_S)

    return publish


def _queue(sim: Simulation, subscribers: int, delivered: Delivered) -> Callable[[Request], Told]:
    """A copy for each is stored before the publisher has its answer, and sent as soon as it is stored."""
    broker, flush_s = Broker(sim, "broker"), sim.draws("flush", COMMIT_S)

    def publish(request: Request) -> Told:
        yield sim.timeout(HOP_S)
        yield broker.store(copies=subscribers)
        for _ in range(subscribers):
            broker.send().callbacks.append(delivered.one)
        yield sim.timeout(flush_s() + HOP_S)

    return publish


def _calls(
    sim: Simulation, subscribers: int, delivered: Delivered, hedged: bool = False
) -> Callable[[Request], Told]:
    answer_s = sim.draws("answer", answer())
    hedge_s = answer().percentile(HEDGE_AFTER_PERCENT)

    def one_s() -> float:
        first_s = answer_s()
        return min(first_s, hedge_s + answer_s()) if hedged and first_s > hedge_s else first_s

    def call(request: Request) -> Told:
        calls = [sim.timeout(one_s()) for _ in range(subscribers)]
        for one in calls:
            one.callbacks.append(delivered.one)
        yield sim.all_of(calls)

    return call


def _calls_in_a_row(sim: Simulation, subscribers: int, delivered: Delivered) -> Callable[[Request], Told]:
    answer_s = sim.draws("answer", answer())

    def call(request: Request) -> Told:
        for _ in range(subscribers):
            yield sim.timeout(answer_s())
            delivered.one()

    return call


WAYS: dict[str, Way] = {
    "log": _log,
    "queue": _queue,
    "calls in parallel": _calls,
    "hedged calls": partial(_calls, hedged=True),
    "calls one after another": _calls_in_a_row,
}


def publishing(
    seed: int, way: str, subscribers: int, events_per_s: float = EVENTS_PER_S, events: int = EVENTS
) -> dict[str, float | PooledPercentile]:
    """Let `events` events come at random and be told to so many subscribers.

    Returns p99_ms, of the publisher's wait, pooled over the seeds of a sweep; broker_percent, how busy the broker was
    while they came, 0 when there is none; and behind_percent, the share of what was to be told that was not told when
    the last event came. Where it is too much for the broker, that grows as long as they come.
    """
    require_one_of("way", way, WAYS)
    require_whole("subscribers", subscribers, at_least=1)
    require_positive("events_per_s", events_per_s)
    require_whole("events", events, at_least=1)
    sim, delivered = Simulation(seed), Delivered()
    tell = WAYS[way](sim, subscribers, delivered)
    took_s: list[float] = []

    def handle(request: Request) -> Told:
        yield from tell(request)
        took_s.append(sim.now - request.arrived_s)

    times_s = np.cumsum(sim.stream("events").exponential(1 / events_per_s, events))
    sim.open_load(Trace(times_s.tolist()), handle)
    result = sim.measure(float(times_s[-1]))
    told = delivered.count / (events * subscribers)
    sim.run(until=LONG_S)
    assert len(took_s) == events
    busy = result.parts.utilisation.get("broker", 0.0)
    return {
        "p99_ms": PooledPercentile(99, 1000 * np.array(took_s)),
        "broker_percent": float(100 * busy),
        "behind_percent": 100 * (1 - told),
    }


def against_subscribers(
    subscribers: Sequence[int] = (1, 2, 4, 8, 16),
    ways: Sequence[str] = tuple(WAYS),
    events_per_s: float = EVENTS_PER_S,
    seeds: Iterable[int] = range(5),
) -> pd.DataFrame:
    """Sweep `publishing`. Columns: way, subscribers, events_per_s, p99_ms and broker_percent with intervals."""
    grid = {"way": ways, "subscribers": subscribers, "events_per_s": [events_per_s]}
    return sweep(publishing, grid, seeds)


def _about(value: float) -> float:
    """Two digits: the costs of the broker are no better known."""
    return float(f"{value:.2g}")


def broker_figures() -> dict[str, float]:
    """Return the figures of `scalable`, by their names. No luck is in them."""
    plain, hedged = calls_bear(), calls_bear(hedged=True)
    return {
        "hedged_calls_bear_subscribers": _about(hedged),
        "calls_bear_subscribers": plain,
        "log_bears_events_a_second": _about(most_events_per_s(hedged + 1)),
        "log_beside_plain_calls": _about(most_events_per_s(plain + 1)),
        "queue_beside_plain_calls": _about(most_events_per_s(plain + 1, copies=True)),
        "log_bears_subscribers_at_our_rate": _about(bears(our_events_per_s(), cores=BROKER_CORES)),
        "tail_from": _about(tail_from()),
    }


@settles(
    "pub-sub-pattern.scalable",
    evidence=Evidence.MODELLED,
    says={
        "hedged_calls_bear_subscribers": "subscribers that hedged calls bear",
        "calls_bear_subscribers": "subscribers that calls in parallel bear",
        "log_bears_events_a_second": "events a second that a log sends to more than hedged calls bear",
        "log_beside_plain_calls": "and to more than calls in parallel bear",
        "queue_beside_plain_calls": "the same with a copy for each",
        "log_bears_subscribers_at_our_rate": "subscribers that a log bears at the rate of our shop",
        "tail_from": "hedged calls bear fewer when the p99 of an answer is {} times its median",
    },
)
def scalable(
    hedged_calls_bear_subscribers: float,
    calls_bear_subscribers: float,
    log_bears_events_a_second: float,
    log_beside_plain_calls: float,
    queue_beside_plain_calls: float,
    log_bears_subscribers_at_our_rate: float,
    tail_from: float,
) -> Verdict:
    """Holds up to the events a second at which, by the bottleneck law, a log on {BROKER_CORES} cores sends to one
    subscriber more than hedged calls in parallel bear. Calls bear a number when it leaves the p99 of telling all of
    them within {MUCH_SLOWER} times that of telling one without a hedge. It flips at the tail of a subscriber's answers
    (here a p99 of {USUAL_TAIL} medians) with which hedged calls bear as many as the log does at the rate of our
    shop.
    """
    tail = Assumption("the p99 of a subscriber's answer", USUAL_TAIL, tail_from, "times its median")
    if hedged_calls_bear_subscribers >= log_bears_subscribers_at_our_rate:
        return holds_if(False, decided_by=tail)
    plain, queue = number(log_beside_plain_calls), number(queue_beside_plain_calls)
    unit = (
        f"events a second (our shop: {number(_about(our_events_per_s()))}) to the "
        f"{number(hedged_calls_bear_subscribers)} subscribers that hedged calls bear, and {plain} to the "
        f"{number(calls_bear_subscribers)} that calls without a hedge bear ({queue} with a copy for each)"
    )
    return holds_up_to(log_bears_events_a_second, unit, decided_by=tail)
