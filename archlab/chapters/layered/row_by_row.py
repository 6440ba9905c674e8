"""Figures of two published faults: asking row by row when writing, and when reading (N+1).

The models and their measurements are `archlab.published.chatty_layer` and `archlab.published.n_plus_one`; here they are
only drawn.

>>> reading([0.0, 1.0], "Far away N+1 is slow").alt[:20]
'Far away N+1 is slow'
"""

from collections.abc import Iterable

import pandas as pd

from archlab.course.figures.dots import dots
from archlab.course.figures.picture import Picture
from archlab.course.figures.scaling import scaling
from archlab.course.style import LAB, Size, variants
from archlab.published import n_plus_one


def writing(table: pd.DataFrame, title: str, size: Size = LAB) -> Picture:
    """Draw `chatty_layer.compare`: for each driver the published time of version 2.0 and the predicted one."""
    rows = table.assign(design=table.database + ", " + table.driver)
    columns = {"measured_s": "published", "predicted_s": "predicted"}
    label = "100,000 rows with version 2.0 [s]"
    return dots(rows, title, columns, label, architecture="layered", log=True, size=size)


def reading(
    round_trips_ms: Iterable[float], title: str, times: pd.DataFrame | None = None, size: Size = LAB
) -> Picture:
    """Draw how many times a join's time each way of reading takes, against the round trip, and where N+1 takes twice.

    `times`: as `n_plus_one.recorded` or `measure` returns. None: as recorded.
    """
    return scaling(
        n_plus_one.against_round_trip(round_trips_ms, times),
        title,
        x="round_trip_ms",
        y="times_the_join",
        by="way",
        line_looks=variants("layered", n_plus_one.WAYS),
        y_label="Time, in times of the join's",
        upright={"twice": n_plus_one.twice_from_ms(times)},
        size=size,
    )
