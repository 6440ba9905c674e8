"""The gateway: the one address that customers know. It checks a request and passes it on to the service it is for.

>>> from archlab.shop.microservices.architecture import Microservices
>>> from archlab.sim import Simulation
>>> shop = Microservices(Simulation(seed=1))
>>> shop.answer(shop.gateway.serve("/products/3")).product.name
'product 3'
>>> shop.gateway.route(WebRequest("/orders/7"))
Route(service='orders', operation='status', arguments=(7,))
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from archlab.shop.domain import NotFound, NotYours
from archlab.shop.microservices.instance import Steps
from archlab.shop.microservices.platform import Platform
from archlab.shop.microservices.tokens import Caller, Forbidden


@dataclass(frozen=True)
class WebRequest:
    """What arrives from outside.

    Attributes:
        path: such as "/products/3".
        body: what is sent along; for "/orders" the order's id and its basket.
        client: who sends it, as the gateway knows it (an address).
        token: what proves who the user is, None without.
    """

    path: str
    body: tuple[Any, ...] = ()
    client: str = "customer"
    token: str | None = None


@dataclass(frozen=True)
class Route:
    """Where a request goes: a service's operation, with its arguments."""

    service: str
    operation: str
    arguments: tuple[Any, ...]


Choice = Callable[[WebRequest], str]
"""Chooses the service for a request, such as a new version for some of them."""

RouteEntry = tuple[str, str | Choice, str]
"""A path's pattern, and the service (or what chooses it) and the operation it stands for."""

ROUTES: Sequence[RouteEntry] = (
    (r"/products/(-?\d+)", "catalogue", "page"),
    (r"/orders", "orders", "place"),
    (r"/orders/(-?\d+)", "orders", "status"),
)
"""Where the shop's paths lead. Numbers in the path are the first arguments."""

PERSONAL = ("place", "status")
"""Operations about somebody's order: they are told who asks, when a check has found out."""

Check = Callable[[WebRequest], Caller | None]
"""A look at a request before it is passed on. Returns who calls, if it finds that out. Raises a `Failure` to turn the
request away."""


class Gateway:
    """Its instances share the requests in turn. `checks` are carried out in order, before a request goes on.

    `routes` is its routing table, the first pattern that fits counts. It may be exchanged while requests come in.
    """

    name = "gateway"

    def __init__(self, platform: Platform) -> None:
        self.platform = platform
        self.instances = platform.start_instances(self.name, platform.config.gateway_workers)
        self.checks: list[Check] = []
        self.routes: Sequence[RouteEntry] = ROUTES

    def serve(self, path: str, *body: Any, client: str = "customer", token: str | None = None) -> Steps[Any]:
        """Check one request, pass it on, and return the answer. Raises a `Refusal`, or a `Failure`.

        Whose order it is, the gateway cannot know without asking the orders service. So it hands on who asks; the
        service compares, and its no becomes a `Forbidden` (403).
        """
        request = WebRequest(path, body, client, token)
        here = self.platform.health[self.name].choose()
        with here.hold() as worker:
            yield worker
            yield here.cpu.serve(self.platform.config.proxy_s)
            callers = [caller for check in self.checks if (caller := check(request)) is not None]
            route = self.route(request)
            who = [caller.subject for caller in callers[:1] if route.operation in PERSONAL]
            try:
                return (yield from here.call(route.service, route.operation, *route.arguments, *who))
            except NotYours as refusal:
                raise Forbidden(route.service, f"{route.operation}: {refusal}") from refusal

    def route(self, request: WebRequest) -> Route:
        """Return where a request goes. Raises `NotFound` when no route fits its path."""
        for pattern, service, operation in self.routes:
            if match := re.fullmatch(pattern, request.path):
                chosen = service if isinstance(service, str) else service(request)
                return Route(chosen, operation, (*map(int, match.groups()), *request.body))
        raise NotFound(f"no route for {request.path}")
