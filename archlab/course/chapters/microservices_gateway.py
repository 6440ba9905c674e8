"""The rules of chapter 02 about the gateway: what would make these five claims true, or not.

>>> rate_limiting(served_without_percent=15, served_with_percent=100, bears_up_to_heavy_clients=4).words
'Holds when: up to 4 clients whose requests are heavy'
>>> authentication_authorization(wrongly_let_in=1, wrongly_turned_away=0).words
'Does not hold'

The figures come from the modules `gateway*` of `archlab.shop.microservices_experiments`. The functions at the end read
them off the frames.
"""

import math

import pandas as pd

from archlab.course.chapters.monolithic import NOTICEABLE_PERCENT
from archlab.course.rule import Evidence, settles
from archlab.course.verdict import Verdict, holds_from, holds_if, holds_up_to, last_holding

GOES_ON_PERCENT = 90.0
"""A use case goes on when fewer than one in ten fails while a gateway is down."""

SERVED_PERCENT = 99.0
"""Clients are served when fewer than one request in a hundred fails or comes too late."""

BEARABLE = 3.0
"""A slow server is borne when p99 of all requests is less than three times that with equal servers."""


@settles("api-gateway-pattern.single-entry-point-for-clients", evidence=Evidence.SIMULATED)
def single_entry(addresses_with: int, addresses_without: int, goes_on_from_gateways: float) -> Verdict:
    """Clients know fewer addresses, and from so many gateways on the shop goes on when one is down."""
    entry = addresses_with < addresses_without
    return holds_from(goes_on_from_gateways if entry else math.inf, "gateways, for the crash of one")


@settles("api-gateway-pattern.request-routing", evidence=Evidence.SIMULATED)
def request_routing(moved_percent: float, lost_by_the_move: float, unnoticed_up_to_hop_ms: float) -> Verdict:
    """A new routing table moves all pages and loses none; up to this hop they take less than a tenth longer."""
    works = moved_percent >= SERVED_PERCENT and lost_by_the_move == 0
    return holds_up_to(unnoticed_up_to_hop_ms if works else -math.inf, "ms a hop, for less than a tenth more")


@settles("api-gateway-pattern.authentication-authorization", evidence=Evidence.SIMULATED)
def authentication_authorization(wrongly_let_in: float, wrongly_turned_away: float) -> Verdict:
    """Of all callers at the gateway, honest and forging, each gets the answer that its token deserves."""
    return holds_if(wrongly_let_in == wrongly_turned_away == 0)


@settles("api-gateway-pattern.rate-limiting", evidence=Evidence.SIMULATED)
def rate_limiting(
    served_without_percent: float, served_with_percent: float, bears_up_to_heavy_clients: float
) -> Verdict:
    """A limit saves the usual clients from a greedy one, and up to so many heavy ones that keep to their limits."""
    saves = served_without_percent < SERVED_PERCENT <= served_with_percent
    return holds_up_to(bears_up_to_heavy_clients if saves else -math.inf, "clients whose requests are heavy")


@settles("api-gateway-pattern.load-balancing", evidence=Evidence.SIMULATED)
def load_balancing(bears_up_to_times_slower: float) -> Verdict:
    """By the shop's own rule, p99 stays below `BEARABLE` times its value while one server is up to so much slower."""
    return holds_up_to(bears_up_to_times_slower, "times as slow, by the shop's own rule")


GATEWAY = (single_entry, request_routing, authentication_authorization, rate_limiting, load_balancing)


def goes_on_from_gateways(outages: pd.DataFrame) -> float:
    """Return the number of gateways from which all use cases go on; takes `gateway.without_gateways`."""
    enough = outages.gateways[outages.least_percent >= GOES_ON_PERCENT]
    if len(enough) == len(outages):
        return -math.inf
    return float(enough.min()) if len(enough) else math.inf


def unnoticed_up_to_hop_ms(hops: pd.DataFrame) -> float:
    """Return the hop up to which the way through the gateway adds less than a tenth; takes `gateway.hops`."""
    return last_holding(hops.hop_ms.tolist(), (NOTICEABLE_PERCENT - hops.slower_percent).tolist())


def bears_up_to_heavy_clients(orders: pd.DataFrame) -> float:
    """Return up to how many heavy clients usual orders are served; takes `gateway_limits.heavy_orders`."""
    served = orders.orders_percent >= SERVED_PERCENT
    if served.all() or not served.any():
        return math.inf if served.all() else -math.inf
    return float(orders.heavy_clients[served].max())


def bears_up_to_times_slower(rules: pd.DataFrame, rule: str) -> float:
    """Return how slow one server may be by this rule; takes `gateway_balancing.rules_beside_a_slow_server`."""
    one = rules[rules.rule == rule]
    return last_holding(one.times_slower.tolist(), (BEARABLE - one.p99_ms / one.p99_ms.iloc[0]).tolist())
