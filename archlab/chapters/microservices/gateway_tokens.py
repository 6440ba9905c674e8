"""Tokens at the gateway: who is let in, who is not, and who never comes by; one wrong decision is too many.

The door checks the token: who asks, and which operations that one may use. Whose order it is, only the orders service
knows, so that is checked there (`archlab.shop.microservices.services.owners`).

>>> table = callers(seed=1)
>>> {caller: sorted(set(rows.outcome)) for caller, rows in table.items() if caller.startswith("a forged")}
{'a forged scope': ['401']}
>>> intruder(seed=1, checked_inside=False)["orders_placed"]
1.0
>>> authentication_authorization(wrongly_let_in=0, wrongly_turned_away=0, owner_checks_needed=1).words
'Holds when: with the checks of the owner where the orders are at least 1 (here 1)'
"""

import base64
import json
import math
from collections.abc import Callable, Mapping
from functools import partial

import jwt
import pandas as pd

from archlab.course.claims.assumption import Assumption
from archlab.course.claims.limit import Limit
from archlab.course.claims.rule import Evidence, settles
from archlab.course.claims.verdict import Verdict, holds_if
from archlab.shop.microservices.architecture import Microservices
from archlab.shop.microservices.config import MICROSERVICES
from archlab.shop.microservices.gateway import Check, WebRequest
from archlab.shop.microservices.gateway_checks import AUDIENCE, TokenCheck
from archlab.shop.microservices.instance import Steps
from archlab.shop.microservices.tokens import Caller, issue
from archlab.sim.failure import Failure
from archlab.sim.load import Request
from archlab.sim.recording import OK, UNFINISHED
from archlab.sim.simulation import Simulation
from archlab.sim.workload import Poisson

KEY = "the key of this experiment, known to the gateway"
OTHER_KEY = "another key, of somebody who is not the gateway"
RUN_S = 20.0
EXPIRES_AT_S = RUN_S / 2
RATE_PER_S = 5.0
"""Orders a second of each kind of caller: together far below what the shop can do."""

WRITE, READ = ["orders:read", "orders:write"], ["orders:read"]
THEIR_ORDER = 1_000_000_007
"""The number of an order of customer 7, placed before anybody else comes. No other request has it."""


def _token(
    scopes: list[str],
    key: str = KEY,
    audience: str = AUDIENCE,
    expires_at_s: float = 1e6,
    subject: str = "customer 7",
) -> str:
    return issue(key, subject, scopes, audience, expires_at_s)


def with_forged_scope(token: str) -> str:
    """Return a token whose claims were changed to allow writing, with the signature it had before."""
    header, payload, signature = token.split(".")
    claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    forged = json.dumps(claims | {"scope": " ".join(WRITE)}).encode()
    return ".".join([header, base64.urlsafe_b64encode(forged).rstrip(b"=").decode(), signature])


def unsigned(token: str) -> str:
    """Return a token with the same claims, and a header that says: this is not signed."""
    claims = jwt.decode(token, options={"verify_signature": False})
    return jwt.encode(claims, "", algorithm="none")


CALLERS: Mapping[str, tuple[str | None, str]] = {
    "a valid token": (_token(WRITE), OK),
    "one that expires halfway": (_token(WRITE, expires_at_s=EXPIRES_AT_S), "401"),
    "a scope for reading only": (_token(READ), "403"),
    "a forged scope": (with_forged_scope(_token(READ)), "401"),
    "no signature": (unsigned(_token(WRITE)), "401"),
    "signed with another key": (_token(WRITE, key=OTHER_KEY), "401"),
    "a token for another shop": (_token(WRITE, audience="another shop"), "401"),
    "no token": (None, "401"),
    "the owner reads": (_token(READ), OK),
    "a stranger reads": (_token(READ, subject="customer 8"), "403"),
}
"""A caller -> its token, and what should become of its requests (while the token is expired). All order; but the last
two ask for the order that customer 7 placed."""

MakeCheck = Callable[[Simulation], Check]


def check_of(sim: Simulation) -> Check:
    """The check of the experiment: the gateway's own, with the key of those who issue."""
    return TokenCheck(sim, KEY)


def check_of_the_door_alone(sim: Simulation) -> Check:
    """The same, but the gateway keeps for itself who asks: so no service can compare."""
    check = TokenCheck(sim, KEY)

    def look(request: WebRequest) -> Caller | None:
        check(request)
        return None

    return look


def callers(seed: int, make_check: MakeCheck | None = check_of) -> dict[str, pd.DataFrame]:
    """Let every kind of caller place orders for a while, or read one. Returns caller -> its requests that ended.

    `make_check`: makes the gateway's check. None: it checks nothing.
    """
    sim = Simulation(seed)
    shop = Microservices(sim, MICROSERVICES)
    orders = shop.services["orders"]
    shop.answer(orders.serve(orders.instances[0], "place", (THEIR_ORDER, {1: 1}, "customer 7")))
    if make_check is not None:
        shop.gateway.checks.append(make_check(sim))

    def ask(request: Request) -> Steps[object]:
        token = CALLERS[request.kind][0]
        if request.kind.endswith("reads"):
            return shop.gateway.serve(f"/orders/{THEIR_ORDER}", client=request.kind, token=token)
        basket = shop.customers.basket()
        return shop.gateway.serve("/orders", request.id, basket, client=request.kind, token=token)

    sim.open_load(Poisson(RATE_PER_S * len(CALLERS)), ask, dict.fromkeys(CALLERS, 1 / len(CALLERS)))
    requests = sim.measure(RUN_S).requests
    ended = requests[requests.outcome != UNFINISHED]
    return {caller: ended[ended.kind == caller] for caller in CALLERS}


def wrong_decisions(seed: int, make_check: MakeCheck | None = check_of) -> dict[str, float]:
    """Return of the requests of all `callers` how many were `wrongly_let_in`, and `wrongly_turned_away`."""
    let_in = turned_away = 0
    for caller, requests in callers(seed, make_check).items():
        should_fail = pd.Series(CALLERS[caller][1] != OK, index=requests.index)
        if caller == "one that expires halfway":
            should_fail &= requests.arrived_s >= EXPIRES_AT_S
        let_in += int((should_fail & (requests.outcome == OK)).sum())
        turned_away += int((~should_fail & (requests.outcome != OK)).sum())
    return {"wrongly_let_in": float(let_in), "wrongly_turned_away": float(turned_away)}


def intruder(seed: int, checked_inside: bool) -> dict[str, float]:
    """Let a program inside the network order something: it has no token, and calls the orders service itself.

    It comes from the node of the notifications service, as somebody who got into that program would. Returns
    `orders_placed`, the rows it left, and `turned_away`.

    `checked_inside`: whether the orders service looks at the token itself, too.
    """
    sim = Simulation(seed)
    shop = Microservices(sim, MICROSERVICES)
    check = check_of(sim)
    shop.gateway.checks.append(check)
    inside = [check] if checked_inside else []
    order = WebRequest("/orders", (1, {1: 2}), client="notifications-1")
    work = partial(_at_the_door, shop, order, inside)
    answer = shop.network.call("notifications-1", "orders-1", work(), timeout_s=RUN_S)
    answer.defused = True
    sim.run(until=RUN_S)
    turned_away = not answer.ok and isinstance(answer.value, Failure)
    return {"orders_placed": float(len(shop.rows("orders"))), "turned_away": float(turned_away)}


def _at_the_door(shop: Microservices, order: WebRequest, checks: list[Check]) -> Steps[object]:
    """What the orders service does with a call from inside: carry out its checks, if it has any, and the work."""
    for check in checks:
        check(order)
    orders = shop.services["orders"]
    return (yield from orders.serve(orders.instances[0], "place", order.body))


OWNER_CHECKS: tuple[MakeCheck, ...] = (check_of_the_door_alone, check_of)
"""The token is checked; the owner by no place, or by the one where the orders are."""


def owner_checks_needed(seed: int = 1) -> float:
    """Return in how many places the owner must be checked for nobody to be let in wrongly; inf when that is not enough.

    Where the token is checked does not matter here, as long as everybody passes there.
    """
    for places, make_check in enumerate(OWNER_CHECKS):
        if wrong_decisions(seed, make_check)["wrongly_let_in"] == 0:
            return float(places)
    return math.inf


@settles(
    "api-gateway-pattern.authentication-authorization",
    evidence=Evidence.MEASURED,
    says={
        "owner_checks_needed": "places that must check the owner",
    },
)
def authentication_authorization(
    wrongly_let_in: float, wrongly_turned_away: float, owner_checks_needed: float
) -> Verdict:
    """Holds when every caller at the gateway, honest, forging or curious, gets the answer that its token deserves."""
    needed = Limit("from", [owner_checks_needed], whole=True)
    checks = Assumption("the checks of the owner where the orders are", usual=1, flips_at=needed)
    return holds_if(wrongly_let_in == wrongly_turned_away == 0, checks)
