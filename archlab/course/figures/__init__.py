"""Figures: each function takes tidy frames and returns a `Picture`, which shows itself with an alternative
text.

The title is your conclusion, in a sentence. The alternative text is made from the title and the numbers in
the frame.
"""

from archlab.course.figures.bars import comparison, label_numbers
from archlab.course.figures.designs import designs
from archlab.course.figures.distribution import survival
from archlab.course.figures.dots import dots
from archlab.course.figures.latency_load import latency_against_load
from archlab.course.figures.outcome_bars import outcomes
from archlab.course.figures.over_time import over_time
from archlab.course.figures.picture import Picture, show
from archlab.course.figures.queue_over_time import inside_over_time, queue_over_time
from archlab.course.figures.scaling import scaling
from archlab.course.figures.timeline import incident
from archlab.course.figures.topology import topology

__all__ = [
    "Picture",
    "comparison",
    "designs",
    "dots",
    "incident",
    "inside_over_time",
    "label_numbers",
    "latency_against_load",
    "outcomes",
    "over_time",
    "queue_over_time",
    "scaling",
    "show",
    "survival",
    "topology",
]
