"""Tidy rows for a figure that compares columns of one frame: a row a design and point, with its interval.

>>> import pandas as pd
>>> sweep = pd.DataFrame({"n": [1, 2], "near_ms": [3.0, 4.0], "far_ms": [5.0, 7.0]})
>>> names = {"near_ms": "in process", "far_ms": "network"}
>>> designs(sweep, x="n", y="latency_ms", names=names).latency_ms.tolist()
[3.0, 4.0, 5.0, 7.0]
"""

from collections.abc import Mapping

import pandas as pd

from archlab.course.figures.line import require_columns

ENDS = ("", "_low", "_high")


def designs(frame: pd.DataFrame, x: str, y: str, names: Mapping[str, str]) -> pd.DataFrame:
    """Stack the columns in `names` under the name `y`, with the ends of their intervals where the frame has them.

    Args:
        frame: a row a point, such as `archlab.sim.sweep` returns.
        x: the column that is kept.
        y: the name for all of the values; its ending is their unit.
        names: column -> name of the design it belongs to.

    Returns the columns `design`, `x`, `y`, and `<y>_low`, `<y>_high`. Raises `ValueError` for an unknown column.
    """
    require_columns("frame", frame, x, *names)
    parts = []
    for column, name in names.items():
        present = {f"{column}{end}": f"{y}{end}" for end in ENDS if f"{column}{end}" in frame.columns}
        part = frame[[x, *present]].rename(columns=present)
        part.insert(0, "design", name)
        parts.append(part)
    return pd.concat(parts, ignore_index=True)
