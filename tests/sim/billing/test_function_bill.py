"""A bill is each amount at its price: tiers, what is free, and two architectures."""

from dataclasses import fields

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archlab.data import load
from archlab.sim.billing import (
    Usage,
    bill,
    cost_usd,
    free_tier,
    in_provisioned,
    managed_instances_usd,
    on_demand,
    price_usd,
    provisioned,
    provisioned_pays_above,
    total_usd,
    usd_per_request,
)
from archlab.sim.billing.function_bill import ITEMS

HOUR_S = 3600
BILLION = 1e9


def test_every_amount_that_can_be_used_has_a_price():
    assert list(ITEMS) == [field.name for field in fields(Usage)]
    assert all(price_usd(item) > 0 for item in ITEMS.values())


def test_no_price_is_from_memory():
    assert set(load("function_prices").mark) <= {"seen", "seen-2nd"}


@pytest.mark.parametrize(
    ("architecture", "gb_s", "usd"),
    [
        ("x86", 6 * BILLION, 6e9 * 0.0000166667),
        ("x86", 7 * BILLION, 6e9 * 0.0000166667 + 1e9 * 0.000015),
        ("x86", 20 * BILLION, 6e9 * 0.0000166667 + 9e9 * 0.000015 + 5e9 * 0.0000133334),
        ("arm", 7 * BILLION, 7e9 * 0.0000133334),
        ("arm", 20 * BILLION, 7.5e9 * 0.0000133334 + 11.25e9 * 0.0000120001 + 1.25e9 * 0.0000106667),
    ],
)
def test_each_part_of_the_compute_is_billed_at_the_price_of_its_tier(architecture, gb_s, usd):
    assert cost_usd("compute", gb_s, architecture) == pytest.approx(usd, rel=1e-12)


@given(st.floats(0, 3e10), st.floats(0, 3e10))
def test_more_never_costs_less_and_together_never_more_than_apart(one, two):
    together, first, second = (cost_usd("compute", gb_s) for gb_s in (one + two, one, two))
    rounding_usd = 1e-12 * (together + 1)
    assert first - rounding_usd <= together <= first + second + rounding_usd


@pytest.mark.parametrize("item", ["compute", "provisioned", "provisioned compute"])
def test_arm_costs_four_fifths_of_x86(item):
    assert price_usd(item, "arm") / price_usd(item, "x86") == pytest.approx(0.80, abs=0.0001)


def test_a_request_costs_the_same_on_both():
    assert cost_usd("requests", 1e6, "arm") == cost_usd("requests", 1e6, "x86") == pytest.approx(0.20)


def test_the_sum_is_that_of_the_lines_and_the_free_tier_is_off_unless_you_ask():
    month = on_demand(3e6, 0.120, 1536, storage_mb=1024) + Usage(transitions=1000)
    for free in (Usage(), free_tier()):
        assert bill(month, free=free).usd.sum() == pytest.approx(total_usd(month, free=free))
    assert total_usd(month) - total_usd(month, free=free_tier()) == pytest.approx(
        0.20 + 400_000 * 0.0000166667
    )


def test_a_line_that_the_free_tier_covers_stays_on_the_bill_and_costs_nothing():
    line = bill(on_demand(1000, 0.1, 128), free=free_tier()).loc["requests"]
    assert line.to_dict() == {"used": 1000, "billed": 0, "usd": 0}


@pytest.mark.parametrize("architecture", ["x86", "arm"])
def test_an_environment_kept_ready_pays_above_60_percent_of_the_time_and_not_below(architecture):
    at = provisioned_pays_above(architecture)
    assert at == pytest.approx(0.60, abs=0.0001)
    for share, ready_is_cheaper in ((at - 0.01, False), (at + 0.01, True)):
        runs = share * HOUR_S / 0.1
        ready = provisioned(1, HOUR_S, 1024) + in_provisioned(runs, 0.1, 1024)
        on_its_own = on_demand(runs, 0.1, 1024)
        assert (total_usd(ready, architecture) < total_usd(on_its_own, architecture)) is ready_is_cheaper


def test_three_transitions_a_second_cost_27_cents_an_hour():
    assert total_usd(Usage(transitions=3 * HOUR_S)) == pytest.approx(0.27)


def test_a_machine_that_is_90_percent_cheaper_than_three_transitions_a_second_serves_seven_streams_at_least():
    machine_usd = load("prices").set_index("item").price_usd["c5.xlarge"]
    stream_usd = total_usd(Usage(transitions=3 * HOUR_S))
    assert machine_usd / 7 < stream_usd / 10 < machine_usd / 6


def test_with_one_transition_a_minute_the_same_machine_must_serve_over_a_hundred_streams_to_be_cheaper():
    machine_usd = load("prices").set_index("item").price_usd["c5.xlarge"]
    assert total_usd(Usage(transitions=60)) == pytest.approx(0.0015)
    assert machine_usd / total_usd(Usage(transitions=60)) == pytest.approx(113, abs=1)


def test_a_request_costs_its_run_its_share_of_initialisation_and_itself():
    warm, cold = usd_per_request(0.1, 1024), usd_per_request(0.1, 1024, cold_share=0.01, init_s=2)
    assert warm == pytest.approx(0.1 * 0.0000166667 + 0.0000002)
    assert cold - warm == pytest.approx(0.02 * 0.0000166667)


def test_managed_instances_pay_the_fee_on_the_price_without_the_discount():
    assert managed_instances_usd(0, 100, 1.0) == pytest.approx(115)
    assert managed_instances_usd(0, 100, 1.0, discount=0.5) == pytest.approx(65)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: total_usd(Usage(requests=1), "mips"),
            "architecture is 'mips'; it must be one of 'x86', 'arm'",
        ),
        (
            lambda: bill(Usage(snapshot_restore_gb=1), "arm"),
            "architecture is 'arm'; .* price for 'snapshot restore'",
        ),
        (lambda: cost_usd("computing", 1), "item is 'computing'; it must be one of"),
        (lambda: cost_usd("compute", -1), "amount is -1"),
        (lambda: price_usd("free requests"), "item is 'free requests'"),
        (lambda: usd_per_request(-1, 128), "run_s is -1"),
        (lambda: managed_instances_usd(-1, 1, 1), "requests is -1"),
        (lambda: managed_instances_usd(1, -1, 1), "instance_h is -1"),
        (lambda: managed_instances_usd(1, 1, -1), "on_demand_usd_per_h is -1"),
        (lambda: managed_instances_usd(1, 1, 1, discount=2), "discount is 2"),
    ],
)
def test_what_makes_no_sense_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
