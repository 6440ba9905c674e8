"""The meter: running a function gives the bill that AWS works out, and the one that `archlab.sim.billing` computes."""

from dataclasses import replace

import numpy as np
import pytest

from archlab.data import load
from archlab.sim import Crash, Exponential, Failure, Function, Poisson, Simulation
from archlab.sim.billing import Usage, bill, free_tier, in_provisioned, invocations, on_demand, provisioned

PRINTED = load("function_bills").set_index("setting")["value"]
DAY_S = 86_400.0


def run_function(requests, run_s, memory_mb, every_s=None, until_s=None, sim=None, **settings):
    """A function that is invoked so often, one request after the other, and has nothing else to do."""
    sim = Simulation(seed=1) if sim is None else sim

    def handler(invocation):
        yield sim.timeout(run_s)

    settings = {"init_s": 0.0, "keep_alive_s": 600.0, "memory_mb": memory_mb, **settings}
    function = Function(sim, f"function {len(sim._registers['part'])}", handler, **settings)

    def client():
        for _ in range(requests):
            yield function.invoke()
            yield sim.timeout((every_s or run_s) - run_s)

    sim.start(client())
    sim.run(until=until_s)
    return function


def to_the_cent(usage, free=None):
    return round(float(bill(usage, free=Usage() if free is None else free).usd.round(2).sum()), 2)


THOUSANDTH = 1000
"""A thousandth of the requests is run, and what it used is taken a thousand times."""


def test_running_the_mobile_back_end_costs_what_aws_prints():
    ran = run_function(3000, 0.120, 1536)
    assert to_the_cent(ran.usage() * THOUSANDTH, free_tier()) == PRINTED["mobile back end"]


def test_running_the_support_tickets_with_their_disk_costs_what_aws_prints():
    ran = run_function(6000, 0.280, 4096)
    assert to_the_cent(ran.usage(storage_mb=2048) * THOUSANDTH, free_tier()) == PRINTED["support tickets"]


def test_running_telemetry_all_month_long_costs_what_aws_prints():
    ran = run_function(7440, 2.0, 1024, every_s=31 * DAY_S / 7440)
    assert to_the_cent(ran.usage() * THOUSANDTH) == PRINTED["telemetry"]


def test_running_the_sale_on_seven_provisioned_environments_costs_what_aws_prints():
    """The environments cost by the time, whatever runs in them; so only the runs are taken a thousand times."""
    ran = run_function(2000, 0.280, 4096, every_s=DAY_S / 2000, until_s=DAY_S, provisioned=7).usage()
    assert ran.compute_gb_s == 0
    whole = replace(ran, provisioned_gb_s=0) * THOUSANDTH + Usage(provisioned_gb_s=ran.provisioned_gb_s)
    assert to_the_cent(whole) == PRINTED["sale"]


def test_running_the_launch_day_costs_what_aws_prints():
    """Eight hours with 100 environments provisioned, and the rest of the month on demand."""
    sim = Simulation(seed=1)
    day = run_function(500, 0.100, 1536, every_s=50, until_s=8 * 3600, sim=sim, provisioned=100)
    day.provision(0)
    rest = run_function(2500, 0.120, 1536, sim=sim)
    ran = day.usage() + rest.usage()
    whole = replace(ran, provisioned_gb_s=0) * THOUSANDTH + Usage(provisioned_gb_s=ran.provisioned_gb_s)
    assert to_the_cent(whole, free_tier()) == PRINTED["launch day"]


@pytest.mark.parametrize("rule", ["initialisation until July 2025", "initialisation since August 2025"])
def test_one_cold_invocation_is_billed_as_the_blog_says(rule):
    ran = run_function(1, 0.25006, 1024, init_s=0.10077)
    usage = ran.usage(bills_initialisation="since" in rule)
    assert usage.compute_gb_s * 1000 == PRINTED[rule]


@pytest.fixture(scope="module")
def busy():
    """Random runs with cold starts, failures and a time limit; and what each invocation took."""
    sim = Simulation(seed=3)
    ended = []
    draw_s = sim.draws("runs", Exponential(0.2))

    def handler(invocation):
        ended.append(invocation)
        yield sim.timeout(draw_s())
        if draw_s() > 0.8:
            raise Failure("database")

    function = Function(
        sim, "busy", handler, Exponential(0.3), keep_alive_s=3.0, memory_mb=512, time_limit_s=0.7
    )

    def ask(request):
        yield function.invoke()

    sim.open_load(Poisson(5.0), ask)
    sim.measure(300.0)
    return function, [one for one in ended if not one.is_alive]


def test_the_meter_agrees_with_the_bill_of_each_invocation_put_together_afterwards(busy):
    function, ended = busy
    run_s = np.array([one.ended_s - one.began_s for one in ended])
    init_s = np.array([one.began_s - one.invoked_s for one in ended])
    assert function.cold > 50
    assert function.cut_off > 20
    assert function.failed > function.cut_off
    for usage, expected in (
        (function.usage(), invocations(run_s, 512, init_s)),
        (function.usage(bills_initialisation=False), invocations(run_s, 512)),
    ):
        assert usage.amounts() == pytest.approx(expected.amounts(), rel=1e-12)


def test_and_with_the_bill_from_averages_but_for_half_a_millisecond_a_request(busy):
    function, ended = busy
    run_s = np.mean([one.ended_s - one.began_s for one in ended])
    init_s = np.mean([one.began_s - one.invoked_s for one in ended if one.is_cold])
    cold_share = sum(one.is_cold for one in ended) / len(ended)
    average = on_demand(len(ended), float(run_s), 512, cold_share, float(init_s))
    rounding = function.usage().compute_gb_s - average.compute_gb_s
    assert rounding == pytest.approx(len(ended) * 0.0005 * 0.5, rel=0.1)


def test_a_crash_ends_what_is_billed_also_during_an_initialisation():
    sim = Simulation(seed=1)

    def handler(invocation):
        yield sim.timeout(1.0)

    function = Function(sim, "function", handler, init_s=0.5, keep_alive_s=600, memory_mb=1024)
    sim.inject(Crash("function", at_s=1.4, restart_after_s=1.0))
    sim.call_at(0.0, function.invoke)
    sim.call_at(1.2, function.invoke)
    sim.run(until=10)
    assert function.usage() == Usage(requests=2, compute_gb_s=1.6)
    assert function.usage(bills_initialisation=False) == Usage(requests=2, compute_gb_s=0.9)


def test_what_is_throttled_costs_nothing_and_what_still_runs_is_not_on_the_bill_yet():
    sim = Simulation(seed=1)

    def handler(invocation):
        yield sim.timeout(10.0)

    function = Function(sim, "function", handler, init_s=0.0, keep_alive_s=600, memory_mb=1024, reserved=1)
    for _ in range(3):
        function.invoke()
    sim.run(until=9.0)
    assert (function.throttled, function.usage()) == (2, Usage())
    sim.run(until=11.0)
    assert function.usage() == on_demand(1, 10.0, 1024)


def test_requests_that_share_an_environment_share_its_bill():
    sim = Simulation(seed=1)

    def handler(invocation):
        yield sim.timeout(1.0)

    function = Function(sim, "f", handler, init_s=0.5, keep_alive_s=600, memory_mb=1024, requests_each=80)
    for at_s in (0.0, 0.2, 0.9, 5.0):
        sim.call_at(at_s, function.invoke)
    sim.run(until=20)
    assert function.usage() == Usage(requests=4, compute_gb_s=1.9 + 1.0)


def test_what_is_provisioned_is_billed_in_steps_of_five_minutes_and_a_change_begins_a_new_one():
    sim = Simulation(seed=1)

    def handler(invocation):
        yield sim.timeout(1.0)

    function = Function(sim, "f", handler, init_s=0.5, keep_alive_s=600, memory_mb=2048, provisioned=2)
    sim.run(until=299)
    assert function.usage() == provisioned(2, 299, 2048)
    sim.run(until=310)
    function.provision(5)
    function.provision(5)
    sim.run(until=320)
    function.provision(0)
    sim.run(until=9999)
    assert function.usage() == provisioned(2, 600, 2048) + provisioned(5, 300, 2048)


def test_runs_in_provisioned_environments_and_those_that_spill_are_two_items():
    sim = Simulation(seed=1)

    def handler(invocation):
        yield sim.timeout(1.0)

    function = Function(sim, "f", handler, init_s=0.5, keep_alive_s=600, memory_mb=1024, provisioned=1)
    for _ in range(3):
        function.invoke()
    sim.run(until=300)
    ready, spilled = in_provisioned(1, 1.0, 1024), on_demand(2, 1.0, 1024, cold_share=1.0, init_s=0.5)
    assert function.usage() == ready + spilled + provisioned(1, 300, 1024)


def test_the_clock_of_a_long_run_adds_no_milliseconds():
    """After four months the clock's last digit is as large as the noise that `billed_s` forgives."""
    sim = Simulation(seed=1, initial_time=1e7)
    ran = run_function(1000, 0.1, 1024, every_s=0.377, sim=sim)
    assert ran.usage().compute_gb_s == pytest.approx(100.0, abs=1e-9)
