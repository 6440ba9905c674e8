"""A state transition for every second of a stream: the workflow that moved back into one process.

One service of Prime Video watched streams for defects with a workflow of functions (Step Functions and Lambda, frames
through S3). A transition for every second of every stream was dearest. One process on rented machines instead was
"over 90 %" cheaper (M. Kolny, primevideotech.com, 22 March 2023). It was one service and not the company.

How many transitions a stream took is not published, nor how many streams a machine carries: three a second is our
assumption, and the figure shows where it flips. Functions, storage and traffic are left out on both sides; the workflow
paid for them as well, so this errs in its favour.

>>> round(workflow_usd_per_h(3.0), 2), streams_for(saving_percent=90), round(cheaper_below_per_min(7), 1)
(0.27, 7, 16.2)
"""

from collections.abc import Sequence
from math import floor

import numpy as np
import pandas as pd

from archlab.chapters.serverless.load_shapes import HOUR_S
from archlab.data import load as published
from archlab.sim.billing import price_usd
from archlab.sim.validation import require_non_negative, require_percent, require_whole

TRANSITIONS_PER_S = 3.0
"""Of a stream: our assumption."""
MACHINE = "c5.xlarge"
TRIED_PER_MIN = (1.0, 200.0)


def workflow_usd_per_h(transitions_per_s: float = TRANSITIONS_PER_S) -> float:
    """Return what the transitions of one stream cost in an hour."""
    require_non_negative("transitions_per_s", transitions_per_s)
    return transitions_per_s * HOUR_S * price_usd("transitions")


def machine_usd_per_h(streams: int) -> float:
    """Return what one of so many streams costs in an hour that share a machine."""
    require_whole("streams", streams, at_least=1)
    return float(published("prices").set_index("item").price_usd[MACHINE]) / streams


def saving_percent(streams: int, transitions_per_s: float = TRANSITIONS_PER_S) -> float:
    """Return by how much the machine is cheaper than the workflow, in per cent; below 0 when it is dearer."""
    return 100 * (1 - machine_usd_per_h(streams) / workflow_usd_per_h(transitions_per_s))


def streams_for(saving_percent: float, transitions_per_s: float = TRANSITIONS_PER_S) -> int:
    """Return how many streams a machine must carry so that more than so much is saved."""
    require_percent("saving_percent", saving_percent)
    left_usd = workflow_usd_per_h(transitions_per_s) * (1 - saving_percent / 100)
    return floor(machine_usd_per_h(1) / left_usd) + 1


def cheaper_below_per_min(streams: int) -> float:
    """Return below how many transitions a minute the workflow is cheaper than its share of such a machine."""
    return 60 * machine_usd_per_h(streams) / (HOUR_S * price_usd("transitions"))


def against_transitions(streams: Sequence[int] = (1, 7), points: int = 9) -> pd.DataFrame:
    """Return the price of a stream. Columns: design, transitions_per_minute, usd_per_hour."""
    rows = []
    for per_min in np.linspace(*TRIED_PER_MIN, points):
        rows.append(("workflow", per_min, workflow_usd_per_h(per_min / 60)))
        rows += [(f"machine for {n}", per_min, machine_usd_per_h(n)) for n in streams]
    return pd.DataFrame(rows, columns=["design", "transitions_per_minute", "usd_per_hour"])
