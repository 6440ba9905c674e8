"""A strip: four moments of a recording beside each other, for a page on which nothing moves.

The parts stand where they stand in the large picture. A number is how many wait there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from archlab.course.figures.discs import workers_in_words
from archlab.course.figures.picture import Picture
from archlab.course.quantity import number
from archlab.course.replay.film import DPI, LETTERS
from archlab.course.replay.recording import Recording, clock
from archlab.course.replay.scene import Scene
from archlab.course.replay.workers import workers_of
from archlab.course.style import Size, rc

if TYPE_CHECKING:  # networkx is loaded when it is used: that takes a while
    import networkx as nx

SHARE = 0.2
"""Height of the strip, as a share of its width."""


def strip(recording: Recording, graph: nx.DiGraph, size: Size) -> Picture:
    """Draw the four moments of `recording.four`, each under its time."""
    # Matplotlib is loaded when something is drawn.
    import matplotlib as mpl
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    moments = recording.four
    with mpl.rc_context(rc(size)):
        figure = Figure(figsize=(size.width_in, SHARE * size.width_in), dpi=DPI)
        FigureCanvasAgg(figure)
        for k, moment in enumerate(moments):
            axes = figure.add_axes((k / len(moments) + 0.005, 0.0, 1 / len(moments) - 0.01, 0.86))
            scene = Scene(axes, graph, LETTERS * size.font_pt, recording.largest_queue, names=False)
            scene.show(recording.states(moment))
            time = clock(recording.times_s[moment], recording.times_s[-1], digits=0)
            title = time + (" (worst)" if moment == recording.worst else "")
            figure.text((k + 0.5) / len(moments), 0.98, title, ha="center", va="top", fontweight="bold")
    return Picture(
        figure, f"Four moments. {' '.join(in_words(recording, moment, graph) for moment in moments)}"
    )


def in_words(recording: Recording, moment: int, graph: nx.DiGraph) -> str:
    """Return the time, what is down, faulty or has a queue then, and where workers wait."""
    states = recording.states(moment)
    notable = {
        part: states[part]
        for part in recording.parts
        if part in states and (states[part].queue_length or states[part].faults or not states[part].is_up)
    }
    texts = (f"{part}: {state.words.replace(chr(10), ', ')}" for part, state in notable.items())
    workers = workers_in_words(*workers_of(graph, states)) if notable else ""
    time_s = number(float(recording.times_s[moment]))
    return f"At {time_s} s: {'; '.join(texts) or 'nothing waits'}.{workers}"
