"""What functions use is counted to the millisecond, in the units of the price list, and adds up."""

from dataclasses import fields

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from archlab.data import load
from archlab.sim.billing import usage as module
from archlab.sim.billing.usage import (
    Usage,
    billed_s,
    in_provisioned,
    invocations,
    memory_gb,
    on_demand,
    provisioned,
    requests_of_event,
    streamed,
)

RULES = load("function_prices").set_index("item")["value"]
AWS = load("function_bills").set_index("setting")["value"]


def test_the_constants_are_those_of_the_table():
    assert RULES["included storage"] == module.STORAGE_MB[0]
    assert RULES["included streaming"] == module.STREAMED_FREE_MB
    assert RULES["provisioned step"] == module.PROVISIONED_STEP_S
    assert RULES["first event block"] == module.EVENT_KB
    assert RULES["further event block"] == module.FURTHER_KB


def test_initialisation_is_billed_as_in_awss_example_and_was_not_before():
    since, before = AWS["initialisation since August 2025"], AWS["initialisation until July 2025"]
    assert 1000 * billed_s(0.25006, 0.10077)[0] == pytest.approx(since)
    assert 1000 * billed_s(0.25006)[0] == pytest.approx(before)


@given(st.integers(0, 900_000))
def test_whole_milliseconds_are_billed_as_they_are(ms):
    assert round(1000 * billed_s(ms / 1000)[0]) == ms


@given(st.floats(0, 900))
def test_a_billed_duration_is_a_whole_number_of_milliseconds_and_less_than_one_above_the_real_one(run_s):
    billed = 1000 * billed_s(run_s)[0]
    assert billed == pytest.approx(round(billed), abs=1e-6)
    assert -1e-5 <= billed - 1000 * run_s < 1 + 1e-5


def test_single_invocations_cost_half_a_millisecond_more_each_than_their_average():
    run_s = np.random.default_rng(1).exponential(0.010, 100_000)
    exact, average = invocations(run_s, 1024), on_demand(len(run_s), run_s.mean(), 1024)
    assert (exact.compute_gb_s - average.compute_gb_s) / len(run_s) == pytest.approx(0.0005, rel=0.02)
    assert exact.requests == 100_000


def test_an_invocation_that_found_a_warm_environment_pays_for_its_run_alone():
    cold, warm = invocations([0.1, 0.1], 512, init_s=[0.3, 0.0]), invocations([0.1, 0.1], 512)
    assert cold.compute_gb_s - warm.compute_gb_s == pytest.approx(0.15)


def test_a_share_of_cold_requests_pays_its_initialisation():
    month = on_demand(1000, run_s=0.1, memory_mb=2048, cold_share=0.01, init_s=2)
    assert month.compute_gb_s == pytest.approx(2 * (1000 * 0.1 + 10 * 2))


def test_only_disk_beyond_what_is_included_is_billed():
    assert on_demand(10, 1, 1024).storage_gb_s == 0
    assert on_demand(10, 1, 1024, storage_mb=512 + 1024).storage_gb_s == 10


@pytest.mark.parametrize(("lasts_s", "billed"), [(0, 0), (1, 300), (300, 300), (301, 600), (3600, 3600)])
def test_environments_kept_ready_are_billed_in_steps_of_five_minutes(lasts_s, billed):
    assert provisioned(3, lasts_s, 1024).provisioned_gb_s == 3 * billed


def test_runs_in_environments_kept_ready_are_no_runs_on_demand():
    month = in_provisioned(100, 0.5, 1024)
    assert (month.compute_gb_s, month.provisioned_compute_gb_s, month.requests) == (0, 50, 100)


@pytest.mark.parametrize(("answer_mb", "gb"), [(1, 0), (6, 0), (7, 1), (1030, 1024)])
def test_the_first_megabytes_of_a_streamed_answer_are_free(answer_mb, gb):
    assert streamed(1024, answer_mb).streamed_gb == pytest.approx(gb)


@pytest.mark.parametrize(("kb", "requests"), [(0, 1), (256, 1), (257, 2), (320, 2), (321, 3), (1024, 13)])
def test_a_large_event_is_several_requests(kb, requests):
    assert requests_of_event(kb) == requests


def test_usages_add_up_item_by_item_and_twice_one_is_one_and_one():
    one = Usage(**{field.name: float(number) for number, field in enumerate(fields(Usage), 1)})
    assert one + one == one * 2
    assert one + Usage() == one


def test_what_is_free_is_taken_off_and_no_more():
    left = Usage(requests=5, transitions=2).without(Usage(requests=3, compute_gb_s=7, transitions=4))
    assert left == Usage(requests=2)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: Usage(requests=-1), "requests is -1; it must be"),
        (lambda: Usage(streamed_gb=float("nan")), "streamed_gb is nan"),
        (lambda: Usage() * -2, "times is -2"),
        (lambda: on_demand(-1, 1, 128), "requests is -1"),
        (lambda: on_demand(1, float("inf"), 128), "run_s is inf"),
        (lambda: on_demand(1, 1, 127), "memory_mb is 127; it must be a whole number, 128 or more"),
        (lambda: on_demand(1, 1, 10_241), "memory_mb is 10241; it must be from 128 to 10240"),
        (lambda: on_demand(1, 1, 128.5), "memory_mb is 128.5"),
        (lambda: on_demand(1, 1, 128, cold_share=1.5), "cold_share is 1.5"),
        (lambda: on_demand(1, 1, 128, init_s=-1), "init_s is -1"),
        (lambda: on_demand(1, 1, 128, storage_mb=100), "storage_mb is 100"),
        (lambda: invocations([0.1, -0.2], 128), r"run_s is \[0.1, -0.2\]; it must be finite numbers"),
        (lambda: invocations([0.1, 0.2], 128, [1, 2, 3]), r"init_s is \[1, 2, 3\]; it must be one number"),
        (lambda: invocations([], 128), r"run_s is .*; it must be a list of seconds"),
        (lambda: invocations("soon", 128), "run_s is 'soon'; it must be a list of seconds"),
        (lambda: provisioned(1.5, 60, 128), "environments is 1.5"),
        (lambda: provisioned(1, -60, 128), "lasts_s is -60"),
        (lambda: in_provisioned(1, -1, 128), "run_s is -1"),
        (lambda: streamed(-1, 7), "answers is -1"),
        (lambda: streamed(1, -7), "answer_mb is -7"),
        (lambda: requests_of_event(1025), "event_kb is 1025; it must be 1024 or less"),
        (lambda: memory_gb(0), "memory_mb is 0"),
    ],
)
def test_what_makes_no_sense_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_only_a_usage_can_be_added_or_be_free():
    for call in (lambda: Usage() + 3, lambda: Usage().without(1e6)):
        with pytest.raises(TypeError, match="it must be a Usage"):
            call()
