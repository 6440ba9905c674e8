"""The rules of chapter 02 about service meshes and discovery: what would make these seven claims true, or not.

>>> istio(gives_back_from_replicas=10, cheap_up_to_ms=2.0, adds_ms=0.1).words
'Holds when: from 10 replicas, with ejection on, if two proxies add less than 2 ms to a call'
>>> istio(gives_back_from_replicas=10, cheap_up_to_ms=2.0, adds_ms=2.8).words
'Does not hold'
>>> eureka(crashes_up_to_a_day=6.0, answers_on_both_sides=1, missing=0).words
'Holds when: up to 6 crashes a day, by callers who never try twice'

The figures come from `archlab.shop.microservices_experiments`: `mesh`, `discovery` and `discovery_sides`. The functions
at the end find where a curve of figures crosses a threshold.
"""

import math
from collections.abc import Sequence

import pandas as pd

from archlab.course.chapters.monolithic import MUCH_SLOWER, NOTICEABLE_PERCENT
from archlab.course.quantity import number
from archlab.course.rule import Evidence, settles
from archlab.course.verdict import Verdict, first_holding, holds_from, holds_if, holds_up_to, last_holding

WORTH_HAVING_PERCENT = 50.0
"""A guard that gives back less than half of the failures leaves most of the trouble."""

ERROR_BUDGET_PERCENT = 0.1
"""Requests that may fail on a day when 99.9 % shall succeed: a usual objective."""

MUCH_FEWER = 2.0
"""Half the failures: what one more part must be worth."""


@settles("service-communication.service-mesh-istio", evidence=Evidence.SIMULATED)
def istio(gives_back_from_replicas: float, cheap_up_to_ms: float, adds_ms: float) -> Verdict:
    """From so many replicas its ejection, by its defaults, gives back `WORTH_HAVING_PERCENT` of the failed pages;
    and its proxies add less than `NOTICEABLE_PERCENT` to an order.
    """
    if adds_ms >= cheap_up_to_ms:
        return holds_if(False)
    price = f"if two proxies add less than {number(cheap_up_to_ms)} ms to a call"
    return holds_from(gives_back_from_replicas, f"replicas, with ejection on, {price}")


@settles("service-communication.service-mesh-linkerd", evidence=Evidence.SIMULATED)
def linkerd(gives_back_from_times_slower: float, cheap_up_to_ms: float, adds_ms: float) -> Verdict:
    """Unasked, from this slowness of one replica on, it keeps the p99 of all pages `MUCH_SLOWER` times lower; and its
    proxies add less than `NOTICEABLE_PERCENT` to an order.
    """
    if adds_ms >= cheap_up_to_ms:
        return holds_if(False)
    price = f"if two proxies add less than {number(cheap_up_to_ms)} ms to a call"
    return holds_from(gives_back_from_times_slower, f"times slower replicas, {price}")


@settles("service-discovery.client-side-client-queries-service-registry", evidence=Evidence.SIMULATED)
def client_side(gives_back_up_to_clients: float) -> Verdict:
    """Up to so many clients, who each find out for themselves, ejection gives back `WORTH_HAVING_PERCENT` of the
    requests that a dead instance fails.
    """
    return holds_up_to(gives_back_up_to_clients, "clients that share 50 calls a second")


@settles("service-discovery.server-side-load-balancer-queries-service-registry", evidence=Evidence.SIMULATED)
def server_side(unnoticed_up_to_hop_ms: float, times_fewer_failures: float) -> Verdict:
    """Up to this hop the way through a balancer makes pages less than `NOTICEABLE_PERCENT` slower; and it fails
    `MUCH_FEWER` times fewer requests than clients who find out for themselves.
    """
    if times_fewer_failures <= MUCH_FEWER:
        return holds_if(False)
    return holds_up_to(unnoticed_up_to_hop_ms, "ms a hop, where pages take 10 % longer")


@settles("service-discovery.service-registry-eureka", evidence=Evidence.SIMULATED)
def eureka(crashes_up_to_a_day: float, answers_on_both_sides: float, missing: float) -> Verdict:
    """Up to so many crashes a day, stale entries fail less than `ERROR_BUDGET_PERCENT`; and in a cut network it
    answers on both sides, with all that can be reached there.
    """
    if answers_on_both_sides < 1 or missing > 0:
        return holds_if(False)
    return holds_up_to(crashes_up_to_a_day, "crashes a day, by callers who never try twice")


def _consistent(crashes_up_to_a_day: float, useless: float) -> Verdict:
    if useless > 0:
        return holds_if(False)
    return holds_up_to(crashes_up_to_a_day, "crashes a day, by callers who never try twice")


@settles("service-discovery.service-registry-consul", evidence=Evidence.SIMULATED)
def consul(crashes_up_to_a_day: float, useless: float) -> Verdict:
    """Up to so many crashes a day, stale entries fail less than `ERROR_BUDGET_PERCENT`; and in a cut network it names
    no instance that cannot be reached, where it answers at all.
    """
    return _consistent(crashes_up_to_a_day, useless)


@settles("service-discovery.service-registry-etcd", evidence=Evidence.SIMULATED)
def etcd(crashes_up_to_a_day: float, useless: float) -> Verdict:
    """The same as for Consul."""
    return _consistent(crashes_up_to_a_day, useless)


MESH_DISCOVERY = (istio, linkerd, client_side, server_side, consul, eureka, etcd)


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


def gives_back_up_to_clients(found: pd.DataFrame) -> float:
    """Return up to how many clients ejection is worth having; takes `discovery_sides.more_clients`."""
    careless = found[found.design == "client-side, no ejection"].failed.iloc[0]
    own = found[found.design == "client-side"]
    given_back_percent = 100 * (1 - own.failed / careless)
    return last_holding(own.clients.tolist(), (given_back_percent - WORTH_HAVING_PERCENT).tolist())


def times_fewer_failures(found: pd.DataFrame, clients: int = 20) -> float:
    """Return how many times fewer requests a balancer loses than so many clients; takes the same."""
    failed = found[found.clients == clients].set_index("design").failed
    return float(failed["client-side"] / failed["server-side"])


def unnoticed_up_to_hop_ms(hops: pd.DataFrame) -> float:
    """Return up to which hop a balancer goes unnoticed; takes `discovery_sides.hop_costs`."""
    return last_holding(hops.hop_ms.tolist(), (NOTICEABLE_PERCENT - hops.slower_percent).tolist())


def crashes_up_to_a_day(deaths: pd.DataFrame, registries: Sequence[str], care: str = "none") -> float:
    """Return how many deaths a day use up the error budget, by the worst of `registries`; takes
    `discovery.one_death`. inf when a death costs nothing.
    """
    rows = deaths[deaths.registry.isin(registries) & (deaths.care == care)]
    worst = rows.failed_of_a_day_percent.max()
    return ERROR_BUDGET_PERCENT / worst if worst > 0 else math.inf


def of_cut(cut: pd.DataFrame, registries: Sequence[str], figure: str) -> float:
    """Return the largest of a figure over both sides of a cut network; takes `discovery.cut`.

    A side that does not answer anybody new does not count for `useless`.
    """
    rows = cut[cut.registry.isin(registries)]
    sides = [rows[rows[f"{side}_answers"] > 0][f"{side}_{figure}"] for side in ("small", "large")]
    return float(pd.concat(sides).max())


def answers_on_both_sides(cut: pd.DataFrame, registry: str) -> float:
    """Return the share of cut networks in which a registry answers somebody new on both sides; takes the same."""
    row = cut[cut.registry == registry].iloc[0]
    return float(min(row.small_answers, row.large_answers))


def available_figures(deaths: pd.DataFrame, cut: pd.DataFrame, registry: str = "eureka") -> dict[str, float]:
    """Return the figures of a registry that answers everywhere; takes `discovery.one_death` and `discovery.cut`."""
    return {
        "crashes_up_to_a_day": crashes_up_to_a_day(deaths, [registry]),
        "answers_on_both_sides": answers_on_both_sides(cut, registry),
        "missing": of_cut(cut, [registry], "missing"),
    }


def consistent_figures(
    deaths: pd.DataFrame, cut: pd.DataFrame, registries: Sequence[str]
) -> dict[str, float]:
    """Return the figures of a registry that answers where its quorum is, the worst of `registries`; takes the same."""
    return {
        "crashes_up_to_a_day": crashes_up_to_a_day(deaths, registries),
        "useless": of_cut(cut, registries, "useless"),
    }
