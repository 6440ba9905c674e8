"""A strip: four moments of a recording beside each other, for a page on which nothing moves.

The parts stand where they stand in the large picture. A number is how many wait there.
"""

import matplotlib as mpl
import networkx as nx
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from archlab.course.figures.picture import Picture
from archlab.course.quantity import number
from archlab.course.replay.film import DPI, LETTERS
from archlab.course.replay.recording import Recording
from archlab.course.replay.scene import Scene
from archlab.course.style import Size, rc

SHARE = 0.2
"""Height of the strip, as a share of its width."""


def strip(recording: Recording, graph: nx.DiGraph, size: Size) -> Picture:
    """Draw the four moments of `recording.four`, each under its time."""
    moments = recording.four
    with mpl.rc_context(rc(size)):
        figure = Figure(figsize=(size.width_in, SHARE * size.width_in), dpi=DPI)
        FigureCanvasAgg(figure)
        for k, moment in enumerate(moments):
            axes = figure.add_axes((k / len(moments) + 0.005, 0.0, 1 / len(moments) - 0.01, 0.86))
            scene = Scene(axes, graph, LETTERS * size.font_pt, recording.largest_queue, names=False)
            scene.show(recording.states(moment))
            title = f"{recording.times_s[moment]:,.0f} s" + (" (worst)" if moment == recording.worst else "")
            figure.text((k + 0.5) / len(moments), 0.98, title, ha="center", va="top", fontweight="bold")
    return Picture(figure, f"Four moments. {' '.join(in_words(recording, moment) for moment in moments)}")


def in_words(recording: Recording, moment: int) -> str:
    """Return the time, and what is down, faulty or has a queue then."""
    states = recording.states(moment)
    notable = {
        part: state for part, state in states.items() if state.queue_length or state.faults or not state.is_up
    }
    texts = (f"{part}: {state.words.replace(chr(10), ', ')}" for part, state in notable.items())
    return f"At {number(float(recording.times_s[moment]))} s: {'; '.join(texts) or 'nothing waits'}."
