"""The figures of a log's limits: consumers over partitions, hot keys over partitions, and the order that is lost.

>>> from archlab.chapters.event_driven import partitions
>>> print(consumers(partitions.against_consumers([4, 7])).alt[:67])
7 consumers are as fast as 4 over 8 partitions, and as 7 at a queue
"""

from collections.abc import Sequence

import pandas as pd

from archlab.chapters.event_driven import partitions
from archlab.chapters.event_driven.order import NO_VERSIONS
from archlab.course import figures
from archlab.course.figures.picture import Picture
from archlab.course.style import variants
from archlab.published import hot_key
from archlab.sim.validation import refuse


def consumers(table: pd.DataFrame, shown: int = 7) -> Picture:
    """Draw a frame of `partitions.against_consumers`; the title is about `shown` consumers, who must be in it."""
    numbers = sorted(table.consumers.unique().tolist())
    if shown not in numbers:
        refuse(ValueError, "shown", shown, f"one of {numbers}")
    times = table.set_index(["design", "consumers"]).times_one
    law = partitions.even_law(numbers, partitions.PARTITIONS)
    title = (
        f"{shown} consumers are as fast as {times['log', shown]:.0f} over {partitions.PARTITIONS} partitions"
    )
    return figures.scaling(
        table,
        f"{title}, and as {times['queue', shown]:.0f} at a queue",
        x="consumers",
        y="times_one",
        y_label="Times as fast as one consumer",
        fit=law,
        fit_name="partitions / the most that one consumer has",
        line_looks=variants("event-driven", partitions.DESIGNS),
    )


def hot_keys(table: pd.DataFrame) -> Picture:
    """Draw a frame of `partitions.against_partitions`; the title is about the most partitions in it."""
    most = table.partitions.max()
    usable = table.set_index(["design", "partitions"]).times_one
    title = f"{most} partitions bear as much as {usable['hot keys', most]:.0f} when keys are hot, and as"
    return figures.scaling(
        table,
        f"{title} {usable['even keys', most]:.0f} when they are not",
        x="partitions",
        y="times_one",
        y_label="Bears as much as so many even partitions",
        fit=partitions.derived(),
        fit_name="derived independently",
        across={"1 / the share of the hottest key": hot_key.most_usable()},
        line_looks=variants("event-driven", table.design.unique()),
    )


def order(
    table: pd.DataFrame, named: Sequence[str] = ("log, partitions added", "queue, 4 consumers")
) -> Picture:
    """Draw a frame of `order.compare`, without the designs that are told apart by their rows alone."""
    shown = table[table.design.isin(NO_VERSIONS)]
    late = shown.set_index("design").out_of_order_percent
    return figures.comparison(
        shown,
        "Events handled too late: " + ", ".join(f"{late[name]:.0f} % ({name})" for name in named),
        "out_of_order_percent",
        bar_looks=dict.fromkeys(shown.design, variants("event-driven", ["log"])["log"]),
        label="Events handled after a later one of their product [%]",
    )
