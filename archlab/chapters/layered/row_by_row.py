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
from archlab.published import chatty_layer, n_plus_one


def writing(table: pd.DataFrame, title: str, size: Size = LAB) -> Picture:
    """Draw `chatty_layer.compare`: for each driver the published times of both versions, and the predicted one.

    On top stands the database inside the program, for which nothing is predicted.
    """
    seconds = chatty_layer.published()["s"]
    inside = seconds.xs(chatty_layer.IN_PROCESS, level="driver").iloc[0]
    top = {
        "design": "SQLite, in the program",
        "old_s": inside["1.4"],
        "measured_s": inside["2.0"],
        "predicted_s": 0,
    }
    rows = table.assign(
        design=table.database + ", " + table.driver, old_s=table.measured_s * table.times_faster.fillna(0)
    )
    columns = {"old_s": "version 1.4", "measured_s": "version 2.0", "predicted_s": "2.0, predicted"}
    both = pd.concat([pd.DataFrame([top]), rows[["design", *columns]]], ignore_index=True)
    return dots(both, title, columns, "100,000 rows [s]", architecture="layered", log=True, size=size)


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
