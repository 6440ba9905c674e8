"""The table of all claims: to filter by pattern, verdict, kind of evidence and words; each row leads to its experiment.

Buttons and not lists choose, for JupyterLab keeps for itself the keys that a list would need: Tab and the space bar do
all. Without a kernel, as on GitHub, there are no controls, and the table shows all rows.

>>> table = ClaimsTable()
>>> len(table.shown()), len(table.filter(pattern="layered", verdict="Does not hold").shown())
(100, 1)
>>> table.status
'1 of 100 claims'
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

import ipywidgets as widgets  # type: ignore[import-untyped]
import pandas as pd

from archlab.chapters.choosing.all_claims import all_claims
from archlab.chapters.choosing.experiments import Experiment, experiments
from archlab.course.accessible_names import PANEL_CLASS, Names
from archlab.course.claims.rule import Evidence
from archlab.course.claims.scorecard import WAYS
from archlab.course.claims.settled import shown
from archlab.course.explorer.panel import LABEL_EM, css, size_class
from archlab.course.live import bundle
from archlab.course.style import ARCHITECTURES, LAB
from archlab.sim.validation import require_one_of

ALL = "all"
FILTERS: Mapping[str, tuple[str, ...]] = {
    "pattern": (ALL, *ARCHITECTURES),
    "verdict": (ALL, *map(str, WAYS[:-1])),
    "evidence": (ALL, *map(str, Evidence)),
}
"""What can be chosen -> the choices, the first one to begin with."""
HEADS = {"Claim": "21%", "Pattern": "14%", "Verdict": "35%", "Evidence": "13%", "Experiment": "17%"}
"""The columns and their widths."""
CELL = "text-align: left; vertical-align: top; padding: 0.3em 0.8em 0.3em 0; white-space: normal"
CSS = """
.archlab-claims table { min-width: 440px }
.archlab-claims th, .archlab-claims td { overflow-wrap: anywhere }
"""
"""In a narrow page words break, and what is narrower still scrolls sideways."""
WITHOUT_CONTROLS = "<p><i>Run this cell to filter the claims.</i></p>"
LONG = 90
"""Letters of a verdict that are shown at once; a longer one can be opened."""


class ClaimsTable:
    """All claims, and which of them are shown. `filter` sets that, and so do the controls in a notebook.

    Args:
        claims: from `archlab.chapters.choosing.all_claims`; by default all.
        settled: claim -> experiment; by default read off the notebooks.
    """

    def __init__(
        self, claims: pd.DataFrame | None = None, settled: Mapping[str, Experiment] | None = None
    ) -> None:
        self.claims = all_claims() if claims is None else claims
        self._settled = experiments() if settled is None else settled
        self._chosen = {name: options[0] for name, options in FILTERS.items()} | {"words": ""}
        self._panel: Controls | None = None

    def filter(self, **chosen: str) -> ClaimsTable:
        """Show the claims of a `pattern`, a `verdict`, a kind of `evidence`, with these `words`; return this table.

        "all" lifts a filter. Words are looked for in the claim, its verdict and its reason, each by itself, in any case
        of the letters.

        Raises:
            ValueError: when there is no such filter, or no such choice.
        """
        for name, choice in chosen.items():
            require_one_of("filter", name, tuple(self._chosen))
            if name in FILTERS:
                require_one_of(name, choice, FILTERS[name])
        self._chosen |= chosen
        self._refresh()
        return self

    def shown(self) -> pd.DataFrame:
        """Return the rows that are shown."""
        found = self.claims
        if self._chosen["pattern"] != ALL:
            found = found[found.pattern == self._chosen["pattern"]]
        if self._chosen["verdict"] != ALL:
            found = found[found.way == self._chosen["verdict"]]
        if self._chosen["evidence"] != ALL:
            found = found[found.evidence == self._chosen["evidence"]]
        text = (found.text + " " + found.section + " " + found.words + " " + found.because).str.lower()
        for word in self._chosen["words"].lower().split():
            found = found[text.loc[found.index].str.contains(word, regex=False)]
        return found

    @property
    def status(self) -> str:
        """How many claims are shown, in words."""
        return f"{len(self.shown())} of {len(self.claims)} claims"

    def html(self, rows: pd.DataFrame | None = None) -> str:
        """Return rows, by default those that are shown, as a table in HTML."""
        found = self.shown() if rows is None else rows
        head = "".join(
            f'<th scope="col" style="{CELL}; width: {width}">{name}</th>' for name, width in HEADS.items()
        )
        body = "".join(self._row(row) for row in found.itertuples())
        caption = f"{len(found)} of {len(self.claims)} claims"
        return (
            f'<table style="table-layout: fixed; width: 100%"><caption>{caption}</caption>'
            f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
        )

    def _row(self, row: Any) -> str:
        where = self._settled[row.claim]
        link = f'<a href="{escape(where.link)}">{escape(where.notebook[:2])}: {escape(where.heading)}</a>'
        seeds = "" if pd.isna(row.seeds) else f", {row.seeds:.0f} seeds"
        evidence = "none" if row.evidence == Evidence.NONE else f"{row.evidence}{seeds}"
        cells = (row.pattern, _verdict(row.symbol, row.words), evidence, link)
        claim = f"{escape(row.text)} <small>({escape(row.section.replace('-', ' '))})</small>"
        rest = "".join(f'<td style="{CELL}">{cell}</td>' for cell in cells)
        return f'<tr><th scope="row" style="{CELL}; font-weight: normal">{claim}</th>{rest}</tr>'

    # In a notebook ---------------------------------------------------------------------------------------

    def __repr__(self) -> str:
        lines = [f"{row.symbol} {row.pattern}: {row.text}: {row.words}" for row in self.shown().itertuples()]
        return "\n".join([self.status, *lines])

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        """The controls, and for where there are none the whole table."""
        html = WITHOUT_CONTROLS + self.html(self.claims)
        return bundle(self.panel.box, html, self.status)

    @property
    def panel(self) -> Controls:
        """The controls, made when they are asked for first."""
        if self._panel is None:
            self._panel = Controls(self._chosen, lambda **chosen: self.filter(**chosen))
            self._refresh()
        return self._panel

    def _refresh(self) -> None:
        if self._panel is not None:
            self._panel.show(self.html(), self.status, self._chosen)


def _verdict(symbol: str, words: str) -> str:
    """A verdict with its symbol; what is longer than `LONG` letters is folded away behind its beginning."""
    sign = f'<span aria-hidden="true">{symbol}</span>'
    if len(words) <= LONG:
        return f"{sign} {shown(words)}"
    begins = words[:LONG].rsplit(" ", 1)[0]
    rest = words[len(begins) :]
    return f"<details><summary>{sign} {shown(begins)} …</summary>… {shown(rest.strip())}</details>"


class Controls:
    """Buttons for each filter, a field for words, and the table, which JupyterLab's own renderer shows: so its links
    open the notebooks beside this one.
    """

    def __init__(self, chosen: Mapping[str, str], on_change: Any) -> None:
        self.buttons = {name: _buttons(name, options) for name, options in FILTERS.items()}
        style = {"description_width": f"{LABEL_EM}em"}
        self.words = widgets.Text(description="Words", placeholder="such as: database", style=style)
        self._status, self._table = widgets.HTML(), widgets.Output()
        self.box = self._arranged()
        self._is_setting = False
        for name, control in {**self.buttons, "words": self.words}.items():
            control.observe(lambda change, name=name: self._changed(name, change["new"], on_change), "value")

    def show(self, html: str, status: str, chosen: Mapping[str, str]) -> None:
        """Show a table and how many rows it has, and set the controls to what is chosen."""
        self._is_setting = True
        for name, control in {**self.buttons, "words": self.words}.items():
            control.value = chosen[name]
        self._is_setting = False
        self._status.value = f'<b role="status">{escape(status)}</b>'
        data = {"text/html": html, "text/plain": status}
        self._table.outputs = ({"output_type": "display_data", "data": data, "metadata": {}},)

    def _changed(self, name: str, value: str, on_change: Any) -> None:
        if not self._is_setting:
            on_change(**{name: value})

    def _arranged(self) -> Any:
        names = Names(layout=widgets.Layout(display="none"))
        style = widgets.HTML(f"<style>{css(LAB)}{CSS}</style>", layout=widgets.Layout(display="none"))
        parts: Sequence[Any] = [*self.buttons.values(), self.words, self._status, self._table, names, style]
        box = widgets.VBox(list(parts))
        box.add_class(PANEL_CLASS)
        box.add_class(size_class(LAB))
        box.add_class("archlab-claims")
        return box


def _buttons(name: str, options: Sequence[str]) -> Any:
    style = {"description_width": f"{LABEL_EM}em"}
    buttons = widgets.ToggleButtons(
        options=[(option[:1].upper() + option[1:], option) for option in options],
        description=name.capitalize(),
        style=style,
    )
    buttons.style.button_width = "auto"
    return buttons
