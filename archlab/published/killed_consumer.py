"""A killed Kafka consumer: its partitions wait for the session time-out, not for the rebalance.

Measured on a real system by the Astraea project (opensource4you/astraea, issue 431, 2022; rows in `data/kafka.csv`): 25
consumers, 20 topics with 650 partitions in all, 20 producers, 3 brokers, Kafka's defaults; one consumer is killed. With
the assignors range and round robin its partitions are not read for 45 s, and the group's throughput is 3.8 % and 4.0 %
lower meanwhile. The assignment itself took 0.1 to 0.3 ms.

Nothing here is fitted to that: the session time-out, the heartbeats and the assignors are Kafka's defaults. A member is
thought dead 42 to 45 s after it died, because its last heartbeat was up to 3 s old; the last of 24 survivors learns of
it up to 3 s later. So the pause is 43.5 + 2.88 = 46.4 s on average. The source read 45 s off a graph.

With round robin each consumer has 26 partitions, 4.0 %. With range it depends on who dies: they had 18 to 36. How many
partitions each topic had is not published; `TOPICS` is one way to make 18 to 36 out of 20 topics. The average over all
25 victims is 4 % in any case.

Not explained: with the sticky assignor the source saw 105 s and 6.3 %. Here that assignor gives the same as round
robin. 6.3 % of 650 partitions are 41, more than one consumer had, so more than one consumer must have stood still. It
was one run; the source does not say more.

What this leaves out: the time of messages, fetches and commits (milliseconds), and records in flight.

>>> figures = kill(seed=1, assignor="roundrobin")
>>> round(figures["loss_percent"], 2), 42 < figures["noticed_s"] < figures["pause_s"] < 48
(4.0, True)
"""

from collections.abc import Generator
from typing import Any

import numpy as np
import pandas as pd
from simpy.events import Event

from archlab.data import load
from archlab.sim.distributions import Values
from archlab.sim.faults import Crash
from archlab.sim.load import Request
from archlab.sim.messaging.coordinated_group import CoordinatedGroup
from archlab.sim.messaging.coordinator import Assignor, Coordination
from archlab.sim.messaging.event_log import EventLog, Record
from archlab.sim.simulation import Simulation
from archlab.sim.workload import Deterministic

CONSUMERS, PARTITIONS = 25, 650
TOPICS = (35,) * 8 + (36,) * 8 + (25,) * 2 + (16,) * 2
"""Partitions of 20 topics with which range gives the consumers 18 to 36, as published. One of many possibilities."""
KILLED_AT_S = 30.0
RECORD_EVERY_S = 10.0
"""A record comes to each partition so often. The consumers have plenty of time for it."""
WINDOW_S = 40.0
"""The loss is measured for so long after the kill: less than the pause."""


def published() -> pd.DataFrame:
    """Return the published figures: a row an assignor, columns pause_s and loss_percent."""
    facts = load("kafka").set_index("setting").value
    rows = {
        assignor: (facts[f"killed consumer: pause, {assignor}"], facts[f"killed consumer: loss, {assignor}"])
        for assignor in ("range", "roundrobin", "sticky")
    }
    return pd.DataFrame.from_dict(rows, orient="index", columns=["pause_s", "loss_percent"])


def _group(sim: Simulation, coordination: Coordination) -> tuple[EventLog, CoordinatedGroup]:
    def handle(record: Record) -> Generator[Event, Any, None]:
        yield sim.timeout(0.0)

    log = EventLog(sim, "log", append_s=0.0, partitions=PARTITIONS)
    return log, CoordinatedGroup(log, "consumer", handle, coordination, members=CONSUMERS)


def kill(
    seed: int, assignor: Assignor = "roundrobin", victim: int = 1, session_timeout_s: float = 45.0
) -> dict[str, float]:
    """Kill consumer number `victim` of 25 for ever.

    Returns noticed_s and pause_s, from the kill until it was thought dead and until its partitions were read again;
    partitions it had; and loss_percent, what the group read less than was written meanwhile.
    """
    sim = Simulation(seed)
    coordination = Coordination(session_timeout_s, assignor=assignor, topics=TOPICS)
    log, group = _group(sim, coordination)
    keys = one_key_each(log)

    def write(request: Request) -> Generator[Event, Any, None]:
        yield log.append(keys[request.id % PARTITIONS], request.id)

    sim.open_load(Deterministic(PARTITIONS / RECORD_EVERY_S), write)
    sim.inject(Crash(f"consumer-{victim}", KILLED_AT_S, restart_after_s=None))
    sim.run(until=KILLED_AT_S)
    had, written, read = len(group.members[victim - 1].partitions), log.appended, _read(group)
    sim.run(until=KILLED_AT_S + WINDOW_S)
    lost = 1 - (_read(group) - read) / (log.appended - written)
    return {**_pause(sim, group), "partitions": float(had), "loss_percent": 100 * lost}


def pause_s(seed: int, session_timeout_s: float = 45.0) -> float:
    """Return how long after the kill the partitions are read again; records make no difference, so there are none."""
    sim = Simulation(seed)
    _, group = _group(sim, Coordination(session_timeout_s, assignor="roundrobin"))
    sim.inject(Crash("consumer-1", KILLED_AT_S, restart_after_s=None))
    return _pause(sim, group)["pause_s"]


def pauses_s(seeds: int = 100, session_timeout_s: float = 45.0) -> Values:
    """Return the pauses of so many kills, shape (seeds,), in seconds."""
    return np.array([pause_s(seed, session_timeout_s) for seed in range(seeds)])


def _pause(sim: Simulation, group: CoordinatedGroup) -> dict[str, float]:
    while group.rebalances.empty:
        sim.run(until=sim.now + 1.0)
    began_s, ended_s, _ = group.rebalances.iloc[0]
    return {"noticed_s": float(began_s) - KILLED_AT_S, "pause_s": float(ended_s) - KILLED_AT_S}


def _read(group: CoordinatedGroup) -> int:
    return sum(member.handled for member in group.members)


def one_key_each(log: EventLog) -> list[str]:
    """Return for each partition of `log` a key whose records go there."""
    found: dict[int, str] = {}
    number = 0
    while len(found) < log.partitions:
        found.setdefault(log.partition_of(f"key {number}"), f"key {number}")
        number += 1
    return [found[partition] for partition in range(log.partitions)]
