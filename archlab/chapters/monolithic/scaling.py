"""Scaling of the monolithic shop: up (more cores), out (more clones), and with one kind of request hot.

The rule at the end holds up to the load at which one clone more is no longer worth its rent.

>>> one_machine(cores=8).workers
64
>>> small_to_medium(clones_help_up_to_per_s=1900).words
'Holds when: up to 1,900 requests/s with this database'
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import partial

import pandas as pd

from archlab.course.claims.rule import Evidence, settles
from archlab.course.claims.verdict import Verdict, holds_up_to
from archlab.data import load
from archlab.shop.architecture import SHOP_MIX
from archlab.shop.day import ShopResult, Users, capacity_per_s, run_day
from archlab.shop.monolithic.architecture import Monolith
from archlab.shop.monolithic.config import MONOLITH, MonolithConfig
from archlab.sim.experiment import sweep
from archlab.sim.scalability import UslFit, fit_usl
from archlab.sim.validation import require_fraction
from archlab.sim.workload import Mix

CORES = (1, 2, 4, 8, 12, 16, 24, 32)
CLONES = (1, 2, 3, 4, 5, 6, 7)


def saturated(config: MonolithConfig, seed: int, requests: int = 600, mix: Mix = SHOP_MIX) -> ShopResult:
    """Run a shop that always has something to do: three users for each worker, who hardly think.

    The throughput is its capacity. It runs for about so many `requests`, 0.8 seconds at least. It leaves out
    that real customers go away from a slow shop: it errs high.
    """
    users = Users(3 * config.clones * config.workers, think_s=0.01)
    duration_s = max(0.8, requests / capacity_per_s(config, mix))
    return run_day(Monolith, config, users, seed, duration_s, warmup_s=0.7, mix=mix)


def one_machine(cores: int, config: MonolithConfig = MONOLITH) -> MonolithConfig:
    """Return the shop on a machine with so many cores; workers and connections grow with them."""
    workers, connections = (round(cores / config.cores * n) for n in (config.workers, config.connections))
    return replace(config, cores=cores, workers=max(1, workers), connections=max(1, connections))


def scale_up(
    seed: int, cores: int, config: MonolithConfig = MONOLITH, requests: int = 600
) -> dict[str, float]:
    """Measure the throughput of one machine with so many cores, on the same database, saturated."""
    day = saturated(one_machine(cores, config), seed, requests)
    return {"throughput_per_s": day.result.throughput_per_s()}


def scaling_up(
    cores: Sequence[int] = CORES,
    seeds: Iterable[int] = range(3),
    config: MonolithConfig = MONOLITH,
    requests: int = 600,
) -> pd.DataFrame:
    """Sweep `scale_up`. Columns: cores, throughput_per_s with its interval, and `bottleneck_per_s`, the law's limit.

    What the law of the bottleneck leaves out, the run has: sessions in the database slow each other.
    """
    frame = sweep(partial(scale_up, config=config, requests=requests), {"cores": cores}, seeds)
    return frame.assign(bottleneck_per_s=[capacity_per_s(one_machine(n, config)) for n in cores])


def beside_spec(frame: pd.DataFrame) -> tuple[pd.DataFrame, UslFit]:
    """Fit the Universal Scalability Law to `scaling_up`, and set it beside the benchmark SPEC SDM91 of 1994.

    Returns the fit, and a frame with columns design, n, peak_share_of_n (n / n at the peak), throughput_share
    (throughput / that at the peak by the fitted curve): so that cores of one and users of the other fit in one
    picture.
    """
    ours = fit_usl(frame.cores.to_numpy(), frame.throughput_per_s.to_numpy())
    spec = load("spec_sdm91")
    spec_fit = fit_usl(spec.users.to_numpy(), spec.scripts_per_hour.to_numpy())
    curves = [
        _relative("our shop, simulated", frame.cores, frame.throughput_per_s, ours),
        _relative("SPEC SDM91, measured", spec.users, spec.scripts_per_hour, spec_fit),
    ]
    return pd.concat(curves, ignore_index=True), ours


def _relative(design: str, n: pd.Series, throughput: pd.Series, fit: UslFit) -> pd.DataFrame:
    """Return a curve as shares of its peak."""
    return pd.DataFrame(
        {
            "design": design,
            "n": n.astype(float),
            "peak_share_of_n": n / fit.peak_n,
            "throughput_share": throughput / fit.peak_throughput,
        }
    )


def scale_out(
    seed: int, clones: int, config: MonolithConfig = MONOLITH, requests: int = 600
) -> dict[str, float]:
    """Measure the throughput of so many clones on one shared database, saturated, and the bill."""
    day = saturated(replace(config, clones=clones), seed, requests)
    return {
        "throughput_per_s": day.result.throughput_per_s(),
        "usd_per_million_requests": day.usd_per_million_requests,
    }


def scaling_out(
    clones: Sequence[int] = CLONES,
    seeds: Iterable[int] = range(3),
    config: MonolithConfig = MONOLITH,
    requests: int = 600,
) -> pd.DataFrame:
    """Sweep `scale_out`. Columns: clones, throughput_per_s and usd_per_million_requests with intervals,
    bottleneck_per_s, and `next_adds_percent`: what one clone more added, NaN for the last.

    The machines are rented by the core and the database is priced as one of them: the bill errs low.
    """
    frame = sweep(partial(scale_out, config=config, requests=requests), {"clones": clones}, seeds)
    following = frame.throughput_per_s.shift(-1)
    return frame.assign(
        bottleneck_per_s=[capacity_per_s(replace(config, clones=n)) for n in clones],
        next_adds_percent=100 * (following / frame.throughput_per_s - 1),
    )


def busy_cores(
    seed: int, browse_share: float, config: MonolithConfig = MONOLITH, requests: int = 300
) -> dict[str, float]:
    """Measure how busy the cores of two saturated clones are when browsing has this share of the requests.

    The others place orders. A core that could do only one kind of work would idle. Each clone has 64 workers
    here: with fewer, orders that wait for their payment hold all of them, and cores idle for that reason.
    """
    require_fraction("browse_share", browse_share)
    config = replace(config, clones=2, workers=64, connections=64)
    mix = Mix(browse=browse_share, place_order=1 - browse_share)
    busy = saturated(config, seed, requests, mix).result.parts.utilisation
    return {"busy_percent": float(100 * busy[[f"{clone} cpu" for clone in config.clone_names]].mean())}


def hot_or_not(
    browse_shares: Sequence[float] = (0.1, 0.5, 0.9),
    seeds: Iterable[int] = range(3),
    config: MonolithConfig = MONOLITH,
) -> pd.DataFrame:
    """Sweep `busy_cores`. Columns: browse_share, busy_percent with its interval."""
    return sweep(partial(busy_cores, config=config), {"browse_share": browse_shares}, seeds)


WORTH_A_CLONE_PERCENT = 5.0
"""A clone that adds less than a twentieth is not worth its rent."""


def clones_help_up_to_per_s(out: pd.DataFrame) -> float:
    """Return the throughput with the fewest clones to which one more adds too little; takes `scaling_out`.

    inf when every clone tried added enough.
    """
    enough = out[out.next_adds_percent < WORTH_A_CLONE_PERCENT]
    return float(enough.throughput_per_s.iloc[0]) if len(enough) else math.inf


@settles("when-to-use.small-to-medium-applications", evidence=Evidence.SIMULATED)
def small_to_medium(clones_help_up_to_per_s: float) -> Verdict:
    """Holds up to the load at which one clone more adds less than {WORTH_A_CLONE_PERCENT} % to it."""
    return holds_up_to(clones_help_up_to_per_s, "requests/s with this database")
