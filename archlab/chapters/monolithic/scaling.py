"""Scaling of the monolithic shop: up (more cores), out (more clones), and with one kind of request hot.

The rule at the end holds up to the load that the one database carries, however many clones there are: while that is
less than a large site has. It compares requests, so the SQL of a request decides: theirs asked for `THEIR_SQL_MS`.

>>> one_machine(cores=8).workers
64
>>> cores_that_carry_a_large_site(sql_of_a_request_ms()), cores_that_carry_a_large_site(THEIR_SQL_MS)
(3.0, 8.0)
>>> print(
...     small_to_medium(
...         database_carries_per_s=2080,
...         database_cores=2,
...         cores_that_carry_a_large_site=3,
...         sql_of_a_request_ms=0.92,
...         sql_with_which_it_carries_a_large_site_ms=0.83,
...     ).detail
... )
up to 2,080 requests/s on 2 cores of database (of 3 needed for a large site), \
when a request asks for more than 0.83 ms of SQL (here 0.92)
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import partial

import pandas as pd

from archlab.course.claims.assumption import Assumption
from archlab.course.claims.over_seeds import OverSeeds
from archlab.course.claims.rule import Evidence, settles
from archlab.course.claims.verdict import Verdict, holds_if, holds_up_to
from archlab.course.quantity import number
from archlab.data import load
from archlab.shop.architecture import SHOP_MIX
from archlab.shop.day import ShopResult, Users, capacity_per_s, run_day
from archlab.shop.monolithic.architecture import Monolith
from archlab.shop.monolithic.config import MONOLITH, MonolithConfig
from archlab.sim.experiment import replicate, sweep
from archlab.sim.validation import require_fraction
from archlab.sim.workload import Mix

CORES = (1, 2, 4, 8, 12, 16, 24, 32)
DAY_S = 24 * 3600

FEW_SESSIONS = 14
"""Of all clones in the database together: some for each of its two cores, so that it never idles. With more, they slow
each other."""

_TIERS = load("stack_overflow_2016").set_index("tier")

LARGE_PER_S = float(_TIERS.calls["web"]) / DAY_S
"""Requests a second of Stack Overflow on 9 February 2016, the mean of a day: a large site, and a monolith. Its peak is
higher, which the source does not give."""

THEIR_SQL_MS = float(_TIERS.total_ms["SQL"] / _TIERS.calls["web"])
"""What a mean request of that site asked of its database: more than two queries, each longer than ours. Waiting is
in it, so a core of the database is not busy for all of it."""


def saturated(config: MonolithConfig, seed: int, requests: int = 600, mix: Mix = SHOP_MIX) -> ShopResult:
    """Run a shop that always has something to do: three users for each worker, who hardly think.

    The throughput is its capacity. It runs for about so many `requests`, 0.8 seconds at least: too
    short for a verdict, which asks for more. It leaves out that real customers go away from a slow shop: it errs high.
    """
    users = Users(3 * config.clones * config.workers, think_s=0.01)
    duration_s = max(0.8, requests / capacity_per_s(config, mix))
    return run_day(Monolith, config, users, seed, duration_s, warmup_s=0.7, mix=mix)


def one_machine(
    cores: int, config: MonolithConfig = MONOLITH, connections: int | None = None
) -> MonolithConfig:
    """Return the shop on a machine with so many cores.

    Workers grow with them, and the connections to the database, unless you say how many there are.
    """
    workers = max(1, round(cores / config.cores * config.workers))
    grown = max(1, round(cores / config.cores * config.connections))
    return replace(config, cores=cores, workers=workers, connections=connections or grown)


def scale_up(
    seed: int,
    cores: int,
    config: MonolithConfig = MONOLITH,
    connections: int | None = None,
    requests: int = 600,
) -> dict[str, float]:
    """Measure the throughput of `one_machine`, on the same database, saturated."""
    day = saturated(one_machine(cores, config, connections), seed, requests)
    return {"throughput_per_s": day.result.throughput_per_s()}


def scaling_up(
    cores: Sequence[int] = CORES,
    seeds: Iterable[int] = range(3),
    config: MonolithConfig = MONOLITH,
    connections: int | None = None,
    requests: int = 600,
) -> pd.DataFrame:
    """Sweep `scale_up`. Columns: cores, throughput_per_s with its interval, and `bottleneck_per_s`, the law's limit.

    What the law of the bottleneck leaves out, the run has: sessions in the database slow each other.
    """
    model = partial(scale_up, config=config, connections=connections, requests=requests)
    frame = sweep(model, {"cores": cores}, seeds)
    return frame.assign(bottleneck_per_s=[capacity_per_s(one_machine(n, config)) for n in cores])


def cores_that_fill_the_database(config: MonolithConfig = MONOLITH) -> float:
    """Return how many cores of the shop keep its database busy, by the bottleneck law: no luck is in it."""
    per_s = config.capacity_per_s(SHOP_MIX.shares)
    return float(config.clones * config.cores * per_s["database"] / per_s["cpu"])


def clones_of(clones: int, config: MonolithConfig = MONOLITH, sessions: int | None = None) -> MonolithConfig:
    """Return so many clones of the shop; with `sessions` they share so many in the database, each has one at least."""
    connections = config.connections if sessions is None else max(1, sessions // clones)
    return replace(config, clones=clones, connections=connections)


def scale_out(
    seed: int,
    clones: int,
    config: MonolithConfig = MONOLITH,
    sessions: int | None = None,
    requests: int = 600,
) -> dict[str, float]:
    """Measure the throughput of so many clones on one shared database, saturated, and the bill."""
    day = saturated(clones_of(clones, config, sessions), seed, requests)
    return {
        "throughput_per_s": day.result.throughput_per_s(),
        "usd_per_million_requests": day.usd_per_million_requests,
    }


def clones_to_try(config: MonolithConfig = MONOLITH) -> list[int]:
    """Return a few numbers of clones, up to one more than fill the database.

    >>> clones_to_try()
    [1, 2, 4, 5, 6, 7]
    """
    full = clones_that_fill_the_database(config)
    return sorted({1, *(n for n in (2, 2 * full // 3, full - 1, full, full + 1) if n > 0)})


def scaling_out(
    clones: Sequence[int] | None = None,
    seeds: Iterable[int] = range(3),
    config: MonolithConfig = MONOLITH,
    sessions: int | None = FEW_SESSIONS,
    requests: int = 600,
) -> pd.DataFrame:
    """Sweep `scale_out` over `clones`, by default `clones_to_try`.

    Columns: clones, throughput_per_s and usd_per_million_requests with intervals, and bottleneck_per_s, the law's
    limit. The machines are rented by the core and the database is priced as one of them: the bill errs low.
    """
    model = partial(scale_out, config=config, sessions=sessions, requests=requests)
    tried = clones_to_try(config) if clones is None else clones
    frame = sweep(model, {"clones": tried}, seeds)
    return frame.assign(bottleneck_per_s=[capacity_per_s(clones_of(n, config)) for n in tried])


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


def clones_that_fill_the_database(config: MonolithConfig = MONOLITH) -> int:
    """Return with how many clones the database is the bottleneck, by the law."""
    return math.ceil(cores_that_fill_the_database(config) / config.cores)


def few_sessions(config: MonolithConfig = MONOLITH) -> int:
    """Return as many sessions for each core of the database as `FEW_SESSIONS` are for the usual one."""
    return FEW_SESSIONS * config.database_cores // MONOLITH.database_cores


def database_carries_per_s(
    config: MonolithConfig = MONOLITH, seeds: Iterable[int] = range(10), requests: int = 3000
) -> OverSeeds:
    """Return the load that one database carries, however many clones there are: measured with as many as fill it.

    The clones share few sessions in it: that is the most it carries.
    """
    clones = clones_that_fill_the_database(config)
    model = partial(scale_out, clones=clones, config=config, sessions=few_sessions(config), requests=requests)
    return OverSeeds(replicate(model, seeds).throughput_per_s)


def sql_of_a_request_ms(config: MonolithConfig = MONOLITH) -> float:
    """Return what a mean request asks of a core of the database, in milliseconds."""
    return float(1000 * config.database_cores / config.capacity_per_s(SHOP_MIX.shares)["database"])


def cores_that_carry_a_large_site(sql_ms: float) -> float:
    """Return with how many cores a database carries `LARGE_PER_S` requests of so much SQL, by the bottleneck law."""
    return float(math.ceil(LARGE_PER_S * sql_ms / 1000))


def sql_with_which_it_carries_a_large_site_ms(config: MonolithConfig = MONOLITH) -> float:
    """Return how little a mean request must ask of this database so that it carries `LARGE_PER_S`, by that law."""
    return float(1000 * config.database_cores / LARGE_PER_S)


@settles("when-to-use.small-to-medium-applications", evidence=Evidence.SIMULATED)
def small_to_medium(
    database_carries_per_s: float,
    database_cores: float,
    cores_that_carry_a_large_site: float,
    sql_of_a_request_ms: float,
    sql_with_which_it_carries_a_large_site_ms: float,
) -> Verdict:
    """Holds up to the load that the one database carries, however many clones there are, where that is less than the
    {LARGE_PER_S} requests/s of a large site, the mean of its day.
    """
    sql = Assumption(
        "the SQL of a request",
        usual=sql_of_a_request_ms,
        flips_at=sql_with_which_it_carries_a_large_site_ms,
        unit="ms",
        when="a request asks for more than {flips_at} of SQL",
    )
    if database_carries_per_s >= LARGE_PER_S:
        return holds_if(False, decided_by=sql)
    needed = f"of {number(cores_that_carry_a_large_site)} needed for a large site"
    unit = f"requests/s on {number(database_cores)} cores of database ({needed})"
    return holds_up_to(database_carries_per_s, unit, decided_by=sql)
