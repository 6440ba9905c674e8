"""Stack Overflow: nine web servers shared its load in 2016, and it could run on one (O. Coster, slides, 2016).

Chapters 01 and 04 have the counters of a day (`archlab.chapters.layered.fewer_servers`): what the web tier works for a
request, and how many servers of a given size would do. Put in here: those counters, and the cores of a server, 24,
which were published apart. The output: the fewest servers that keep a mean request within a tenth of what it takes with
all nine. The published figure to compare with, one, is no input. The unknown: how much higher the peak was than
the mean of that day. It was published for other years: 1.5 to 1.8 times the mean of a day in 2013 and 2014, and 2.15
times the mean of a month in 2017. The first errs high, for the load grew between the counters and the peak.

Guesses: the time on cores (the counters hold waits, so it is an upper limit), and the tenth.
Left out: memory, and the reserve for a server that dies or is being updated, which nine have.

The other question is what the six architectures of this course would need for that load: `needed`. Pages of the shop
cost what a request of Stack Overflow cost in its process, so the monolith's cores are put in; what the others need
above them comes out.

>>> fewest_servers(peak_times=1.75), fewest_servers(peak_times=2.3)
(1, 2)
>>> table = needed().set_index("architecture")
>>> bool(table.cores["microservices"] > table.cores["monolithic"])
True
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from archlab.chapters.choosing.buying import Offer, Terms, cheapest
from archlab.chapters.choosing.cases.case import figure_of
from archlab.chapters.choosing.cases.judging import Judgement, judge
from archlab.chapters.choosing.cases.question import Guess, Question, Unknown
from archlab.chapters.choosing.forms import ARCHITECTURES
from archlab.chapters.layered.fewer_servers import LONGER, WEB_SERVERS, mean_s, own_s, tiers
from archlab.course.figures import comparison, scaling
from archlab.course.figures.picture import Picture
from archlab.course.quantity import number
from archlab.course.style import LAB, Size, variants
from archlab.published.timelines import published as of_twitter
from archlab.shop.architecture import HOURS_PER_MONTH
from archlab.shop.budget import mix_with
from archlab.shop.config import CORES_PER_MACHINE
from archlab.shop.serverless import ServerlessConfig
from archlab.sim.theory import erlang_c
from archlab.sim.validation import require_positive

NAME = "stack overflow"
DAY_S = 86_400
WRITES_PERCENT = 1.0
"""Of the requests of a site that is mostly read. A guess; twelve times as many in the shop's own mix."""
MOST_TIMES = 16.0
NEVER_PERCENT = 1e6
MOST_SHOWN = 60.0
"""Per cent: beyond that the curve goes straight up."""
GUESSES = (
    Guess(
        "own_times",
        "time on cores, in times of the counters'",
        1.0,
        "the counters: an upper limit for requests, without other work",
    ),
    Guess(
        "slack_percent",
        "% longer that a mean request may take",
        100 * (LONGER - 1),
        "chapter 04: nobody would see",
    ),
)


def cores() -> int:
    """Return the cores of one web server."""
    return int(figure_of(NAME, "cores of a web server"))


def seen_peaks() -> tuple[float, float]:
    """Return the least and the most that a peak was above the mean in other years."""
    day = figure_of(NAME, "requests of a day in 2013") / DAY_S
    month = figure_of(NAME, "requests of a month in 2017") / (HOURS_PER_MONTH * 3600)
    return figure_of(NAME, "peak of most weekdays, at least") / day, figure_of(NAME, "peak in 2017") / month


def _mean_s(servers: int, peak_times: float, own_times: float) -> float:
    """A mean request, with longer or shorter work on cores; `fewer_servers.mean_s` where it is 1."""
    if own_times == 1:
        return mean_s(servers, cores(), peak_times)
    own, web = own_times * own_s(), tiers()["web"]
    offered = peak_times * web.calls_per_s * own / servers
    if offered >= cores():
        return float("inf")
    return own + erlang_c(cores(), offered) * own / (cores() - offered) + web.mean_s - own_s()


def longer_percent(servers: int, peak_times: float, own_times: float = 1.0) -> float:
    """Return how much longer a mean request takes than with all nine, in per cent; infinite: not kept up with."""
    for name, value in (("servers", servers), ("peak_times", peak_times), ("own_times", own_times)):
        require_positive(name, value)
    few, nine = (_mean_s(count, peak_times, own_times) for count in (servers, WEB_SERVERS))
    return 100 * (few / nine - 1) if np.isfinite(few) else float("inf")


def fewest_servers(
    peak_times: float, own_times: float = 1.0, longer_at_most: float = GUESSES[1].usual
) -> int:
    """Return how few web servers would do at the peak. Raises `ValueError` when nine would not."""
    for count in range(1, WEB_SERVERS + 1):
        if longer_percent(count, peak_times, own_times) <= longer_at_most:
            return count
    raise ValueError(f"peak_times is {peak_times!r}; it must be one that {WEB_SERVERS} servers keep up with")


def margin(
    seed: int, peak_times: float, own_times: float = 1.0, slack_percent: float = GUESSES[1].usual
) -> float:
    """How much of the allowed time is left with the published number of servers. No chance: the seed is not used."""
    servers = int(figure_of(NAME, "web servers that it can run on"))
    return slack_percent - min(longer_percent(servers, peak_times, own_times), NEVER_PERCENT)


def question(own_times: float = 1.0) -> Question:
    """Return the question, with more or less time on cores if you like."""
    words = "the peak, in times of the day's mean,"
    unknown = Unknown("peak_times", words, (1.0, MOST_TIMES), "up to", seen=seen_peaks())
    own = Guess("own_times", GUESSES[0].words, own_times, GUESSES[0].reason)
    return Question(margin, unknown, (own, GUESSES[1]))


def verdict(own_times: float = 1.0) -> Judgement:
    """Return whether the model would have foretold that one web server does."""
    return judge(question(own_times))


# What the six architectures would need -------------------------------------------------------------------------


def needed(peak_times: float = 1.0, writes_percent: float = WRITES_PERCENT) -> pd.DataFrame:
    """Return what each architecture needs for that load by the bottleneck law, at the terms of chapter 07.

    A row an architecture: `architecture`, `form`, `machines` (m5.large, databases among them), `cores` of these,
    `environments` (functions at work on average, a core each), `scarce`, `usd_per_hour`. In its cheapest form.
    Database servers have at most as many cores as Stack Overflow's. One that cannot serve it is left out.

    Raises `ValueError` when a parameter is out of range.
    """
    require_positive("peak_times", peak_times)
    largest = int(figure_of(NAME, "cores of its database server"))
    terms = Terms(mix=mix_with(writes_percent / 100), largest_database_cores=largest)
    rate_per_s = peak_times * tiers()["web"].calls_per_s
    offers = ((name, cheapest(name, rate_per_s, terms)) for name in ARCHITECTURES)
    rows = []
    for name, offer in offers:
        if offer is not None:
            machines = offer.config.rented().get("m5.large", 0.0)
            at_work = rate_per_s * _held_s(offer, terms)
            row = (name, offer.form.name, machines, CORES_PER_MACHINE * machines, at_work)
            rows.append((*row, offer.scarce, offer.usd_per_h))
    columns = ["architecture", "form", "machines", "cores", "environments", "scarce", "usd_per_hour"]
    return pd.DataFrame(rows, columns=columns)


def _held_s(offer: Offer, terms: Terms) -> float:
    """For how long a request holds functions; 0 on servers."""
    if not isinstance(offer.config, ServerlessConfig):
        return 0.0
    held = offer.config.held_s()["environments"]
    return float(sum(share * held[kind] for kind, share in terms.mix.shares.items()))


# What is shown -------------------------------------------------------------------------------------------------


def says() -> str:
    """What the model says, in words."""
    busy = tiers()["web"].calls_per_s * own_s()
    return (
        f"{number(busy)} cores work at the day's mean, of {cores()} in a server, so one does up to a peak of "
        f"{number(float(question().limit()))} times that; of {WEB_SERVERS} the others are reserve"
    )


def elsewhere() -> str:
    """What the rule says of Twitter's load."""
    reads = of_twitter("reads of the home timeline")
    servers = reads * own_s() / cores()
    return (
        f"For Twitter's {number(reads)} reads a second, at the same work for each, it asks for "
        f"{number(np.ceil(servers))} such servers at least: it does not say one to everybody"
    )


def against_peak(peaks: Iterable[float] = tuple(np.linspace(1, 2.4, 29))) -> pd.DataFrame:
    """Return a row a number of servers and peak: `design`, `peak_times`, `longer_percent` (NaN: not kept up with)."""
    rows = [
        (f"{servers} server{'s' if servers > 1 else ''}", peak, longer_percent(servers, peak))
        for servers in (1, 2)
        for peak in peaks
    ]
    frame = pd.DataFrame(rows, columns=["design", "peak_times", "longer_percent"])
    return frame.assign(longer_percent=frame.longer_percent.where(frame.longer_percent < MOST_SHOWN))


def figure(size: Size = LAB) -> Picture:
    """Draw how much longer a request takes on one server and on two, against the peak, and the peaks seen."""
    table = against_peak()
    low, high = seen_peaks()
    limit = float(question().limit())
    picture = scaling(
        table,
        f"One web server does up to {number(limit)} times the day's mean, just above the peaks seen",
        x="peak_times",
        y="longer_percent",
        line_looks=variants("monolithic", table.design.unique()),
        y_label="Longer than with nine servers [%]",
        across={"our limit": GUESSES[1].usual},
        upright={"least peak seen, 2014": low, "highest, 2017": high},
        size=size,
    )
    picture.figure.axes[0].set_xlabel("Load [times the mean of 9 February 2016]")
    return picture


def needed_figure(size: Size = LAB) -> Picture:
    """Draw the cores that each architecture needs for the mean load of that day; functions at work count as cores."""
    table = needed().assign(cores=lambda frame: frame.cores + frame.environments)
    cores = table.set_index("architecture").cores
    title = (
        f"For Stack Overflow's load {number(cores['monolithic'])} cores do in one program, and "
        f"{number(cores['microservices'])} in microservices; of functions {number(cores['serverless'])} are at work, "
        "or wait"
    )
    label = "Cores, databases among them; functions at work count as one each"
    picture = comparison(table, title, value="cores", by="architecture", label=label, size=size)
    picture.figure.axes[0].set_xlim(right=1.1 * cores.max())
    return picture
