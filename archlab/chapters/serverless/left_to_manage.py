"""What is left to manage: a list of tasks, whose they are on servers and with functions, and the hours they may take.

The list is `data/left_to_manage.csv`, with a reason for each task. The tasks are ours and so are the hours, which are
guesses to replace by your own; whose a task is follows from what the platform does. On servers a task is done once for
the system, since all programs run on the same machines. With functions many are done once for each function.

What this leaves out: how bad it is when a task is forgotten, and what a person must know for it.

>>> counts().loc["servers"].tolist()
[8, 0]
>>> counts().loc["functions"].tolist()
[0, 7]
"""

from dataclasses import fields

import pandas as pd

from archlab.course.claims import Assumption, Evidence, Verdict, holds_if, holds_up_to, settles
from archlab.course.figures.canvas import canvas
from archlab.course.figures.line import draw_with_band, in_words, scale
from archlab.course.figures.picture import Picture
from archlab.course.style import LAB, Size, look_of
from archlab.data import load
from archlab.shop.config import ShopConfig
from archlab.shop.monolithic import MonolithConfig
from archlab.shop.serverless import FUNCTIONS, ServerlessConfig
from archlab.sim.validation import require_positive, require_whole

OURS = "ours"
ABOUT = ("servers", "both", "functions")


def tasks() -> pd.DataFrame:
    """Return the list: `task`, what it is `about`, whose it is `on_servers` and `with_functions`, hours, and why."""
    return load("left_to_manage")


def counts() -> pd.DataFrame:
    """Return how many tasks are ours: a row for each of `ABOUT`, columns `on_servers` and `with_functions`."""
    table = tasks()
    ours = {
        side: table[table[side] == OURS].groupby("about").size() for side in ("on_servers", "with_functions")
    }
    return pd.DataFrame(ours).reindex(ABOUT).fillna(0).astype(int)


def hours(side: str, functions: int, hours_factor: float = 1.0) -> float:
    """Return the hours a month of what is ours, on `side`, "on_servers" or "with_functions".

    Args:
        functions: how many there are. On servers they are parts of one program, so that a task is done once.
        hours_factor: multiplies the hours of what is done once for each function.

    Raises `ValueError` when an argument is not allowed.
    """
    require_whole("functions", functions, at_least=1)
    require_positive("hours_factor", hours_factor)
    if side not in ("on_servers", "with_functions"):
        raise ValueError(f"side is {side!r}; it must be 'on_servers' or 'with_functions'")
    table = tasks()
    ours = table[table[side] == OURS]
    each = ours[ours.per == "function"].hours_a_month.sum()
    times = functions * hours_factor if side == "with_functions" else 1
    return float(ours[ours.per == "system"].hours_a_month.sum() + each * times)


def hours_of_managed_containers() -> float:
    """Return the hours a month of a program in containers that a cloud manages: what is ours on servers, without the
    tasks about servers.
    """
    table = tasks()
    return float(table[(table.on_servers == OURS) & (table.about != "servers")].hours_a_month.sum())


def by_functions(most: int = 40) -> pd.DataFrame:
    """Return a row for each number of functions and side: `functions`, `side`, `hours`."""
    rows = [
        (number, side, hours(side, number))
        for side in ("on_servers", "with_functions")
        for number in range(1, most + 1)
    ]
    return pd.DataFrame(rows, columns=["functions", "side", "hours"])


def gains_up_to(hours_factor: float = 1.0) -> int:
    """Return up to how many functions their list takes fewer hours than that of servers; 0 when it never does."""
    number = 0
    while hours("with_functions", number + 1, hours_factor) < hours("on_servers", 1):
        number += 1
    return number


def knobs() -> pd.Series:
    """Return how many parameters each shop has besides those that all share."""
    shared = len(fields(ShopConfig))
    own = {"monolith": len(fields(MonolithConfig)), "functions": len(fields(ServerlessConfig))}
    return pd.Series(own) - shared


def machines_left() -> float:
    """Return how many machines our shop of functions still rents: those of its database, in `m5.large`."""
    return ServerlessConfig().rented()["m5.large"]


# The claims --------------------------------------------------------------------------------------------------

SERVERS_SAYS = {
    "server_tasks_on_servers": "tasks about servers that are ours on servers",
    "server_tasks_with_functions": "of these, ours with functions",
    "machines_left": "machines that our shop still rents, for its database",
}


def server_figures() -> dict[str, float]:
    """Return the figures of `no_servers`, by their names."""
    about = counts().loc["servers"]
    return {
        "server_tasks_on_servers": int(about.on_servers),
        "server_tasks_with_functions": int(about.with_functions),
        "machines_left": machines_left(),
    }


@settles("faas.no-server-management", evidence=Evidence.BY_CONSTRUCTION, says=SERVERS_SAYS)
def no_servers(
    server_tasks_on_servers: float, server_tasks_with_functions: float, machines_left: float
) -> Verdict:
    """Holds when none of the tasks about servers is ours with functions, of those that are ours on servers. It is about
    what runs the functions; machines of what stands behind them are counted beside it.
    """
    return holds_if(server_tasks_with_functions == 0 < server_tasks_on_servers and machines_left >= 0)


GAIN_SAYS = {
    "gains_up_to": "functions up to which their list takes fewer hours than that of servers",
    "flips_at_factor": "times our hours for each function with which our shop's take as long",
    "new_tasks": "tasks that only functions have",
    "gone_tasks": "tasks that are gone",
    "hours_of_servers": "hours a month of the servers' list",
    "hours_of_ten": "hours a month of our functions",
    "hours_of_containers": "hours a month of containers that a cloud manages",
}


def gain_figures() -> dict[str, float]:
    """Return the figures of `less_to_manage`, by their names."""
    table = counts()
    return {
        "gains_up_to": gains_up_to(),
        "flips_at_factor": flips_at_factor(),
        "new_tasks": int(table.with_functions["functions"]),
        "gone_tasks": int(table.on_servers["servers"]),
        "hours_of_servers": hours("on_servers", 1),
        "hours_of_ten": hours("with_functions", len(FUNCTIONS)),
        "hours_of_containers": hours_of_managed_containers(),
    }


def flips_at_factor() -> float:
    """Return how many times our hours for each function make those of our shop take as long as servers."""
    fixed = hours("with_functions", 1) - _each()
    return (hours("on_servers", 1) - fixed) / (_each() * len(FUNCTIONS))


def _each() -> float:
    return hours("with_functions", 2) - hours("with_functions", 1)


@settles("pros.no-server-management", evidence=Evidence.MODELLED, says=GAIN_SAYS)
def less_to_manage(
    gains_up_to: float,
    flips_at_factor: float,
    new_tasks: float,
    gone_tasks: float,
    hours_of_servers: float,
    hours_of_ten: float,
    hours_of_containers: float,
) -> Verdict:
    """Holds up to the number of functions whose list takes fewer hours a month than that of servers. The tasks and
    their hours are ours; tasks that functions have anew are done for each of them.
    """
    factor = Assumption(
        "the hours that each function takes",
        1.0,
        flips_at_factor,
        "times ours",
        when=(
            f"each takes our hours; our {len(FUNCTIONS)} (with keys) gain, too, with at most {{flips_at}} "
            f"({gone_tasks:.0f} tasks "
            f"go and {new_tasks:.0f} come; {hours_of_servers:.1f} hours a month on servers, {hours_of_ten:.1f} for "
            f"ours; in containers that a cloud manages {hours_of_containers:.1f})"
        ),
    )
    if not gains_up_to:
        return holds_if(False, decided_by=factor)
    return holds_up_to(gains_up_to, "functions", decided_by=factor)


def figure(table: pd.DataFrame, title: str, size: Size = LAB) -> Picture:
    """Draw the hours a month against the number of functions, beside those of servers."""
    from matplotlib.ticker import MaxNLocator  # matplotlib is loaded when something is drawn

    names = {"on_servers": ("monolithic", "servers"), "with_functions": ("serverless", "functions")}
    with canvas(title, size) as drawing:
        (panel,) = drawing.panels
        for side, (pattern, name) in names.items():
            rows, look = table[table.side == side], look_of(pattern)
            assert look is not None
            line = draw_with_band(panel, rows, "functions", "hours", look)
            line.set_marker("")
            drawing.name_end(panel, line, name)
        scale(panel, log=False)
        panel.xaxis.set_major_locator(MaxNLocator(integer=True))
        panel.set_xlabel("Functions, or parts of one program")
        panel.set_ylabel("Hours a month (assumed)")
    alt = " ".join(in_words(side, rows.functions, rows.hours) for side, rows in table.groupby("side"))
    return Picture(drawing.figure, f"{title}. {alt}")
