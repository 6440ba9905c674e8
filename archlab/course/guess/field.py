"""The field of a question in the browser: a line to type a number into, or a group of buttons.

It keeps what is typed as soon as the field is left or Enter is pressed, and says so.

>>> class Asked:
...     label, unit, choices, value = "How many?", "times", (), None
>>> field(Asked()).children[0].description
'How many?'
"""

from html import escape
from typing import Any, Protocol

import ipywidgets as widgets  # type: ignore[import-untyped]

from archlab.course.accessible_names import PANEL_CLASS, Names
from archlab.course.quantity import number

CSS_CLASS = "archlab-guess"
CSS = """
.archlab-guess { border-left: 4px solid #0072B2; padding: 4px 12px; max-width: 44em }
.archlab-guess .widget-text, .archlab-guess .widget-radio { display: block; width: auto; height: auto }
.archlab-guess .widget-label { display: block; width: auto; height: auto; text-align: left; white-space: normal;
  overflow: visible; font-weight: 600; line-height: 1.4 }
.archlab-guess .widget-text input { width: 12em; max-width: 100% }
.archlab-guess .widget-radio-box { height: auto; margin: 2px 0 }
.archlab-guess .widget-radio-box label { height: auto; white-space: normal; line-height: 1.4 }
"""


class Question(Protocol):
    """What a field needs to know. Setting `value` raises `ValueError` or `OSError` when it cannot be kept."""

    unit: str
    choices: tuple[str, ...]
    value: Any

    @property
    def label(self) -> str:
        """What stands above the field."""


def field(question: Question) -> Any:
    """Return a field that shows the answer kept so far and keeps every new one."""
    control = _choices(question) if question.choices else _line(question)
    said = widgets.HTML(_kept(question) if question.value is not None else "")

    def take(change: dict[str, Any]) -> None:
        try:
            question.value = change["new"]
            said.value = _kept(question)
        except (ValueError, OSError) as error:
            said.value = f'<span role="alert"><b>Not kept:</b> {escape(str(error))}</span>'

    control.observe(take, names="value")
    style = widgets.HTML(f"<style>{CSS}</style>", layout=widgets.Layout(display="none"))
    box = widgets.VBox([control, said, Names(layout=widgets.Layout(display="none")), style])
    box.add_class(CSS_CLASS)
    box.add_class(PANEL_CLASS)
    return box


def _line(question: Question) -> Any:
    """A line to type into. It is a text, so that "2x" and "1,5" are understood, too."""
    value = question.value
    shown = "" if value is None else value if isinstance(value, str) else f"{value:.6g}"
    return widgets.Text(value=shown, description=question.label, continuous_update=False)


def _choices(question: Question) -> Any:
    known = question.value if question.value in question.choices else None
    return widgets.RadioButtons(options=question.choices, value=known, description=question.label)


def _kept(question: Question) -> str:
    """What was understood, so that a misread number is noticed."""
    value = question.value
    if value is None:
        return '<span role="status">No guess yet.</span>'
    words = value if isinstance(value, str) else f"{number(value)} {question.unit}".rstrip()
    return (
        f'<span role="status">Kept: <b>{escape(words)}</b>. {_doubt(question)}Now run the next cell.</span>'
    )


def _doubt(question: Question) -> str:
    """Who writes 0.5 for a share may mean half of it all."""
    value = question.value
    if question.unit != "%" or isinstance(value, str) or not 0 < value < 1:
        return ""
    return f"You wrote {number(value)} %. Did you mean {number(100 * value)}? "
