"""Discs: tokens as they are drawn, filled while a worker is busy and hollow while it is free, and in words.

>>> workers_in_words({"shop-1": {"shop-1": 1, "payment provider": 12}}, {"shop-1": 16})
' Workers of shop-1: 1 works inside, 12 wait at payment provider, 3 are free.'
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from archlab.course.figures.tokens import Tokens, workers_a_token
from archlab.course.style import INK

if TYPE_CHECKING:  # networkx and matplotlib are loaded when something is drawn
    import networkx as nx
    from matplotlib.axes import Axes
    from matplotlib.collections import PathCollection

SIZE = 0.5
"""Diameter of a disc, in letters of the other text."""


@dataclass(frozen=True)
class Discs:
    """All tokens of a picture, which can be moved."""

    artist: PathCollection

    def show(self, tokens: Tokens) -> None:
        """Move the discs to these places."""
        self.artist.set_offsets(tokens.places)
        self.artist.set_facecolor(["white" if is_free else INK for is_free in tokens.are_free])


def new_discs(axes: Axes, letters_pt: float) -> Discs:
    """Add discs to a pair of axes; none is shown yet."""
    area = (SIZE * letters_pt) ** 2
    return Discs(axes.scatter([], [], s=area, edgecolors=INK, linewidths=0.8, zorder=5))


def capacities(graph: nx.DiGraph) -> dict[Any, int]:
    """Return how many workers each process of a graph has, of those that say so."""
    return {name: int(count) for name, count in graph.nodes(data="workers") if count is not None}


def workers_a_disc(capacity: Mapping[Any, int]) -> str:
    """Return what the discs are: "workers", or how many one stands for."""
    each = workers_a_token(capacity)
    return "workers:" if each == 1 else f"{each} workers a disc:"


def workers_in_words(busy: Mapping[Any, Mapping[Any, int]], capacity: Mapping[Any, int]) -> str:
    """Return where the workers of each process are, with a space before; empty when no process tells."""
    return "".join(
        f" Workers of {process}: {', '.join(_whereabouts(process, busy.get(process, {}), count))}."
        for process, count in capacity.items()
        if count
    )


def _whereabouts(process: Any, busy: Mapping[Any, int], capacity: int) -> Iterator[str]:
    for node, count in busy.items():
        if count and node == process:
            yield f"{count} {'works' if count == 1 else 'work'} inside"
        elif count:
            yield f"{count} {'waits' if count == 1 else 'wait'} at {node}"
    free = capacity - sum(busy.values())
    yield f"{free} {'is' if free == 1 else 'are'} free"
