"""A starved consumer: which of two models a published measurement rejects, and by what.

The models are those of `archlab.published.starved_consumer`. Both move a million messages in 46 s; their mean rates are
the same, and no average tells them apart. The percentiles of the latency do.

>>> frame = beside_published()
>>> frame.columns.tolist(), frame.percentile.tolist()
(['percentile', 'measured', 'average', 'sender first'], [25, 50, 90, 99, 100])
"""

import numpy as np
import pandas as pd

from archlab.course.figures.canvas import canvas
from archlab.course.figures.line import in_words
from archlab.course.figures.picture import Picture
from archlab.course.style import INK, for_text, variants
from archlab.published.starved_consumer import (
    PERCENTILES,
    Model,
    latencies_s,
    model,
    published,
    with_credit,
)

__all__ = ["NAMES", "beside_published", "figure", "with_credit", "worst_error_percent"]

NAMES: dict[Model, str] = {
    "average": "receiver at its average rate",
    "sender first": "the sender is served first",
}


def beside_published() -> pd.DataFrame:
    """Return a row a percentile: percentile, and the latency in seconds as measured and in both models."""
    measured = published()
    models: dict[Model, dict[str, float]] = {name: model(name) for name in NAMES}
    rows = [
        {"percentile": q, "measured": measured[key], **{name: run[key] for name, run in models.items()}}
        for key, q in PERCENTILES.items()
    ]
    return pd.DataFrame(rows)


def worst_error_percent(frame: pd.DataFrame, model: Model) -> float:
    """Return by how many per cent a model misses the percentile that it misses most."""
    return float(100 * (frame[model] / frame.measured - 1).abs().max())


def figure(frame: pd.DataFrame, title: str) -> Picture:
    """Draw the share of the messages that took less than so long: two models as lines, the measurement as points.

    `frame`: as `beside_published` returns it.
    """
    looks = variants("event-driven", NAMES.values())
    told = []
    with canvas(title) as drawing:
        (panel,) = drawing.panels
        for name, words in NAMES.items():
            took_s = np.sort(latencies_s(name))
            share = 100 * np.arange(1, len(took_s) + 1) / len(took_s)
            look = looks[words]
            panel.plot(took_s, share, color=look.colour, linestyle=look.dash)
            middle = (frame[name][1], frame.percentile[1])
            panel.annotate(
                words,
                middle,
                (-18, 8),
                textcoords="offset points",
                ha="right",
                va="center",
                color=for_text(look.colour),
            )
            told.append(in_words(f"{words}:", frame.percentile, frame[name]))
        panel.plot(
            frame.measured, frame.percentile, "x", color=INK, markersize=9, markeredgewidth=2, zorder=4
        )
        panel.annotate(
            "measured",
            (frame.measured[1], frame.percentile[1]),
            (12, -4),
            textcoords="offset points",
            color=INK,
        )
        panel.set(xlabel="Latency of a message [s]", ylabel="Took less [% of messages]", ylim=(0, 103))
        panel.set_xlim(0, 1.15 * frame.measured.max())
    told.append(in_words("measured:", frame.percentile, frame.measured))
    return Picture(drawing.figure, f"{title.rstrip('.')}. Seconds by percentile, {' '.join(told)}")
