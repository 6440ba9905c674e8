"""Decoupled in time, in place, in words: what a publisher and its subscribers need of one another.

*In time*: while all other components are away, orders are accepted as before, and the others do their part when they
are back: up to the time for which the topic keeps events (`retention_s`). *In place*: no component's source names
another one. *In words*: a subscriber reads fields of events, and the publisher does not know who reads which.

That all orders are accepted and that nobody names another follows from how the shop is built: accepting an order asks
nobody. What is measured is that nothing is lost, and for how long: the time for which the topic keeps events, less what
has passed since a reader last kept its place. A reader whose place is gone goes on at the end of the topic (Kafka's
default), and so passes over what is still kept, too: more is lost than was dropped. With places kept every 5 s, of a
topic that keeps events for hours, these seconds are nothing; so here, where it keeps them for `RETENTION_S`, places are
kept more often, too.

What this leaves out: a topic that is down. Then an outbox waits, as other experiments show. And what the others do late
is late: the customers wait.

>>> found = away(seed=1, away_s=5.0, retention_s=10.0)
>>> found["accepted_percent"], found["lost_percent"]
(100.0, 0.0)
"""

import math
from collections.abc import Iterable

import joblib
import pandas as pd

from archlab.chapters.event_driven import coupling
from archlab.course.claims.over_seeds import OverSeeds
from archlab.course.claims.rule import Evidence, settles
from archlab.course.claims.verdict import Verdict, holds_if, holds_up_to
from archlab.data import load
from archlab.shop.day import ORDERS_ONLY
from archlab.shop.event_driven.architecture import EventDriven
from archlab.shop.event_driven.config import EventDrivenConfig
from archlab.shop.event_driven.steps import COMPONENTS
from archlab.sim.faults import Crash
from archlab.sim.parallel import in_parallel
from archlab.sim.recording import OK
from archlab.sim.simulation import Simulation
from archlab.sim.validation import require_positive
from archlab.sim.workload import Poisson

PUBLISHER = "orders"
RATE_PER_S, BEFORE_S, SETTLE_S = 1.0, 2.0, 5.0
RETENTION_S = 10.0
"""How long the topic keeps events in the experiment: short, so that it can be outlasted."""
COMMIT_EVERY_S = 0.5
"""How often readers keep their place: scaled down as well."""
SHORTER, LONGER = 0.8, 1.5
"""For how many times of that the subscribers are away. The loss begins between 0.9 and 1.3."""


def away(
    seed: int, away_s: float, retention_s: float | None = RETENTION_S, before_s: float = BEFORE_S
) -> dict[str, float]:
    """Let all components but the one that accepts orders be away for `away_s`, from `before_s` on; customers order.

    Returns, of the orders that came meanwhile: orders; accepted_percent; and lost_percent, after the return neither
    cancelled nor placed with a message to the customer.

    Raises:
        ValueError: when `away_s`, `before_s` or `retention_s` is not above 0, or no customer orders in that time.
    """
    require_positive("away_s", away_s)
    require_positive("before_s", before_s)
    sim = Simulation(seed)
    shop = EventDriven(sim, EventDrivenConfig(retention_s=retention_s, commit_every_s=COMMIT_EVERY_S))
    sim.inject(*(Crash(f"{name}-1", before_s, away_s) for name in COMPONENTS if name != PUBLISHER))
    sim.open_load(Poisson(RATE_PER_S), shop.handle, ORDERS_ONLY)
    back_s = before_s + away_s
    requests = sim.measure(back_s + SETTLE_S).requests
    came = requests[(requests.arrived_s >= before_s) & (requests.arrived_s < back_s)]
    if came.empty:
        raise ValueError(f"away_s is {away_s}; it must be long enough for an order at {RATE_PER_S} a second")
    states = shop.rows("orders").set_index("order_id").state
    told = set(shop.rows("notifications").order_id)
    done = [id_ in told or states.get(id_) == "cancelled" for id_ in came.id]
    return {
        "orders": float(len(came)),
        "accepted_percent": float(100 * (came.outcome == OK).mean()),
        "lost_percent": float(100 * (1 - sum(done) / len(came))),
    }


def away_shorter_and_longer(seeds: Iterable[int] = range(10)) -> pd.DataFrame:
    """Return `away` for shorter and for longer than the topic keeps events: columns times, seed and those of `away`."""
    jobs = [(times, seed) for times in (SHORTER, LONGER) for seed in seeds]
    found = in_parallel(joblib.delayed(away)(seed, times * RETENTION_S) for times, seed in jobs)
    return pd.DataFrame(jobs, columns=["times", "seed"]).join(pd.DataFrame(found))


def over_seeds(table: pd.DataFrame, column: str, times: float) -> OverSeeds:
    """Return one figure of `away_shorter_and_longer`."""
    return OverSeeds(table[table.times == times].sort_values("seed")[column])


def default_retention_h() -> float:
    """Return for how many hours Kafka keeps records by default (data/broker_capacity.csv)."""
    rows = load("broker_capacity").query("product == 'Kafka' and setting == 'retention'")
    return float(rows.value.iloc[0] / 3600)


def figures(table: pd.DataFrame) -> dict[str, float]:
    """Return what the rule needs; takes `away_shorter_and_longer`."""
    return {
        "accepted_while_away_percent": over_seeds(table, "accepted_percent", SHORTER),
        "lost_percent": over_seeds(table, "lost_percent", SHORTER),
        "lost_when_away_longer_percent": over_seeds(table, "lost_percent", LONGER),
        "kept_h": default_retention_h(),
        "components_named": len(coupling.names("event_driven")),
        "fields_that_others_read": coupling.fields_that_others_read(),
    }


@settles(
    "pub-sub-pattern.decoupled-communication",
    evidence=Evidence.SIMULATED,
    says={
        "accepted_while_away_percent": "orders accepted while all others are away",
        "lost_percent": "of these lost",
        "lost_when_away_longer_percent": "lost when they are away for longer than the topic keeps events",
        "kept_h": "how long Kafka keeps events by default",
        "components_named": "other components that a component's source names",
        "fields_that_others_read": "fields that others read",
    },
)
def decoupled_communication(
    accepted_while_away_percent: float,
    lost_percent: float,
    lost_when_away_longer_percent: float,
    kept_h: float,
    components_named: int,
    fields_that_others_read: int,
) -> Verdict:
    """Holds up to the time for which a topic keeps events: in place, when no component's source names another, and in
    time, when all orders are accepted while the other components are away, and none is lost. In words nothing is
    decoupled, and the verdict says so.
    """
    if components_named or lost_percent > 0 or accepted_while_away_percent < 100:
        return holds_if(False)
    words = f"while {fields_that_others_read} fields that others read keep their names"
    limit_h = kept_h if lost_when_away_longer_percent > 0 else math.inf
    return holds_up_to(limit_h, f"hours away (what Kafka keeps by default), {words}")
