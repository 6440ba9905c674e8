"""The replay: scrub or play through one recorded incident, and watch the queues fill.

It needs a run's result and the topology, nothing else, so it works for any architecture.

>>> import networkx as nx
>>> from archlab.sim import Crash, Deterministic, Simulation, Station
>>> sim = Simulation(seed=1)
>>> web = Station(sim, "web")
>>> def browse(request):
...     yield web.serve(0.05)
>>> sim.open_load(Deterministic(rate_per_s=10), browse)
>>> sim.inject(Crash("web", at_s=20, restart_after_s=10))
>>> graph = nx.DiGraph([("customers", "web")])
>>> graph.add_node("web", part="web")
>>> incident = replay(sim.measure(duration_s=60), graph, "A crash stops everything")
>>> incident.go_to(25).states["web"].is_up, incident.go_to(45).states["web"].is_up
(False, True)
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pandas as pd

from archlab.course.explorer.explorer import SIZES, Style
from archlab.course.explorer.latest_wins import LatestWins
from archlab.course.figures.picture import Picture
from archlab.course.live import bundle
from archlab.course.replay.deck import Deck
from archlab.course.replay.film import Film
from archlab.course.replay.player import Player
from archlab.course.replay.recording import Recording, State
from archlab.course.replay.strip import in_words, strip
from archlab.course.replay.workers import parts_of_workers
from archlab.course.style import Size
from archlab.shop.day import ShopResult
from archlab.sim.result import Result

if TYPE_CHECKING:  # networkx is loaded when it is used: that takes a while
    import networkx as nx

WITHOUT_CONTROLS = "<i>Run this cell to play the incident, or to move through it with a slider.</i>"


def replay(result: Result | ShopResult, topology: nx.DiGraph, title: str, style: Style = "lab") -> Replay:
    """Show a recorded run moment by moment. Make it the last line of a cell.

    Args:
        result: of a run. It is sampled 200 times unless the run was measured otherwise; those are the moments.
        topology: as `Architecture.topology()` gives: each node with `kind`, and `part`, the name of its part
            of the simulation or None.
        title: your conclusion.
        style: "lab", or "slides" for a projector.

    Raises:
        ValueError: when no node of the topology has a part with samples, the title is empty, or there is no
            such style.
    """
    if style not in SIZES:
        raise ValueError(f"style is {style!r}; it must be one of {', '.join(SIZES)}")
    if not title.strip():
        raise ValueError(f"title is {title!r}; it must be the conclusion, in a sentence")
    parts = {part for _, part in topology.nodes(data="part") if part is not None}
    recorded = result.result if isinstance(result, ShopResult) else result
    recording = Recording(recorded, parts, beside=parts_of_workers(topology))
    if not recording.parts:
        raise ValueError(f"topology has the parts {sorted(parts)}; one or more must be among those sampled")
    return Replay(recording, topology, title, SIZES[style])


class Replay:
    """One recording and the moment that is shown. Made by `replay`."""

    def __init__(self, recording: Recording, graph: nx.DiGraph, title: str, size: Size) -> None:
        self.title = title
        self._recording, self._graph, self._size = recording, graph, size
        self._film = Film(recording, graph, title, size)
        self._lock = threading.RLock()  # one draws at a time
        self._moment = 0
        self._deck: Deck | None = None
        self._worker: LatestWins[int, int] = LatestWins(lambda moment: moment, self._show)
        self._player = Player(lambda: self._moment, self._advance, len(recording) - 1, self._say_paused)

    # Without a browser -----------------------------------------------------------------------------------

    @property
    def time_s(self) -> float:
        """The simulated time of the moment that is shown."""
        return float(self._recording.times_s[self._moment])

    @property
    def worst_s(self) -> float:
        """The first time at which most requests waited or had just failed."""
        return float(self._recording.times_s[self._recording.worst])

    @property
    def states(self) -> dict[str, State]:
        """The state of each part at the moment that is shown."""
        states = self._recording.states(self._moment)
        return {part: state for part, state in states.items() if part in self._recording.parts}

    def frame(self) -> pd.DataFrame:
        """Return a row a part at the moment that is shown."""
        rows = [(part, s.queue_length, s.busy, s.capacity, s.is_up) for part, s in self.states.items()]
        return pd.DataFrame(rows, columns=["part", "queue_length", "busy", "capacity", "up"]).set_index(
            "part"
        )

    def go_to(self, time_s: float) -> Replay:
        """Show the last sample that is not after `time_s`, and return this replay."""
        self._pause()
        self._worker.drop()
        self._advance(self._recording.moment(time_s))
        return self

    def picture(self) -> Picture:
        """Return the picture of the moment that is shown."""
        with self._lock:
            self._film.set(self._moment)
            return Picture(self._film.figure, self._alt(self._moment))

    # In a notebook ---------------------------------------------------------------------------------------

    def __repr__(self) -> str:
        return f"{self._alt(self._recording.worst)} {self._strip.alt}"

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        """The controls, and for where there are none the worst moment and a strip of four."""
        deck = self.deck
        with self._lock:
            self._film.set(self._recording.worst)
            worst = Picture(self._film.figure, self._alt(self._recording.worst))
            pictures = [worst._repr_mimebundle_(), self._strip._repr_mimebundle_()]
        html = "<br>".join([*(picture["text/html"] for picture in pictures), WITHOUT_CONTROLS])
        return bundle(deck.box, html, repr(self))

    @property
    def deck(self) -> Deck:
        """The controls."""
        if self._deck is None:
            times_s = self._recording.times_s
            step_s = float(times_s[1] - times_s[0]) if len(times_s) > 1 else 1.0
            self._deck = Deck(float(times_s[0]), float(times_s[-1]), step_s, self._film.size)
            self._deck.on_move = self._scrub
            self._deck.on_play, self._deck.on_worst = self._play_or_pause, lambda: self.go_to(self.worst_s)
            self._advance(self._moment)
        return self._deck

    def wait(self, timeout_s: float = 60) -> bool:
        """Wait until the last place of the slider is shown; return whether it is. For tests."""
        return self._worker.wait(timeout_s)

    # Inside ----------------------------------------------------------------------------------------------

    @property
    def _strip(self) -> Picture:
        return strip(self._recording, self._graph, self._size)

    def _alt(self, moment: int) -> str:
        faults = self._film.traces.fault_words
        start = f"{self.title.rstrip('.')}. " + (f"Faults: {faults}. " if faults else "")
        return start + in_words(self._recording, moment, self._graph)

    def _scrub(self, time_s: float) -> None:
        half_step_s = 0.5 * float(self._recording.times_s[1] - self._recording.times_s[0])
        self._worker.submit(self._recording.moment(time_s + half_step_s))

    def _show(self, moment: int) -> None:
        """Show a moment in the browser, if there is one."""
        with self._lock:
            self._moment = moment
            if self._deck is not None:
                self._deck.show(self._film.png(moment), self._alt(moment))

    def _advance(self, moment: int) -> None:
        """Show a moment, and move the slider there."""
        self._show(moment)
        if self._deck is not None:
            self._deck.move_to(self.time_s)

    def _play_or_pause(self) -> None:
        if self._player.is_playing:
            self._pause()
            return
        if self._moment == len(self._recording) - 1:
            self._moment = 0
        self._player.play()
        self._say_playing(True)

    def _pause(self) -> None:
        self._player.pause()
        self._say_playing(False)

    def _say_paused(self) -> None:
        self._say_playing(False)

    def _say_playing(self, is_playing: bool) -> None:
        if self._deck is not None:
            self._deck.show_playing(is_playing)
