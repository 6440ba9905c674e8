"""A service mesh in the shop: what its proxies add, and what they give back when one replica of a service is bad.

The bad replica is one of the catalogue's. It answers with an error at once, or is slow, for the whole run. It passes
its health checks, as such replicas do: callers believe in it, and only the mesh can help. Each mesh is as it comes, or
has been asked for more; see `DESIGNS` and `archlab.sim.balancing.mesh_defaults`.

What this leaves out: the proxies' processor time competes with nobody, and a replica that is bad for a whole run is
worse than one that is restarted after a minute: both err in favour of the mesh. A retry of what only reads is
harmless; here only reads fail.

Istio is judged by the pool from which on its ejection gives back `WORTH_HAVING_PERCENT`, Linkerd by the slowness from
which on it keeps p99 `MUCH_SLOWER` times lower, and both by what their proxies add to an order.

>>> one_bad_replica(seed=1, design="no mesh", bad="errors", duration_s=10)["failed_percent"] > 25
True
>>> one_bad_replica(seed=1, design="Linkerd, asked", bad="errors", duration_s=10)["failed_percent"]
0.0
>>> linkerd(gives_back_from_times_slower=4, cheap_up_to_ms=2, adds_ms=0.4).words
'Holds when: from 4 times slower replicas, if two proxies add less than 2 ms to a call'
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial

import pandas as pd

from archlab.chapters.microservices.bad_replica import Bad, OneBadReplica, ServerError
from archlab.course.claims.rule import Evidence, settles
from archlab.course.claims.thresholds import MUCH_SLOWER, NOTICEABLE_PERCENT
from archlab.course.claims.verdict import Verdict, first_holding, holds_from, holds_if, last_holding
from archlab.course.quantity import number
from archlab.shop.config import BROWSE_CPU_S, COMMIT_S, ORDER_CPU_S, PROVIDER_S, QUERY_S
from archlab.shop.day import arrivals_of, run_shop
from archlab.shop.microservices import hooks
from archlab.shop.microservices.architecture import Microservices
from archlab.shop.microservices.config import MICROSERVICES, MicroservicesConfig
from archlab.sim.balancing.mesh import Mesh
from archlab.sim.balancing.mesh_defaults import MeshDefaults, mesh_defaults
from archlab.sim.balancing.outlier_detection import OutlierDetection
from archlab.sim.experiment import sweep
from archlab.sim.recording import OK
from archlab.sim.simulation import Simulation
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

_LINKERD_ASKED = mesh_defaults("linkerd, guarded")
DESIGNS: Mapping[str, MeshDefaults | None] = {
    "no mesh": None,
    "Istio, as it comes": mesh_defaults("istio"),
    "Istio, ejection": mesh_defaults("istio, guarded"),
    "Istio, ejection up to half": replace(
        mesh_defaults("istio"), ejection=partial(OutlierDetection, max_ejected=0.5)
    ),
    "Linkerd, as it comes": mesh_defaults("linkerd"),
    "Linkerd, asked": replace(_LINKERD_ASKED, retry_on=(*_LINKERD_ASKED.retry_on, ServerError)),
}
"""Without a mesh callers take turns. "Ejection" is outlier detection by its defaults, which leaves out a tenth of a
pool at most. Linkerd "asked" has failure accrual, and one retry that covers errors."""


def one_bad_replica(
    seed: int,
    design: str = "no mesh",
    bad: str = "errors",
    replicas: int = REPLICAS,
    times_slower: float = TIMES_SLOWER,
    duration_s: float = 15.0,
) -> dict[str, float]:
    """Let one of the catalogue's `replicas` be bad, a word of `BAD`, and look at the pages that customers ask for.

    Returns `failed_percent`, and `p50_ms` and `p99_ms` of all answers, errors included.
    Raises `ValueError` when there is no such design or word.
    """
    shop = partial(OneBadReplica, config=in_mesh(design, replicas), bad=_bad(bad, times_slower))
    run = run_shop(shop, Poisson(RATE_PER_S), seed=seed, duration_s=duration_s, timeout_s=PATIENCE_S)
    pages = arrivals_of(run.result, "browse", 0, duration_s)
    return {
        "failed_percent": float(100 * (pages.outcome != OK).mean()),
        "p50_ms": float(1000 * pages.latency_s.quantile(0.5)),
        "p99_ms": float(1000 * pages.latency_s.quantile(0.99)),
    }


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


def by_design(
    bads: Sequence[str] = ("errors",),
    designs: Sequence[str] = tuple(DESIGNS),
    seeds: Iterable[int] = range(4),
) -> pd.DataFrame:
    """Break the replica in several ways. Columns: bad, design, the figures of `one_bad_replica` with intervals."""
    return sweep(one_bad_replica, {"bad": bads, "design": designs}, seeds)


def pool_sizes(
    design: str = "Istio, ejection",
    replicas: Sequence[int] = (3, 9, 10),
    bad: str = "errors",
    seeds: Iterable[int] = range(4),
) -> pd.DataFrame:
    """Give the catalogue more and more replicas, one of them bad.

    Columns: design ("no mesh" and this one), replicas, the figures with intervals; `given_back_percent`, the share
    of the failed pages of "no mesh" that the mesh gives back, on the rows of both.
    """
    model = partial(one_bad_replica, bad=bad)
    frame = sweep(model, {"design": ["no mesh", design], "replicas": replicas}, seeds)
    failed = frame.pivot(index="replicas", columns="design", values="failed_percent")
    given_back = 100 * (1 - failed[design] / failed["no mesh"])
    return frame.assign(given_back_percent=frame.replicas.map(given_back))


def slower_and_slower(
    times_slower: Sequence[float] = (1, 3, 6, 10),
    designs: Sequence[str] = ("no mesh", "Linkerd, as it comes"),
    seeds: Iterable[int] = range(4),
) -> pd.DataFrame:
    """Let the replica be slower and slower. Columns: design, times_slower, the figures with intervals."""
    model = partial(one_bad_replica, bad="slow")
    return sweep(model, {"design": designs, "times_slower": times_slower}, seeds)


def added(
    added_ms: Sequence[float] = (0.1, 0.2, 0.4, 1.0, 2.0, 3.0, 4.0), requests: int = 30, seed: int = 1
) -> pd.DataFrame:
    """Ask an idle shop for pages and orders one after another, without a mesh and with proxies that cost time.

    Columns: use_case, added_ms (by the two proxies of a call), slower_percent (of the mean).
    """
    usual = _means_s(None, requests, seed)
    rows = []
    for ms in added_ms:
        mesh = partial(_beside, replace(mesh_defaults("istio"), proxy_s=ms / 2000))
        for use_case, mean_s in _means_s(mesh, requests, seed).items():
            slower_percent = 100 * (mean_s / usual[use_case] - 1)
            rows.append({"use_case": use_case, "added_ms": ms, "slower_percent": slower_percent})
    return pd.DataFrame(rows)


def _means_s(mesh: hooks.Mesh | None, requests: int, seed: int) -> dict[str, float]:
    """Return the mean time of a page and of an order, alone in the shop."""
    shop = Microservices(Simulation(seed), replace(STEADY, mesh=mesh))
    took_s = {"page": 0.0, "order": 0.0}
    for order_id in range(requests):
        for use_case, asked in (
            ("page", shop.browse(1)),
            ("order", shop.place_order(order_id, {1: 1, 2: 1})),
        ):
            began_s = shop.sim.now
            shop.answer(asked)
            took_s[use_case] += (shop.sim.now - began_s) / requests
    return took_s


WORTH_HAVING_PERCENT = 50.0
"""A guard that gives back less than half of the failures leaves most of the trouble."""


def cheap_up_to_ms(added: pd.DataFrame, use_case: str = "order") -> float:
    """Return how much two proxies may add to a call; takes `mesh.added`."""
    rows = added[added.use_case == use_case]
    return last_holding(rows.added_ms.tolist(), (NOTICEABLE_PERCENT - rows.slower_percent).tolist())


def gives_back_from_replicas(pools: pd.DataFrame) -> float:
    """Return the smallest whole pool in which enough is given back; takes `mesh.pool_sizes`."""
    rows = pools[pools.design != "no mesh"]
    margins = rows.given_back_percent - WORTH_HAVING_PERCENT
    crossing = first_holding(rows.replicas.tolist(), margins.tolist())
    return float(math.ceil(crossing)) if math.isfinite(crossing) else crossing


def gives_back_from_times_slower(slow: pd.DataFrame, design: str = "Linkerd, as it comes") -> float:
    """Return the slowness from which a mesh keeps p99 much lower; takes `mesh.slower_and_slower`."""
    p99 = slow.pivot(index="times_slower", columns="design", values="p99_ms")
    return first_holding(p99.index.tolist(), (p99["no mesh"] / p99[design] - MUCH_SLOWER).tolist())


@settles("service-communication.service-mesh-istio", evidence=Evidence.SIMULATED)
def istio(gives_back_from_replicas: float, cheap_up_to_ms: float, adds_ms: float) -> Verdict:
    """Holds from the number of replicas at which its ejection, with its defaults, gives back
    {WORTH_HAVING_PERCENT} % of the failed pages, when its proxies make an order less than {NOTICEABLE_PERCENT}
    % slower.
    """
    if adds_ms >= cheap_up_to_ms:
        return holds_if(False)
    price = f"if two proxies add less than {number(cheap_up_to_ms)} ms to a call"
    return holds_from(gives_back_from_replicas, f"replicas, with ejection on, {price}")


@settles("service-communication.service-mesh-linkerd", evidence=Evidence.SIMULATED)
def linkerd(gives_back_from_times_slower: float, cheap_up_to_ms: float, adds_ms: float) -> Verdict:
    """Holds from the slowness of one replica at which, unasked, it keeps the p99 of all pages {MUCH_SLOWER} times
    lower, when its proxies make an order less than {NOTICEABLE_PERCENT} % slower.
    """
    if adds_ms >= cheap_up_to_ms:
        return holds_if(False)
    price = f"if two proxies add less than {number(cheap_up_to_ms)} ms to a call"
    return holds_from(gives_back_from_times_slower, f"times slower replicas, {price}")
