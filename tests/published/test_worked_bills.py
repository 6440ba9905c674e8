"""AWS's price page of 2026: twelve worked bills, of which eleven agree with the prices beside them."""

import pytest

from archlab.published.worked_bills import (
    bills,
    break_even_per_s,
    comparison,
    initialisation_adds,
    printed,
)
from archlab.sim.billing import price_usd, usd_per_request

SEVEN = {
    "mobile back end": 2.73,
    "telemetry": 249.49,
    "support tickets": 106.41,
    "sale": 32.26,
    "streamed pages": 39.04,
    "tenants": 368.74,
    "managed instances": 160.36,
}
A_CENT = 0.01


@pytest.fixture(scope="module")
def worked():
    return bills()


def test_the_table_has_the_bills_that_are_worked_and_no_others(worked):
    assert list(printed().index) == list(worked)
    assert printed()[list(SEVEN)].to_dict() == SEVEN


@pytest.mark.parametrize("name", SEVEN)
def test_the_seven_bills_come_out_to_the_cent(worked, name):
    assert abs(round(worked[name], 2) - SEVEN[name]) <= A_CENT + 1e-9


@pytest.mark.parametrize("name", ["launch day", "snapshots", "queue", "ten logs"])
def test_and_so_do_four_more(worked, name):
    assert round(worked[name], 2) == printed()[name]


def test_the_only_cent_between_us_is_what_aws_rounds_up_in_the_tenants_bill(worked):
    table = comparison().drop(index="Kafka")
    assert table[table.difference_usd != 0].difference_usd.to_dict() == {"tenants": -A_CENT}
    assert 20e6 * price_usd("compute") == pytest.approx(333.334)
    assert worked["tenants"] == pytest.approx(2 + 333.33 + 33.40)


def test_the_kafka_bill_is_wrong_by_the_30_million_requests_that_there_are_not(worked):
    assert round(worked["Kafka"], 2) == 1147.34
    assert printed()["Kafka"] == 1153.30
    assert worked["Kafka"] + 30 * 0.20 == pytest.approx(printed()["Kafka"], abs=0.05)


@pytest.mark.parametrize(("init_s", "more"), [(0.1, 0.010), (0.25, 0.025), (2.0, 0.20)])
def test_what_billed_initialisation_adds(init_s, more):
    assert initialisation_adds(0.01, init_s, run_s=0.1) == pytest.approx(more)
    request_usd = usd_per_request(0, 1024)
    warm, cold = (usd_per_request(0.1, 1024, cold_share=share, init_s=init_s) for share in (0, 0.01))
    assert (cold - request_usd) / (warm - request_usd) - 1 == pytest.approx(more)


@pytest.mark.parametrize(
    ("run_s", "memory_mb", "per_s"), [(0.200, 1024, 7.55), (0.100, 512, 25.8), (0.050, 128, 87.7)]
)
def test_from_which_load_on_one_machine_is_cheaper(run_s, memory_mb, per_s):
    assert break_even_per_s(0.096, run_s, memory_mb) == pytest.approx(per_s, rel=0.005)


def test_cold_starts_bring_the_machine_nearer():
    warm = break_even_per_s(0.096, 0.1, 512)
    assert break_even_per_s(0.096, 0.1, 512, cold_share=0.01, init_s=2) < warm


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: initialisation_adds(2, 1, 1), "cold_share is 2"),
        (lambda: initialisation_adds(0.1, -1, 1), "init_s is -1"),
        (lambda: initialisation_adds(0.1, 1, 0), "run_s is 0"),
        (lambda: break_even_per_s(0, 1, 128), "usd_per_hour is 0"),
    ],
)
def test_what_makes_no_sense_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
