"""How fast environments start: AWS's published table for the old rule exactly, and today's rule by hand."""

import pytest

from archlab.data import load
from archlab.sim import CloudAccount, Function, Simulation
from archlab.sim.functions import BEFORE_2023, TODAY, ScalingRate

FACTS = load("lambda").set_index(["setting", "what"])["value"]
REQUESTS = 10_000


def sleepy(sim, account, name="function", run_s=59.0, init_s=0.2):
    def sleep(_):
        yield sim.timeout(run_s)

    return Function(sim, name, sleep, init_s=init_s, keep_alive_s=600, account=account)


def throttled_by_minute(minutes, scaling):
    """Send the requests in equal shares at the start of each minute; each runs for nearly that long."""
    sim = Simulation(seed=1)
    function = sleepy(sim, CloudAccount(sim, concurrency=REQUESTS, scaling=scaling))
    throttled = []
    for minute in range(minutes):
        before = function.throttled
        for _ in range(REQUESTS * (minute + 1) // minutes - REQUESTS * minute // minutes):
            function.invoke()
        throttled.append(function.throttled - before)
        sim.run(until=60.0 * (minute + 1))
    return throttled


@pytest.mark.parametrize("minutes", [1, 2, 3, 4])
def test_the_rule_before_2023_gives_the_published_table_exactly(minutes):
    setting = f"burst, old rule, 10000 requests in {minutes} minutes"
    published = FACTS[setting].tolist()
    assert len(published) == minutes
    assert throttled_by_minute(minutes, BEFORE_2023) == published


def test_today_the_same_bursts_are_throttled_more():
    """By hand: 1,000 start at once. A minute later there may be 1,000 more, and those of before are warm."""
    assert throttled_by_minute(1, TODAY) == [9000]
    assert throttled_by_minute(2, TODAY) == [4000, 3000]
    assert throttled_by_minute(4, TODAY) == [1500, 500, 0, 0]


def test_the_defaults_are_those_of_the_documentation():
    environments = FACTS[
        "scaling today",
        "each function may start so many environments in the time below; refilled continuously and not saved",
    ]
    assert ScalingRate(int(environments), environments / FACTS["scaling today", "time for that"]) == TODAY
    old = FACTS["scaling before 2023"]
    burst = old["burst that all functions of an account shared in the largest regions"]
    assert ScalingRate(int(burst), old["so many more each minute"] / 60, is_shared=True) == BEFORE_2023


def test_today_1000_start_in_ten_seconds_however_long_nothing_was_started():
    sim = Simulation(seed=1)
    function = sleepy(sim, CloudAccount(sim, concurrency=REQUESTS, scaling=TODAY), run_s=1000.0)
    sim.run(until=500)
    started = []
    for second in range(3):
        for _ in range(2000):
            function.invoke()
        started.append(function.busy)
        sim.run(until=501 + second)
    assert started == [1000, 1100, 1200]


def test_today_each_function_has_its_own_rate_and_before_they_shared_one():
    def started(scaling):
        sim = Simulation(seed=1)
        account = CloudAccount(sim, concurrency=REQUESTS, scaling=scaling)
        functions = [sleepy(sim, account, name) for name in ("one", "other")]
        for function in functions:
            for _ in range(4000):
                function.invoke()
        return [function.busy for function in functions]

    assert started(TODAY) == [1000, 1000]
    assert started(BEFORE_2023) == [3000, 0]
    assert started(None) == [4000, 4000]


def test_a_request_for_a_warm_environment_needs_no_start():
    sim = Simulation(seed=1)
    account = CloudAccount(sim, scaling=ScalingRate(1, per_s=0.001))
    function = sleepy(sim, account, run_s=1.0)
    function.invoke()
    sim.run(until=5)
    second = function.invoke()
    assert second.is_alive
    assert not second.is_cold
    assert function.throttled == 0
    function.invoke()
    assert function.throttled == 1
