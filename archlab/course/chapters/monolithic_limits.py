"""From the frames of chapter 01's experiments to the figures of its rules: where a curve crosses a threshold.

Each function takes the frame of one experiment of `archlab.shop.monolith_experiments` and returns a figure:
inf or -inf when the curve crosses nowhere in what was tried.

>>> import pandas as pd
>>> noticed_from_hop_ms(pd.DataFrame({"hop_ms": [0.0, 1.0], "slower_percent": [0.0, 20.0]}))
0.5
"""

import math
from collections.abc import Mapping

import pandas as pd

from archlab.course.chapters.monolithic import (
    MUCH_SLOWER,
    NOTICEABLE_PERCENT,
    STOPPED_PERCENT,
    WORKING_DAY_H,
    WORTH_A_CLONE_PERCENT,
)
from archlab.course.verdict import first_holding, last_holding


def noticed_from_hop_ms(hops: pd.DataFrame) -> float:
    """Return the hop from which an order takes `NOTICEABLE_PERCENT` longer; takes `latency.hops`."""
    return first_holding(hops.hop_ms.tolist(), (hops.slower_percent - NOTICEABLE_PERCENT).tolist())


def browsing_bears_up_to_times_heavier(needs: pd.DataFrame) -> float:
    """Return how heavy orders may be until the p99 of browsing doubles; takes `latency.unlike_needs`."""
    return last_holding(needs.times_heavier.tolist(), (MUCH_SLOWER - needs.p99_growth).tolist())


def clones_help_up_to_per_s(out: pd.DataFrame) -> float:
    """Return the throughput with the fewest clones to which one more adds too little; takes `scaling.scaling_out`.

    inf when every clone tried added enough.
    """
    enough = out[out.next_adds_percent < WORTH_A_CLONE_PERCENT]
    return float(enough.throughput_per_s.iloc[0]) if len(enough) else math.inf


def costly_from_hot_share_percent(cost: pd.DataFrame) -> float:
    """Return the hot share from which clones of everything cost too much; takes
    `hot_module.cost_of_cloning_everything`.
    """
    margins = cost.extra_percent - NOTICEABLE_PERCENT
    return first_holding(cost.hot_share_percent.tolist(), margins.tolist())


def stopped_by_one_part_up_to_clones(crashes: Mapping[int, pd.DataFrame]) -> float:
    """Return the most clones with a part whose crash stops all; takes `failure.crash_each_part` by clones.

    inf when that is the most that was tried, -inf when there is none.
    """
    stopped = [clones for clones, frame in crashes.items() if (frame.best_percent < STOPPED_PERCENT).any()]
    most = max(stopped, default=-math.inf)
    return math.inf if most == max(crashes) else most


def over_a_day_from_teams(times: pd.DataFrame) -> float:
    """Return the teams from which a mean change on one train takes more than a working day.

    Takes `people.lead_times`. Lead times of a saturated train grow with the days simulated; they only say
    "over a day".
    """
    return _up(first_holding(times.teams.tolist(), (times.shared_h - WORKING_DAY_H).tolist()))


def shared_train_is_faster_up_to_teams(times: pd.DataFrame) -> float:
    """Return the teams up to which one train is not the slower one; takes `people.lead_times`."""
    slower = _up(first_holding(times.teams.tolist(), times.shared_is_slower_by_h.tolist()))
    return slower - 1


def one_unit_is_faster_from_percent(units: pd.DataFrame) -> float:
    """Return the share of changes that touch two units from which one unit is faster.

    Takes `people.one_unit_or_five`.
    """
    return first_holding(units.coordinated_percent.tolist(), units.later_with_units_h.tolist())


def _up(teams: float) -> float:
    """Return the next whole number; inf and -inf as they are."""
    return teams if math.isinf(teams) else float(math.ceil(teams))
