"""A field through the layers: what one new field of an order touches, with three ways to hand an order on.

"one shared object": all layers hand on the same objects of the domain. It is the shop as it is. "an object per layer":
each layer has its own objects and copies them at each border, so no layer knows another's. "a dictionary": beside what
the rules need, an order has details that the layers between hand on, and data access keeps, without a look. All three
shops are made by patches, answer alike, and then get the same field, the gift message. And beside them the modules.

A layer *must know* a field that it takes in and shows, or keeps in a column of its own. In our shop these are two
layers, presentation and data access (`ENDS`). Each layer beyond is one that is changed only because it stands between.
With the dictionary it is one layer, fewer than `ENDS`: the store keeps the dictionary without a schema, so what keeps
the field need not know it. How many must know a field decides the verdict, which gives its limit for one fewer and
one more, too.

`forgotten` takes back each piece of a change by itself, and looks who notices: an error tells you, or the message is
lost and nobody says so. That depends on values that stand in for what is not there (`gift: str = ""`): the shared
object has some, as its calls of before must go on, and the objects per layer have none. A type checker would find more.

What is left out: a dictionary has no types, and rows that are kept in one column cannot be asked for by their content.
That errs in its favour. And a mapper that makes statements from a declared schema: with it data access has one line for
a field, and still is a layer that knows it.

>>> through().set_index("variant").layers.to_dict()
{'one shared object': 4, 'an object per layer': 4, 'a dictionary': 1, 'modules': 1}
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterator, Mapping
from functools import cache
from typing import TYPE_CHECKING, Literal, get_args

import pandas as pd

from archlab.chapters.layered.change_requests import versions
from archlab.chapters.layered.cut_sources import Cut, Load, patch, running, source
from archlab.chapters.layered.new_behaviour import ask, open_shop
from archlab.chapters.layered.parts import LAYERS, NO_PART, differing, part_of
from archlab.course.claims.rule import Evidence, settles
from archlab.course.claims.verdict import Outcome, Verdict
from archlab.course.figures.bars import name_rows
from archlab.course.figures.canvas import canvas
from archlab.course.figures.picture import Picture
from archlab.course.style import GREY, INK, LAB, Size, looks
from archlab.shop.code.patches import Sources, patched
from archlab.sim.validation import require_one_of

if TYPE_CHECKING:  # matplotlib is loaded when something is drawn
    from matplotlib.axes import Axes

Variant = Literal["one shared object", "an object per layer", "a dictionary", "modules"]
VARIANTS: tuple[Variant, ...] = get_args(Variant)
PATCHES: Mapping[str, tuple[str, str]] = {
    "an object per layer": ("variants/objects_per_layer", "variants/gift_in_objects_per_layer"),
    "a dictionary": ("variants/dictionary", "variants/gift_in_dictionary"),
}
"""A variant -> the patch that makes it of the layers, and the one that adds the field."""

Noticed = Literal["an error", "the message is lost", "nothing is missing"]
"""What becomes of a change of which a piece was forgotten."""


@cache
def sources(variant: Variant) -> tuple[Sources, Sources]:
    """Return the source of a variant before and after the field.

    Raises:
        ValueError: when there is no such variant, or a patch does not fit.
    """
    require_one_of("variant", variant, VARIANTS)
    if variant not in PATCHES:
        return versions(_cut(variant), "gift")
    makes, adds = PATCHES[variant]
    before = patched(source("layers"), patch(makes))
    return before, patched(before, patch(adds))


def _cut(variant: Variant) -> Cut:
    return "modules" if variant == "modules" else "layers"


@cache
def through() -> pd.DataFrame:
    """Return what the field touches, a row for each variant.

    Columns: variant; layers (or modules) and `touched`, their names; between (layers beyond the two that must know it);
    files; places; lines; prepared_lines (what the variant has more than the shared object, before any field).
    """
    return pd.DataFrame([_row(variant) for variant in VARIANTS])


def _row(variant: Variant) -> dict[str, object]:
    before, after = sources(variant)
    found = differing(before, after)
    parts = {part_of(_cut(variant), row.file, row.place) for row in found.itertuples()} - set(NO_PART)
    made = differing(source(_cut(variant)), before)
    return {
        "variant": variant,
        "layers": len(parts),
        "touched": ", ".join([one for one in LAYERS if one in parts] or sorted(parts)),
        "between": max(0, len(parts) - ENDS) if _cut(variant) == "layers" else 0,
        "files": found.file.nunique(),
        "places": int((found.place != "").sum()),
        "lines": int((found.added + found.removed).sum()),
        "prepared_lines": int((made.added - made.removed).sum()),
    }


# Forgotten -------------------------------------------------------------------------------------------------


@cache
def forgotten(variant: Variant) -> pd.DataFrame:
    """Return each piece of the change with what happens when it alone is forgotten: file, piece, noticed.

    Raises:
        ValueError: when there is no such variant.
    """
    before, after = sources(variant)
    rows = []
    for file in sorted(path for path in after if before.get(path) != after[path]):
        for piece, text in _without_one_piece(before.get(file, ""), after[file]):
            rows.append((file, piece, _noticed(_cut(variant), {**after, file: text})))
    return pd.DataFrame(rows, columns=["file", "piece", "noticed"])


def memory() -> pd.DataFrame:
    """Return what becomes of forgotten pieces, a row for each variant.

    Columns: variant; pieces of the change; and how many of them, when forgotten, are found_by_error, lost_silently, or
    unseen (no message goes that way in the uses that are tried). It takes some seconds.
    """
    rows = []
    for variant in VARIANTS:
        noticed = forgotten(variant).noticed
        counts = [int((noticed == what).sum()) for what in get_args(Noticed)]
        rows.append((variant, len(noticed), *counts))
    return pd.DataFrame(rows, columns=["variant", "pieces", "found_by_error", "lost_silently", "unseen"])


def _without_one_piece(before: str, after: str) -> Iterator[tuple[str, str]]:
    """Yield each piece by which a file differs, and the file after the change without it."""
    old, new = before.splitlines(keepends=True), after.splitlines(keepends=True)
    for kind, i1, i2, j1, j2 in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind != "equal":
            yield "".join(new[j1:j2]).strip(), "".join(new[:j1] + old[i1:i2] + new[j2:])


def _noticed(cut: Cut, changed: Sources) -> Noticed:
    try:
        with running(changed) as load:
            said = _say_it(cut, load)
    except Exception:  # whatever the program says when a piece of it is missing
        return "an error"
    return "nothing is missing" if all(said) else "the message is lost"


def _say_it(cut: Cut, load: Load) -> list[bool]:
    """Whether a message that came in by each of both ways goes out by each of them, and none where there was none."""
    shop = open_shop(cut, load)
    ask(shop, "place_order", order_id=7, basket={"1": 2}, gift="With love")
    shop.line("order 8 1x2 2x1 gift For you")
    shop.line("order 9 1x1")
    words = {7: "With love", 8: "For you"}
    by_json = [
        ask(shop, "track_order", order_id=number).get("gift") == text for number, text in words.items()
    ]
    by_line = [f"gift: {text}" in shop.line(f"track {number}") for number, text in words.items()]
    return [*by_json, *by_line, "gift" not in shop.line("track 9")]


def by_layer() -> pd.DataFrame:
    """Return the lines that the field touches in each layer: a row for each variant of the layers, a column a layer.

    Import lines of the files that are shared belong to no layer, and are not among them.
    """
    rows = {}
    for variant in VARIANTS:
        if _cut(variant) == "layers":
            found = differing(*sources(variant))
            layers = [part_of("layers", row.file, row.place) for row in found.itertuples()]
            rows[variant] = (found.added + found.removed).groupby(layers).sum()
    frame = pd.DataFrame(rows).T.reindex(columns=list(LAYERS)).fillna(0).astype(int)
    return frame.rename_axis("variant").reset_index()


def field_figure(table: pd.DataFrame, title: str, size: Size = LAB) -> Picture:
    """Draw a row for each variant and a column for each layer: filled, with its lines, where the field touches it.

    Takes `by_layer`.
    """
    colour = looks(["layered"])["layered"].colour
    with canvas(title, size) as drawing:
        (panel,) = drawing.panels
        name_rows(panel, list(table.variant))
        for place, row in enumerate(table.to_dict("records")):
            for column, layer in enumerate(LAYERS):
                _draw_cell(panel, column, place, int(row[layer]), colour)
        panel.set_xticks(range(len(LAYERS)), LAYERS)
        panel.tick_params(axis="x", length=0)
        panel.set_xlim(-0.5, len(LAYERS) - 0.5)
        panel.set_ylim(len(table) - 0.5, -0.5)
        panel.set_xlabel("Lines added or taken away in each layer for one new field of an order")
    told = [
        f"{row['variant']}: {', '.join(f'{layer} {row[layer]}' for layer in LAYERS)}"
        for row in table.to_dict("records")
    ]
    return Picture(drawing.figure, f"{title.rstrip('.')}. Lines in each layer: {'; '.join(told)}.")


def _draw_cell(panel: Axes, column: int, place: int, lines: int, colour: str) -> None:
    from matplotlib.patches import Rectangle

    fill, edge = (colour, INK) if lines else ("white", GREY)
    corner = (column - 0.44, place - 0.38)
    panel.add_patch(Rectangle(corner, 0.88, 0.76, facecolor=fill, edgecolor=edge))
    panel.text(column, place, str(lines), ha="center", va="center", color=INK, fontweight="bold")


# Rule ------------------------------------------------------------------------------------------------------

ENDS = 2
"""Layers that must know a field in any case: the one that takes it in and shows it, and the one that keeps it.

With a store that asks for no schema it is one fewer; where a rule looks at the field, it is one more."""


def coupling_figures(table: pd.DataFrame) -> dict[str, float]:
    """Return what the rule needs. Takes `through`."""
    rows = table.set_index("variant")
    return {
        "layers_with_shared_object": int(rows.layers["one shared object"]),
        "layers_with_own_objects": int(rows.layers["an object per layer"]),
        "layers_with_dictionary": int(rows.layers["a dictionary"]),
        "modules": int(rows.layers["modules"]),
    }


@settles(
    "cons.tight-coupling-between-layers",
    evidence=Evidence.MEASURED,
    says={
        "layers_with_shared_object": "layers that a new field touches, with one object for all",
        "layers_with_own_objects": "with an object of its own for each layer",
        "layers_with_dictionary": "with a dictionary that is handed through",
        "modules": "modules that the same field touches",
    },
)
def tight_coupling(
    layers_with_shared_object: int,
    layers_with_own_objects: int,
    layers_with_dictionary: int,
    modules: int,
) -> Verdict:
    """Holds up to the share of fields that are handed through in a dictionary, untouched, at which a new field touches
    no more layers than the {ENDS} that must know it, or than it touches modules of the same shop, whichever is more.
    The other fields are in objects, shared or of each layer, whichever touches fewer layers. How many layers must know
    a field decides; the verdict says what comes out with one fewer, and with one more.
    """
    in_objects = min(layers_with_shared_object, layers_with_own_objects)
    limit, fewer, more = (
        limit_percent(in_objects, layers_with_dictionary, max(know, modules))
        for know in (ENDS, ENDS - 1, ENDS + 1)
    )
    decides = f"what decides: {ENDS} layers must know a field in any case"
    others = f"with one fewer {_up_to(fewer)}, with one more {_up_to(more)}"
    if math.isinf(limit):
        return Verdict(Outcome.HOLDS if limit > 0 else Outcome.DOES_NOT_HOLD, f"{decides}; {others}")
    unit = "of the fields are handed through untouched"
    return Verdict(Outcome.HOLDS_WHEN, f"{_up_to(limit)} {unit} ({decides}; {others})", limit)


def limit_percent(in_objects: int, in_dictionary: int, least: int) -> float:
    """Return the share of fields in a dictionary at which a field touches no more than `least` layers, on average.

    `in_objects`, `in_dictionary`: layers that a field touches. inf: it touches more with any share below all, and no
    fewer with all. -inf: it never touches more.
    """
    if in_objects <= least:
        return -math.inf
    if in_dictionary > least:
        return math.inf
    return 100 * (in_objects - least) / (in_objects - in_dictionary)


def _up_to(percent: float) -> str:
    """A share in words: with some numbers of layers there is none."""
    if math.isinf(percent):
        return "with any share" if percent > 0 else "with none"
    return f"up to {'' if percent == round(percent) else 'about '}{percent:.0f} %"
