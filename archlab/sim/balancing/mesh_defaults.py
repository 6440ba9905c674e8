"""What the proxies of a service mesh do when you set nothing: Istio and Linkerd.

A mesh puts a proxy, the sidecar, beside each instance of each service. All calls go through it, so it can balance them,
repeat them and leave out servers that fail, without a change to the program. What it does unasked differs much:

- **Istio** balances by least request, which in its proxy Envoy is the better of two servers drawn at random
  (`cluster_traffic_policy.go` in istio/istio; *Least Request Load Balancing Policy*, documentation of Envoy). It
  makes 2 retries, 25 ms or more apart, at a server not tried before, when the connection failed or the server refused
  to begin (`retry.go` in istio/istio). Nobody is ejected until you ask for outlier detection.
- **Linkerd** balances by peak EWMA (*Load Balancing*, documentation of Linkerd; `balance_p2c` in linkerd2-proxy-api).
  Retries and failure accrual are off until you ask for them. Then it makes 1 retry (*Retries*), and a `ServiceProfile`
  can limit retries by a budget: a fifth of the requests, and 10 a second. In the real Linkerd a `ServiceProfile` and
  failure accrual exclude one another (*Circuit Breaking*); here you may have both, which is kinder.

A proxy costs time. Each mesh has the figure that its own makers published (`mesh.csv` in the folder `data`), see
`ISTIO_ADDED_S` and `LINKERD_ADDED_S`: more than the 50 us that are the general figure for one hop through Envoy, nginx
or HAProxy (`PROXY_HOP_S`), which a mesh without a name has. It also costs processor time: 0.20 of a core at 1,000
requests a second for a proxy of Istio 1.24 (*Performance and Scalability*, documentation of Istio). For Linkerd no such
figure was found in its documentation; 50 us stands in.

>>> ISTIO.retries, ISTIO.ejection, LINKERD.retries
(2, None, 0)
>>> mesh_defaults("linkerd, guarded").ejection.__name__
'FailureAccrual'
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from archlab.sim.balancing.ejection import Ejection
from archlab.sim.balancing.failure_accrual import FailureAccrual
from archlab.sim.balancing.outlier_detection import OutlierDetection
from archlab.sim.balancing.rules import BalancingRule, PeakEwma, PowerOfTwoChoices
from archlab.sim.failure import Crashed, Failure, Refused, Unavailable
from archlab.sim.resilience.backoff import Backoff
from archlab.sim.resilience.retry_budget import RetryBudget
from archlab.sim.validation import (
    require_failures,
    require_function,
    require_instance,
    require_non_negative,
    require_one_of,
    require_whole,
)

if TYPE_CHECKING:
    from archlab.sim.simulation import Simulation

PROXY_HOP_S = 0.000050
"""One hop through a proxy (S. Eskildsen, *napkin-math*, 2026)."""

ISTIO_ADDED_S = 0.000228
"""What two proxies of Istio 1.20 add to a call at the 90th percentile, at 1,000 requests a second (its documentation,
2023). Nine calls of ten take less, so this errs against it. The edition of about 2021 said 2.76 ms of the same test."""

LINKERD_CALLS_IN_TEST = 2
"""Calls that pass proxies in one request of the test below: to the front end of its program, and on to one service.
Some of its requests make three."""
LINKERD_ADDED_S = 0.009 / LINKERD_CALLS_IN_TEST
"""What two proxies of Linkerd add to a call: 9 ms to the median of a request, at 2,000 requests a second (W. Morgan,
*Benchmarking Linkerd and Istio*, 2021, by its makers). The same test found 15 ms for Istio."""


@dataclass(frozen=True)
class MeshDefaults:
    """What each sidecar of a mesh does with the calls that leave its instance.

    Attributes:
        balancing: makes the rule that chooses a server, from the simulation and a name: a class of
            `archlab.sim.balancing.rules`.
        ejection: makes what leaves servers out, likewise: `OutlierDetection` or `FailureAccrual`. None: nothing does.
        retries: attempts after the first.
        retry_on: the failures worth a retry.
        backoff: the waits before retries. None: at once.
        budget: makes the limit of all retries of a sidecar to a service, from the simulation. None: no limit.
        proxy_s: what one proxy adds to the time of a call, there and back.
        proxy_cpu_s: processor time that one proxy spends on a call.

    Raises `ValueError` when a number is not allowed.
    """

    balancing: Callable[[Simulation, str], BalancingRule]
    ejection: Callable[[Simulation, str], Ejection] | None = None
    retries: int = 0
    retry_on: tuple[type[Failure], ...] = (Failure,)
    backoff: Backoff | None = None
    budget: Callable[[Simulation], RetryBudget] | None = None
    proxy_s: float = PROXY_HOP_S
    proxy_cpu_s: float = PROXY_HOP_S

    def __post_init__(self) -> None:
        require_function("balancing", self.balancing)
        for name in ("ejection", "budget"):
            if getattr(self, name) is not None:
                require_function(name, getattr(self, name))
        require_instance("backoff", self.backoff, (Backoff, type(None)), "a Backoff or None")
        require_failures("retry_on", self.retry_on)
        require_whole("retries", self.retries, at_least=0)
        require_non_negative("proxy_s", self.proxy_s)
        require_non_negative("proxy_cpu_s", self.proxy_cpu_s)


ISTIO = MeshDefaults(
    balancing=PowerOfTwoChoices,
    retries=2,
    retry_on=(Unavailable, Refused),
    backoff=Backoff(base_s=0.025, jitter="none"),
    proxy_s=ISTIO_ADDED_S / 2,
    proxy_cpu_s=0.20 / 1000,
)
"""Istio with nothing set. It says only "25ms+" of the waits; here they are 25 and 50 ms, without jitter."""

LINKERD = MeshDefaults(balancing=partial(PeakEwma, failure_penalty_s=0.0), proxy_s=LINKERD_ADDED_S / 2)
"""Linkerd with nothing set. A failure that comes fast counts as a fast answer."""

MESHES = {
    "istio": ISTIO,
    "istio, guarded": replace(ISTIO, ejection=OutlierDetection),
    "linkerd": LINKERD,
    "linkerd, guarded": replace(
        LINKERD,
        ejection=FailureAccrual,
        retries=1,
        retry_on=(Unavailable, Refused, Crashed),
        budget=partial(RetryBudget, per_success=0.2, cap=100.0, per_s=10.0),
    ),
}
"""With nothing set, and *guarded*: with all that must be asked for, each at its own default values.

Linkerd's budget looks at the last 10 s, in which 10 retries a second are 100: the size of the bucket here."""


def mesh_defaults(mesh: str) -> MeshDefaults:
    """Return a mesh by its name in `MESHES`. Raises `ValueError` for any other name."""
    require_one_of("mesh", mesh, MESHES)
    return MESHES[mesh]
