"""From which load on are servers cheaper than functions? A straight line against stairs.

Task 5 of lab 05. Functions cost a little for each request, to the millisecond. Servers cost the same whether or not
anybody comes, one more for each full load of a server, and never fewer than some.

What this leaves out: the database, the gateway or balancer, traffic and people, all on both sides. Servers are full to
the last request here, and are rented the moment they are needed. Both err in favour of servers.

>>> service = Service(run_s=0.1, memory_mb=1024, server_usd_per_h=0.096, server_per_s=50, least_servers=2)
>>> [round(usd, 4) for usd in (service.function_usd_per_h(10.0), service.server_usd_per_h_at(120.0))]
[0.0672, 0.288]
"""

from dataclasses import dataclass, replace
from math import ceil, inf

import numpy as np

from archlab.sim.billing import usd_per_request
from archlab.sim.validation import require_positive, require_whole

SECONDS_PER_HOUR = 3600
ROOM = 0.03
"""In a drawn case no step of the stairs is so near to the line that rounding decides."""
KINDS = ("least", "stairs", "never")


@dataclass(frozen=True)
class Service:
    """The same work as a function or on servers.

    Args:
        run_s: how long a request runs as a function, billed in whole milliseconds, rounded up.
        memory_mb: of the function.
        server_usd_per_h: the price of a server.
        server_per_s: so many requests a second a server can do.
        least_servers: so many are rented whatever the load.
    """

    run_s: float
    memory_mb: int
    server_usd_per_h: float
    server_per_s: float
    least_servers: int

    def __post_init__(self) -> None:
        for name in ("run_s", "server_usd_per_h", "server_per_s"):
            require_positive(name, getattr(self, name))
        require_whole("memory_mb", self.memory_mb, at_least=128)
        require_whole("least_servers", self.least_servers, at_least=1)

    def values(self) -> dict[str, float]:
        """Return what the learner's function gets, by name."""
        return dict(vars(self))

    def function_usd_per_h(self, rate_per_s: float) -> float:
        """Return what an hour of `rate_per_s` requests costs as functions; nothing is free."""
        return rate_per_s * SECONDS_PER_HOUR * usd_per_request(self.run_s, self.memory_mb)

    def server_usd_per_h_at(self, rate_per_s: float) -> float:
        """Return what the servers for this load cost in an hour."""
        return self.server_usd_per_h * max(self.least_servers, ceil(rate_per_s / self.server_per_s))


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


def drawn(random: np.random.Generator, kind: str) -> Service:
    """Return a case of a kind, in which no stair is near the line."""
    while True:
        service = Service(
            run_s=round(float(random.uniform(0.005, 0.25)), 4),
            memory_mb=int(random.choice([128, 256, 512, 1024, 2048])),
            server_usd_per_h=float(random.choice([0.0416, 0.096, 0.17])),
            server_per_s=float(np.round(random.uniform(5, 80))),
            least_servers=int(random.integers(1, 4)),
        )
        if kind_of(service) == kind and _is_clear(service):
            return service


def _is_clear(service: Service) -> bool:
    full_usd = service.server_per_s * service.function_usd_per_h(1.0) / service.server_usd_per_h
    steps = range(service.least_servers, service.least_servers + 60)
    return abs(full_usd - 1) > ROOM and all(abs(n * full_usd / (n + 1) - 1) > ROOM / 3 for n in steps)
