"""From which load on are servers cheaper than functions? A straight line against stairs.

Task 5 of lab 05. Functions cost a little for each request, to the millisecond. Servers cost the same whether or not
anybody comes, one more for each full load of a server, and never fewer than some.

What this leaves out: the database, the gateway or balancer, traffic and people, all on both sides. Servers are full to
the last request here, and are rented the moment they are needed. Both err in favour of servers.

>>> service = Service(run_s=0.1, memory_mb=1024, server_usd_per_h=0.096, server_per_s=50, least_servers=2)
>>> [round(usd, 4) for usd in (service.function_usd_per_h(10.0), service.server_usd_per_h_at(120.0))]
[0.0672, 0.288]
"""

from dataclasses import dataclass
from math import ceil

from archlab.sim.billing import usd_per_request
from archlab.sim.validation import require_positive, require_whole

SECONDS_PER_HOUR = 3600


@dataclass(frozen=True)
class Service:
    """The same work as a function or on servers.

    Args:
        run_s: how long a request runs as a function on average.
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
