"""The panel: controls, picture, table and buttons in the browser. It knows neither the model nor the view.

>>> from archlab.course.explorer.parameter import parameter
>>> from archlab.course.style import LAB
>>> panel = ControlPanel([parameter("rate_per_s", (1, 200, 80))], LAB)
>>> panel.values
{'rate_per_s': 80}
"""

import threading
from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from html import escape
from typing import Any

import ipywidgets as widgets  # type: ignore[import-untyped]

from archlab.course.accessible_names import PANEL_CLASS, Names
from archlab.course.explorer.parameter import Choice, Parameter, Range
from archlab.course.figures.picture import CSS_PIXELS_PER_INCH
from archlab.course.style import LAB, Size

WAITING_CLASS = "archlab-waiting"
LABEL_EM = 10
COLUMNS = 2
CSS = """
.archlab-panel { --jp-widgets-font-size: FONTpx; --jp-widgets-inline-height: LINEpx; max-width: WIDTHpx;
  width: 100%; container-type: inline-size }
.archlab-panel .widget-label { font-size: FONTpx; line-height: 1.3; height: auto; white-space: normal;
  overflow: visible; overflow-wrap: anywhere }
.archlab-panel table { margin: 0 }
.archlab-panel .archlab-table { overflow-x: auto }
.archlab-panel .widget-hbox { flex-wrap: wrap }
.archlab-panel .widget-button { flex: none; max-width: calc(100% - 4px); padding: 0 8px }
.archlab-panel .widget-text { max-width: calc(100% - 4px) }
.archlab-panel .widget-inline-hbox { height: auto; min-height: LINEpx; min-width: 0; align-items: center }
.archlab-panel .widget-hslider { flex-wrap: wrap; max-width: 100% }
.archlab-panel .widget-hslider .slider-container { flex: 1 1 SLIDERpx; min-width: SLIDERpx }
.archlab-panel .widget-readout { flex: none; min-width: READOUTem; text-align: right }
.archlab-panel .widget-toggle-buttons { display: flex; align-items: baseline }
.archlab-panel .widget-toggle-buttons > .widget-label { flex: none; width: LABELem; text-align: right }
.archlab-panel .widget-toggle-buttons > :not(.widget-label) { flex: 1 1 0; min-width: 0 }
.archlab-panel .widget-toggle-button { height: auto; min-height: LINEpx; max-width: 100%; min-width: 0;
  line-height: 1.3; white-space: normal }
.archlab-panel .widget-toggle-button.mod-active { font-weight: bold; text-decoration: underline }
.archlab-panel a { color: inherit; text-decoration: underline }
.archlab-panel .archlab-waiting { opacity: 0.35 }
.archlab-panel .archlab-tall { display: none }
@container (max-width: NARROWpx) {
  .archlab-panel .archlab-wide { display: none }
  .archlab-panel .archlab-tall { display: block }
  .archlab-panel .archlab-controls { grid-template-columns: minmax(0, 1fr) !important }
}
@container (max-width: STACKEDpx) {
  .archlab-panel .widget-inline-hbox, .archlab-panel .widget-toggle-buttons { flex-wrap: wrap }
  .archlab-panel .widget-inline-hbox > .widget-label, .archlab-panel .widget-toggle-buttons > .widget-label {
    flex: 0 0 100%; width: 100% !important; text-align: left }
  .archlab-panel .widget-toggle-buttons > :not(.widget-label) { flex-basis: 100% }
}
@media (max-height: LOWpx) { .archlab-panel img { max-height: 40vh; width: auto } }
"""
LOW_PX = 740
"""In a window less high the picture is smaller."""
SLIDER_PX = 120
"""A slider that is less wide cannot be dragged well."""
READOUT_EM, BETWEEN_PX = 4, 60
"""Beside a slider: room for its number, and for what lies between."""


class ControlPanel:
    """The controls of some parameters under a title, and places for what they lead to.

    `on_change` is called with all values when a control was moved, `on_pin` and `on_reset` at their buttons.
    """

    def __init__(self, parameters: Sequence[Parameter], size: Size, title: str = "") -> None:
        self.size, self.title = size, title
        self.on_change: Callable[[dict[str, Any]], object] = lambda values: None
        self.on_pin: Callable[[], object] = lambda: None
        self.on_reset: Callable[[], object] = lambda: None
        self._here = threading.local()  # JupyterLab's messages may be handled in several threads
        self._controls = {known.name: _control(known) for known in parameters}
        for control in self._controls.values():
            control.observe(self._changed, names="value")
        self._picture, self._table = widgets.HTML(), widgets.HTML()
        self._status = widgets.HTML(layout=widgets.Layout(margin="0 0 0 24px"))
        self.box = self._arranged()

    @property
    def values(self) -> dict[str, Any]:
        return {name: control.value for name, control in self._controls.items()}

    def set_values(self, values: Mapping[str, Any]) -> None:
        """Move the controls, without calling `on_change`."""
        self._here.sets_values = True
        try:
            for name, value in values.items():
                self._controls[name].value = value
        finally:
            self._here.sets_values = False

    def show(self, png: bytes, alt: str, table: str, csv: str) -> None:
        """Show a picture with its alternative text, a table in HTML, and offer `csv` for download."""
        self._picture.value = image(png, alt, self.size)
        self._table.value = f'<div style="line-height: 1.3">{table}</div>'
        self._download.value = _link(csv)
        self._status.value = ""
        self._picture.remove_class(WAITING_CLASS)

    def show_waiting(self) -> None:
        """Say beside the controls that a run is under way, and dim the picture of the one before."""
        self._status.value = '<b role="status">Simulating …</b>'
        self._picture.add_class(WAITING_CLASS)

    def _arranged(self) -> widgets.VBox:
        self._download = widgets.HTML(layout=widgets.Layout(margin="0 0 0 12px"))
        pin, reset = widgets.Button(description="Pin this run"), widgets.Button(description="Reset")
        pin.on_click(lambda _: self.on_pin())
        reset.on_click(lambda _: self.on_reset())
        columns = f"repeat({COLUMNS}, minmax(0, 1fr))"
        controls = widgets.GridBox(
            list(self._controls.values()), layout=widgets.Layout(grid_template_columns=columns)
        )
        controls.add_class("archlab-controls")
        head = widgets.HBox([widgets.HTML(heading(self.title)), self._status])
        names = Names(layout=widgets.Layout(display="none"))
        buttons = widgets.HBox([pin, reset, self._download])
        style = widgets.HTML(f"<style>{css(self.size)}</style>", layout=widgets.Layout(display="none"))
        box = widgets.VBox([head, controls, self._picture, self._table, buttons, names, style])
        box.add_class(PANEL_CLASS)
        box.add_class(size_class(self.size))
        return box

    def _changed(self, _: object) -> None:
        if not getattr(self._here, "sets_values", False):
            self.on_change(self.values)


def _control(known: Parameter) -> Any:
    style = {"description_width": f"{LABEL_EM}em"}
    layout = widgets.Layout(width="auto")
    common = {"description": known.label, "style": style, "layout": layout}
    return _slider(known, common) if isinstance(known, Range) else _buttons(known, common)


def _buttons(known: Choice, common: dict[str, Any]) -> Any:
    """A button for each option: JupyterLab keeps for itself the keys that a list of options would need."""
    options = [(known.words(option), option) for option in known.options]
    buttons = widgets.ToggleButtons(options=options, value=known.start, **common)
    buttons.style.button_width = "auto"
    return buttons


def _slider(known: Range, common: dict[str, Any]) -> Any:
    bounds = {"min": known.low, "max": known.high, "step": known.step, "value": known.start}
    if known.is_whole:
        return widgets.IntSlider(**bounds, **common)
    return widgets.FloatSlider(**bounds, readout_format=f".{known.decimals}f", **common)


def heading(title: str) -> str:
    """Return a title as HTML, as bold text."""
    return f"<b>{escape(title)}</b>"


def image(png: bytes, alt: str, size: Size) -> str:
    """Return a picture as HTML, as wide as its size says."""
    data = b64encode(png).decode("ascii")
    width = round(size.width_in * CSS_PIXELS_PER_INCH)
    style = "max-width: 100%; height: auto; display: block"
    return f'<img alt="{escape(alt)}" width="{width}" style="{style}" src="data:image/png;base64,{data}">'


def _link(csv: str) -> str:
    data = b64encode(csv.encode()).decode("ascii")
    return f'<a download="explorer.csv" href="data:text/csv;base64,{data}">Download CSV</a>'


def size_class(size: Size) -> str:
    """Return the class of a panel of that size."""
    return f"{PANEL_CLASS}-{size.font_pt:.0f}"


def css(size: Size) -> str:
    """Return the rules for letters and heights of controls at that size, for panels of that size only."""
    font_px = round(13 * size.font_pt / LAB.font_pt)
    row_px = (LABEL_EM + READOUT_EM) * font_px + SLIDER_PX + BETWEEN_PX
    numbers = {
        "FONT": font_px,
        "LABEL": LABEL_EM,
        "READOUT": READOUT_EM,
        "LINE": round(2.1 * font_px),
        "WIDTH": round(size.width_in * CSS_PIXELS_PER_INCH),
        "NARROW": COLUMNS * row_px,
        "STACKED": row_px,
        "SLIDER": SLIDER_PX,
        "LOW": LOW_PX,
    }
    rules = CSS.replace(f".{PANEL_CLASS}", f".{size_class(size)}")
    for name, value in numbers.items():
        rules = rules.replace(name, str(value))
    return rules
