"""Istio's four programs or one: what is down for how long, and how many copies run.

The two reasons for separate programs that `archlab.chapters.choosing.cases.istio` does not simulate have closed forms.
*Up together*: something new in the mesh needs all four parts. What a program's own code does to it stays the same; what
comes with a deployment (a node, a certificate, a roll-out) strikes once instead of four times. But each single function
is then down with any other: `down_minutes`. *Scale*: one program carries all parts in each copy: `copies`.

>>> together = down_minutes().set_index("what")
>>> together.loc["all four needed"].round().tolist(), together.loc["one function"].round().tolist()
([175.0, 109.0], [44.0, 109.0])
>>> copies(busiest=2), copies(busiest=80)
((8, 3), (86, 104))
"""

from __future__ import annotations

from math import ceil

import pandas as pd

from archlab.chapters.choosing.cases.case import figure_of
from archlab.published.availability_chain import HOURS_A_MONTH
from archlab.sim.validation import require_fraction, require_whole

DOWN = 0.0005
"""Of the time each cause has its part down: a guess. Only the ratio of the two causes matters."""
EXTRA = 0.1
"""Each further part makes a copy of the one program larger by so much of the busiest part: a guess."""
SPARE = 2
"""Copies of a part, at least, so that one may die."""


def parts() -> int:
    """Return how many programs there were."""
    return int(figure_of("istio", "parts before"))


def down_minutes(code_down: float = DOWN, deployment_down: float = DOWN) -> pd.DataFrame:
    """Return for how long something is down in a month, by two causes, with four programs and with one.

    `code_down`: the share of the time that a part's own code has it down. `deployment_down`: that whatever comes with
    a separate program has it down. All independent. A row for what needs all four, and for what needs one:
    `what`, `separate`, `one`.
    """
    require_fraction("code_down", code_down)
    require_fraction("deployment_down", deployment_down)
    code, deployment, n = 1 - code_down, 1 - deployment_down, parts()
    rows = [
        ("all four needed", 1 - (code * deployment) ** n, 1 - code**n * deployment),
        ("one function", 1 - code * deployment, 1 - code**n * deployment),
    ]
    frame = pd.DataFrame(rows, columns=["what", "separate", "one"])
    return frame.assign(**{name: 60 * HOURS_A_MONTH * frame[name] for name in ("separate", "one")})


def copies(busiest: int, extra: float = EXTRA) -> tuple[int, int]:
    """Return how many copies run when the busiest part needs so many: of four programs, and of one.

    Separately the other parts need `SPARE` copies each. In one program each copy carries all parts, and is larger by
    `extra` for each further one: it is counted in copies of the busiest part.
    """
    require_whole("busiest", busiest, at_least=SPARE)
    require_fraction("extra", extra)
    others = parts() - 1
    return busiest + SPARE * others, ceil(round(busiest * (1 + extra * others), 9))
