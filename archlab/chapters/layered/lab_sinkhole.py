"""Calls that pass through layers in which nothing happens, and what happens when a layer is left out.

Task 4 of lab 04. A shop has use cases, and four layers. In the two in the middle there are deeds: each is done for some
calls of a use case, and either refuses the call, changes the answer, or writes an entry into the audit. A trace tells
what each layer did for each call, and how long it took there. Some deeds are rare: no trace has such a call, but they
are written down as rules, or the layer is seen to decide about each call, and allows it. Others are in no list of
rules, as they were built in without one: only traces show them, some in a single row. Calls of other days are then
replayed through all layers, and through those that were left.

What this leaves out: deeds that are in no rule and in no trace. Nobody can know them; whoever opens a layer takes that
risk. That errs towards opening.

>>> shop = drawn(np.random.default_rng(1))
>>> call = shop.calls(np.random.default_rng(2), 1)[0]
>>> shop.replayed(call, ()) == shop.replayed(call, ("application", "business"))
True
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

LAYERS = ("presentation", "application", "business", "data")
CAN_BE_OPEN = ("application", "business")
"""Customers talk to the first layer, and the rows are in the last one: these two cannot be left out."""
USE_CASES = (
    "show product",
    "search",
    "track order",
    "list orders",
    "place order",
    "return goods",
    "change address",
)
TRACED = 600
"""Calls of each use case in a trace."""
RARE = 1 / 2000
"""The share of calls for which a rare deed is done. A trace has none of these."""
SELDOM = 1 / TRACED
"""The share of calls for which a deed is done that a trace shows once, late. No part of a trace can be left out."""
EVERY_USE_CASE = "every"

Does = Literal["refused", "changed", "recorded"]
DID = ("passed on", "allowed", "refused", "changed", "recorded")
"""What a layer can do for a call. "allowed": it decided, and might have refused."""


@dataclass(frozen=True)
class Deed:
    """What a layer does for some calls of a use case. `field`: the field of a call that decides, between 0 and 1; the
    deed is done when it is below `below`.
    """

    layer: str
    use_case: str
    does: Does
    field: int
    below: float
    is_written: bool

    @property
    def decides(self) -> bool:
        """Whether the layer is seen to look at each call. One with a rare, written rule looks at its own calls."""
        return self.does == "refused" and not (self.is_rare and self.is_written)

    @property
    def is_rare(self) -> bool:
        """Whether no trace has a call for which this is done."""
        return self.below <= RARE

    @property
    def is_seldom(self) -> bool:
        """Whether a trace has one call for which this is done."""
        return RARE < self.below <= SELDOM


@dataclass(frozen=True)
class Call:
    """A call: its use case, and what is in it, as figures between 0 and 1."""

    use_case: str
    fields: tuple[float, ...]


@dataclass(frozen=True)
class Outcome:
    """What came of a call: the answer, the rows, and the entries in the audit."""

    answer: str
    rows: tuple[str, ...]
    audit: tuple[str, ...]


@dataclass(frozen=True)
class Shop:
    """A shop: its `deeds`, and the mean time of a call, `cost_s`, in each layer for each use case."""

    deeds: Sequence[Deed]
    cost_s: Mapping[tuple[str, str], float]
    shares: Mapping[str, float]

    def calls(self, random: np.random.Generator, count: int) -> list[Call]:
        """Return calls as customers make them."""
        names = random.choice(list(self.shares), count, p=list(self.shares.values()))
        return [Call(str(name), tuple(random.random(len(self.deeds)))) for name in names]

    def one_for_each(self, random: np.random.Generator) -> list[Call]:
        """Return a call for each deed, for which it is done."""
        calls = []
        for deed in self.deeds:
            names = USE_CASES if deed.use_case == EVERY_USE_CASE else (deed.use_case,)
            calls += [Call(name, self._done(random, deed)) for name in names]
        return calls

    def _done(self, random: np.random.Generator, deed: Deed) -> tuple[float, ...]:
        """What is in a call for which a deed is done, and which no other one refuses."""
        fields = random.uniform([one.below if one.does == "refused" else 0.0 for one in self.deeds], 1.0)
        fields[deed.field] = deed.below * random.random()
        return tuple(fields)

    def replayed(self, call: Call, skipped: Collection[str]) -> Outcome:
        """Let a call go through the layers that are not skipped."""
        answer, audit = f"{call.use_case} {call.fields[0]:.6f}", list[str]()
        for layer in (layer for layer in LAYERS if layer not in skipped):
            for deed in self.of(layer, call.use_case):
                if call.fields[deed.field] < deed.below:
                    if deed.does == "refused":
                        return Outcome(f"refused by {layer}", (), tuple(audit))
                    if deed.does == "recorded":
                        audit.append(f"{layer}: {call.use_case} {call.fields[deed.field]:.6f}")
                    else:
                        answer += f", changed in {layer}"
        return Outcome(answer, (answer,), tuple(audit))

    def of(self, layer: str, use_case: str) -> list[Deed]:
        """Return the deeds of a layer for a use case."""
        return [
            one for one in self.deeds if one.layer == layer and one.use_case in (use_case, EVERY_USE_CASE)
        ]

    def trace(self, random: np.random.Generator) -> pd.DataFrame:
        """Return what was seen: a row for each layer of each call. No rare deed was done, and each seldom one once.

        Columns: `call`, its number; `use_case`; `layer`; `did`, one of `DID`; `cost_s`, the time there.
        """
        rows, late = [], {self._late(random, deed): deed for deed in self.deeds if deed.is_seldom}
        lows = [deed.below if deed.is_rare or deed.is_seldom else 0.0 for deed in self.deeds]
        for number in range(TRACED * len(USE_CASES)):
            use_case = USE_CASES[number % len(USE_CASES)]
            fields = random.uniform(lows, 1.0)
            call = Call(use_case, self._done(random, late[number]) if number in late else tuple(fields))
            for layer in LAYERS:
                did = self._did(layer, call)
                spent_s = float(random.gamma(4.0, self.cost_s[layer, use_case] / 4.0))
                rows.append((number, use_case, layer, did, spent_s))
                if did == "refused":
                    break
        return pd.DataFrame(rows, columns=["call", "use_case", "layer", "did", "cost_s"])

    def _late(self, random: np.random.Generator, deed: Deed) -> int:
        """The number of a call of a deed's use case in the last third of a trace."""
        first = USE_CASES.index(deed.use_case)
        return first + len(USE_CASES) * int(random.integers(2 * TRACED // 3, TRACED))

    def _did(self, layer: str, call: Call) -> str:
        """What a layer is seen to do."""
        did = "changed" if layer in ("presentation", "data") else "passed on"
        for deed in self.of(layer, call.use_case):
            if call.fields[deed.field] < deed.below:
                return deed.does
            did = "allowed" if deed.decides else did
        return did

    def rules(self) -> pd.DataFrame:
        """Return the rules that are written down. Columns: `layer`, `use_case` (or `EVERY_USE_CASE`), `rule`."""
        rows = [(d.layer, d.use_case, f"some calls are {d.does}") for d in self.deeds if d.is_written]
        return pd.DataFrame(rows, columns=["layer", "use_case", "rule"])

    def passes(self, layer: str, use_case: str) -> bool:
        """Whether a layer does nothing for any call of a use case."""
        return not self.of(layer, use_case)

    def could_be_open(self) -> dict[str, set[str]]:
        """Return all that can be left out, use case -> layers."""
        return {name: {layer for layer in CAN_BE_OPEN if self.passes(layer, name)} for name in USE_CASES}

    def saved(self, opened: Mapping[str, Collection[str]]) -> float:
        """Return which share of the time of all calls is saved when layers are left out."""
        spent = {
            (layer, name): self.shares[name] * self.cost_s[layer, name]
            for layer in LAYERS
            for name in USE_CASES
        }
        left_out = sum(spent[layer, name] for name, layers in opened.items() for layer in set(layers))
        return float(left_out / sum(spent.values()))


def drawn(random: np.random.Generator) -> Shop:
    """Return a shop of which some use cases only pass through some layers. Which ones is drawn."""
    places = [(layer, name) for name in USE_CASES for layer in CAN_BE_OPEN]
    places = [places[place] for place in random.permutation(len(places))]
    kinds: list[tuple[Does, float, bool]] = [
        ("refused", RARE, True),
        ("recorded", RARE, True),
        ("refused", 0.03, False),
        ("recorded", SELDOM, False),
        ("changed", SELDOM, False),
        ("changed", 0.9, True),
        ("refused", RARE, False),
    ]
    deeds = [
        Deed(layer, name, does, field, below, is_written)
        for field, ((layer, name), (does, below, is_written)) in enumerate(zip(places, kinds, strict=False))
    ]
    cost_s = {(layer, name): float(random.uniform(0.001, 0.004)) for layer in LAYERS for name in USE_CASES}
    weights = random.uniform(0.5, 2.0, len(USE_CASES))
    return Shop(deeds, cost_s, dict(zip(USE_CASES, (weights / weights.sum()).tolist(), strict=True)))


def with_rule_for_all(shop: Shop, layer: str) -> Shop:
    """Return a shop with one rare rule more, in one layer for every use case."""
    deed = Deed(layer, EVERY_USE_CASE, "recorded", len(shop.deeds), RARE, is_written=True)
    return Shop([*shop.deeds, deed], shop.cost_s, shop.shares)


def sinkholes(trace: pd.DataFrame) -> pd.DataFrame:
    """Return the share of calls that each layer only passes on: a row for each use case, a column for each layer."""
    passed = trace.assign(passed=trace.did == "passed on")
    return passed.pivot_table(index="use_case", columns="layer", values="passed")[list(LAYERS)]
