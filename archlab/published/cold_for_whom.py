"""Cold for whom? "One request in ten thousand is cold" and "my function is always cold" are both true.

A platform keeps an environment for a while after each request, the keep-alive T. When requests of an app come at random
(Poisson) at the rate r, a request finds no environment with probability exp(-r T). How often the apps of Azure
Functions were invoked in 2019 is a published curve (*Serverless in the Wild*, figure 5a, `data/function_traces.csv`):
half of them less than twice an hour, two in a hundred more than once a second. With T = 10 minutes an average app is
then cold on 56 % of its requests and the app in the middle on 74 %, but of all requests only 0.013 % are cold, since
nearly all belong to apps that never cool down. Huawei counted 0.014 % in a cloud of its own (2024).

Between its points the curve is a straight line over the logarithm of the rate; below its first, once in ten days, apps
count as that. Its end, above once a second, is ours (`TAIL`: the largest app gets a thousand a second). The figures of
apps do not depend on that. The share of all requests does, and on nothing else so much, so that it comes so near to
Huawei's is luck. What was published besides sets a limit: apps with more than one request a minute have 99.5 % of all
requests or more. With the smallest end that allows this (`least_tail`), 0.05 % of all requests are cold. So somewhere
between 0.01 and 0.05 % it is, unless the largest app is larger than ours.

`irregular` gives the times between requests the published variation instead (figure 6): hyper-exponential above that of
Poisson, gamma below. The average app stays as cold as it was, and the one in the middle gets colder, 85 %. Which app
has which variation is not published; here it is independent of its rate. Real timers are regular
and slow, so that is wrong in detail.

What this leaves out: two requests at the same time need two environments, so a busy app starts more of them; an app
with several functions needs one for each. Both make it colder than here. Platforms that warm up before they are asked
make it warmer.

>>> shares = cold_shares(keep_alive_s=600)
>>> round(shares["mean app"], 2), round(shares["median app"], 2), round(1e4 * shares["all requests"], 1)
(0.56, 0.74, 1.3)
"""

from __future__ import annotations

from collections.abc import Generator
from functools import cache

import numpy as np
import numpy.typing as npt
from simpy.events import Event

from archlab.data import load
from archlab.sim.load import Request
from archlab.sim.simulation import Simulation
from archlab.sim.validation import (
    numbers_in,
    refuse,
    require_non_negative,
    require_one_of,
    require_positive,
    require_whole,
)
from archlab.sim.workload import Poisson

Values = npt.NDArray[np.float64]

DAY_S = 86_400
APPS = 20_000
"""Points of the curve of rates, equally likely."""
VARIATIONS = 200
"""Points of the curve of variations, equally likely."""
Tail = tuple[tuple[float, float], tuple[float, float]]
TAIL: Tail = ((8.64e5, 0.9955), (1e8, 1.0))
"""The end of the curve: invocations a day, and the share of apps with so many or fewer. Assumptions."""
REGULAR, WILD = 0.02, 20.0
"""The ends of the curve of variations. Assumptions; more of either changes the shares by less than a point."""
KINDS = ("all apps", "apps with timers only", "apps without timers")


def rates_per_s(apps: int = APPS, tail: Tail = TAIL) -> Values:
    """Return the rates of so many equally likely apps, in rising order, shape (apps,)."""
    require_whole("apps", apps, at_least=1)
    at, share = _curve("invocations of an app")
    per_day = np.array([*at, *(rate for rate, _ in tail)])
    up_to = np.array([*share, *(share for _, share in tail)])
    if not ((np.diff(per_day) > 0).all() and (np.diff(up_to) > 0).all() and up_to[-1] == 1):
        refuse(ValueError, "tail", tail, f"two points that rise from {(at[-1], share[-1])} to a share of 1")
    return _quantiles(per_day, up_to, apps) / DAY_S


@cache
def least_tail() -> Tail:
    """Return the end of the curve whose largest app is the smallest that the published share of busy apps allows."""
    from scipy.optimize import brentq  # SciPy is loaded when it is used: that takes a while

    (per_day,), (published,) = _curve("busy apps")

    def excess(largest: float) -> float:
        rates = rates_per_s(tail=(TAIL[0], (largest, 1.0)))
        return float(rates[rates > per_day / DAY_S].sum() / rates.sum()) - published

    return TAIL[0], (float(brentq(excess, 2 * TAIL[0][0], TAIL[1][0])), 1.0)


def variations(kind: str = "all apps", points: int = VARIATIONS) -> Values:
    """Return equally likely coefficients of variation of the times between requests, in rising order."""
    require_one_of("kind", kind, KINDS)
    require_whole("points", points, at_least=1)
    at, share = _curve(f"coefficient of variation, {kind}")
    return _quantiles(np.array([REGULAR, *at, WILD]), np.array([0.0, *share, 1.0]), points)


def cold_probability(rate_per_s: npt.ArrayLike, keep_alive_s: float, cv: float = 1.0) -> Values:
    """Return the probability that a request comes more than `keep_alive_s` after the one before it.

    `rate_per_s`: one, or several; the answer has one dimension. The times between requests have the mean 1 / rate and
    the coefficient of variation `cv`. 1: Poisson, exp(-rate T). Above: hyper-exponential, with two phases that have
    equal parts in the mean. Below: gamma.
    """
    from scipy.special import gammaincc

    require_non_negative("keep_alive_s", keep_alive_s)
    require_positive("cv", cv)
    rates = numbers_in("rate_per_s", np.atleast_1d(rate_per_s), "rates")
    if not (np.isfinite(rates).all() and (rates > 0).all()):
        refuse(ValueError, "rate_per_s", rate_per_s, "finite numbers above 0")
    awaited = rates * keep_alive_s
    if cv > 1:
        often = (1 + np.sqrt((cv**2 - 1) / (cv**2 + 1))) / 2
        return often * np.exp(-2 * often * awaited) + (1 - often) * np.exp(-2 * (1 - often) * awaited)
    return np.exp(-awaited) if cv == 1 else gammaincc(1 / cv**2, awaited / cv**2)


def cold_shares(
    keep_alive_s: float,
    irregular: bool = False,
    kind: str = "all apps",
    tail: Tail = TAIL,
) -> dict[str, float]:
    """Return the share of requests that are cold for the `mean app`, the `median app`, and of `all requests`.

    `irregular`: with the published variations of apps of this `kind` instead of Poisson arrivals.
    """
    rates = rates_per_s(tail=tail)
    cvs = variations(kind) if irregular else np.array([1.0])
    cold = np.array([cold_probability(rates, keep_alive_s, float(cv)) for cv in cvs])
    return {
        "mean app": float(cold.mean()),
        "median app": float(np.median(cold)),
        "all requests": float((cold.mean(axis=0) * rates).sum() / rates.sum()),
    }


def counted() -> float:
    """Return the share of cold requests that Huawei counted in a month, of all its functions together."""
    table = load("function_traces")
    huawei = table[table["product"] == "Huawei"].set_index("setting")["value"]
    return float(huawei["cold starts"] / huawei["requests"])


def simulated_share(rate_per_s: float, keep_alive_s: float, requests: int = 20_000, seed: int = 1) -> float:
    """The same as `cold_probability` for Poisson arrivals, counted on the kit's requests."""
    require_whole("requests", requests, at_least=1)
    require_non_negative("keep_alive_s", keep_alive_s)
    sim = Simulation(seed)
    gone_at_s, cold, came = 0.0, 0, 0

    def handle(request: Request) -> Generator[Event, None, None]:
        nonlocal gone_at_s, cold, came
        cold, came = cold + (sim.now > gone_at_s), came + 1
        gone_at_s = sim.now + keep_alive_s
        yield sim.timeout(0)

    sim.open_load(Poisson(rate_per_s), handle)
    sim.run(until=requests / rate_per_s)
    return cold / came


def _curve(setting: str) -> tuple[list[float], list[float]]:
    table = load("function_traces")
    rows = table[table.setting == setting]
    return rows["at"].astype(float).tolist(), rows.value.astype(float).tolist()


def _quantiles(at: Values, share: Values, points: int) -> Values:
    """Return values at equally likely places of a curve that is straight over the logarithm of its values."""
    places = (np.arange(points) + 0.5) / points
    return np.exp(np.interp(places, share, np.log(at)))
