"""Maintainable: how many parts ten change requests touch, in layers (a technical cut) and in modules (a domain cut).

A part is a layer, a module, or the kernel of the modules. The more parts a change touches, the more people must agree,
if parts have owners; and the more places must be found, if they have not. The layers have four parts, the modules six.

All changes are made, and the changed programs run (`archlab.chapters.layered.new_behaviour`). Whoever takes ten other
requests gets another figure; how far one of the ten moves it, `shares` tells, and `deciding` names it. Parts are one
way to count, and there are others (`by_measure`): the rule asks for most of five. What is not here: how long a
change takes, and what goes wrong with it. Rows that must move to a new place are not counted, in neither cut. And
modules can take a new kind of rows one after the other, while layers take it at once: that is not seen, and errs for
the layers.

The modules share three files with the layers, and have a kernel for what is about none of them, as a careful shop has.
Another database is one file in both cuts; it is one layer and six modules because we hand out what is in that file to
those whose it is. Without shared files (`own_kernel`) each module keeps its part of them, and a copy of the kernel, in
files of its own. Then a change of the kernel is one of every module that uses it. Tests are not copied, which errs for
the modules.

>>> row = changes().set_index(["request", "cut"]).loc[("weight", "layers")]
>>> int(row.parts), row.touched
(3, 'presentation, business, data access')
"""

import math
from collections.abc import Sequence
from functools import cache
from statistics import median

import pandas as pd

from archlab.chapters.layered.change_requests import REQUESTS, versions
from archlab.chapters.layered.cut_sources import CUTS, SHARED, Cut, source
from archlab.chapters.layered.parts import (
    IMPORTS,
    KERNEL,
    LAYERS,
    MODULES,
    part_of,
    places,
    touched_places,
)
from archlab.chapters.layered.suites import failing
from archlab.course.claims.rule import Evidence, settles
from archlab.course.claims.verdict import Outcome, Verdict
from archlab.sim.validation import require_one_of, require_whole

ORDER = {"layers": LAYERS, "modules": (*MODULES, KERNEL)}
MEASURES = ("parts", "part_lines", "files", "places", "lines", "tests")
"""What can be counted of a change; see `changes`."""
COUNTED = ("parts", "files", "places", "lines", "tests")
"""The measures that the rule asks. Lines of the parts touched follow from the parts, so they are none of their own."""
DATABASE = "key_value"
"""The request for another database."""
NEVER_PERCENT, ALWAYS_PERCENT = 100.0, 0.0
"""The shares of technical requests that the rule is given where layers touch less with none, and with any."""
DRAWN = (0.05, 0.95)
"""Ends of the interval of drawn shares."""

USES_OF_KERNEL = {"kernel.py": ("catalogue", "orders")}
"""A file of the kernel -> the modules that would need its content if each had its own. Other files: all modules."""


@cache
def changes(own_kernel: bool = False) -> pd.DataFrame:
    """Return what each request touches in each cut, a row each.

    Columns: request, words, is_technical, cut; parts, and `touched`, their names; part_lines (lines of code of the
    parts that are touched, before); files; places (functions, classes and constants); lines (added or taken away);
    tests (of the parts' suites, that fail and must be written anew).

    `own_kernel`: whether each module has files of its own for what is its own in the shared files, and for its copy of
    what the kernel has. Tests are the same then, and part_lines have the kernel's lines nowhere.
    """
    rows = [_row(request, cut, own_kernel) for request in REQUESTS for cut in CUTS]
    return pd.DataFrame(rows)


def _row(request: str, cut: Cut, own_kernel: bool) -> dict[str, object]:
    found = touched_places(cut, request)
    if own_kernel and cut == "modules":
        found = in_own_files(found)
    touched = [part for part in ORDER[cut] if part in set(found.part)]
    size = sizes(cut)
    return {
        "request": request,
        "words": REQUESTS[request].words,
        "is_technical": REQUESTS[request].is_technical,
        "cut": cut,
        "parts": len(touched),
        "touched": ", ".join(touched),
        "part_lines": sum(size[part] for part in touched),
        "files": found.file.nunique(),
        "places": int((found.place != "").sum()),
        "lines": int((found.added + found.removed).sum()),
        "tests": len(failing(cut, versions(cut, request)[1])),
    }


def in_own_files(found: pd.DataFrame) -> pd.DataFrame:
    """Return `touched_places` of the modules as if they shared no file: a copy of the kernel's places for each user.

    Import lines of a shared file are copied to each module that is touched in it.
    """
    rows = []
    for row in found.to_dict("records"):
        file = row["file"].removeprefix("archlab/")
        is_shared = row["part"] == KERNEL or file in SHARED
        for owner in _owners(row["part"], row["file"], found):
            own = f"{owner}/{row['file']}" if is_shared else row["file"]
            rows.append({**row, "file": own, "part": IMPORTS if row["part"] == IMPORTS else owner})
    return pd.DataFrame(rows)


def _owners(part: str, file: str, found: pd.DataFrame) -> tuple[str, ...]:
    """The modules that have a place in a file of their own; a place of no module is left where it is."""
    if part == KERNEL:
        return USES_OF_KERNEL.get(file.rpartition("/")[2], MODULES)
    if part == IMPORTS:
        parts = found.part[(found.file == file) & (found.part != IMPORTS)]
        users = {user for one in parts for user in _owners(one, file, found)}
        return tuple(sorted(users))
    return (part,)


@cache
def sizes(cut: Cut) -> dict[str, int]:
    """Return the lines of each part of a cut, and of the wiring and imports, before any change."""
    found: dict[str, int] = {}
    for file, text in source(cut).items():
        for place, lines in places(text).items():
            part = part_of(cut, file, place)
            found[part] = found.get(part, 0) + len(lines)
    return found


# From which share of technical requests on -----------------------------------------------------------------


def means(table: pd.DataFrame, measure: str = "parts") -> pd.DataFrame:
    """Return the mean of a measure: a row for each kind (domain, technical), a column for each cut.

    Raises:
        ValueError: when there is no such measure.
    """
    require_one_of("measure", measure, MEASURES)
    kinds = table.is_technical.map({True: "technical", False: "domain"}).rename("kind")
    return table.groupby([kinds, "cut"])[measure].mean().unstack("cut")


def share_percent(table: pd.DataFrame, measure: str = "parts") -> float:
    """Return the share of technical requests from which on layers have less to touch than modules.

    inf: with no share. -inf: with every share.
    """
    mean = means(table, measure)
    more = mean.layers - mean.modules
    return crossing_percent(float(more["domain"]), float(-more["technical"]))


def crossing_percent(more_for_domain: float, saved_for_technical: float) -> float:
    """Return the share of technical requests at which what layers save there pays for what they cost elsewhere."""
    if saved_for_technical <= 0:
        return math.inf if more_for_domain >= 0 else -math.inf
    if more_for_domain <= 0:
        return -math.inf
    return 100 * more_for_domain / (more_for_domain + saved_for_technical)


def shares(table: pd.DataFrame, measure: str = "parts") -> pd.Series:
    """Return that share with each of the requests left out, by its name."""
    return pd.Series(
        {one: share_percent(table[table.request != one], measure) for one in dict.fromkeys(table.request)}
    )


def deciding(table: pd.DataFrame) -> str:
    """Return the request whose leaving out moves the share most."""
    return str((shares(table) - share_percent(table)).abs().idxmax())


def by_measure(table: pd.DataFrame) -> pd.DataFrame:
    """Return means and share for each way to count: a row each.

    Columns: measure; domain_layers, domain_modules, technical_layers, technical_modules; share_percent.
    """
    rows = []
    for measure in MEASURES:
        mean = means(table, measure)
        cells = {f"{kind}_{cut}": float(mean.loc[kind, cut]) for kind in mean.index for cut in CUTS}
        rows.append({"measure": measure, **cells, "share_percent": share_percent(table, measure)})
    return pd.DataFrame(rows)


def drawn_shares(table: pd.DataFrame, draws: int = 2000, seed: int = 1) -> pd.Series:
    """Return that share for sets of requests drawn from these, with repetition, as many of each kind as there are.

    Sets with which the layers never or always touch less are inf or -inf; so ask for quantiles that are values of the
    series: `.quantile(0.05, interpolation="lower")`.

    Raises:
        ValueError: when `draws` is not 1 or more.
    """
    require_whole("draws", draws, at_least=1)
    wide = table.pivot(index="request", columns="cut", values="parts")
    more = (wide.layers - wide.modules).groupby(table.groupby("request").is_technical.first())
    kinds = {
        kind: group.sample(draws * len(group), replace=True, random_state=seed + int(kind))
        .to_numpy()
        .reshape(draws, -1)
        .mean(axis=1)
        for kind, group in more
    }
    return pd.Series([crossing_percent(a, -b) for a, b in zip(kinds[False], kinds[True], strict=True)])


# Rule ------------------------------------------------------------------------------------------------------


def maintainable_figures(table: pd.DataFrame) -> dict[str, float]:
    """Return what the rule needs: shares by each measure, and what is behind the one by parts. Takes `changes`."""
    drawn = drawn_shares(table)
    low, high = (drawn.quantile(end, interpolation="lower") for end in DRAWN)
    database = table[table.request == DATABASE].groupby("cut")[["parts", "files"]].sum()
    of = database.reindex(list(CUTS), fill_value=0)
    return {
        **{f"{measure}_percent": _bounded(share_percent(table, measure)) for measure in COUNTED},
        "drawn_low_percent": _bounded(low),
        "drawn_high_percent": _bounded(high),
        "without_database_percent": _bounded(share_percent(table[table.request != DATABASE])),
        "layers_of_database": int(of.parts["layers"]),
        "modules_of_database": int(of.parts["modules"]),
        "files_of_database": int(of.files.max()),
        "own_files_percent": _bounded(median_share_percent(changes(own_kernel=True))),
    }


def median_share_percent(table: pd.DataFrame) -> float:
    """Return the share from which on layers have less to touch by most of `COUNTED`: the median of their shares."""
    return median([share_percent(table, measure) for measure in COUNTED])


def _bounded(percent: float) -> float:
    return float(min(max(percent, ALWAYS_PERCENT), NEVER_PERCENT))


@settles(
    "pros.maintainable",
    evidence=Evidence.MEASURED,
    says={
        "parts_percent": "technical requests from which on layers touch fewer parts (when all: never)",
        "files_percent": "the same for files",
        "places_percent": "the same for functions, classes and constants",
        "lines_percent": "the same for lines added or taken away",
        "tests_percent": "the same for tests to be written anew",
        "drawn_low_percent": "the same for parts, with other requests drawn from these: low end",
        "drawn_high_percent": "high end",
        "without_database_percent": "the same for parts without the request for another database",
        "layers_of_database": "layers that another database touches",
        "modules_of_database": "modules, and their kernel, that it touches",
        "files_of_database": "files that it touches, in either cut",
        "own_files_percent": "the share by most measures, if modules shared no file",
    },
)
def maintainable(
    parts_percent: float,
    files_percent: float,
    places_percent: float,
    lines_percent: float,
    tests_percent: float,
    drawn_low_percent: float,
    drawn_high_percent: float,
    without_database_percent: float,
    layers_of_database: int,
    modules_of_database: int,
    files_of_database: int,
    own_files_percent: float,
) -> Verdict:
    """Holds from the share of technical requests on at which a request touches less in layers than in modules of the
    same shop, by most of the measures: parts, files, places, lines and tests. {NEVER_PERCENT} % stands for never, and
    {ALWAYS_PERCENT} % for always. The verdict says by which measures it is never so, how far the share by parts moves
    with other requests, whether one request makes it, and what comes out if modules share no file.
    """
    shares = {
        "parts": parts_percent,
        "files": files_percent,
        "places": places_percent,
        "lines": lines_percent,
        "tests": tests_percent,
    }
    never = [measure for measure, share in shares.items() if share >= NEVER_PERCENT]
    told = [f"counted in {_and(never)} layers never touch less than modules"] if never else []
    if parts_percent < NEVER_PERCENT:
        ends = f"{_share(drawn_low_percent)} to {_share(drawn_high_percent)} with others drawn from these"
        by_parts = f"counted in parts they do from about {_share(parts_percent)} of the requests ({ends})"
        one = (
            f", and only because one request, another database, is {layers_of_database} layer and "
            f"{modules_of_database} modules with their kernel, though it is {files_of_database} file in both"
        )
        told.append(by_parts + (one if without_database_percent >= NEVER_PERCENT else ""))
    told.append(f"if modules shared no file: by most measures, {_from(own_files_percent)}")
    return _verdict(median(shares.values()), "; ".join(told))


def _verdict(share_percent: float, told: str) -> Verdict:
    if share_percent >= NEVER_PERCENT:
        return Verdict(Outcome.DOES_NOT_HOLD, told)
    if share_percent <= ALWAYS_PERCENT:
        return Verdict(Outcome.HOLDS, told)
    words = f"from about {_share(share_percent)} technical requests on ({told})"
    return Verdict(Outcome.HOLDS_WHEN, words, share_percent)


def _share(percent: float) -> str:
    return "never" if percent >= NEVER_PERCENT else f"{percent:.0f} %"


def _from(percent: float) -> str:
    return "never" if percent >= NEVER_PERCENT else f"from {percent:.0f} % on"


def _and(words: Sequence[str]) -> str:
    *first, last = words
    return f"{', '.join(first)} and {last}" if first else last
