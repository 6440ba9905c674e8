"""The explorer in which needs are set."""

from dataclasses import fields

import numpy as np
import pytest

from archlab.chapters.choosing.costs import day_cost
from archlab.chapters.choosing.decide import CANDIDATES, Measured
from archlab.chapters.choosing.decide_explorer import CONTROLS, RANGES, Costs, asking
from archlab.chapters.choosing.forms import ARCHITECTURES
from archlab.chapters.choosing.needs import Needs
from archlab.course.explorer import explore
from tests.chapters.choosing.test_sensitivity import MEASURED


@pytest.fixture(scope="module")
def answer():
    return asking(MEASURED)(usual_load_per_s=60, fault_to_bear="a fault")


def test_there_is_a_curve_for_each_architecture_through_its_cost_at_the_load_that_is_set(answer):
    curves = {curve.name: curve for curve in Costs().read(answer).curves}
    assert set(curves) == set(ARCHITECTURES)
    for name, curve in curves.items():
        cheapest = day_cost(name, answer.decision.needs).usd_per_h
        assert np.interp(60, curve.x, curve.y) == pytest.approx(cheapest)


def test_the_load_that_is_set_is_marked(answer):
    (mark,) = Costs().read(answer).windows
    assert mark.start < 60 < mark.end
    assert mark.name == "60 requests/s"


def test_no_leader_is_named_without_the_runner_up_and_the_condition(answer):
    figures = Costs().read(answer).figures
    assert figures["leads"] == "layered, one process"
    assert figures["runner-up"] in CANDIDATES
    assert "leads" in figures["would change it"]


def test_the_fault_to_bear_decides():
    assert asking(MEASURED)(usual_load_per_s=60).decision.leaders == ["monolithic", "layered, one process"]
    assert asking(MEASURED)(usual_load_per_s=60, fault_to_bear="all of them").decision.leaders == [
        "layered, one process"
    ]


def test_what_cannot_be_had_has_no_line():
    answer = asking(Measured.nothing())(usual_load_per_s=100_000)
    curves = {curve.name: curve for curve in Costs().read(answer).curves}
    assert np.isnan(curves["monolithic"].y[-1])


def test_a_need_that_cannot_be_is_told_beside_the_sliders():
    explorer = explore(asking(MEASURED), view=Costs(), title="Decide", usual_load_per_s=(0.0, 10.0, 5.0))
    assert explorer.set(usual_load_per_s=0.0).problem.startswith("per_s is 0")


def test_every_slider_is_a_need_that_it_begins_with():
    explorer = explore(asking(MEASURED), view=Costs(), title="Decide", **RANGES)
    assert explorer.problem == ""
    assert set(RANGES) == {*CONTROLS, "peak_is_foreseen"}
    assert set(CONTROLS.values()) <= {field.name for field in fields(Needs)}
