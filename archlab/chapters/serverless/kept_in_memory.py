"""Carts in the memory of an environment: how many are whole when the customer pays.

Each customer puts three things into a cart and pays, with some time between. The function keeps carts in its
environment (`invocation.kept`), which works on every developer's machine. On a platform the next request may run in
another environment, or this one may be gone. A cart is *broken* when it is not whole at the till.

The opponent keeps carts in memory as well: servers behind a balancer that sends each customer to the same one. It loses
them when a server dies or is deployed, here so many times a day.

What this leaves out: customers who come back after hours, who break more carts in both.

>>> broken_share(seed=1, per_minute=600.0, customers=300) > 0.5, broken_on_servers(deployments_a_day=1.0) < 0.01
(True, True)
"""

from collections.abc import Generator, Iterable, Sequence
from typing import Any

import joblib
import pandas as pd
from simpy.events import Event

from archlab.course.claims import Assumption, Evidence, Limit, OverSeeds, Verdict, bisect, holds_from, settles
from archlab.course.figures.canvas import canvas
from archlab.course.figures.line import draw_with_band, in_words, scale
from archlab.course.figures.picture import Picture
from archlab.course.quantity import number, percent
from archlab.course.style import GREY, INK, LAB, Size, variants
from archlab.sim.distributions import Distribution, Exponential
from archlab.sim.functions import CloudAccount, Function, Invocation
from archlab.sim.functions.runtimes import keep_alive_s
from archlab.sim.load import Request
from archlab.sim.parallel import in_parallel
from archlab.sim.simulation import Simulation
from archlab.sim.validation import require_non_negative, require_positive, require_whole
from archlab.sim.workload import Poisson

THINGS = 3
THINK_S = 60.0
"""Between two requests of a customer, on average. Assumptions, like the run time."""
LONG_THINK_S = 120.0
RUN_S = 0.1
INIT_S = 0.3
KEPT = keep_alive_s("January 2021")
LOADS_PER_MINUTE = (0.05, 0.2, 1.0, 5.0, 20.0, 100.0, 400.0)
CUSTOMERS = 400
LIMIT_CUSTOMERS = 600
USUAL_PER_MINUTE = 5.0
"""The load at which the run time that flips the verdict is looked for."""
ACCEPTABLE = 0.05
"""Of carts. Who loses one of twenty will hear of it. An assumption."""
SEEDS = range(10)


def broken_share(
    seed: int,
    per_minute: float,
    run_s: float = RUN_S,
    kept_s: float | Distribution = KEPT,
    customers: int = CUSTOMERS,
    requests_each: int = 1,
    think_s: float = THINK_S,
) -> float:
    """Return the share of carts that are not whole at the till, when `per_minute` customers begin.

    The till is a request as well: it looks into the memory of whatever environment it comes to. `requests_each`: how
    many an environment takes at a time; `think_s`: between two requests of a customer, on average.

    Raises `ValueError` when an argument is not allowed.
    """
    require_positive("per_minute", per_minute)
    require_positive("run_s", run_s)
    require_whole("customers", customers, at_least=1)
    sim = Simulation(seed)
    pause_s, whole = sim.durations("thinking", "think_s", Exponential(think_s)), []

    def serve(invocation: Invocation) -> Generator[Event, None, int]:
        customer, is_paying = invocation.payload
        cart = invocation.kept.setdefault(customer, [])
        yield sim.timeout(run_s)
        if not is_paying:
            cart.append("a thing")
        return len(cart)

    account = CloudAccount(sim, scaling=None)
    function = Function(sim, "cart", serve, INIT_S, kept_s, requests_each=requests_each, account=account)

    def customer(request: Request) -> Generator[Event, Any, None]:
        for _ in range(THINGS):
            yield function.invoke((request.id, False))
            yield sim.timeout(pause_s())
        there = yield function.invoke((request.id, True))
        whole.append(there == THINGS)

    sim.open_load(Poisson(per_minute / 60), customer)
    while len(whole) < customers:
        sim.run(until=sim.now + 60 * customers / per_minute / 10 + THINK_S)
    return 1 - sum(whole[:customers]) / customers


def broken_on_servers(deployments_a_day: float, copies: int = 1) -> float:
    """Return the share of carts that servers break which keep them in memory and send each customer to the same copy.

    A deployment or death empties a copy, one after the other. A cart is broken when that falls between its first thing
    and the till: as many thinking times as things, of a day. It depends neither on the load nor on the copies.
    """
    require_non_negative("deployments_a_day", deployments_a_day)
    require_whole("copies", copies, at_least=1)
    return min(1.0, deployments_a_day * THINGS * THINK_S / 86_400)


def by_load(loads: Sequence[float] = LOADS_PER_MINUTE, seeds: Iterable[int] = range(3)) -> pd.DataFrame:
    """Return a row for each load: `per_minute` and `broken_share`, with the least and the most of some seeds."""
    chosen = list(seeds)
    runs = in_parallel(joblib.delayed(broken_share)(seed, load) for load in loads for seed in chosen)
    frame = pd.DataFrame({"per_minute": [load for load in loads for _ in chosen], "share": runs})
    grouped = frame.groupby("per_minute").share
    table = pd.DataFrame({"broken_share": grouped.mean(), "broken_share_low": grouped.min()})
    return table.assign(broken_share_high=grouped.max()).reset_index()


# The claim ---------------------------------------------------------------------------------------------------


def _breaks(seed: int, per_minute: float) -> float:
    return broken_share(seed, per_minute, customers=LIMIT_CUSTOMERS) - ACCEPTABLE


def _breaks_with(seed: int, requests_each: float) -> float:
    share = broken_share(seed, USUAL_PER_MINUTE, customers=LIMIT_CUSTOMERS, requests_each=int(requests_each))
    return share - ACCEPTABLE


def broken_from(seeds: Iterable[int] = SEEDS) -> Limit:
    """Return from how many customers a minute on more carts are broken than is acceptable."""
    return bisect(_breaks, (0.05, 4.0), "from", seeds, tolerance=0.3, log=True)


def broken_up_to_each(seeds: Iterable[int] = SEEDS) -> Limit:
    """Return up to how many requests in an environment at a time they are, at `USUAL_PER_MINUTE`."""
    return bisect(_breaks_with, (1, 6), "up to", seeds, whole=True)


def figures(seeds: Iterable[int] = SEEDS) -> dict[str, float]:
    """Return the figures of `stateless_functions`, by their names."""
    chosen = list(seeds)
    busy = in_parallel(joblib.delayed(broken_share)(seed, LOADS_PER_MINUTE[-1]) for seed in chosen)
    slow = in_parallel(
        joblib.delayed(broken_share)(seed, LOADS_PER_MINUTE[0], think_s=LONG_THINK_S) for seed in chosen
    )
    return {
        "broken_from_per_minute": broken_from(chosen),
        "broken_when_busy": OverSeeds(busy),
        "broken_up_to_each": broken_up_to_each(chosen),
        "slow_customers_break": OverSeeds(slow),
        "servers_break": broken_on_servers(deployments_a_day=1.0),
    }


SAYS = {
    "broken_from_per_minute": "customers a minute from which on more than 5 % of the carts are broken",
    "broken_when_busy": "broken carts at 400 customers a minute",
    "broken_up_to_each": "requests that an environment takes at a time up to which they are, at 5 a minute",
    "slow_customers_break": "broken carts of customers who think for longer, at the smallest load",
    "servers_break": "broken carts on servers that are deployed once a day",
}


@settles("characteristics.stateless-functions", evidence=Evidence.SIMULATED, says=SAYS)
def stateless_functions(
    broken_from_per_minute: float,
    broken_when_busy: float,
    broken_up_to_each: float,
    slow_customers_break: float,
    servers_break: float,
) -> Verdict:
    """Holds from the load on at which a function that keeps carts in the memory of its environments breaks more than
    {ACCEPTABLE} of them: there state belongs elsewhere. Nothing forbids it: below, it works. Beside it stand the carts
    broken at the largest load that was tried, and on servers that keep them so and are deployed once a day. An
    environment takes one request at a time; more are looked at with {USUAL_PER_MINUTE} customers a minute, and
    customers who think for {LONG_THINK_S} s.
    """
    each = Assumption(
        "what an environment takes at a time",
        1,
        broken_up_to_each,
        "requests",
        when=f"an environment takes at most {{flips_at}} at a time, at {number(USUAL_PER_MINUTE)} customers a minute",
    )
    unit = (
        f"customers a minute (at {number(LOADS_PER_MINUTE[-1])} {percent(float(broken_when_busy))} of the carts are "
        f"broken; on servers that are deployed once a day {percent(servers_break)}; of customers who think for "
        f"{number(LONG_THINK_S)} s {percent(float(slow_customers_break))} at any load)"
    )
    return holds_from(broken_from_per_minute, unit, decided_by=each)


def figure(table: pd.DataFrame, title: str, size: Size = LAB) -> Picture:
    """Draw the broken carts against the load, and those of servers that are deployed once a day."""
    (look,) = variants("serverless", ["in an environment"]).values()
    on_servers = broken_on_servers(1.0)
    with canvas(title, size) as drawing:
        (panel,) = drawing.panels
        line = draw_with_band(panel, table, "per_minute", "broken_share", look)
        drawing.name_end(panel, line, "in an environment")
        panel.axhline(on_servers, color=GREY)
        panel.text(
            table.per_minute.min(),
            1.4 * on_servers,
            f"on servers, deployed once a day ({percent(on_servers)})",
            color=INK,
        )
        panel.set_xscale("log")
        panel.xaxis.set_major_formatter(lambda value, _: number(value))
        scale(panel, log=True)
        panel.yaxis.set_major_formatter(lambda value, _: percent(value))
        panel.set_xlabel("Customers a minute")
        panel.set_ylabel("Broken carts")
    return Picture(drawing.figure, f"{title}. {in_words('broken', table.per_minute, table.broken_share)}")
