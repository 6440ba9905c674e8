"""The explorer: sliders beside a model, its picture and its figures, and earlier runs to compare with."""

from archlab.course.explorer.columns import Columns
from archlab.course.explorer.explorer import Explorer, explore
from archlab.course.explorer.result_views import LatencyAndQueue, OverTime
from archlab.course.explorer.view import Curve, Panel, Reading, View, Window

__all__ = [
    "Columns",
    "Curve",
    "Explorer",
    "LatencyAndQueue",
    "OverTime",
    "Panel",
    "Reading",
    "View",
    "Window",
    "explore",
]
