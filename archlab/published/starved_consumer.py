"""A starved consumer: two models of one measurement, and the percentiles that reject one of them.

The makers of RabbitMQ sent a million messages through one queue of version 3.13 (*AMQP 1.0 benchmarks*, 2024;
`data/rabbitmq.csv`). The sender was done after 24.1 s, the receiver after 46.1 s, 21,822 messages a second on average.
Half of the messages took 23.43 s or more, and a quarter less than 23.06 s: nearly all took the same time.

- `average`: a receiver that works at its average rate from the start. Right in its mean rate, wrong in every latency
  below the longest.
- `sender first`: the broker is one server that takes a message from the sender whenever there is one, and delivers
  in the time that is left. That was little: the trace shows 38,167 deliveries while the sender was active.

What a delivery takes is measured after the sender's end, what taking a message in takes from the time before: rates of
the trace, no latency. `with_credit` is what version 4.0 does: the sender has credit, so it waits for the receiver. Its
rate is an input; the latency is not.

Everything is two hundred times less here: so many fewer messages, each so many times as long. The times do not
change by that, since nothing is random and a message is a small part of all.

>>> figures = model("sender first")
>>> round(figures["p50_s"], 1), round(figures["end_s"], 1), round(model("average")["p50_s"], 1)
(22.6, 46.1, 10.9)
>>> round(1000 * with_credit()["p50_s"], 1)  # milliseconds
1.0
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Literal

import numpy as np
from simpy.events import Event

from archlab.data import load
from archlab.sim.distributions import Values
from archlab.sim.messaging.credit import LINK_CREDIT, Credit
from archlab.sim.servers.station import Station
from archlab.sim.simulation import Simulation
from archlab.sim.validation import require_one_of, require_whole

Model = Literal["average", "sender first"]
SCALE = 200
PERCENTILES = {"p25_s": 25, "p50_s": 50, "p90_s": 90, "p99_s": 99, "max_s": 100}
TAKING_IN, DELIVERING = 0, 1
"""Priorities at the broker; the smaller one is first."""


def published() -> dict[str, float]:
    """Return the published latencies, by the names of `PERCENTILES`."""
    facts = _facts("3.13, starved consumer")
    return {name: facts[f"latency {name.removesuffix('_s')}"] for name in PERCENTILES}


def _facts(setting: str) -> dict[str, float]:
    table = load("rabbitmq")
    rows = table[table.setting == setting]
    return dict(zip(rows.what, rows.value, strict=True))


def latencies_s(model: Model) -> Values:
    """Return the latency of each message, in the order of sending, in seconds.

    Raises `ValueError` for a model that is none of the two.
    """
    models = {"average": _at_the_average, "sender first": _sender_first}
    require_one_of("model", model, models)
    return models[model](_facts("3.13, starved consumer"))


def model(model: Model) -> dict[str, float]:
    """Return the latencies `p25_s`, `p50_s`, `p90_s`, `p99_s` and `max_s`, and `end_s`, when the last one arrives.

    Raises `ValueError` for a model that is none of the two.
    """
    took_s = latencies_s(model)
    sender_s = _facts("3.13, starved consumer")["time during which the sender was active"]
    return {**_percentiles(took_s), "end_s": float(sender_s + took_s[-1])}


def with_credit(credit: int = LINK_CREDIT, messages: int = 20_000) -> dict[str, float]:
    """Send with credit: a message comes in when the receiver has had an earlier one. As `model`, without `end_s`.

    Raises `ValueError` when an argument is not allowed.
    """
    require_whole("messages", messages, at_least=1)
    sim = Simulation(seed=1)
    broker, allowed, took_s = Station(sim, "broker"), Credit(sim, credit), []
    service_s = 1 / _facts("4.0, the same test")["mean rate"]

    def one() -> Generator[Event, None, None]:
        sent_s = sim.now
        yield broker.serve(service_s)
        took_s.append(sim.now - sent_s)
        allowed.settle()

    def sender() -> Generator[Event, None, None]:
        for _ in range(messages):
            yield allowed.take()
            sim.start(one())

    sim.start(sender())
    sim.run()
    return _percentiles(np.array(took_s))


def _at_the_average(facts: dict[str, float]) -> Values:
    receiver_s = SCALE / facts["mean rate of the receiver"]
    return _run(facts, taking_in_s=0.0, delivering_s=receiver_s)


def _sender_first(facts: dict[str, float]) -> Values:
    sent, sender_s = facts["messages sent"], facts["time during which the sender was active"]
    meanwhile = facts["messages received meanwhile"]
    delivering_s = (facts["end of the last message in the trace"] - sender_s) / (sent - meanwhile)
    taking_in_s = (sender_s - meanwhile * delivering_s) / sent
    return _run(facts, SCALE * taking_in_s, SCALE * delivering_s)


def _run(facts: dict[str, float], taking_in_s: float, delivering_s: float) -> Values:
    """Send at an even pace through a broker that works for so long on each message at its two ends."""
    sim = Simulation(seed=1)
    broker = Station(sim, "broker", discipline="priority")
    count = round(facts["messages sent"] / SCALE)
    pace_s = facts["time during which the sender was active"] / count
    took_s = np.zeros(count)

    def one(number: int) -> Generator[Event, None, None]:
        sent_s = sim.now
        yield broker.serve(taking_in_s, priority=TAKING_IN)
        yield broker.serve(delivering_s, priority=DELIVERING)
        took_s[number] = sim.now - sent_s

    for number in range(count):
        sim.call_at(number * pace_s, lambda number: sim.start(one(number)), number)
    sim.run()
    return took_s


def _percentiles(took_s: Values) -> dict[str, float]:
    return {name: float(np.percentile(took_s, q)) for name, q in PERCENTILES.items()}
