"""A function: cold and warm requests, time limit, memory, concurrency, provisioned environments and faults."""

import pytest

from archlab.sim import (
    CloudAccount,
    Crash,
    Crashed,
    CutOff,
    Failure,
    Function,
    Simulation,
    SlowDown,
    Throttled,
    Unavailable,
)


@pytest.fixture
def sim():
    return Simulation(seed=1)


def sleepy(sim, run_s=1.0, name="function", **settings):
    def sleep(_):
        yield sim.timeout(run_s)

    return Function(sim, name, sleep, **{"init_s": 0.5, "keep_alive_s": 60.0, **settings})


def invoked(sim, function, requests=1, gap_s=0.0):
    """Invoke it so many times, each `gap_s` after the one before; run to the end of all."""
    begin_s = sim.now
    invocations = []
    for number in range(requests):
        if gap_s and number:
            sim.run(until=begin_s + number * gap_s)
        invocations.append(function.invoke())
    sim.run(until=sim.now + 50.0)
    return invocations


# Cold and warm -----------------------------------------------------------------------------------------------


def test_the_first_request_waits_for_the_initialisation_and_the_next_does_not(sim):
    first, second = invoked(sim, sleepy(sim), requests=2, gap_s=10.0)
    assert (first.is_cold, first.began_s, first.ended_s) == (True, 0.5, 1.5)
    assert (second.is_cold, second.began_s, second.ended_s) == (False, 10.0, 11.0)


def test_requests_at_the_same_time_each_get_an_environment(sim):
    function = sleepy(sim)
    invocations = invoked(sim, function, requests=3)
    assert len({invocation.environment.number for invocation in invocations}) == 3
    assert (function.cold, function.instances, function.busy) == (3, 3, 0)


def test_the_newest_idle_environment_is_taken(sim):
    function = sleepy(sim)
    invoked(sim, function, requests=3)
    assert function.invoke().environment.number == 3


def test_an_environment_that_idles_for_its_keep_alive_is_gone_and_one_that_is_used_before_is_not(sim):
    function = sleepy(sim, keep_alive_s=60.0)
    first = function.invoke()
    sim.run(until=61.0)  # it has idled since 1.5
    assert not function.invoke().is_cold
    sim.run(until=62.0 + 59.9)
    assert function.instances == 1
    sim.run(until=62.0 + 60.1)
    assert function.instances == 0
    again = function.invoke()
    assert again.is_cold
    assert again.environment is not first.environment


def test_an_environment_may_take_several_requests(sim):
    function = sleepy(sim, requests_each=3)
    invocations = invoked(sim, function, requests=4)
    assert [one.environment.number for one in invocations] == [1, 1, 1, 2]
    assert [one.ended_s for one in invocations] == [1.5] * 4  # they wait for one initialisation together
    assert (function.cold, function.instances) == (4, 2)


def test_initialisation_counts_as_waiting_in_samples_and_sums(sim):
    function = sleepy(sim)
    function.invoke()
    assert function.sample() == (1, 1, 1000, True)
    sim.run(until=1.0)
    assert function.sample() == (0, 1, 1000, True)
    sim.run(until=5.0)
    assert function.totals() == {
        "busy_s": 1.5,
        "waiting_s": 0.5,
        "completed": 1,
        "refused": 0,
        "failed": 0,
    }
    assert function.instance_s == 5.0


# What an environment keeps -----------------------------------------------------------------------------------


def counter(sim, **settings):
    def count(invocation):
        invocation.kept["carts"] = invocation.kept.get("carts", 0) + 1
        yield sim.timeout(1.0)
        return invocation.kept["carts"]

    return Function(sim, "counter", count, **{"init_s": 0.5, "keep_alive_s": 60.0, **settings})


def test_an_environment_keeps_what_handlers_put_there(sim):
    assert [one.value for one in invoked(sim, counter(sim), requests=3, gap_s=10.0)] == [1, 2, 3]


def test_two_environments_know_nothing_of_each_other(sim):
    assert [one.value for one in invoked(sim, counter(sim), requests=2)] == [1, 1]


@pytest.mark.parametrize("how", ["expiry", "replacement", "crash"])
def test_what_is_kept_is_lost_without_notice(sim, how):
    function = counter(sim)
    invoked(sim, function, requests=2, gap_s=10.0)
    if how == "expiry":
        sim.run(until=sim.now + 60.0)
    elif how == "replacement":
        function.replace()
    else:
        function.crash()
        function.restart()
    assert invoked(sim, function)[0].value == 1


def test_a_replacement_lets_busy_environments_end_their_work(sim):
    function = counter(sim)
    old = function.invoke()
    function.replace()
    new = function.invoke()
    sim.run(until=5.0)
    assert (old.value, new.value, function.instances, function.failed) == (1, 1, 1, 0)


# The time limit ----------------------------------------------------------------------------------------------


def test_the_time_limit_ends_the_handler_where_it_stands_and_it_cannot_catch_that(sim):
    done = []

    def stubborn(_):
        for step in range(10):
            try:
                yield sim.timeout(1.0)
            except Failure:
                done.append("caught")
            done.append(step)

    function = Function(sim, "job", stubborn, init_s=0.5, keep_alive_s=60, time_limit_s=3.2)
    job = invoked(sim, function)[0]
    assert done == [0, 1, 2]
    assert isinstance(job.value, CutOff)
    assert job.ended_s == pytest.approx(3.7)
    assert (function.cut_off, function.failed, function.completed) == (1, 1, 0)


def test_whoever_waits_gets_the_failure(sim):
    caught = []

    def caller():
        try:
            yield sleepy(sim, run_s=10.0, time_limit_s=2.0).invoke()
        except CutOff as failure:
            caught.append((str(failure), sim.now))

    sim.start(caller())
    sim.run(until=20.0)
    assert caught == [("function: cut off at its time limit", 2.5)]


def test_the_environment_of_a_function_that_was_cut_off_is_thrown_away(sim):
    function = sleepy(sim, run_s=10.0, time_limit_s=2.0)
    invoked(sim, function)
    assert function.instances == 0
    assert invoked(sim, function)[0].is_cold


def test_what_a_cut_off_function_asked_others_to_do_goes_on(sim):
    payments = sleepy(sim, run_s=5.0, name="payments")

    def pay(_):
        yield payments.invoke()

    orders = Function(sim, "orders", pay, init_s=0.5, keep_alive_s=60, time_limit_s=2.0)
    invoked(sim, orders)
    assert (orders.cut_off, payments.completed) == (1, 1)


def test_a_limit_that_is_kept_leaves_no_trace_and_none_is_no_limit(sim):
    function = sleepy(sim, run_s=2000.0, time_limit_s=None)
    long = function.invoke()
    assert long.left_s == float("inf")
    sim.run(until=3000.0)
    assert long.ok
    assert function.cut_off == 0


def test_a_handler_knows_how_long_it_may_still_run(sim):
    left = []

    def look(invocation):
        yield sim.timeout(1.0)
        left.append(invocation.left_s)

    invoked(sim, Function(sim, "look", look, init_s=0.5, keep_alive_s=60, time_limit_s=3.0))
    assert left == [2.0]


def test_a_handler_that_fails_keeps_its_environment(sim):
    def fail(_):
        yield sim.timeout(1.0)
        raise Failure("database")

    function = Function(sim, "function", fail, init_s=0.5, keep_alive_s=60)
    first, second = invoked(sim, function, requests=2, gap_s=10.0)
    assert (function.failed, second.is_cold) == (2, False)
    assert second.environment is first.environment


# Memory ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("memory_mb", "took_s"), [(1769.0 / 4, 4.0), (1769.0, 1.0), (4 * 1769.0, 1.0)])
def test_memory_buys_speed_up_to_one_processor_for_one_thread(sim, memory_mb, took_s):
    def compute(invocation):
        yield invocation.compute(1.0)

    function = Function(sim, "function", compute, init_s=0.5, keep_alive_s=60, memory_mb=memory_mb)
    job = invoked(sim, function)[0]
    assert job.ended_s - job.began_s == pytest.approx(took_s)


# Concurrency -------------------------------------------------------------------------------------------------


def test_reserved_concurrency_is_a_cap_and_429_is_a_failure_of_its_own(sim):
    function = sleepy(sim, reserved=2)
    invocations = invoked(sim, function, requests=3)
    assert isinstance(invocations[2].value, Throttled)
    assert (function.throttled, function.failed, function.completed) == (1, 0, 2)


def test_nothing_reserved_is_nothing_let_in(sim):
    assert isinstance(sleepy(sim, reserved=0).invoke().value, Throttled)


def test_a_busy_function_takes_the_concurrency_of_others_but_not_what_they_reserved(sim):
    account = CloudAccount(sim, concurrency=10)
    greedy = sleepy(sim, account=account, name="greedy")
    poor = sleepy(sim, account=account, name="poor")
    safe = sleepy(sim, account=account, name="safe", reserved=3)
    for _ in range(50):
        greedy.invoke()
    assert (greedy.busy, greedy.throttled) == (7, 43)
    assert isinstance(poor.invoke().value, Throttled)
    assert [safe.invoke().is_alive for _ in range(4)] == [True, True, True, False]


def test_idle_environments_use_no_concurrency(sim):
    account = CloudAccount(sim, concurrency=2)
    one, other = sleepy(sim, account=account, name="one"), sleepy(sim, account=account, name="other")
    invoked(sim, one, requests=2)
    assert one.instances == 2
    assert [invocation.ok for invocation in invoked(sim, other, requests=2)] == [True, True]


def test_an_account_reserves_no_more_than_it_has(sim):
    account = CloudAccount(sim, concurrency=10)
    sleepy(sim, account=account, name="one", reserved=6)
    with pytest.raises(ValueError, match="reserved is 5; it must be at most 4"):
        sleepy(sim, account=account, name="other", reserved=5)
    with pytest.raises(ValueError, match="provisioned is 5; it must be at most 4"):
        sleepy(sim, account=account, name="other", provisioned=5)
    with pytest.raises(ValueError, match="provisioned is 3; it must be at most 2"):
        sleepy(sim, account=account, name="other", reserved=2, provisioned=3)
    assert account.unreserved == 4


# Provisioned concurrency -------------------------------------------------------------------------------------


def test_what_is_provisioned_is_never_cold_and_what_spills_is(sim):
    function = sleepy(sim, provisioned=2)
    invocations = invoked(sim, function, requests=3)
    assert [one.is_cold for one in invocations] == [False, False, True]
    assert (function.spilled, function.cold) == (1, 1)


def test_provisioned_environments_are_asked_first_and_never_expire(sim):
    function = sleepy(sim, provisioned=1, keep_alive_s=10.0)
    invoked(sim, function, requests=2)
    assert function.invoke().environment.is_provisioned
    sim.run(until=500.0)
    assert function.instances == 1
    assert not function.invoke().is_cold


def test_spilled_requests_need_room_in_the_account(sim):
    account = CloudAccount(sim, concurrency=3)
    function = sleepy(sim, account=account, provisioned=2)
    invocations = [function.invoke() for _ in range(4)]
    assert [one.is_alive for one in invocations] == [True, True, True, False]
    reserved = sleepy(sim, name="reserved", reserved=3, provisioned=2)
    assert [reserved.invoke().is_alive for _ in range(4)] == [True, True, True, False]


def test_more_may_be_provisioned_later_and_is_ready_after_its_initialisation(sim):
    function = sleepy(sim)
    function.provision(2)
    assert function.instances == 2
    assert function.invoke().is_cold  # none is ready yet
    sim.run(until=0.6)
    assert not function.invoke().is_cold


def test_less_may_be_provisioned_later_and_work_is_not_cut_short(sim):
    function = sleepy(sim, provisioned=3)
    running = [function.invoke() for _ in range(3)]
    function.provision(1)
    sim.run(until=2.0)
    assert [one.ok for one in running] == [True] * 3
    assert function.instances == 1


def test_a_provisioned_environment_that_is_lost_is_replaced(sim):
    function = sleepy(sim, run_s=10.0, time_limit_s=1.0, provisioned=1)
    function.invoke()
    sim.run(until=1.1)
    assert function.instances == 1
    assert function.invoke().is_cold
    sim.run(until=5.0)
    assert function.invoke().environment.is_provisioned


# Faults ------------------------------------------------------------------------------------------------------


def test_a_crash_by_name_ends_what_runs_and_refuses_what_comes(sim):
    function = sleepy(sim, run_s=10.0, provisioned=1)
    sim.inject(Crash("function", at_s=5.0, restart_after_s=10.0))
    running = [function.invoke(), function.invoke()]
    sim.run(until=6.0)
    assert [type(one.value) for one in running] == [Crashed, Crashed]
    assert function.instances == function.busy == 0
    assert not function.sample()[3]
    assert isinstance(function.invoke().value, Unavailable)
    sim.run(until=16.0)
    assert function.instances == 1  # what is provisioned is back
    assert not function.invoke().is_cold
    assert function.failed == 3


def test_a_crash_during_the_initialisation_leaves_nothing_waiting(sim):
    function = sleepy(sim)
    sim.inject(Crash("function", at_s=0.5, restart_after_s=1.0))  # the moment at which it would be ready
    invocation = function.invoke()
    sim.run(until=3.0)
    assert isinstance(invocation.value, Crashed)
    assert function.sample()[:2] == (0, 0)


def test_a_handler_may_crash_its_own_function(sim):
    def suicidal(_):
        yield sim.timeout(1.0)
        function.crash()
        yield sim.timeout(1.0)

    function = Function(sim, "function", suicidal, init_s=0.5, keep_alive_s=60)
    invocation = function.invoke()
    sim.run(until=10.0)
    assert isinstance(invocation.value, Crashed)
    assert invocation.ended_s == 1.5


def test_a_slow_down_stretches_computing_and_initialisation(sim):
    def compute(invocation):
        yield invocation.compute(1.0)

    function = Function(sim, "function", compute, init_s=0.5, keep_alive_s=60)
    sim.inject(SlowDown("function", at_s=5.0, for_s=20.0, factor=3.0))
    sim.run(until=6.0)
    slow = function.invoke()
    sim.run(until=30.0)
    assert slow.ended_s == pytest.approx(6.0 + 3 * 1.5)
    normal = function.invoke()
    sim.run(until=40.0)
    assert normal.ended_s == pytest.approx(31.0)


def test_every_invocation_is_counted_once(sim):
    function = sleepy(sim, run_s=2.0, time_limit_s=5.0, reserved=4)
    sim.inject(Crash("function", at_s=12.0, restart_after_s=3.0))
    asked = 0
    for second in range(1, 30):
        for _ in range(3):
            function.invoke()
            asked += 1
        sim.run(until=float(second))
    sim.run(until=60.0)
    assert asked == function.completed + function.failed + function.throttled
    assert function.throttled > 0
    assert function.failed > 0
    assert function.busy == 0
