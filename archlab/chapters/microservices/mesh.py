"""A service mesh in the shop: what its proxies add, and what they give back when one replica of a service is bad.

The bad replica is one of the catalogue's. It answers with an error at once, or is slow, for the whole run. It passes
its health checks, as such replicas do: callers believe in it, and only a guard in the caller or beside it can help.
Each mesh is as it comes, or has been asked for retries and ejection; see `DESIGNS` and
`archlab.sim.balancing.mesh_defaults`.

The opponent of a mesh is a library: the same kinds of guard, in the callers' own program and without a proxy. So both
meshes are judged by what they give back of what the library gives back, and by what their proxies add to a page. What a
library cannot give is that no program has to change; how much that is worth depends on how many programs, in how many
languages, call others, and is no question for a simulation.

What this leaves out: the proxies' processor time competes with nobody, and a replica that is bad for a whole run is
worse than one that is restarted after a minute: both err in favour of the mesh. The makers' figures are of the slower
calls and of busy proxies: that errs against it. They are old, too: Linkerd's is of 2021, and Istio's fell from 2.76 ms
in 2021 to 0.228 ms in 2023. So which side of the limit a mesh stands on is for you to measure.
A retry of what only reads is harmless; here only reads fail.

>>> one_bad_replica(seed=1, design="no mesh", bad="errors", duration_s=10)["failed_percent"] > 25
True
>>> one_bad_replica(seed=1, design="library", bad="errors", duration_s=10)["failed_percent"]
0.0
>>> linkerd(gives_back_percent=100, adds_ms=4.5, cheap_up_to_ms=0.35).words
'Does not hold: it would hold with what two proxies add to a call at most 0.35 ms (here 4.5)'
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial

import pandas as pd

from archlab.chapters.microservices.bad_replica import Bad, OneBadReplica, ServerError
from archlab.course.claims.assumption import Assumption
from archlab.course.claims.bisection import bisect
from archlab.course.claims.over_seeds import OverSeeds
from archlab.course.claims.rule import Evidence, settles
from archlab.course.claims.thresholds import NOTICEABLE_PERCENT
from archlab.course.claims.verdict import Verdict, holds_if
from archlab.shop.config import BROWSE_CPU_S, COMMIT_S, ORDER_CPU_S, PROVIDER_S, QUERY_S
from archlab.shop.day import arrivals_of, run_shop
from archlab.shop.microservices import hooks
from archlab.shop.microservices.architecture import Microservices
from archlab.shop.microservices.config import MICROSERVICES, MicroservicesConfig
from archlab.sim.balancing.mesh import Mesh
from archlab.sim.balancing.mesh_defaults import MeshDefaults, mesh_defaults
from archlab.sim.balancing.outlier_detection import OutlierDetection
from archlab.sim.balancing.rules import RoundRobin
from archlab.sim.experiment import Figure, PooledPercentile, replicate, sweep
from archlab.sim.recording import OK
from archlab.sim.simulation import Simulation
from archlab.sim.statistics import mean_interval
from archlab.sim.workload import Poisson

RATE_PER_S = 60.0
"""So little that two good replicas can do all the work."""
PATIENCE_S = 2.0
"""How long a customer waits."""
REPLICAS = 3
"""Of the catalogue. An assumption."""
TIMES_SLOWER = 10.0
STEADY = replace(
    MICROSERVICES,
    browse_cpu_s=BROWSE_CPU_S.mean,
    order_cpu_s=ORDER_CPU_S.mean,
    query_s=QUERY_S.mean,
    commit_s=COMMIT_S.mean,
    provider_s=PROVIDER_S.mean,
)
"""The shop without luck: each step takes its mean time."""


BAD: Mapping[str, Bad] = {
    "errors": Bad(error_share=1.0),
    "half errors": Bad(error_share=0.5),
    "slow": Bad(times_slower=TIMES_SLOWER),
}
"""What the experiments break."""


def _and_errors(defaults: MeshDefaults) -> MeshDefaults:
    """The same with retries that cover errors of the server, too."""
    return replace(defaults, retry_on=(*defaults.retry_on, ServerError))


_HALF = partial(OutlierDetection, max_ejected=0.5)
_ISTIO_ASKED = _and_errors(replace(mesh_defaults("istio"), ejection=_HALF))
DESIGNS: Mapping[str, MeshDefaults | None] = {
    "no mesh": None,
    "library": MeshDefaults(RoundRobin, _HALF, retries=1, proxy_s=0.0, proxy_cpu_s=0.0),
    "Istio, as it comes": mesh_defaults("istio"),
    "Istio, ejection": mesh_defaults("istio, guarded"),
    "Istio, with retries and ejection": _ISTIO_ASKED,
    "Linkerd, as it comes": mesh_defaults("linkerd"),
    "Linkerd, with retries and ejection": _and_errors(mesh_defaults("linkerd, guarded")),
}
"""Without a mesh callers take turns. The library does so, too, tries once more elsewhere, and ejects up to half of a
pool. "Ejection" is Istio's outlier detection by its defaults, which leaves out a tenth of a pool at most; with
retries it leaves out up to half, and these cover errors. Linkerd then has failure accrual, and one such retry."""


def one_bad_replica(
    seed: int,
    design: str = "no mesh",
    bad: str = "errors",
    replicas: int = REPLICAS,
    times_slower: float = TIMES_SLOWER,
    duration_s: float = 4.0,
) -> dict[str, Figure]:
    """Let one of the catalogue's `replicas` be bad, a word of `BAD`, and look at the pages that customers ask for.

    Returns `failed_percent`, and `p50_ms` and `p99_ms` of all answers, errors included.
    Raises `ValueError` when there is no such design or word.
    """
    shop = partial(OneBadReplica, config=in_mesh(design, replicas), bad=_bad(bad, times_slower))
    run = run_shop(shop, Poisson(RATE_PER_S), seed=seed, duration_s=duration_s, timeout_s=PATIENCE_S)
    pages = arrivals_of(run.result, "browse", 0, duration_s)
    took_ms = 1000 * pages.latency_s.to_numpy()
    percentiles = {f"p{q}_ms": PooledPercentile(q, took_ms) for q in (50, 99)}
    return {"failed_percent": float(100 * (pages.outcome != OK).mean()), **percentiles}


def _bad(word: str, times_slower: float) -> Bad:
    if word not in BAD:
        raise ValueError(f"bad is {word!r}; it must be one of {', '.join(map(repr, BAD))}")
    return replace(BAD[word], times_slower=times_slower) if word == "slow" else BAD[word]


def in_mesh(design: str, replicas: int = REPLICAS) -> MicroservicesConfig:
    """The shop in one of the meshes of `DESIGNS`. Raises `ValueError` when there is no such design."""
    if design not in DESIGNS:
        raise ValueError(f"design is {design!r}; it must be one of {', '.join(map(repr, DESIGNS))}")
    defaults = DESIGNS[design]
    mesh = None if defaults is None else partial(_beside, defaults)
    return replace(MICROSERVICES, instances={"catalogue": replicas}, mesh=mesh)


def _beside(defaults: MeshDefaults, running: hooks.Running) -> hooks.MeshCall:
    """Put the mesh's proxies beside the shop's instances."""
    return Mesh(running.sim, defaults).call


def failures(
    bad: str = "errors",
    replicas: int = REPLICAS,
    designs: Sequence[str] = tuple(DESIGNS),
    seeds: Iterable[int] = range(10),
) -> pd.DataFrame:
    """Break one of the replicas, with each design. Columns: design, seed, the figures of `one_bad_replica`."""
    chosen = list(seeds)
    runs = [
        replicate(one_bad_replica, chosen, design=design, bad=bad, replicas=replicas).assign(design=design)
        for design in designs
    ]
    return pd.concat(runs, ignore_index=True)


def on_average(runs: pd.DataFrame, figure: str = "failed_percent") -> pd.DataFrame:
    """Return a row a design: design, and `figure` with its interval. Takes a row a run, such as `mesh.failures`."""
    rows = []
    for design, of_design in runs.groupby("design", sort=False):
        mean = mean_interval(of_design[figure])
        ends = {f"{figure}_low": mean.low, f"{figure}_high": mean.high}
        rows.append({"design": design, figure: mean.mean, **ends})
    return pd.DataFrame(rows)


def beside_a_slow_one(
    times_slower: Sequence[float] = (TIMES_SLOWER,),
    designs: Sequence[str] = ("no mesh", "Linkerd, as it comes"),
    seeds: Iterable[int] = range(4),
) -> pd.DataFrame:
    """Let the replica be slow instead. Columns: design, times_slower, the figures with intervals, those of the
    percentiles over the pages of all seeds."""
    model = partial(one_bad_replica, bad="slow")
    return sweep(model, {"design": designs, "times_slower": times_slower}, seeds)


def added(
    added_ms: Sequence[float] = (0.1, 0.2, 0.4, 1.0, 2.0, 3.0, 5.0),
    use_cases: Sequence[str] = ("page", "order"),
) -> pd.DataFrame:
    """Ask an idle shop for pages and orders one after another, with the library and through proxies that cost time.

    Columns: use_case, added_ms (by the two proxies of a call), slower_percent (than with the library).
    """
    rows = [
        {"use_case": use_case, "added_ms": ms, "slower_percent": _slower_percent(use_case, ms)}
        for ms in added_ms
        for use_case in use_cases
    ]
    return pd.DataFrame(rows)


def _slower_percent(use_case: str, added_ms: float) -> float:
    """How much longer a page or an order takes through proxies than with the library."""
    library = DESIGNS["library"]
    assert library is not None
    proxies = replace(library, proxy_s=added_ms / 2000)
    return 100 * (_took_s(use_case, proxies) / _took_s(use_case, library) - 1)


def _took_s(use_case: str, defaults: MeshDefaults | None, requests: int = 3) -> float:
    """Return the mean time of a page or an order, alone in the shop."""
    mesh = None if defaults is None else partial(_beside, defaults)
    shop = Microservices(Simulation(1), replace(STEADY, mesh=mesh))
    for order_id in range(requests):
        shop.answer(shop.browse(1) if use_case == "page" else shop.place_order(order_id, {1: 1, 2: 1}))
    return shop.sim.now / requests


def adds_ms(mesh: str) -> float:
    """What the two proxies of a mesh add to a call, by its makers; a word of `mesh_defaults.MESHES`."""
    return 2000 * mesh_defaults(mesh).proxy_s


def cheap_up_to_ms(use_case: str = "page") -> float:
    """Return how much two proxies may add to a call before it is noticed. Luck has no part in it: one run a point."""
    margin = partial(_unnoticed_percent, use_case=use_case)
    return float(bisect(margin, (0.05, 20), "up to", seeds=[1], tolerance=0.002, log=True))


def _unnoticed_percent(_: int, added_ms: float, use_case: str) -> float:
    return NOTICEABLE_PERCENT - _slower_percent(use_case, added_ms)


WORTH_HAVING_PERCENT = 50.0
"""A guard that gives back no more than half of the failures leaves most of the trouble."""


def gives_back_percent(failures: pd.DataFrame, design: str) -> OverSeeds:
    """Return how much a design gives back of the failed pages that the library gives back, seed by seed; takes
    `mesh.failures`."""
    failed = failures.pivot(index="seed", columns="design", values="failed_percent")
    by_library = failed["no mesh"] - failed["library"]
    return OverSeeds(100 * (failed["no mesh"] - failed[design]) / by_library)


def worth(failures: pd.DataFrame, mesh: str) -> dict[str, float]:
    """Return the figures of the rules below, for "istio" or "linkerd"; takes `mesh.failures`."""
    return {
        "gives_back_percent": gives_back_percent(failures, f"{mesh.capitalize()}, with retries and ejection"),
        "adds_ms": adds_ms(mesh),
        "cheap_up_to_ms": cheap_up_to_ms(),
    }


@settles(
    "service-communication.service-mesh-istio",
    evidence=Evidence.SIMULATED,
    says={
        "gives_back_percent": "failed pages that it gives back",
        "adds_ms": "its proxies add to a call",
        "cheap_up_to_ms": "what they may add",
    },
)
def istio(gives_back_percent: float, adds_ms: float, cheap_up_to_ms: float) -> Verdict:
    """Holds when it gives back, if asked, more than {WORTH_HAVING_PERCENT} % of the failed pages that a retry and
    ejection in a library give back, and its proxies, by its own page, make a page less than
    {NOTICEABLE_PERCENT} % slower than the library does.
    """
    return _worth_its_proxies(gives_back_percent, adds_ms, cheap_up_to_ms)


@settles(
    "service-communication.service-mesh-linkerd",
    evidence=Evidence.SIMULATED,
    says={
        "gives_back_percent": "failed pages that it gives back",
        "adds_ms": "its proxies add to a call",
        "cheap_up_to_ms": "what they may add",
    },
)
def linkerd(gives_back_percent: float, adds_ms: float, cheap_up_to_ms: float) -> Verdict:
    """Holds when it gives back, if asked, more than {WORTH_HAVING_PERCENT} % of the failed pages that a retry and
    ejection in a library give back, and its proxies, by its makers' test, make a page less than
    {NOTICEABLE_PERCENT} % slower than the library does.
    """
    return _worth_its_proxies(gives_back_percent, adds_ms, cheap_up_to_ms)


def _worth_its_proxies(gives_back_percent: float, adds_ms: float, cheap_up_to_ms: float) -> Verdict:
    if gives_back_percent <= WORTH_HAVING_PERCENT:
        return holds_if(False)
    proxies = Assumption(
        "what two proxies add to a call",
        usual=adds_ms,
        flips_at=cheap_up_to_ms,
        unit="ms",
    )
    return holds_if(adds_ms < cheap_up_to_ms, proxies)
