"""What a gateway looks at before it lets a request in: the token of the caller, and how often the caller asks.

A check takes no simulated time: to verify a signature of the kind used here is some microseconds of work. A request
that is turned away has used the gateway all the same, for as long as any other.

>>> from archlab.shop.microservices.gateway import WebRequest
>>> from archlab.shop.microservices.tokens import issue
>>> from archlab.sim import Simulation
>>> key = "an example of a key, 32 bytes or more"
>>> check = TokenCheck(Simulation(seed=1), key)
>>> check(WebRequest("/products/3"))
>>> reader = issue(key, "customer 7", ["orders:read"], audience="shop", expires_at_s=600.0)
>>> check(WebRequest("/orders/7", token=reader)).subject
'customer 7'
>>> check(WebRequest("/orders", token=reader))
Traceback (most recent call last):
archlab.shop.microservices.tokens.Forbidden: shop: not allowed to orders:write
"""

import re
from collections.abc import Sequence

from archlab.shop.microservices.gateway import WebRequest
from archlab.shop.microservices.tokens import Caller, Forbidden, authenticate, authorise
from archlab.sim.failure import Failure
from archlab.sim.resilience.token_bucket import TokenBucket
from archlab.sim.simulation import Simulation

PUBLIC = None
AUDIENCE = "shop"

SCOPES: Sequence[tuple[str, str | None]] = (
    (r"/products/-?\d+", PUBLIC),
    (r"/orders", "orders:write"),
    (r"/orders/-?\d+", "orders:read"),
)
"""A path's pattern, and the scope a caller needs for it. Everybody may look at products."""


class TooManyRequests(Failure):
    """The caller, or all callers together, asked more often than the limit allows: HTTP's 429."""

    outcome = "429"
    what = "too many requests"


class TokenCheck:
    """Who calls, and may they? Lets a public path pass without a token. A path in no line of `scopes` is forbidden.

    It checks that the token allows the operation, not whose order it is about: only the orders service knows that,
    and the gateway tells it who asks. Tokens expire by the clock of the simulation.

    Returns, when called, who the caller is, None on a public path. Raises `Unauthenticated` (401) or `Forbidden` (403).
    """

    def __init__(
        self, sim: Simulation, key: str | bytes, scopes: Sequence[tuple[str, str | None]] = SCOPES
    ) -> None:
        self._sim = sim
        self._key = key
        self._scopes = scopes

    def __call__(self, request: WebRequest) -> Caller | None:
        scope = self.scope_of(request.path)
        if scope is PUBLIC:
            return None
        caller = authenticate(request.token, self._key, AUDIENCE, self._sim.now)
        authorise(caller, scope)
        return caller

    def scope_of(self, path: str) -> str | None:
        """Return the scope that a path needs, None for a public one. Raises `Forbidden` for an unknown path."""
        for pattern, scope in self._scopes:
            if re.fullmatch(pattern, path):
                return scope
        raise Forbidden(AUDIENCE, f"use {path}")


class RateLimit:
    """Lets a request in when a token bucket has a token for it.

    Args:
        rate_per_s, burst: of a bucket.
        per_client: True: each client has a bucket of its own. False: all share one.

    A client is who the request says it is. Real ones are told apart by address or key, and can have many.
    Raises `ValueError` when `rate_per_s` or `burst` is out of range, and when called `TooManyRequests` (429).

    >>> limit = RateLimit(Simulation(seed=1), rate_per_s=10, burst=1, per_client=True)
    >>> limit(WebRequest("/products/3", client="one"))
    >>> limit(WebRequest("/products/3", client="other"))
    >>> limit(WebRequest("/products/3", client="one"))
    Traceback (most recent call last):
    archlab.shop.microservices.gateway_checks.TooManyRequests: gateway: too many requests
    """

    def __init__(self, sim: Simulation, rate_per_s: float, burst: float, per_client: bool = False) -> None:
        self._sim = sim
        self._rate_per_s, self._burst = rate_per_s, burst
        self._shared = TokenBucket(sim, rate_per_s, burst)
        self._own: dict[str, TokenBucket] | None = {} if per_client else None

    def __call__(self, request: WebRequest) -> None:
        if not self._bucket_of(request.client).take():
            raise TooManyRequests("gateway")

    def _bucket_of(self, client: str) -> TokenBucket:
        if self._own is None:
            return self._shared
        if client not in self._own:
            self._own[client] = TokenBucket(self._sim, self._rate_per_s, self._burst)
        return self._own[client]
