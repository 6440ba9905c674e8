"""Task 6 of lab 07: cases that turn once, and the value at which they do."""

from dataclasses import replace

import numpy as np
import pytest

from archlab.chapters.choosing import lab_turning_known
from archlab.chapters.choosing.lab_turning import VARIED, Case
from archlab.chapters.choosing.lab_turning_known import WAYS, turning_point, usd_per_h

CASE = Case(pair=("monolithic", "serverless"), vary="per_s", low=0.5, high=26)


@pytest.fixture(scope="module", params=WAYS)
def case(request):
    return lab_turning_known.drawn(np.random.default_rng(2), request.param)


def test_on_either_side_of_the_value_another_one_costs_less(case):
    first, value = turning_point(case)
    (other,) = set(case.pair) - {first}
    before, after = case.at(0.97 * value), case.at(1.03 * value)
    assert usd_per_h(first, before) < usd_per_h(other, before)
    assert usd_per_h(first, after) > usd_per_h(other, after)


@pytest.mark.parametrize("place", [0, 1])
def test_who_leads_stands_where_the_check_wants_it(place):
    case = lab_turning_known.drawn(np.random.default_rng(5), "a longer peak", leader_at=place)
    assert case.pair[place] == turning_point(case)[0]


def test_a_drawn_case_turns_once(case):
    assert lab_turning_known.turns(case, 5000) == 1


def test_a_case_in_which_the_cheaper_one_changes_for_a_short_while_is_seen_by_a_close_look():
    """Functions cost less up to 97.8 requests a second, but for a moment at 90.5, before services grow."""
    pair = ("serverless", "microservices")
    figures = {"peak_times": 5.84, "peak_h": 3.55, "order_percent": 38.0}
    case = Case(pair=pair, vary="per_s", low=0.5, high=200.0, **figures)
    assert lab_turning_known.turns(case, lab_turning_known.LOOKS) == 1
    assert lab_turning_known.turns(case, lab_turning_known.MANY_LOOKS) == 3


def test_the_figure_that_is_varied_does_not_tell_who_leads():
    leaders = {(of.vary, of.first) for of in WAYS.values()}
    assert {vary for vary, _ in leaders} == set(VARIED)
    assert {("peak_times", "serverless"), ("peak_times", "monolithic")} < leaders


def test_a_monolith_in_the_place_of_another_one_turns_elsewhere(case):
    value = turning_point(case)[1]
    other = next(name for name in case.pair if name != "serverless")
    program = replace(case, pair=("serverless", "monolithic"))
    before, after = (
        usd_per_h("serverless", program.at(times * value))
        < usd_per_h("monolithic", program.at(times * value))
        for times in (0.97, 1.03)
    )
    assert (before == after) is (other != "monolithic")


def test_no_architecture_can_stand_for_all_others():
    assert set.intersection(*(set(of.others) for of in WAYS.values())) == set()


def test_an_unknown_way_is_refused():
    with pytest.raises(ValueError, match="way is 'up'"):
        lab_turning_known.drawn(np.random.default_rng(1), "up")


def test_where_neither_shop_grows_the_value_is_the_difference_in_rent_over_what_requests_cost():
    from archlab.chapters.choosing.forms import FORMS
    from archlab.chapters.choosing.prices import rent_usd_per_h, usd_per_request
    from archlab.shop.budget import mix_with

    functions, program = (FORMS[name].smallest(1) for name in ("serverless", "monolithic"))
    times = 1 + 4 * 1 / 24
    an_hour = 3600 * times * usd_per_request(functions, mix_with(0.12))
    small = replace(CASE, peak_times=5.0, peak_h=1.0)
    first, value = turning_point(small)
    assert first == "serverless"
    assert value == pytest.approx((rent_usd_per_h(program) - rent_usd_per_h(functions)) / an_hour)


def test_the_value_falls_when_the_peak_lasts_longer():
    assert turning_point(replace(CASE, peak_h=12.0))[1] < turning_point(CASE)[1]


def test_a_pair_that_does_not_turn_is_refused():
    with pytest.raises(ValueError, match="different signs"):
        turning_point(replace(CASE, high=0.6))


@pytest.mark.parametrize(
    ("name", "value"), [("pair", ("monolithic", "huts")), ("vary", "moon"), ("per_s", 0), ("high", 0.1)]
)
def test_a_case_with_an_impossible_figure_is_refused(name, value):
    with pytest.raises(ValueError, match=name):
        replace(CASE, **{name: value})
