"""Maintainable: how many parts ten change requests touch, in layers (a technical cut) and in modules (a domain cut).

A part is a layer, a module, or the kernel of the modules. The more parts a change touches, the more people must agree,
if parts have owners; and the more places must be found, if they have not. The layers have four parts, the modules six.

All changes are made, and the changed programs run (`archlab.chapters.layered.new_behaviour`). Whoever takes ten other
requests gets another figure; how far one of the ten moves it, `shares` tells, and `deciding` names it. Where parts are
no matter, count something else: `by_measure`. Lines depend on our hand, parts hardly. What is not here: how long a
change takes, and what goes wrong with it. Rows that must move to a new place are not counted, in neither cut. And
modules can take a new kind of rows one after the other, while layers take it at once: that is not seen, and errs for
the layers.

The modules have a kernel for what is about none of them, as a careful shop has. Without one each module has its own
(`own_kernel`): a change of the kernel is one of every module that uses it.

>>> row = changes().set_index(["request", "cut"]).loc[("weight", "layers")]
>>> int(row.parts), row.touched
(3, 'presentation, business, data access')
"""

import math
from functools import cache

import pandas as pd

from archlab.chapters.layered.change_requests import REQUESTS, versions
from archlab.chapters.layered.cut_sources import CUTS, Cut, source
from archlab.chapters.layered.parts import (
    KERNEL,
    LAYERS,
    MODULES,
    NO_PART,
    part_of,
    places,
    touched_places,
)
from archlab.chapters.layered.suites import failing
from archlab.course.claims.rule import Evidence, settles
from archlab.course.claims.verdict import Verdict, holds_from
from archlab.course.quantity import number
from archlab.sim.validation import require_one_of, require_whole

ORDER = {"layers": LAYERS, "modules": (*MODULES, KERNEL)}
MEASURES = ("parts", "part_lines", "files", "places", "lines", "tests")
"""What can be counted of a change; see `changes`."""

USES_OF_KERNEL = {"kernel.py": ("catalogue", "orders")}
"""A file of the kernel -> the modules that would need its content if each had its own. Other files: all modules."""


@cache
def changes(own_kernel: bool = False) -> pd.DataFrame:
    """Return what each request touches in each cut, a row each.

    Columns: request, words, is_technical, cut; parts, and `touched`, their names; part_lines (lines of code of the
    parts that are touched, before); files; places (functions, classes and constants); lines (added or taken away);
    tests (of the parts' suites, that fail and must be written anew).

    `own_kernel`: whether each module has its own copy of what the kernel has. Only parts and part_lines differ then.
    """
    rows = [_row(request, cut, own_kernel) for request in REQUESTS for cut in CUTS]
    return pd.DataFrame(rows)


def _row(request: str, cut: Cut, own_kernel: bool) -> dict[str, object]:
    found = touched_places(cut, request)
    parts = _parts(found, own_kernel)
    touched = [part for part in ORDER[cut] if part in parts]
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


def _parts(found: pd.DataFrame, own_kernel: bool) -> set[str]:
    parts = set(found.part) - set(NO_PART)
    if own_kernel and KERNEL in parts:
        files = found.file[found.part == KERNEL]
        parts -= {KERNEL}
        parts |= {one for file in files for one in USES_OF_KERNEL.get(file.rpartition("/")[2], MODULES)}
    return parts


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
    """Return what the rule needs: mean parts a request, and how far the share moves. Takes `changes`.

    Both ends of the share are 0 when there is none, whichever request is left out.
    """
    mean, left_out = means(table), shares(table)
    finite = left_out[left_out.abs() < math.inf]
    return {
        "layers_a_domain_request": float(mean.layers["domain"]),
        "modules_a_domain_request": float(mean.modules["domain"]),
        "layers_a_technical_request": float(mean.layers["technical"]),
        "modules_a_technical_request": float(mean.modules["technical"]),
        "least_share_percent": float(finite.min()) if len(finite) else 0.0,
        "most_share_percent": float(finite.max()) if len(finite) else 0.0,
        "never_without": int((left_out == math.inf).sum()),
        "share_with_own_kernels_percent": share_percent(changes(own_kernel=True)),
    }


@settles(
    "pros.maintainable",
    evidence=Evidence.MEASURED,
    says={
        "layers_a_domain_request": "layers that a request about the domain touches",
        "modules_a_domain_request": "modules that a request about the domain touches",
        "layers_a_technical_request": "layers that a technical request touches",
        "modules_a_technical_request": "modules that a technical request touches",
        "least_share_percent": "least share with one of the requests left out",
        "most_share_percent": "largest share with one of the requests left out, where there is a share",
        "never_without": "requests without which layers never touch fewer",
        "share_with_own_kernels_percent": "share if the modules had no kernel in common",
    },
)
def maintainable(
    layers_a_domain_request: float,
    modules_a_domain_request: float,
    layers_a_technical_request: float,
    modules_a_technical_request: float,
    least_share_percent: float,
    most_share_percent: float,
    never_without: int,
    share_with_own_kernels_percent: float,
) -> Verdict:
    """Holds from the share of technical requests on at which a request touches, on average, fewer layers than it would
    touch modules of the same shop. The share moves with any one of the requests that is left out: between which values,
    and whether there is none without one of them, the verdict says.
    """
    share = crossing_percent(
        layers_a_domain_request - modules_a_domain_request,
        modules_a_technical_request - layers_a_technical_request,
    )
    ends = f"{number(least_share_percent)} to {number(most_share_percent)} % with one of them left out"
    never = f", but never without {never_without} of them" if never_without else ""
    own = f"{_share(share_with_own_kernels_percent)} where modules have no common kernel"
    return holds_from(share, f"% of the requests are technical ({ends}{never}; {own})")


def _share(percent: float) -> str:
    """A share in words: with some requests there is none."""
    if math.isinf(percent):
        return "never" if percent > 0 else "always"
    return f"{number(percent)} %"
