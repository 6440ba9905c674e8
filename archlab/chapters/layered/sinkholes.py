"""Sinkholes: requests for which a layer does nothing but hand on, found by watching the running program.

Each request is a call in JSON to the real shop, watched with Python's own profiling hook. A layer's *entry* is the
first function of it that a use case calls. The layer *only hands on* when the one line that it runs calls the next
layer, with the very objects that it was given, and it returns the very object that came back. A line more, such as a
rule that looks at an object and hands it on as it is, and it does something. That errs in favour of the layer: its
second line may be of no use. A function that waits and goes on is one call.

The literature's rule of thumb: that one request in five only passes through is normal; when four in five do, layers
should be opened, or the style is the wrong one (M. Richards and N. Ford, *Fundamentals of Software Architecture*).

By construction: the shop has three use cases, and its rules, which all architectures of this course share, say nothing
about looking. So that two of the three use cases pass through follows from what we built. What decides is what
customers ask for (`archlab.shop.architecture.SHOP_MIX`, an assumption), and whether a rule about looking ever comes.

>>> layers = watched().pivot(index="use_case", columns="layer", values="does")
>>> layers.loc["browse"].to_dict()
{'application': False, 'business': False, 'data access': True, 'presentation': True}
>>> round(sinkhole_percent(watched()))
88
"""

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import PurePath
from types import FrameType, GeneratorType, ModuleType
from typing import Any

import pandas as pd

import archlab.shop.layered as layered_shop
from archlab.course.figures.canvas import canvas
from archlab.course.figures.picture import Picture
from archlab.course.quantity import number
from archlab.course.style import INK, LAB, Size, look_of
from archlab.shop.architecture import SHOP_MIX, Assortment
from archlab.shop.layered.topology import LAYERS
from archlab.sim.core.garbage import none_collected
from archlab.sim.simulation import Simulation

FOLDERS = {layer.replace(" ", "_"): layer for layer in LAYERS}
MAY_PASS = ("application", "business")
"""Layers that could be left out. The first one reads requests and the last one rows, whatever else they do."""
ORDER = '{"use_case": "place_order", "order_id": 7, "basket": {"1": 2, "2": 1}}'
REQUESTS: Mapping[str, str] = {
    "browse": '{"use_case": "browse", "product": 1}',
    "track_order": '{"use_case": "track_order", "order_id": 7}',
    "place_order": ORDER.replace("7", "8"),
}
"""A request of each kind, well answered, in a shop that has order 7."""


@dataclass(eq=False)
class Call:
    """A call of a function of a layer: what it was given, what came of it, and what it called."""

    layer: str
    name: str
    frame: FrameType = field(repr=False)
    given: list[Any]
    inside: list["Call"] = field(default_factory=list)
    result: Any = None
    lines: int = 0

    def on(self) -> list["Call"]:
        """Return the calls that it makes in other layers, by itself or by other functions of its own layer."""
        return [call for one in self.inside for call in (one.on() if one.layer == self.layer else [one])]

    def lines_in_layer(self) -> int:
        """Return the lines of its layer that ran for it."""
        return self.lines + sum(one.lines_in_layer() for one in self.inside if one.layer == self.layer)


class Watcher:
    """Notes the calls of the layers of one program while it runs.

    `root`: the folder of the program, with a folder a layer. `first`: the calls that no other layer makes.
    """

    def __init__(self, root: PurePath) -> None:
        self.root = root
        self.first: list[Call] = []
        self._calls: dict[int, Call] = {}
        self._makers: dict[int, tuple[Call, FrameType]] = {}

    def profile(self, frame: FrameType, event: str, value: Any) -> None:
        """Note a call, or what came of it, for `sys.setprofile`. A generator that goes on is no new call."""
        known = self._calls.get(id(frame))
        if event == "call" and known is None:
            self._enter(frame)
        elif event == "return" and known is not None:
            known.result = value
            if isinstance(value, GeneratorType) and value.gi_frame is not None:
                known.result = _Made(value.gi_frame)
                self._makers.setdefault(id(value.gi_frame), (known, value.gi_frame))

    def trace(self, frame: FrameType, event: str, _: Any) -> Any:
        """Count lines, for `sys.settrace`."""
        if event == "line" and id(frame) in self._calls:
            self._calls[id(frame)].lines += 1
        return self.trace if self._layer_of(frame) else None

    def only_hands_on(self, call: Call) -> bool:
        """Whether a call runs one line, which makes one call in another layer, with what the call was given, and
        whether the call returns what that one returns.
        """
        match call.on():
            case [one] if len(one.given) == len(call.given) and call.lines_in_layer() == 1:
                same = all(mine is its for mine, its in zip(call.given, one.given, strict=True))
                return same and self._delivered(call) is self._delivered(one)
        return False

    def entries(self) -> list[Call]:
        """Return all calls that come from another layer, or from outside."""
        found, ahead = [], list(self.first)
        while ahead:
            found.append(ahead.pop(0))
            ahead += found[-1].on()
        return found

    def _enter(self, frame: FrameType) -> None:
        layer = self._layer_of(frame)
        if layer is None or frame.f_code.co_name.startswith("<"):
            return
        names = frame.f_code.co_varnames[: frame.f_code.co_argcount]
        given = [frame.f_locals[name] for name in names if name != "self"]
        call = self._calls[id(frame)] = Call(layer, frame.f_code.co_name, frame, given)
        maker = self._makers.get(id(frame))
        caller = maker[0] if maker else self._caller(frame)
        (caller.inside if caller else self.first).append(call)

    def _caller(self, frame: FrameType) -> Call | None:
        above = frame.f_back
        while above is not None and id(above) not in self._calls:
            above = above.f_back
        return None if above is None else self._calls[id(above)]

    def _layer_of(self, frame: FrameType) -> str | None:
        path = PurePath(frame.f_code.co_filename)
        return FOLDERS.get(path.parent.name) if path.parent.parent == self.root else None

    def _delivered(self, call: Call) -> Any:
        """What a call comes to: for a generator that has run, what this returned in the end."""
        result = call.result
        while isinstance(result, _Made):
            result = self._calls[id(result.frame)].result
        return result


@dataclass(frozen=True)
class _Made:
    """A generator that a call returned, by the frame in which it runs. It is kept: a new one must not have its id."""

    frame: FrameType


def watch(program: ModuleType, request: str) -> Watcher:
    """Send one request in JSON to a new shop of a layered program, in which order 7 is there, and watch it."""
    config = program.LayeredConfig(assortment=Assortment(products=20, stock=1000))
    shop = program.Layered(Simulation(seed=1), config)
    api = program.JsonApi(shop.application)
    shop.answer(api.handle(ORDER))
    watcher = Watcher(PurePath(program.__file__ or "").parent)
    before = sys.gettrace(), sys.getprofile()
    try:
        with none_collected():
            sys.settrace(watcher.trace)
            sys.setprofile(watcher.profile)
            shop.answer(api.handle(request))
    finally:
        sys.settrace(before[0])
        sys.setprofile(before[1])
    return watcher


def watched(program: ModuleType = layered_shop) -> pd.DataFrame:
    """Return what each layer does for each use case, a row each, also for a layer that is not called.

    use_case, layer, called (times it is called from another layer), does (whether it does anything but hand on, in any
    of these calls), lines (that run in it).
    """
    rows = []
    for kind, request in REQUESTS.items():
        watcher = watch(program, request)
        for layer in LAYERS:
            entries = [call for call in watcher.entries() if call.layer == layer]
            does = any(not watcher.only_hands_on(call) for call in entries)
            rows.append((kind, layer, len(entries), does, sum(call.lines_in_layer() for call in entries)))
    return pd.DataFrame(rows, columns=["use_case", "layer", "called", "does", "lines"])


def methods(program: ModuleType = layered_shop, layer: str = "business") -> dict[str, bool]:
    """Return the functions of a layer that others call, and whether each only hands on. Refusals and the background
    too."""
    found: dict[str, bool] = {}
    again = [*REQUESTS.values(), ORDER.replace('"1": 2', '"1": 5000')]
    for request in again:
        watcher = watch(program, request)
        for call in watcher.entries():
            if call.layer == layer:
                found[call.name] = found.get(call.name, True) and watcher.only_hands_on(call)
    return found


def sinkholes(table: pd.DataFrame) -> set[str]:
    """Return the use cases in which each of `MAY_PASS` that is called only hands on. Takes `watched`."""
    able = (
        table[table.layer.isin(MAY_PASS)]
        .groupby("use_case")
        .agg(called=("called", "sum"), does=("does", "any"))
    )
    return set(able.index[(able.called > 0) & ~able.does])


def sinkhole_percent(table: pd.DataFrame, mix: Mapping[str, float] | None = None) -> float:
    """Return the share of requests that pass only through, in percent, by a mix of requests. None: the shop's day."""
    shares = SHOP_MIX.shares if mix is None else mix
    return 100 * sum(shares[kind] for kind in sinkholes(table)) / sum(shares.values())


def figure(table: pd.DataFrame, title: str, size: Size = LAB) -> Picture:
    """Draw `watched`: a row a use case with its share of the requests, a square a layer, hollow where it hands on."""
    kinds = sorted(REQUESTS, key=lambda kind: -SHOP_MIX.shares[kind])
    look, words = look_of("layered"), []
    colour = look.colour if look else INK
    with canvas(title, size) as drawing:
        (panel,) = drawing.panels
        for place, kind in enumerate(kinds):
            rows = table[table.use_case == kind].set_index("layer")
            for across, layer in enumerate(LAYERS):
                face = colour if rows.does[layer] else "white"
                panel.plot(across, place, "s", ms=30, mec=colour, mfc=face, mew=2.5)
            panel.plot([0, len(LAYERS) - 1], [place, place], color=colour, zorder=0, lw=2)
            idle = [layer for layer in LAYERS if not rows.does[layer]]
            share = number(round(100 * SHOP_MIX.shares[kind]))
            words.append(f"{kind.replace('_', ' ')}, {share} % of requests: {_idle(idle)}.")
        panel.set_yticks(
            range(len(kinds)),
            [f"{kind.replace('_', ' ')}\n{number(round(100 * SHOP_MIX.shares[kind]))} %" for kind in kinds],
        )
        panel.set_xticks(range(len(LAYERS)), LAYERS)
        panel.xaxis.tick_top()
        panel.set_ylim(len(kinds) - 0.4, -0.6)
        panel.set_xlim(-0.5, len(LAYERS) - 0.5)
        panel.tick_params(length=0)
        panel.grid(False)
        for side in panel.spines.values():
            side.set_visible(False)
        panel.set_xlabel("Filled: does something. Hollow: only hands on.")
    return Picture(drawing.figure, f"{title}. {' '.join(words)}")


def _idle(layers: list[str]) -> str:
    if not layers:
        return "all four layers do something"
    return f"{' and '.join(layers)} only hand{'s' if len(layers) == 1 else ''} on"
