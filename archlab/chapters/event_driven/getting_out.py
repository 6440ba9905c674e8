"""Getting events out of a database: the process dies between any two statements, and an event waits for its relay.

One order is run once with nothing broken, and every moment is noted between two things that happen while a process is
at work. Then the order is run again for each of them, and that process dies there. So no moment is left out, and none
is chosen. From the moments that lose something follows for how long an order is *exposed*, and with the orders a second
how many orders a year end half done.

A publisher may publish again what an event made it store, when that event comes again. Such a dual write loses only
what it loses at the door, where no event comes again but a customer; its limit is in the verdict, too.

What this leaves out: a machine that dies with the disk of a database; and a process that stands still in the gap, for a
garbage collection or because its machine is busy. It makes the gap longer than a hop, so this errs for the dual write.

>>> lost = kills("dual_write", seed=1)
>>> lost[lost.is_lost].part.tolist()
['orders-1', 'inventory-1', 'payments-1', 'orders-1']
>>> published(20.0, 80.0, math.inf, math.inf).words.split(" (")[0]
'Holds when: up to 20 orders a second stored and then sent'
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import joblib
import numpy as np
import pandas as pd

from archlab.course.claims.rule import Evidence, settles
from archlab.course.claims.verdict import Verdict, holds_if, holds_up_to
from archlab.course.figures.canvas import canvas
from archlab.course.figures.picture import Picture
from archlab.course.quantity import number
from archlab.course.style import GREY, LAB, Size
from archlab.shop.architecture import SHOP_MIX, Assortment
from archlab.shop.day import ORDERS_ONLY, at_load
from archlab.shop.event_driven.architecture import EventDriven
from archlab.shop.event_driven.config import EventDrivenConfig, WayOutWord
from archlab.shop.event_driven.topics import LogTopic
from archlab.shop.event_driven.ways_out import Courier
from archlab.sim.faults import Crash
from archlab.sim.parallel import in_parallel
from archlab.sim.simulation import Simulation
from archlab.sim.workload import Trace

WAYS: tuple[WayOutWord, ...] = ("dual_write", "outbox", "log_tailing")
IN_WORDS = {"dual_write": "dual write", "outbox": "outbox", "log_tailing": "log tailing"}

SHOP = EventDrivenConfig(
    poll_s=0.2, settle_every_s=1e6, assortment=Assortment(products=5), readers={"payments": 2}, partitions=4
)
"""A shop small enough to be built a thousand times. Nobody takes money meanwhile."""

ORDER_ID, BASKET = 7, {1: 2, 3: 1}
DOWN_S, AT_REST_S = 0.2, 2.0
"""How long a process is down, and how long the shop then has to put in order what it can."""

KILLS_A_YEAR = 52.0
"""How often each program dies in the middle of its work, as in the chapter on microservices: once a week, because its
machine is replaced, its memory is used up, or a deployment does not wait. An assumption."""

WRONG_ORDERS_A_YEAR = 1.0
"""One order a year somebody puts right by hand. More of them need a program that does."""

ORDERS_PER_S = at_load(0.5, EventDrivenConfig()).rate_per_s * SHOP_MIX.shares["place_order"]
"""Of our shop at half of its capacity."""


def _begin(way_out: WayOutWord, seed: int, config: EventDrivenConfig) -> EventDriven:
    """Return a shop in which one order is on its way."""
    shop = EventDriven(Simulation(seed), replace(config, way_out=way_out))
    shop.sim.start(shop.place_order(ORDER_ID, BASKET))
    return shop


def processes(shop: EventDriven) -> list[str]:
    """Return the parts that carry out an order and can die: four components, and what publishes for them."""
    taking_part = [component for component in shop.components.values() if component.name != "catalogue"]
    couriers = [one.way_out.name for one in taking_part if isinstance(one.way_out, Courier)]
    return [f"{one.name}-1" for one in taking_part] + couriers


def moments(way_out: WayOutWord, seed: int, config: EventDrivenConfig = SHOP) -> pd.DataFrame:
    """Return every stretch between two things that happen while one process is at work on an order.

    Columns: part, at_s (the middle of the stretch), for_s (its length).
    """
    shop = _begin(way_out, seed, config)
    rows: list[tuple[str, float, float]] = []
    while not _is_at_rest(shop):
        now_s, next_s = shop.sim.now, shop.sim.peek()
        if next_s > now_s:
            at_work = [name for name in processes(shop) if shop.parts[name].sample()[1]]
            rows += [(name, (now_s + next_s) / 2, next_s - now_s) for name in at_work]
        shop.sim.step()
    return pd.DataFrame(rows, columns=["part", "at_s", "for_s"])


def _is_at_rest(shop: EventDriven) -> bool:
    """Whether the customer has the mail, and every event is where it has to be."""
    mailed = shop.components["notifications"].store.head > 0
    return mailed and not shop.topic.backlog and not any(c.way_out.behind for c in shop.components.values())


def _killed(
    way_out: WayOutWord, part: str, at_s: float, seed: int, config: EventDrivenConfig
) -> dict[str, Any]:
    """Let one process die at one moment, and see what is in the rows when all has come to rest."""
    shop = _begin(way_out, seed, config)
    shop.sim.inject(Crash(part, at_s, DOWN_S))
    shop.sim.run(until=at_s + DOWN_S + AT_REST_S)
    state, mails, payments = rows_of_the_order(shop)
    sent = sent_events(shop)
    return {
        "state": state,
        "is_lost": state != "none" and (state != "placed" or mails == 0),
        "is_doubled": mails > 1 or payments > 1 or (mails > 0 and not shop.audit().ok),
        "sent_twice": len(sent) - len(set(sent)),
    }


def rows_of_the_order(shop: EventDriven) -> tuple[str, int, int]:
    """Return the state of the one order ("none": it is not stored), and how many mails and payments there are."""
    (states, mails, payments) = (
        [row[0] for row in shop.tables[table].execute(f"SELECT {column} FROM {table}")]
        for table, column in (("orders", "state"), ("notifications", "order_id"), ("payments", "order_id"))
    )
    return (states[0] if states else "none"), len(mails), len(payments)


def sent_events(shop: EventDriven) -> list[str]:
    """Return the ids of all events that the log of a shop has taken, as often as it has taken them."""
    assert isinstance(shop.topic, LogTopic)
    log = shop.topic.log
    records = [record for n in range(log.partitions) for record in log.partition(n).read(0, log.appended)]
    return [record.value.event_id for record in records]


def kills(way_out: WayOutWord, seed: int, config: EventDrivenConfig = SHOP) -> pd.DataFrame:
    """Kill each process in the middle of every stretch of `moments`, each time in a new shop.

    Returns `moments` with `state` of the order when all has come to rest ("none": it was never stored), `is_lost` (it
    was stored, and is not placed or its customer has no mail), `is_doubled` (something was done twice) and
    `sent_twice`, events that were published again.
    """
    table = moments(way_out, seed, config)
    found = [
        _killed(way_out, part, at_s, seed, config) for part, at_s in zip(table.part, table.at_s, strict=True)
    ]
    return table.join(pd.DataFrame(found))


def all_kills(
    ways: Sequence[WayOutWord] = WAYS, seeds: Iterable[int] = (1,), config: EventDrivenConfig = SHOP
) -> pd.DataFrame:
    """Return `kills` for each way out and seed, with the columns way_out and seed.

    With another seed the same statements take other times. Which moments lose an order is the same, so one is enough.
    """
    jobs = [(way_out, seed) for way_out in ways for seed in seeds]
    tables = in_parallel(joblib.delayed(kills)(way_out, seed, config) for way_out, seed in jobs)
    return pd.concat(
        [table.assign(way_out=way, seed=seed) for table, (way, seed) in zip(tables, jobs, strict=True)],
        ignore_index=True,
    )


def summary(table: pd.DataFrame) -> pd.DataFrame:
    """Count in a frame of `all_kills`. A row a way out, in their order.

    Columns: design (the way out in words), kills, lost (an order was), sent_twice (an event was), done_twice (something
    was, to money, stock or mail), and exposed_ms: for how long the death of one of its processes loses an order, all
    processes together, the mean over the seeds.
    """
    rows = []
    for way_out in table.way_out.unique():
        own = table[table.way_out == way_out]
        rows.append(
            {
                "design": IN_WORDS[way_out],
                "kills": len(own),
                "lost": int(own.is_lost.sum()),
                "sent_twice": int((own.sent_twice > 0).sum()),
                "done_twice": int(own.is_doubled.sum()),
                "exposed_ms": 1000 * own.for_s[own.is_lost].sum() / own.seed.nunique(),
            }
        )
    return pd.DataFrame(rows)


LOOKS: Mapping[str, tuple[str, str, int]] = {
    "not stored": (GREY, "|", 60),
    "comes right": ("#0072B2", "|", 60),
    "sent twice": ("#E69F00", "D", 45),
    "lost": ("#D55E00", "X", 110),
}
"""What came of a kill -> colour, marker and its area."""


def outcome_of(kill: pd.Series) -> str:
    """Return in a word of `LOOKS` what came of a kill."""
    if kill.is_lost:
        return "lost"
    if kill.sent_twice:
        return "sent twice"
    return "not stored" if kill.state == "none" else "comes right"


def kill_map(table: pd.DataFrame, title: str, size: Size = LAB) -> Picture:
    """Draw a mark for each row of `all_kills`: a line a way out, from left to right in the order of time."""
    found = table.assign(outcome=table.apply(outcome_of, axis="columns")).sort_values("at_s")
    ways = list(table.way_out.unique())
    with canvas(title, size) as drawing:
        panel = drawing.panels[0]
        for row, way_out in enumerate(ways):
            own = found[found.way_out == way_out].reset_index()
            for outcome, (colour, marker, area) in LOOKS.items():
                places = own.index[own.outcome == outcome]
                panel.scatter(places + 1, [row] * len(places), s=area, c=colour, marker=marker, label=outcome)
        panel.set_yticks(range(len(ways)), [IN_WORDS[way_out] for way_out in ways])
        panel.set(ylim=(len(ways) - 0.5, -1.4), xlabel="Kills, in the order of their moments")
        panel.grid(False)
        handles, labels = panel.get_legend_handles_labels()
        panel.legend(
            handles[: len(LOOKS)], labels[: len(LOOKS)], loc="upper left", ncols=len(LOOKS), frameon=False
        )
    counts = found.groupby("way_out").outcome.value_counts()
    words = ", ".join(f"{IN_WORDS[way]} {outcome} {count}" for (way, outcome), count in counts.items())
    return Picture(drawing.figure, f"{title.rstrip('.')}. Kills: {words}.")


def orders_per_s(table: pd.DataFrame, way_out: WayOutWord) -> float:
    """Return up to how many orders a second no more than `WRONG_ORDERS_A_YEAR` is lost; inf: at any rate.

    Each program is killed `KILLS_A_YEAR` times a year, and a kill hits on average so many orders in their exposed time
    as arrive in a time of that length (Little's law).
    """
    own = table[table.way_out == way_out]
    exposed_s = float(own.for_s[own.is_lost].sum()) / own.seed.nunique()
    return WRONG_ORDERS_A_YEAR / (KILLS_A_YEAR * exposed_s) if exposed_s else math.inf


def at_the_door(table: pd.DataFrame) -> pd.DataFrame:
    """Return a frame of `all_kills` in which an order is lost only when nobody has heard of it.

    That is what a dual write loses that publishes again what an event made it store, whenever that event comes again.
    """
    first = (table.part == "orders-1") & (table.state == "pending")
    return table.assign(is_lost=table.is_lost & first)


def figures(table: pd.DataFrame) -> dict[str, float]:
    """Return the figures of `published` from a frame of `all_kills`."""
    return {
        "orders_a_second_by_dual_write": orders_per_s(table, "dual_write"),
        "orders_a_second_by_repeating": orders_per_s(at_the_door(table), "dual_write"),
        "orders_a_second_by_outbox": orders_per_s(table, "outbox"),
        "orders_a_second_by_tailing": orders_per_s(table, "log_tailing"),
    }


# How long an event waits for its relay ------------------------------------------------------------------

HOPS = 3
"""Times that an order waits for a courier until it is confirmed: as placed, as reserved, as paid."""

WAITING = EventDrivenConfig(settle_every_s=1e6, assortment=Assortment(products=20))


def done_s(seed: int, way_out: WayOutWord, poll_s: float = 0.1, orders: int = 6) -> float:
    """Return the mean time from an order to its confirmation, in seconds, of orders at random moments of 2 s.

    Relays with one interval keep their distance, so in one run all orders wait alike. Many short runs are needed.
    """
    sim = Simulation(seed)
    shop = EventDriven(sim, replace(WAITING, way_out=way_out, poll_s=poll_s))
    times_s = np.sort(sim.stream("moments of the orders").uniform(0, 2, orders))
    sim.open_load(Trace(times_s.tolist()), shop.handle, ORDERS_ONLY)
    sim.run(until=2 + 2 + (HOPS + 1) * poll_s)
    return float(np.mean([shop.finished_s[number] - at_s for number, at_s in enumerate(times_s)]))


def waits(polls_s: Sequence[float] = (0.1, 0.5, 1.0), seeds: Iterable[int] = range(24)) -> pd.DataFrame:
    """Return how long an order takes to be confirmed, for each polling interval and seed.

    Columns: poll_s, seed, done_s, tailing_s (the same seed with a tailer) and theory_s: what is left of that without
    the tailer's waits, and half an interval for each of the `HOPS`.
    """
    chosen = list(seeds)
    jobs = [(seed, poll_s) for poll_s in polls_s for seed in chosen]
    tailing_s = dict(zip(chosen, _each((seed, "log_tailing") for seed in chosen), strict=True))
    found = _each((seed, "outbox", poll_s) for seed, poll_s in jobs)
    frame = pd.DataFrame(jobs, columns=["seed", "poll_s"]).assign(done_s=found)
    frame["tailing_s"] = frame.seed.map(tailing_s)
    frame["theory_s"] = frame.tailing_s - HOPS * WAITING.tail_s + HOPS * frame.poll_s / 2
    return frame


def _each(jobs: Iterable[tuple[Any, ...]]) -> list[float]:
    return list(in_parallel(joblib.delayed(done_s)(*job) for job in jobs))


@settles(
    "pub-sub-pattern.publishers-send-events",
    evidence=Evidence.SIMULATED,
    says={
        "orders_a_second_by_dual_write": "orders a second, stored and then published",
        "orders_a_second_by_repeating": "orders a second, when events that come again are answered again",
        "orders_a_second_by_outbox": "orders a second, by an outbox",
        "orders_a_second_by_tailing": "orders a second, by a tailer of the log",
    },
)
def published(
    orders_a_second_by_dual_write: float,
    orders_a_second_by_repeating: float,
    orders_a_second_by_outbox: float,
    orders_a_second_by_tailing: float,
) -> Verdict:
    """Holds up to the rate of orders at which {WRONG_ORDERS_A_YEAR} order a year is stored and its event never sent, by
    a publisher that stores and then sends. Each process is killed {KILLS_A_YEAR} times a year. It says how far one
    comes that sends again what it stored when the cause comes again, whether an outbox or a tailer of the log bears
    more, and where our shop with {ORDERS_PER_S} orders a second stands.
    """
    best = max(orders_a_second_by_outbox, orders_a_second_by_tailing)
    if math.isinf(orders_a_second_by_dual_write):
        return holds_if(True)
    others = "at any rate" if math.isinf(best) else f"up to {number(best)}"
    side = "within" if orders_a_second_by_dual_write >= ORDERS_PER_S else "beyond"
    beside = f"ours at half load: {number(round(ORDERS_PER_S))}, {side} it"
    repeating = orders_a_second_by_repeating
    most = "any rate" if math.isinf(repeating) else number(round(repeating))
    again = f"{most} if sent again when the cause comes again"
    unit = f"orders a second stored and then sent ({beside}; {again}; with an outbox or a tailer: {others})"
    return holds_up_to(
        orders_a_second_by_dual_write, f"{unit}, with {number(KILLS_A_YEAR)} kills of each program a year"
    )
