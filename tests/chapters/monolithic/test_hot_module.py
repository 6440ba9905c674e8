"""One hot module costs what the prices of machines say, and is dear only where a cheaper machine would do."""

import math
from dataclasses import replace

import pytest

from archlab.chapters.monolithic import hot_module
from archlab.chapters.monolithic.hot_module import cheapest_machine, cost_of_cloning_everything, machines
from archlab.course.claims.verdict import Outcome
from archlab.shop.monolithic.config import MONOLITH


def verdict(whole_gb_per_core=3.0, hot_gb_per_core=1.0, burstable=False, messages=hot_module.MESSAGES):
    memory = whole_gb_per_core, hot_gb_per_core, burstable
    return hot_module.hard_to_scale_one(
        hot_share_that_is_costly_percent=hot_module.hot_share_that_is_costly_percent(*memory, messages),
        memory_of_all_modules_in_gb_per_core=whole_gb_per_core,
        memory_that_costs_no_more_in_gb_per_core=hot_module.costly_above_gb_per_core(
            hot_gb_per_core, burstable
        ),
        price_gap_percent=hot_module.price_gap_percent(*memory),
        price_gap_at_which_it_flips_percent=hot_module.price_gap_at_which_it_flips_percent(messages),
    )


def test_burstable_machines_are_left_out_unless_asked_for():
    assert {machine.item for machine in machines()} == {"m5.large", "c5.xlarge"}
    assert cheapest_machine(1.0).item == "c5.xlarge"
    assert cheapest_machine(3.0).item == "m5.large"
    assert cheapest_machine(1.0, burstable=True).item == "t3.medium"
    with pytest.raises(ValueError, match=r"gb_per_core is 9.0; it must be at most 4.0"):
        cheapest_machine(9.0)


def test_with_the_same_machines_cloning_everything_never_costs_more():
    for cores in (None, 3, 10, 40):
        cost = cost_of_cloning_everything(cores=cores, hot_gb_per_core=3.0, messages=0.0)
        assert (cost.extra_percent <= 1e-9).all()
    small = cost_of_cloning_everything([0.5], cores=2, hot_gb_per_core=3.0, messages=0.0)
    assert small.extra_percent[0] == pytest.approx(-50), "two half-empty machines against one"


def test_the_extra_cost_of_one_hot_module_is_the_ratio_of_prices_when_it_is_all_the_work():
    dearer_percent = 100 * (0.096 / 2 / (0.17 / 4) - 1)
    assert hot_module.price_gap_percent() == pytest.approx(dearer_percent)
    assert cost_of_cloning_everything([1.0], messages=0.0).extra_percent[0] == pytest.approx(dearer_percent)
    assert cost_of_cloning_everything([1.0]).extra_percent[0] < dearer_percent - 0.5, "messages cost work"


def test_at_the_hot_share_from_which_it_is_costly_clones_of_everything_cost_a_tenth_more():
    share = hot_module.hot_share_that_is_costly_percent() / 100
    assert cost_of_cloning_everything([share]).extra_percent[0] == pytest.approx(10)
    assert verdict().flips_at == pytest.approx(85.0, abs=0.1)
    assert verdict(messages=0.0).flips_at == pytest.approx(79.3, abs=0.1)


def test_with_large_messages_the_hot_module_apart_never_saves_enough():
    large = replace(MONOLITH, message_bytes=10 * 1024)
    assert verdict(messages=hot_module.work_of_messages(large)).outcome is Outcome.DOES_NOT_HOLD


def test_the_price_of_a_core_decides_and_the_verdict_says_at_which_difference_it_flips():
    """At that difference, clones of everything cost a tenth more where all of the work is hot."""
    flips_at = hot_module.price_gap_at_which_it_flips_percent()
    assert f"costs at least {flips_at:.1f} % more than the hot module's (here 12.9)" in verdict().detail
    each_side = hot_module.MESSAGES / 2
    whole, hot = 1 + flips_at / 100, 1.0
    assert whole / (each_side * whole + (1 + each_side) * hot) == pytest.approx(1.1)


def test_the_memory_of_all_modules_together_decides_and_the_verdict_says_at_which_value_it_flips():
    """With 2 GB instead of 3 the same machine does for all."""
    assert "more than 2 GB a core (here 3)" in verdict().detail
    above, at = verdict(whole_gb_per_core=2.01), verdict(whole_gb_per_core=2.0)
    assert above.outcome is Outcome.HOLDS_WHEN
    assert at.outcome is Outcome.DOES_NOT_HOLD
    assert at.detail == "it would hold when all modules together need more than 2 GB a core (here 2)"


def test_one_hot_module_is_costly_only_when_it_could_do_with_a_cheaper_machine():
    assert hot_module.hot_share_that_is_costly_percent(hot_gb_per_core=3.0) == math.inf
    assert verdict(hot_gb_per_core=3.0).outcome is Outcome.DOES_NOT_HOLD
    assert verdict(burstable=True).flips_at < 20
