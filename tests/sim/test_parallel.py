"""Runs in parallel give what they would give one after the other; a bar shows how far they are, in a notebook alone."""

import sys
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace

import joblib
import pytest

from archlab.course.labs import nbval_plugin
from archlab.sim import waiting
from archlab.sim.parallel import in_parallel
from archlab.sim.waiting import AFTER_S, EVERY_S, PAUSE_S, Bar


@dataclass
class Output:
    """What is displayed under a cell, as IPython's handle would change it."""

    seen: list = field(default_factory=list)
    displays: int = 0

    def update(self, data, raw):
        assert raw
        self.seen.append(data["text/html"])


@pytest.fixture
def output(monkeypatch):
    """The output of a cell in a notebook's kernel."""
    shown = Output()

    def display(data, raw, display_id):
        shown.update(data, raw)
        shown.displays += 1
        return shown

    shell = SimpleNamespace(kernel="a kernel", execution_count=1)
    monkeypatch.setattr(waiting, "_last", None)
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: shell))
    monkeypatch.setitem(sys.modules, "IPython.display", SimpleNamespace(display=display))
    return shown


def bar_after(waits_s, total=10, from_s=0.0):
    """Show one run more after each of these times, then leave the block."""
    clock = SimpleNamespace(s=from_s)
    with Bar(total, lambda: clock.s) as bar:
        for done, wait_s in enumerate(waits_s, 1):
            clock.s += wait_s
            bar.show(done)


@pytest.mark.parametrize("processes", [1, 2])
def test_results_come_in_the_order_of_the_calls(processes):
    with joblib.parallel_config(n_jobs=processes):
        assert in_parallel(joblib.delayed(divmod)(number, 7) for number in range(30)) == [
            divmod(number, 7) for number in range(30)
        ]


@pytest.mark.parametrize("processes", [1, 2])
def test_an_error_of_a_run_is_raised(processes):
    with joblib.parallel_config(n_jobs=processes), pytest.raises(ZeroDivisionError):
        in_parallel(joblib.delayed(divmod)(1, number) for number in (2, 1, 0))


def test_no_calls_give_no_results():
    assert in_parallel([]) == []


def test_the_bar_tells_how_many_runs_are_done(output):
    bar_after([AFTER_S + 1, 1, 1])
    words = [html.partition("</progress> ")[2] for html in output.seen]
    assert words == ["1 of 10 runs", "2 of 10 runs", "3 of 10 runs", ""]
    assert 'value="3" max="10"' in output.seen[2]


def test_the_bar_is_gone_at_the_end(output):
    bar_after([AFTER_S + 1])
    assert output.seen[-1] == ""


def test_the_bar_is_gone_when_the_runs_are_interrupted(output):
    def interrupted():
        clock = iter([0.0, AFTER_S + 1, AFTER_S + 2])
        with Bar(10, lambda: next(clock)) as bar:
            bar.show(1)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert output.seen[1:] == [""]


def test_nobody_is_told_of_a_short_wait(output):
    bar_after([AFTER_S / 20] * 10)
    assert output.seen == []


def test_the_last_run_needs_no_bar(output):
    bar_after([AFTER_S + 1], total=1)
    assert output.seen == []


def test_the_bar_is_not_drawn_more_often_than_eyes_follow(output):
    bar_after([AFTER_S + 1] + [EVERY_S / 10] * 8)
    assert len(output.seen) == 2  # drawn once, and gone


def test_short_experiments_of_one_cell_are_one_wait(output):
    bar_after([AFTER_S * 0.8] * 2, total=2)
    assert output.seen == []
    bar_after([AFTER_S / 10, AFTER_S / 10], total=9, from_s=AFTER_S * 1.6)
    assert [html.partition("</progress> ")[2] for html in output.seen] == ["1 of 9 runs", ""]
    bar_after([AFTER_S / 10], total=7, from_s=AFTER_S * 1.8)
    assert output.displays == 1
    assert [html.partition("</progress> ")[2] for html in output.seen[2:]] == ["1 of 7 runs", ""]


def test_what_another_cell_waited_for_does_not_count(output):
    bar_after([AFTER_S * 0.8] * 2, total=2)
    sys.modules["IPython"].get_ipython().execution_count = 2
    bar_after([AFTER_S / 10], total=9, from_s=AFTER_S * 1.6)
    assert output.seen == []


def test_after_a_pause_a_wait_begins_anew(output):
    bar_after([AFTER_S * 0.8] * 2, total=2)
    bar_after([AFTER_S / 10], total=9, from_s=AFTER_S * 1.6 + PAUSE_S * 1.01)
    assert output.seen == []


def test_nbval_compares_notebooks_without_bars():
    source = Path(nbval_plugin.__file__).read_text(encoding="utf-8")
    assert f'os.environ["{waiting.VARIABLE}"] = "{waiting.OFF}"' in source


def test_a_variable_keeps_the_bar_away(output, monkeypatch):
    monkeypatch.setenv(waiting.VARIABLE, waiting.OFF)
    bar_after([AFTER_S + 1, 1])
    assert output.seen == []


@pytest.mark.parametrize("shell", [None, SimpleNamespace()], ids=["no IPython", "a terminal"])
def test_outside_a_notebook_there_is_no_bar(output, monkeypatch, shell):
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: shell))
    bar_after([AFTER_S + 1, 1])
    assert output.seen == []
