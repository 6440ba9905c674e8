"""Runs in words and in tables: for those who cannot see the picture, and for a spreadsheet.

>>> from archlab.course.explorer.parameter import parameter
>>> from archlab.course.explorer.view import Reading
>>> known = {"rate_per_s": parameter("rate_per_s", (1, 200, 80))}
>>> runs = {"now": Run({"rate_per_s": 80}, Reading((), {"p99_ms": 15.43}))}
>>> in_words(known, runs)
'Now (rate 80 requests/s): p99 15.4 ms.'
>>> frame(runs).to_csv()
'run,rate_per_s,p99_ms\\nnow,80,15.43\\n'
"""

import math
from collections.abc import Mapping, Sequence
from html import escape

import pandas as pd

from archlab.course.explorer.parameter import Parameter, describe_value
from archlab.course.explorer.run import Run
from archlab.course.quantity import axis_label, number, with_unit, words_and_unit

CELL = "padding: 2px 7px; border: 0 solid #767676; border-bottom-width: 1px; text-align: right"
ROW_HEAD = 'scope="row"'
SENTENCE = 60
"""A figure with more letters than this is a sentence."""
HEAD = "vertical-align: bottom; white-space: normal; font-weight: 600"


def frame(runs: Mapping[str, Run]) -> pd.DataFrame:
    """Return a row a run: its parameters, then its figures. A run with a problem has no figures."""
    rows = [{**run.values, **(run.reading.figures if run.reading else {})} for run in runs.values()]
    return pd.DataFrame(rows, index=pd.Index(list(runs), name="run"))


def in_words(known: Mapping[str, Parameter], runs: Mapping[str, Run]) -> str:
    """Return each run's parameters and figures, or its problem, in a sentence."""
    return " ".join(_sentence(known, name, run) for name, run in runs.items())


def _sentence(known: Mapping[str, Parameter], name: str, run: Run) -> str:
    values = ", ".join(describe_value(known[key], value) for key, value in run.values.items())
    start = f"{name[:1].upper()}{name[1:]} ({values})"
    if run.reading is None:
        return f"{start}: {run.problem.rstrip('.')}."
    figures = (f"{words_and_unit(key)[0]} {_value(key, value)}" for key, value in run.reading.figures.items())
    return f"{start}: {', '.join(figures)}."


def _value(name: str, value: float | str) -> str:
    return value if isinstance(value, str) else with_unit(name, value)


def html_table(known: Mapping[str, Parameter], runs: Mapping[str, Run], upright: bool = False) -> str:
    """Return the same as an HTML table, with units in its head: a row a run, or `upright`, a column a run."""
    figures = [key for run in runs.values() if run.reading for key in run.reading.figures]
    columns = list(dict.fromkeys([*known, *figures]))
    rows = [["run", *map(axis_label, columns)], *(_row(known, columns, *item) for item in runs.items())]
    if upright:
        rows = [list(row) for row in zip(*rows, strict=True)]
    head = "".join(_cell("th", text, 'scope="col"', HEAD) for text in rows[0])
    body = "".join(f"<tr>{_cell('th', row[0], ROW_HEAD)}{_cells(row[1:])}</tr>" for row in rows[1:])
    style = "border-collapse: collapse; font-size: inherit; line-height: 1.3"
    return f'<table style="{style}"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'


def html_both_ways(known: Mapping[str, Parameter], runs: Mapping[str, Run]) -> str:
    """Return the table twice, for a wide and for a narrow page: the style of the panel shows one of them.

    With a figure that is a sentence it is upright on both: its row would be too wide, or very high.
    """
    wide, tall = (html_table(known, runs, upright) for upright in (False, True))
    figures = [value for run in runs.values() if run.reading for value in run.reading.figures.values()]
    if any(len(str(value)) > SENTENCE for value in figures):
        return f'<div class="archlab-table">{tall}</div>'
    shown = {"archlab-wide": wide, "archlab-tall": tall}
    return "".join(f'<div class="archlab-table {name}">{table}</div>' for name, table in shown.items())


def html_scrolled(table: str) -> str:
    """Return a table that can be scrolled sideways where the page is narrow, by keyboard, too."""
    return f'<div style="overflow-x: auto" tabindex="0" role="group" aria-label="Figures">{table}</div>'


def html_without_controls(known: Mapping[str, Parameter]) -> str:
    """Return a sentence for where there are no controls: how to get them, and for what."""
    names = [words_and_unit(name)[0] for name in known]
    listed = " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))
    return f"<p><i>Run this cell to get sliders and buttons for: {escape(listed)}.</i></p>"


def _row(known: Mapping[str, Parameter], columns: list[str], name: str, run: Run) -> list[str]:
    values: dict[str, str] = {key: known[key].words(value) for key, value in run.values.items()}
    for key, value in (run.reading.figures if run.reading else {}).items():
        values[key] = value if isinstance(value, str) else "–" if math.isnan(value) else number(value)
    return [name, *(values.get(column, "–") for column in columns)]


def _cells(texts: Sequence[str]) -> str:
    return "".join(_cell("td", text) for text in texts)


def _cell(tag: str, text: str, attributes: str = "", style: str = "") -> str:
    words = escape(text).replace(" %", "&nbsp;%")
    return f'<{tag} {attributes} style="{CELL}; {style}">{words}</{tag}>'


def html_problem(runs: Mapping[str, Run]) -> str:
    """Return why there is no picture of a run, as a message that is read aloud; empty when there is none."""
    problems = [run.problem for run in runs.values() if run.problem]
    style = "border-left: 4px solid #A8201A; padding: 4px 10px; margin: 4px 0"
    return "".join(f'<div role="alert" style="{style}"><b>No run:</b> {escape(p)}</div>' for p in problems)
