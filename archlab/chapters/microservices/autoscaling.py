"""Autoscaling: one service under a load that grows faster than instances start.

The catalogue stands alone here, as a pool of instances with one core each: pages come, each takes the time that it
takes in the shop, and the autoscaler of Kubernetes looks every 15 s at how busy the instances are. The other services
and the databases are left out; in the shop they would have to follow, too, so it errs in favour of the autoscaler.

A full instance shows 100 %, however much work is missing. So against a target of 60 % the most that the autoscaler asks
for is 1 / 0.6 times as many, rounded up: one instance becomes two, and two become four (`asked_by_full`). Kubernetes'
own limit, twice as many or four more in 15 s, is never reached.

>>> [asked_by_full(instances) for instances in (1, 2, 4)]
[2, 4, 7]
>>> sale = ramp(startup_s=5.0, duration_s=40.0, over_s=20.0)
>>> sale.instances_per_time.time_s.tolist()
[0.0, 15.0, 30.0]
"""

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import Any

import joblib
import pandas as pd
from simpy.events import Event

from archlab.course.claims.over_seeds import OverSeeds
from archlab.shop.config import BROWSE_CPU_S
from archlab.sim.load import Request
from archlab.sim.parallel import in_parallel
from archlab.sim.recording import OK
from archlab.sim.result import Result
from archlab.sim.servers.autoscaler import LOOP_S, HorizontalPodAutoscaler, desired_replicas
from archlab.sim.servers.scalable_pool import ScalablePool
from archlab.sim.simulation import Simulation
from archlab.sim.workload import Ramp

START_PER_S, END_PER_S, OVER_S, DURATION_S = 60.0, 720.0, 60.0, 195.0
TARGET_UTILISATION = 0.6
WANTED = f"wanted for {100 * TARGET_UTILISATION:.0f} % utilisation"
"""The design in `compare` whose instances keep the target. Fewer of them still serve all pages, if more fully used."""
FIRST_INSTANCES = 1


@dataclass(frozen=True)
class Sale:
    """What came of it: the run, and the instances at each look of the autoscaler."""

    result: Result
    instances_per_time: pd.DataFrame

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
    return Sale(result, times)


def needed(rate_per_s: float) -> int:
    """Return how many instances keep the target at this rate."""
    utilisation = rate_per_s * BROWSE_CPU_S.mean
    return desired_replicas(current=1, metric=utilisation, target=TARGET_UTILISATION, tolerance=0.0)


def asked_by_full(instances: int) -> int:
    """Return how many the autoscaler wants when so many instances have as much to do as they can, or more."""
    return desired_replicas(current=instances, metric=1.0, target=TARGET_UTILISATION)


def compare(
    startups_s: Sequence[float] = (5.0, 60.0), seeds: Sequence[int] = range(3)
) -> tuple[pd.DataFrame, dict[float, OverSeeds]]:
    """Run `ramp` for each start-up time and seed.

    Returns the instances over time with the first seed (columns design, time_s, instances; the design `WANTED` among
    them), and start-up time -> `Sale.slow_percent` of each seed.
    """
    jobs = [(startup_s, seed) for startup_s in startups_s for seed in seeds]
    runs = dict(zip(jobs, in_parallel(joblib.delayed(_followed)(*job) for job in jobs), strict=True))
    shown = {startup_s: runs[startup_s, seeds[0]][0] for startup_s in startups_s}
    first = shown[startups_s[0]]
    lines = [first.assign(design=WANTED, instances=first.needed)]
    for startup_s, ready in shown.items():
        lines.append(ready.assign(design=f"ready, start-up {startup_s:.0f} s", instances=ready.ready))
    slow_percent = {
        startup_s: OverSeeds(runs[startup_s, seed][1] for seed in seeds) for startup_s in startups_s
    }
    return pd.concat(lines)[["design", "time_s", "instances"]], slow_percent


def _followed(startup_s: float, seed: int) -> tuple[pd.DataFrame, float]:
    """What is kept of a sale: the instances over time, and the share of slow pages. Of many sales all would be much."""
    sale = ramp(startup_s, seed)
    return sale.instances_per_time, sale.slow_percent
