"""Polling: how long a record waits when consumers ask for it, and when it is pushed to them.

All who poll a shard of Kinesis share five calls a second, so each consumer more makes all of them ask less often, when
they ask as often as they may. (Who asks once a second, as AWS Lambda does, waits half of that, whether there are one or
five.) A push (enhanced fan-out) serves each by itself; its 70 ms are AWS's, and are put in. Beside polling stand AWS's
averages, which are twice ours (`archlab.published.polling_delay` tries what would explain that).

What this leaves out: prices. A push costs extra for each consumer, each shard and each byte. And the work on a record:
it is read when it is there.

>>> table = delays(consumers=(1, 5), seconds=20)
>>> table.columns.tolist(), table.way.unique().tolist()
(['way', 'consumers', 'delay_ms'], ['polling', 'push', 'AWS, polling'])
"""

import math
from collections.abc import Iterable
from dataclasses import replace
from itertools import product

import joblib
import pandas as pd

from archlab.course.figures.picture import Picture
from archlab.course.figures.scaling import scaling
from archlab.course.style import GREY, variants
from archlab.published.polling_delay import ages_s, mean_s, published_s
from archlab.sim.messaging.shard_reader import EnhancedFanOut
from archlab.sim.parallel import in_parallel

CONSUMERS = (1, 2, 3, 4, 5)
SECONDS = 60.0


def mean_delay_ms(seed: int, consumers: int, way: str, seconds: float = SECONDS) -> float:
    """Return how long a record waits on average until a consumer has it, in ms. `way`: "polling" or "push"."""
    if way not in ("polling", "push"):
        raise ValueError(f"way is {way!r}; it must be 'polling' or 'push'")
    reading = None if way == "polling" else EnhancedFanOut()
    return 1000 * float(ages_s(seed, consumers, reading, seconds).mean())


def delays(consumers: Iterable[int] = CONSUMERS, seed: int = 1, seconds: float = SECONDS) -> pd.DataFrame:
    """Return the mean delays of both ways, and those that AWS prints for polling. Columns: way, consumers, delay_ms."""
    cases = list(product(("polling", "push"), consumers))
    found = in_parallel(joblib.delayed(mean_delay_ms)(seed, k, way, seconds) for way, k in cases)
    rows = [(way, k, delay_ms) for (way, k), delay_ms in zip(cases, found, strict=True)]
    rows += [("AWS, polling", k, 1000 * aws_s) for k, aws_s in published_s().items()]
    return pd.DataFrame(rows, columns=["way", "consumers", "delay_ms"])


def theory(consumers: Iterable[int] = CONSUMERS) -> pd.DataFrame:
    """Return half of the interval for each number of consumers. Columns: consumers, delay_ms."""
    chosen = list(consumers)
    return pd.DataFrame({"consumers": chosen, "delay_ms": [1000 * mean_s(k) for k in chosen]})


def times(table: pd.DataFrame, way: str) -> float:
    """Return how many times longer the last number of consumers waits than the first, in a frame of `delays`."""
    delay_ms = table[table.way == way].delay_ms
    return float(delay_ms.iloc[-1] / delay_ms.iloc[0])


def half_of_what_aws_says() -> bool:
    """Whether each of AWS's averages is twice the mean wait by theory, and so the whole interval."""
    return all(math.isclose(aws_s, 2 * mean_s(consumers)) for consumers, aws_s in published_s().items())


def figure(table: pd.DataFrame, title: str) -> Picture:
    """Draw the delays against the number of consumers, with half of the interval beside them.

    `table` is as `delays` returns it, `title` your conclusion.
    """
    from matplotlib.ticker import MaxNLocator  # matplotlib is loaded when something is drawn

    polling, push = variants("event-driven", ["polling", "push"]).values()
    picture = scaling(
        table,
        title,
        x="consumers",
        y="delay_ms",
        by="way",
        fit=theory(sorted(table.consumers.unique())),
        fit_name="half of the interval",
        line_looks={"polling": polling, "push": push, "AWS, polling": replace(polling, colour=GREY)},
        y_label="Mean wait of a record [ms]",
    )
    picture.figure.axes[0].xaxis.set_major_locator(MaxNLocator(integer=True))
    return picture
