"""The explorer of consumer time-outs: a short session time-out finds the dead sooner, and the living, too.

One of four consumers is killed or leaves. Another one stands still every minute, as a garbage collection or a frozen
machine makes it, for as long as you set. When it stands still for longer than the session time-out, it is thought dead:
a false alarm. Then others do again what it had not committed, and the group rebalances twice, when it goes and when it
is back.

>>> watched = time_outs(session_timeout_s=10, heartbeat_s=3, stands_still_s=12, happens="is killed", assignor="range")
>>> watched.false_alarms
4
"""

from dataclasses import dataclass
from typing import ClassVar

import pandas as pd

from archlab.chapters.event_driven.killed_consumer import PARTITIONS, Group, Happens, Way
from archlab.course.explorer import Curve, Panel, Reading, Window
from archlab.sim.core.repeating import Repeating
from archlab.sim.messaging.coordinator import Assignor, Coordination
from archlab.sim.result import Result

EVENTS_PER_S = 12.0
AT_S, RUN_S = 60.0, 300.0
STILL_AT_S, STILL_EVERY_S = 100.0, 60.0
"""When a consumer stands still first, and how often. The rate is high, so that you see it in five minutes."""


@dataclass(frozen=True)
class Watched:
    """A run: `read` has time_s and partitions, those that a consumer that runs was reading."""

    result: Result
    read: pd.DataFrame
    happens: str
    false_alarms: int
    twice: int


def time_outs(
    session_timeout_s: float,
    heartbeat_s: float,
    stands_still_s: float,
    happens: Happens,
    assignor: Assignor,
    seed: int = 1,
) -> Watched:
    """Run five minutes of a group. Raises `ValueError` unless the heartbeat is shorter than the time-out."""
    settings = Coordination(session_timeout_s, heartbeat_s, assignor=assignor)
    group = Group(seed, settings, EVENTS_PER_S)
    group.let_happen(Way(happens), AT_S)
    rows: list[tuple[float, int]] = []
    Repeating(group.sim, 0.5, lambda: rows.append((group.sim.now, _read(group))), 0.0)
    if stands_still_s > 0:
        still = group.members[1]
        Repeating(group.sim, STILL_EVERY_S, lambda: still.pause(stands_still_s), STILL_AT_S)
    result = group.sim.measure(RUN_S)
    found_dead = int((group.group.rebalances.cause == "thought dead").sum())
    killed = happens == "is killed"
    read = pd.DataFrame(rows, columns=["time_s", "partitions"])
    return Watched(result, read, happens, found_dead - killed, group.twice)


def _read(group: Group) -> int:
    """How many partitions are read by a consumer that runs."""
    return sum(group.group.is_read(number) for number in range(PARTITIONS))


@dataclass(frozen=True)
class PartitionsRead:
    """How many partitions are read, and how many events wait; the longest wait, false alarms and work done again."""

    panels: ClassVar = (
        Panel("Time [s]", "Partitions that are read"),
        Panel("Time [s]", "Events waiting"),
    )

    def read(self, answer: Watched) -> Reading:
        samples = answer.result.samples
        waiting = samples[samples.part == "events"]
        rows = answer.result.requests
        waits_s = rows.end_to_end_s.fillna(answer.result.end_s - rows.arrived_s)
        curves = (
            Curve(0, "read", answer.read.time_s, answer.read.partitions, steps=True),
            Curve(1, "waiting", waiting.time_s, waiting.queue_length),
        )
        figures: dict[str, float | str] = {
            "longest_wait_s": float(waits_s.max()),
            "false_alarms": float(answer.false_alarms),
            "done_twice": float(answer.twice),
        }
        return Reading(curves, figures, (Window(AT_S, AT_S + 1.0, f"consumer-1 {answer.happens}"),))
