"""Autoscaling: one service under a load that grows faster than instances start.

The catalogue stands alone here, as a pool of instances with one core each: pages come, each takes the time that it
takes in the shop, and the autoscaler of Kubernetes looks every 15 s at how busy the instances are. The other services
and the databases are left out; in the shop they would have to follow, too, so it errs in favour of the autoscaler.

>>> sale = ramp(startup_s=5.0, duration_s=40.0, over_s=20.0)
>>> sale.instances_per_time.time_s.tolist()
[0.0, 15.0, 30.0]
"""

from collections.abc import Generator
from dataclasses import dataclass
from typing import Any

import pandas as pd
from simpy.events import Event

from archlab.shop.config import BROWSE_CPU_S
from archlab.sim.load import Request
from archlab.sim.recording import OK
from archlab.sim.result import Result
from archlab.sim.servers.autoscaler import LOOP_S, HorizontalPodAutoscaler, desired_replicas
from archlab.sim.servers.scalable_pool import ScalablePool
from archlab.sim.simulation import Simulation
from archlab.sim.workload import Ramp

START_PER_S, END_PER_S, OVER_S, DURATION_S = 60.0, 720.0, 60.0, 195.0
TARGET_UTILISATION = 0.6
FIRST_INSTANCES = 1


@dataclass(frozen=True)
class Sale:
    """What came of it: the run, the instances at each look of the autoscaler, and the instance seconds to pay."""

    result: Result
    instances_per_time: pd.DataFrame
    instance_s: float

    @property
    def worst_p99_s(self) -> float:
        """The largest p99 of any `LOOP_S` seconds."""
        rows = self.result.requests[self.result.requests.outcome == OK]
        return float(rows.latency_s.groupby(rows.arrived_s // LOOP_S).quantile(0.99).max())

    @property
    def slow_percent(self) -> float:
        """The share of pages that took more than a second, or that were not answered by the end."""
        rows = self.result.requests
        return float(100 * (1 - ((rows.outcome == OK) & (rows.latency_s <= 1.0)).mean()))


def ramp(
    startup_s: float,
    seed: int = 1,
    over_s: float = OVER_S,
    duration_s: float = DURATION_S,
    first_instances: int = FIRST_INSTANCES,
) -> Sale:
    """Let pages come ever faster for `over_s` seconds, and the autoscaler follow with instances that take `startup_s`.

    `instances_per_time` has a row for each `LOOP_S`: time_s, needed (so many keep the target at the rate of that
    moment) and ready.
    """
    sim = Simulation(seed)
    pool = ScalablePool(sim, "catalogue", first_instances, capacity_each=1, startup_s=startup_s)
    arrivals = Ramp(START_PER_S, END_PER_S, over_s)
    next_page_s = sim.draws("page", BROWSE_CPU_S)

    def page(request: Request) -> Generator[Event, Any, None]:
        yield pool.serve(next_page_s())

    sim.open_load(arrivals, page)
    HorizontalPodAutoscaler(
        sim,
        "catalogue",
        read_metric=lambda: pool.utilisation,
        replicas=lambda: pool.replicas,
        scale_to=pool.scale_to,
        target=TARGET_UTILISATION,
        min_replicas=first_instances,
        max_replicas=20,
        ready=lambda: len(pool.ready),
    )
    result = sim.measure(duration_s, sample_every_s=LOOP_S)
    ready = result.samples[result.samples.part == "catalogue"].set_index("time_s").capacity
    times = pd.DataFrame({"time_s": ready.index, "ready": ready.to_numpy()})
    times.insert(1, "needed", [needed(arrivals.rate_at(time_s)) for time_s in times.time_s])
    return Sale(result, times, pool.instance_s)


def needed(rate_per_s: float) -> int:
    """Return how many instances keep the target at this rate."""
    utilisation = rate_per_s * BROWSE_CPU_S.mean
    return desired_replicas(current=1, metric=utilisation, target=TARGET_UTILISATION, tolerance=0.0)


def compare(startups_s: tuple[float, ...] = (5.0, 60.0), seed: int = 1) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Run `ramp` for each start-up time.

    Returns the instances over time (columns design, time_s, instances; the design "needed" among them) and a row for
    each start-up time: startup_s, worst_p99_s, slow_percent, instance_s.
    """
    sales = {startup_s: ramp(startup_s, seed) for startup_s in startups_s}
    lines = [
        sale.instances_per_time.assign(
            design=f"ready, start-up {startup_s:.0f} s", instances=lambda row: row.ready
        )
        for startup_s, sale in sales.items()
    ]
    first = next(iter(sales.values())).instances_per_time
    lines.insert(0, first.assign(design="needed", instances=first.needed))
    figures = [
        {
            "startup_s": s,
            "worst_p99_s": x.worst_p99_s,
            "slow_percent": x.slow_percent,
            "instance_s": x.instance_s,
        }
        for s, x in sales.items()
    ]
    return pd.concat(lines)[["design", "time_s", "instances"]], pd.DataFrame(figures)
