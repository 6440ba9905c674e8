"""Uber: 2,200 services in 70 domains (Uber Engineering, 2020).

A search for one cause had led through 50 services of 12 teams.

What was published after the move is that people know the code 25 to 50 % sooner. No model here says how long
that takes. What our models say, teams in a search, availability, time, was not published after it. So it
is not testable here, and this module says what would be needed: `verdict(teams_after=...)`.

One thing can be tested, before the move. If a call went to a service of any team at random, 50 services would belong to
nearly 50 teams: `teams_met`. There were 12. Services that call one another belong to few teams, and a domain draws a
line around what was together already.

In our terms, put in: services, domains, services and teams of the search. The model of a search after the move: its 12
teams work in between as few domains as their services fill, and as many as are met at random; one team owns a domain's
gateway, and is asked first. What a domain does not do: make a chain shorter. A call into it goes through its gateway,
one program more (`chain`).

>>> round(teams_met(teams=200)), round(teams_met(teams=2200))
(44, 49)
>>> asked_first()
(2, 11)
>>> chain(10).up_percent.round(2).tolist()
[99.0, 98.91]
"""

from __future__ import annotations

from collections.abc import Iterable
from math import ceil

import numpy as np
import pandas as pd

from archlab.chapters.choosing.cases.case import figure_of
from archlab.chapters.choosing.cases.judging import Foretold, Judgement, not_testable
from archlab.course.figures.canvas import canvas
from archlab.course.figures.line import draw_with_band, scale
from archlab.course.figures.picture import Picture
from archlab.course.quantity import number
from archlab.course.style import INK, LAB, Size, variants
from archlab.published.availability_chain import Chain, availability
from archlab.sim.core.streams import Streams
from archlab.sim.validation import require_fraction, require_positive, require_whole

NAME = "uber"
EACH_UP = 0.999
"""Each service: a guess."""
SERVICE_MS = 5.0
"""Mean time of one service in a chain: about a page of the shop. A guess; times are exponential and independent."""
GATEWAYS_EACH = 10
"""Services of a chain behind one gateway: a guess. A domain has 31 on average, and a chain need not meet all."""


def _known(begins: str) -> int:
    return int(figure_of(NAME, begins))


def teams_met(teams: float, services: float | None = None) -> float:
    """Return how many teams own so many services on average, when each service belongs to any team at random.

    Drawn with replacement: errs low by less than one in a hundred here. `services`: None: those of the search.
    """
    require_positive("teams", teams)
    count = _known("services in one search") if services is None else services
    require_positive("services", count)
    return float(-teams * np.expm1(count * np.log1p(-1 / teams))) if teams > 1 else 1.0


def teams_met_by_draw(seed: int, teams: int, services: int, draws: int = 500) -> float:
    """Return the same by drawing services without replacement from all of Uber's, which belong to teams by turns."""
    for name, count in (("teams", teams), ("services", services), ("draws", draws)):
        require_whole(name, count, at_least=1)
    rng = Streams(seed).stream("search")
    owners = np.arange(_known("services")) % teams
    met = [len(np.unique(rng.choice(owners, services, replace=False))) for _ in range(draws)]
    return float(np.mean(met))


def stays_percent() -> float:
    """Return how often a search went from a service to one of the same team, by the published figures.

    Each change of team to a new one: 11 of the 49 steps. Teams met twice make it lower.
    """
    steps = _known("services in one search") - 1
    return 100 * (1 - (_known("teams in that search") - 1) / steps)


def asked_first() -> tuple[int, int]:
    """Return how many domains a search enters, at least and at most: so many owners of gateways are asked first.

    At least: as many as the services fill. At most: those met by 12 teams that work in any domain at random.
    """
    a_domain = _known("services") / _known("domains")
    least = ceil(_known("services in one search") / a_domain)
    return least, round(teams_met(_known("domains"), _known("teams in that search")))


def chain(services: int, each_up: float = EACH_UP, behind: int = GATEWAYS_EACH) -> pd.DataFrame:
    """Return a chain of calls without domains and with them: `design`, `programs`, `up_percent`, `p99_ms`.

    `behind`: so many of its services are behind each gateway, one program more. Each program must be up, and they are
    asked one after the other.
    """
    from scipy.special import gammaincinv  # SciPy is loaded when it is used: that takes a while

    require_whole("services", services, at_least=1)
    require_whole("behind", behind, at_least=1)
    require_fraction("each_up", each_up)
    rows = []
    for design, programs in (("services", services), ("with gateways", services + ceil(services / behind))):
        up = 100 * availability(Chain(programs, each_up))
        rows.append((design, programs, up, float(SERVICE_MS * gammaincinv(programs, 0.99))))
    return pd.DataFrame(rows, columns=["design", "programs", "up_percent", "p99_ms"])


def verdict(teams_after: float | None = None) -> Judgement:
    """Return "not testable here", or whether the model foretold how many teams were asked first after the move.

    `teams_after`: None: it was not published.
    """
    if teams_after is None:
        return not_testable(
            "what came out, 25 to 50 % less time to get to know the code, no model here says; "
            "how many teams a search asked afterwards was not published"
        )
    require_positive("teams_after", teams_after)
    least, most = asked_first()
    is_inside = least <= teams_after <= most
    answer = Foretold.YES if is_inside else Foretold.NO
    return Judgement(answer, f"{number(teams_after)} teams; the model says {least} to {most}")


def says() -> str:
    """What the model says, in words."""
    least, most = asked_first()
    ten = chain(10)
    at_random = teams_met(_known("teams in 2023"))
    return (
        f"owners at random would have been {number(at_random)} teams, not {_known('teams in that search')}; with "
        f"domains {least} to {most} are asked first. A chain of 10 gets no shorter: p99 {number(ten.p99_ms[0])} to "
        f"{number(ten.p99_ms[1])} ms, up {number(ten.up_percent[0])} to {number(ten.up_percent[1])} % of the time"
    )


def elsewhere() -> str:
    """What a rule by the number of services would have said."""
    before, later = _known("services"), _known("services without state")
    monzo = int(figure_of("monzo", "services in 2024"))
    return (
        f"A rule by the number of services tells Uber to merge, with {number(before)} critical services then and "
        f"{number(later)} without state in 2023, and Monzo, with {number(monzo)}. Neither has one program"
    )


def against_services(
    teams: Iterable[int] | None = None, services: Iterable[int] = range(1, 61, 3)
) -> pd.DataFrame:
    """Return a row a number of teams and of services in a search: `design`, `services`, `teams`."""
    counts = (_known("teams in that search"), 50, _known("teams in 2023")) if teams is None else tuple(teams)
    rows = [
        (f"{count} teams, at random", searched, teams_met(count, searched))
        for count in counts
        for searched in services
    ]
    return pd.DataFrame(rows, columns=["design", "services", "teams"])


def figure(size: Size = LAB) -> Picture:
    """Draw how many teams a search meets, when owners are random, and what was published."""
    table = against_services()
    at = _known("services in one search"), _known("teams in that search")
    title = f"{at[0]} services, only {at[1]} teams: what calls one another was together before domains"
    dots = variants("microservices", table.design.unique())
    with canvas(title, size) as drawing:
        (panel,) = drawing.panels
        for name, rows in table.groupby("design", sort=False):
            drawing.name_end(
                panel, draw_with_band(panel, rows, "services", "teams", dots[str(name)]), str(name)
            )
        panel.plot(*at, "*", color=INK, markersize=16, zorder=4)
        panel.annotate("published", at, (0, 10), textcoords="offset points", ha="center", va="bottom")
        scale(panel, log=False)
        panel.set(xlabel="Services in a search for a cause", ylabel="Teams that own them")
    ends = "; ".join(
        f"{name}: {number(rows.teams.iloc[-1])}" for name, rows in table.groupby("design", sort=False)
    )
    told = f"Teams that own {number(table.services.max())} services: {ends}. Published: {at[1]} teams for {at[0]}."
    return Picture(drawing.figure, f"{title}. {told}")
