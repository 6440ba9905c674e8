"""From which load on servers are cheaper, and which services the check of task 5 of lab 05 draws.

>>> service = Service(run_s=0.1, memory_mb=1024, server_usd_per_h=0.096, server_per_s=50, least_servers=2)
>>> round(cheaper_from(service), 1), kind_of(service)
(28.6, 'least')
"""

from dataclasses import replace
from math import inf

import numpy as np

from archlab.chapters.serverless.lab_servers import SECONDS_PER_HOUR, Service
from archlab.sim.billing import usd_per_request
from archlab.sim.validation import require_one_of

ROOM = 0.03
"""In a drawn case no step of the stairs is so near to the line that rounding decides."""
KINDS = ("least", "stairs", "never", "far")


def cheaper_from(service: Service) -> float:
    """Return the load, in requests a second, above which servers are always cheaper; infinite when there is none.

    With n servers the line is below their stair up to n times the price of a server over that of a request. The last
    stair of which the line still sees a part decides.
    """
    per_request_usd = service.function_usd_per_h(1.0)
    if service.server_per_s * per_request_usd <= service.server_usd_per_h:
        return inf
    servers = service.least_servers
    while (servers + 1) * service.server_usd_per_h > servers * service.server_per_s * per_request_usd:
        servers += 1
    return servers * service.server_usd_per_h / per_request_usd


def kind_of(service: Service) -> str:
    """Return which of `KINDS` it is: the least number of servers decides, a later stair, or functions always win; else
    "other".
    """
    limit = cheaper_from(service)
    if limit == inf:
        return "never"
    if limit != service.least_servers * service.server_usd_per_h / service.function_usd_per_h(1.0):
        return "stairs"
    return "least" if limit != cheaper_from(replace(service, least_servers=1)) else "other"


FULL = {
    "least": (1.3, 4.0),
    "stairs": (1.05, 1.9),
    "never": (0.5, 0.95),
    "far": (1.03, 1.09),
}
"""A kind -> how many times a server's price its full load costs as functions: between what it is drawn."""


def drawn(random: np.random.Generator, kind: str) -> Service:
    """Return a case of one of `KINDS`, in which no stair is near the line."""
    require_one_of("kind", kind, KINDS)
    while True:
        run_s = round(float(random.uniform(0.005, 0.25)), 4)
        memory_mb = int(random.choice([128, 256, 512, 1024, 2048]))
        price = float(random.choice([0.0416, 0.096, 0.17]))
        full_per_s = price / (SECONDS_PER_HOUR * usd_per_request(run_s, memory_mb))
        service = Service(
            run_s=run_s,
            memory_mb=memory_mb,
            server_usd_per_h=price,
            server_per_s=float(np.round(random.uniform(*FULL[kind]) * full_per_s, 1)),
            least_servers=int(random.integers(1, 4)),
        )
        if _is(service, kind) and _is_clear(service, kind):
            return service


def _is(service: Service, kind: str) -> bool:
    """Whether it is of a kind, and so far from the others that no short cut leads there."""
    of, price = kind_of(service), service.server_usd_per_h
    full = service.server_per_s * service.function_usd_per_h(1.0) / price
    servers = cheaper_from(service) * service.function_usd_per_h(1.0) / price
    if kind == "far":
        return of == "stairs" and 12 <= servers < inf
    if kind == "never":
        return of == "never" and service.least_servers > 1 and full * service.least_servers > 1.2
    if kind == "stairs":
        return of == "stairs" and service.least_servers > 1 and servers > service.least_servers + 1.5
    return of == kind


def _is_clear(service: Service, kind: str) -> bool:
    """Whether no step is near the line. Far up the steps are small, so it can be less far from them there."""
    full_usd = service.server_per_s * service.function_usd_per_h(1.0) / service.server_usd_per_h
    steps, room = (
        range(service.least_servers, service.least_servers + 60),
        ROOM / (30 if kind == "far" else 3),
    )
    return abs(full_usd - 1) > ROOM and all(abs(n * full_usd / (n + 1) - 1) > room for n in steps)
