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

from dataclasses import replace

import networkx as nx
import pandas as pd

from archlab.chapters.choosing.own_system.capacity import capacity, limit_per_s
from archlab.chapters.choosing.own_system.description import CUSTOMERS, Description, calls_in
from archlab.course.figures.bars import comparison
from archlab.course.figures.picture import Picture
from archlab.course.figures.topology import topology as draw
from archlab.course.quantity import number
from archlab.course.style import INK, LAB, Look, Size

KINDS = {"part": "process", "store": "database", "outside": "external"}
INCHES_PER_ROW, INCHES_PER_LAYER = 1.3, 1.75
"""What a part needs in a picture with many of them."""
MOST_BARS = 10


def topology(description: Description) -> nx.DiGraph:
    """Return who calls whom, as `Architecture.topology` of the shops does: nodes with `kind` and `part`.

    A part that is asked later stands behind its queue. Idle parts have no calls.
    """
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


def topology_figure(description: Description, title: str = "", size: Size = LAB) -> Picture:
    """Draw the topology, with how busy each part is at the load of the description.

    `title`: your conclusion; by default which part is the busiest.
    """
    table, graph = utilisations(description), topology(description)
    busiest = table.utilisation.idxmax()
    title = title or (
        f"{description.title}: at {number(description.rate_per_s)} requests/s {busiest} is the busiest part, "
        f"{100 * table.utilisation[busiest]:.0f} %"
    )
    return draw(graph, title, table, size=_large_enough(graph, size))


def _large_enough(graph: nx.DiGraph, size: Size) -> Size:
    """A size in which all names can be read."""
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
