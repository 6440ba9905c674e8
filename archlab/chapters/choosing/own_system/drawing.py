"""The picture of a described system: who calls whom, each part filled by how busy it is at the load.

>>> from archlab.chapters.choosing.own_system.reading import read
>>> graph = topology(read('''load 100 per second: browse 100 %
... part web: 2 cores
... store database: 1 core
... browse = web 5 ms [database 1 ms]'''))
>>> list(graph.edges), graph.nodes["database"]["kind"]
([('customers', 'web'), ('web', 'database')], 'database')
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import pandas as pd

from archlab.chapters.choosing.own_system.capacity import capacity, limit_per_s
from archlab.chapters.choosing.own_system.description import CUSTOMERS, Description, calls_in
from archlab.course.figures.bars import comparison
from archlab.course.figures.picture import Picture
from archlab.course.figures.topology import topology as draw
from archlab.course.quantity import number
from archlab.course.style import INK, LAB, Look, Size

if TYPE_CHECKING:  # networkx is loaded when it is used: that takes a while
    import networkx as nx

KINDS = {"part": "process", "store": "database", "outside": "external"}
INCHES_PER_ROW, INCHES_PER_LAYER = 1.3, 1.75
"""What a part needs in a picture with many of them."""
MOST_BARS = 10
LINE, POINTS_PER_INCH = 2.0, 72
"""Height of a line with the room around it, in letter heights."""
ASKS_NOTHING = "this mix asks nothing of"


def topology(description: Description) -> nx.DiGraph:
    """Return who calls whom, as `Architecture.topology` of the shops does: nodes with `kind` and `part`.

    A part that is asked later stands behind its queue. Idle parts have no calls.
    """
    import networkx as nx

    graph = nx.DiGraph()
    graph.add_node(CUSTOMERS, kind="client", part=None)
    for name in description.asked:
        graph.add_node(name, kind=KINDS[description.parts[name].kind], part=name)
    for name, part in description.parts.items():
        if part.is_idle:
            graph.add_node(name, kind=KINDS[part.kind], part=None)
    for route in description.routes.values():
        for caller, call, _ in calls_in(route):
            if call.later:
                queue = f"queue of {call.part}"
                graph.add_node(queue, kind="queue", part=None)
                graph.add_edge(caller, queue, protocol="message")
                graph.add_edge(queue, call.part, protocol="message")
            else:
                graph.add_edge(caller, call.part, protocol=None)
    return graph


def utilisations(description: Description) -> pd.DataFrame:
    """Return how busy the cores or servers of each part are by the bottleneck law: index part, `utilisation`."""
    table = capacity(description)
    cores = table[table.what != "workers"].set_index("part")
    return pd.DataFrame({"utilisation": cores.busy_percent / 100})


def topology_figure(
    description: Description, title: str = "", size: Size = LAB, load: bool = True
) -> Picture:
    """Draw the topology, with how busy each part is at the load of the description.

    Args:
        title: your conclusion; by default which part is the busiest, or without load that it shows who calls whom.
        load: whether to say how busy each part is.
    """
    table, graph = utilisations(description) if load else None, topology(description)
    picture = draw(graph, title or _title(description, table), table, size=_large_enough(graph, size))
    unasked = [name for name, part in description.parts.items() if part.is_idle]
    return _with_unasked(picture, unasked, size, load) if unasked else picture


def _title(description: Description, table: pd.DataFrame | None) -> str:
    if table is None:
        return f"{description.title}: who calls whom"
    busiest = table.utilisation.idxmax()
    return (
        f"{description.title}: at {number(description.rate_per_s)} requests/s {busiest} is the busiest part, "
        f"{100 * table.utilisation[busiest]:.0f} %"
    )


def _with_unasked(picture: Picture, unasked: Sequence[str], size: Size, load: bool) -> Picture:
    """Add a line below the parts: what a part without arrows is."""
    figure, letters_pt = picture.figure, 0.85 * size.font_pt
    height_in = figure.get_figheight()
    more_in = LINE * letters_pt / POINTS_PER_INCH
    kept = height_in / (height_in + more_in)
    figure.set_figheight(height_in + more_in)
    (panel,) = figure.axes
    box = panel.get_position()
    panel.set_position((box.x0, 1 - kept * (1 - box.y0), box.width, kept * box.height))
    for title in figure.texts:
        title.set_y(1 - kept * (1 - title.get_position()[1]))
    words = "White, no arrows" if load else "No arrows"
    figure.text(
        0.01, (1 - kept) / 2, f"{words}: {ASKS_NOTHING} it", va="center", fontsize=letters_pt, color=INK
    )
    return Picture(figure, f"{picture.alt} {ASKS_NOTHING.capitalize()} {', '.join(unasked)}.")


def _large_enough(graph: nx.DiGraph, size: Size) -> Size:
    """A size in which all names can be read."""
    import networkx as nx

    generations = list(nx.topological_generations(graph))
    rows, layers = max(map(len, generations)), len(generations)
    width_in = max(size.width_in, INCHES_PER_LAYER * layers)
    return replace(size, width_in=width_in, tall_in=max(size.tall_in, INCHES_PER_ROW * rows))


def capacity_figure(description: Description, title: str = "", size: Size = LAB) -> Picture:
    """Draw the capacity of each station by the bottleneck law, the least first; at most `MOST_BARS` of them."""
    table = capacity(description).reset_index().head(MOST_BARS)
    limit = limit_per_s(description)
    title = title or (
        f"{table.station.iloc[0]} are full first, at {number(limit)} requests/s; "
        f"the load is {number(description.rate_per_s)}"
    )
    looks = {name: Look(INK) for name in table.station}
    label = "Load at which it is full [requests/s]"
    return comparison(table, title, "capacity_per_s", by="station", bar_looks=looks, label=label, size=size)
