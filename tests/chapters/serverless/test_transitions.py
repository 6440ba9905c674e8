"""Transitions: the published saving needs seven streams on a machine, and fewer transitions turn it round."""

import pytest

from archlab.chapters.serverless import transitions


def test_three_transitions_a_second_cost_27_cents_an_hour_and_seven_streams_save_more_than_nine_tenths():
    assert transitions.workflow_usd_per_h() == pytest.approx(0.27)
    assert transitions.streams_for(90) == 7
    assert transitions.saving_percent(7) > 90 > transitions.saving_percent(6)


def test_one_transition_a_minute_is_cheaper_than_the_machine():
    assert transitions.workflow_usd_per_h(1 / 60) == pytest.approx(0.0015)
    assert transitions.saving_percent(7, 1 / 60) < 0


def test_at_the_flip_both_cost_the_same():
    per_min = transitions.cheaper_below_per_min(7)
    assert transitions.workflow_usd_per_h(per_min / 60) == pytest.approx(transitions.machine_usd_per_h(7))


def test_the_lines_are_those_of_the_formulas():
    table = transitions.against_transitions()
    last = table[table.transitions_per_minute == 200].set_index("design").usd_per_hour
    assert last["workflow"] == pytest.approx(0.3)
    assert last["machine for 1"] == pytest.approx(0.17)


def test_no_stream_and_a_negative_rate_are_refused():
    with pytest.raises(ValueError, match="streams"):
        transitions.machine_usd_per_h(0)
    with pytest.raises(ValueError, match="transitions_per_s"):
        transitions.workflow_usd_per_h(-1)
