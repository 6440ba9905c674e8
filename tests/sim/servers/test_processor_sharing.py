"""Processors that share time: times by hand, a plain calculation step by step, and queueing theory."""

from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from archlab.sim import (
    Constant,
    Crash,
    Exponential,
    Failure,
    Lognormal,
    Poisson,
    SharedProcessors,
    Simulation,
    SlowDown,
    Station,
)
from archlab.sim.statistics import batch_interval
from archlab.sim.theory import mgc_ps, mgc_ps_response_s, mmck

SERVICE_S = 0.010


@pytest.fixture
def sim():
    return Simulation(seed=1)


def ends_of(sim, cpu, jobs):
    """When each job ended, and how; `jobs` are (arrival, work)."""
    ends = [None] * len(jobs)

    def job(number, work_s):
        try:
            yield cpu.serve(work_s)
            ends[number] = ("ok", sim.now)
        except Failure as failure:
            ends[number] = (failure.outcome, sim.now)

    for number, (came_s, work_s) in enumerate(jobs):
        sim.call_at(came_s, lambda work: sim.start(job(*work)), (number, work_s))
    sim.run()
    return ends


def ok(*times):
    return [("ok", pytest.approx(time_s, abs=1e-12)) for time_s in times]


# By hand -----------------------------------------------------------------------------------------------------


def test_two_jobs_share_one_core_while_both_are_there(sim):
    """The first is alone for half a second, and half done. Its other half takes 1 s, then the second is alone."""
    assert ends_of(sim, SharedProcessors(sim, "cpu"), [(0, 1), (0.5, 1)]) == ok(1.5, 2.0)


def test_three_jobs_on_two_cores_take_half_as_long_again(sim):
    cpu = SharedProcessors(sim, "cpu", capacity=2)
    assert ends_of(sim, cpu, [(0, 1)] * 3) == ok(1.5, 1.5, 1.5)
    assert cpu.totals() == {"busy_s": 3.0, "waiting_s": 1.5, "completed": 3, "refused": 0, "failed": 0}


def test_a_job_uses_one_core_at_most(sim):
    assert ends_of(sim, SharedProcessors(sim, "cpu", capacity=8), [(0, 3), (1, 4)]) == ok(3, 5)


def test_a_short_job_overtakes_a_long_one_and_delays_it_by_its_own_length(sim):
    assert ends_of(sim, SharedProcessors(sim, "cpu"), [(0, 10), (2, 1)]) == ok(11, 4)


def test_a_slow_down_in_the_middle_stretches_what_is_left_of_all_jobs(sim):
    """Together they do 1 s of work a second until 1, a quarter until 5, then 1 again: 1 + 1 + 2 = 4 s of work at 7."""
    cpu = SharedProcessors(sim, "cpu")
    sim.inject(SlowDown("cpu", at_s=1, for_s=4, factor=4))
    assert ends_of(sim, cpu, [(0, 2), (0, 2)]) == ok(7, 7)
    assert cpu.totals()["busy_s"] == 7


def test_a_factor_below_one_speeds_up_and_the_time_planned_before_is_forgotten(sim):
    cpu = SharedProcessors(sim, "cpu")
    sim.call_at(2, lambda _: cpu.slow_down(0.5))
    assert ends_of(sim, cpu, [(0, 4)]) == ok(3)
    assert sim.now == 3


def test_a_crash_fails_what_is_inside_and_turns_away_what_comes_while_down(sim):
    cpu = SharedProcessors(sim, "cpu")
    sim.inject(Crash("cpu", at_s=2, restart_after_s=3))
    ends = ends_of(sim, cpu, [(0, 10), (0, 1), (1, 1), (4, 1), (5, 1)])
    assert ends == [("crashed", 2), ("crashed", 2), ("crashed", 2), ("unavailable", 4), *ok(6)]
    assert cpu.totals() == {"busy_s": 2 + 1, "waiting_s": 1 + 2, "completed": 1, "refused": 0, "failed": 4}


def test_a_second_crash_while_down_and_a_restart_while_up_do_nothing(sim):
    cpu = SharedProcessors(sim, "cpu", capacity=3)
    cpu.restart()
    cpu.crash()
    cpu.crash()
    assert cpu.sample() == (0, 0, 3, False)
    cpu.restart()
    assert cpu.sample() == (0, 0, 3, True)


def test_more_cores_help_the_jobs_inside_at_once_and_fewer_slow_them_down(sim):
    """Four jobs of 2 s: 0.5 s each on one core until 2, 1.5 s on four until 3, the rest on two takes 1 s."""
    cpu = SharedProcessors(sim, "cpu")
    sizes = iter([4, 2])
    for at_s in (2, 3):
        sim.call_at(at_s, lambda _: setattr(cpu, "capacity", next(sizes)))
    assert ends_of(sim, cpu, [(0, 2)] * 4) == ok(4, 4, 4, 4)
    assert cpu.totals()["busy_s"] == pytest.approx(8)
    assert cpu.capacity == 2


def test_one_more_job_than_there_may_be_is_refused(sim):
    cpu = SharedProcessors(sim, "cpu", jobs_limit=2)
    assert ends_of(sim, cpu, [(0, 1), (0, 1), (1, 1), (2.5, 1)]) == [*ok(2, 2), ("refused", 1), *ok(3.5)]
    assert (cpu.completed, cpu.refused, cpu.failed) == (3, 1, 0)


def test_what_is_sampled_as_the_queue_is_the_jobs_beyond_the_cores(sim):
    cpu = SharedProcessors(sim, "cpu", capacity=2)
    for _ in range(5):
        cpu.serve(1.0)
    assert cpu.sample() == (3, 2, 2, True)
    assert (cpu.jobs, cpu.busy, cpu.queue_length) == (5, 2, 3)


def test_work_that_takes_no_time_ends_at_once_by_way_of_the_calendar(sim):
    cpu = SharedProcessors(sim, "cpu")
    visit = cpu.serve(0.0)
    assert not visit.triggered
    assert ends_of(sim, cpu, [(0, 1), (0.5, 0)]) == ok(1, 0.5)


def test_the_work_is_done_whether_or_not_anybody_waits_and_nothing_is_left_on_the_calendar(sim):
    cpu = SharedProcessors(sim, "cpu")
    cpu.serve(3.0)
    sim.call_at(1, lambda _: cpu.serve(0.5))
    sim.run()
    assert (sim.now, cpu.completed, cpu.jobs) == (3.5, 2, 0)


def test_equal_jobs_end_in_the_order_in_which_they_came(sim):
    cpu, order = SharedProcessors(sim, "cpu", capacity=2), []
    for number in range(6):
        cpu.serve(1.0).callbacks.append(lambda _, number=number: order.append(number))
    sim.run()
    assert order == list(range(6))


def test_who_hears_of_the_end_may_send_more_work_at_once(sim):
    cpu = SharedProcessors(sim, "cpu")

    def client():
        for _ in range(3):
            yield cpu.serve(1.0)
        return sim.now

    tasks = [sim.start(client()), sim.start(client())]
    sim.run()
    assert [task.value for task in tasks] == pytest.approx([6.0, 6.0])


# Against a plain calculation ---------------------------------------------------------------------------------


def calculated(jobs, changes, capacity):
    """When each job ends, and how: what is left of each is worked out from one happening to the next, in fractions.

    `jobs` are (arrival, work), `changes` are (time, what, value).
    """
    left, ends, state = {}, {}, {"capacity": capacity, "slowness": 1, "up": True}
    coming = [*changes, *((came, "job", number) for number, (came, _) in enumerate(jobs))]
    coming.sort(key=lambda one: one[0])
    now = Fraction(0)
    while coming or left:
        rate = Fraction(min(state["capacity"], len(left)), len(left)) / state["slowness"] if left else 0
        end = now + min(left.values()) / rate if left else None
        is_end = end is not None and (not coming or end <= coming[0][0])
        then, what, value = (end, "end", None) if is_end else coming.pop(0)
        left = {number: rest - (then - now) * rate for number, rest in left.items()}
        now = then
        if what == "end":
            ends |= {number: ("ok", now) for number, rest in left.items() if rest == 0}
            left = {number: rest for number, rest in left.items() if rest}
        elif what == "job" and state["up"]:
            left[value] = jobs[value][1]
        elif what == "job":
            ends[value] = ("unavailable", now)
        else:
            state[what] = value
            if not state["up"]:
                ends |= {number: ("crashed", now) for number in left}
                left = {}
    return [ends[number] for number in range(len(jobs))]


eighths = st.integers(0, 60).map(lambda n: Fraction(n, 8))
JUST_AFTER = Fraction(
    1, 1009
)  # so that no change comes at the very moment of an end, where rounding would decide
changes_of = (
    st.tuples(eighths, st.just("capacity"), st.integers(1, 5))
    | st.tuples(eighths, st.just("slowness"), st.sampled_from([Fraction(1, 2), Fraction(1), Fraction(3)]))
    | st.tuples(eighths, st.just("up"), st.booleans())
).map(lambda change: (change[0] + JUST_AFTER, *change[1:]))


def change(cpu, what, value):
    """Do to the processors what a change of the calculation says."""
    if what == "capacity":
        cpu.capacity = value
    elif what == "slowness":
        cpu.slow_down(float(value))
    elif value:
        cpu.restart()
    else:
        cpu.crash()


@given(
    st.lists(st.tuples(eighths, eighths), min_size=1, max_size=25),
    st.lists(changes_of, max_size=6, unique_by=lambda one: one[0]),
    st.integers(1, 4),
)
@example([(Fraction(0), Fraction(7))] * 25, [], 3)
@example([(Fraction(n), Fraction(n % 3)) for n in range(20)], [(Fraction(1, 2), "up", False)], 1)
def test_random_jobs_end_when_a_plain_calculation_says(jobs, changes, capacity):
    sim = Simulation(seed=1)
    cpu = SharedProcessors(sim, "cpu", capacity)
    for at_s, what, value in changes:
        sim.call_at(float(at_s), lambda arguments: change(cpu, *arguments), (what, value))
    ends = ends_of(sim, cpu, [(float(came), float(work)) for came, work in jobs])
    expected = calculated(jobs, changes, capacity)
    assert [how for how, _ in ends] == [how for how, _ in expected]
    assert [at_s for _, at_s in ends] == pytest.approx([float(at_s) for _, at_s in expected], abs=1e-9)
    assert (cpu.completed, cpu.jobs) == (sum(how == "ok" for how, _ in ends), 0)


random_jobs = st.lists(st.tuples(st.floats(0, 100), st.floats(0, 30)), min_size=1, max_size=40)


@given(random_jobs)
def test_with_a_core_for_each_job_it_is_nothing_but_a_delay(jobs):
    sim = Simulation(seed=1)
    ends = ends_of(sim, SharedProcessors(sim, "cpu", capacity=len(jobs)), jobs)
    assert [at_s for _, at_s in ends] == pytest.approx([came + work for came, work in jobs], abs=1e-9)


@given(random_jobs)
def test_one_core_is_idle_when_one_server_is_whoever_is_served_first(jobs):
    ends = {}
    for make in (SharedProcessors, Station):
        sim = Simulation(seed=1)
        cpu = make(sim, "cpu")
        last_s = max(at_s for _, at_s in ends_of(sim, cpu, jobs))
        ends[make] = (cpu.totals()["busy_s"], last_s)
    assert ends[SharedProcessors] == pytest.approx(ends[Station], abs=1e-9)


# Long runs ---------------------------------------------------------------------------------------------------


def test_looking_at_it_changes_nothing(sim):
    rng = np.random.default_rng(1)
    jobs = list(zip(np.cumsum(rng.exponential(1.0, 200)), rng.exponential(0.9, 200), strict=True))
    undisturbed = ends_of(sim, SharedProcessors(sim, "cpu"), jobs)
    watched = Simulation(seed=1)
    cpu = SharedProcessors(watched, "cpu")
    for at_s in np.linspace(0, 150, 1001):
        watched.call_at(at_s, lambda _: (cpu.totals(), cpu.sample()))
    assert ends_of(watched, cpu, jobs) == undisturbed


def test_no_time_is_lost_in_a_busy_period_of_fifty_thousand_jobs(sim):
    """A job of 1,000 s shares its core with many short ones. It ends when all the work is done."""
    cpu = SharedProcessors(sim, "cpu")
    longest = cpu.serve(1000.0)
    works_s = np.random.default_rng(2).exponential(0.01, 50_000).tolist()

    def client():
        for work_s in works_s:
            yield cpu.serve(work_s)

    sim.start(client())
    sim.run()
    assert longest.processed
    assert sim.now == pytest.approx(1000.0 + sum(works_s), abs=1e-6)
    assert cpu.totals()["busy_s"] == pytest.approx(sim.now, abs=1e-6)


def test_late_in_a_long_run_it_is_as_exact_as_the_clock(sim):
    jobs = [(0, 0.003), (0.001, 0.001), (0.0015, 0.002)]
    soon = ends_of(sim, SharedProcessors(sim, "cpu"), jobs)
    later = Simulation(seed=1)
    cpu = SharedProcessors(later, "cpu")
    for at_s in range(0, 1_000_000, 10_000):
        later.call_at(at_s, lambda _: cpu.serve(7.7))
    late = ends_of(later, cpu, [(1e6 + came_s, work_s) for came_s, work_s in jobs])
    assert [at_s - 1e6 for _, at_s in late] == pytest.approx([at_s for _, at_s in soon], abs=1e-9)


# Queueing theory ---------------------------------------------------------------------------------------------


def run(sample, capacity=1, utilisation=0.7, requests=160_000, jobs_limit=None):
    """A run of about so many requests after a tenth as many for warming up, and the work of each of them.

    `sample(rng, size)` gives work with a mean of `SERVICE_S`.
    """
    sim = Simulation(seed=1)
    cpu = SharedProcessors(sim, "cpu", capacity, jobs_limit)
    works_s = sample(sim.stream("work"), 2 * requests)

    def handler(request):
        yield cpu.serve(float(works_s[request.id]))

    rate_per_s = utilisation * capacity / SERVICE_S
    sim.open_load(Poisson(rate_per_s), handler)
    duration_s = requests / rate_per_s
    result = sim.measure(duration_s, warmup_s=0.1 * duration_s)
    return result, works_s[result.requests["id"]]


def assert_mean_latency(result, theory_s, precision):
    """Theory lies within the interval of batch means at 99.9 %, which is at most `precision` wide to either side."""
    latency_s = result.requests["latency_s"].dropna().to_numpy()
    interval = batch_interval(latency_s, batches=20, confidence=0.999)
    assert interval.half_width < precision * theory_s
    assert interval.contains(theory_s)


def hyperexponential(rng, size):
    """Nine of ten have a mean of 0.4, the tenth one of 6.4 service times."""
    return rng.exponential(np.where(rng.random(size) < 0.9, 0.4, 6.4) * SERVICE_S)


SERVICES = {
    "exponential": (Exponential(SERVICE_S).sample, 0.08),
    "constant": (Constant(SERVICE_S).sample, 0.05),
    "lognormal, cv 3": (Lognormal.from_mean_cv(SERVICE_S, 3.0).sample, 0.15),
    "hyperexponential": (hyperexponential, 0.15),
}


@pytest.mark.parametrize("capacity", [1, 4])
@pytest.mark.parametrize("name", SERVICES)
def test_of_the_distribution_of_the_work_only_the_mean_counts(name, capacity):
    sample, precision = SERVICES[name]
    result, _ = run(sample, capacity)
    theory = mgc_ps(0.7 * capacity / SERVICE_S, SERVICE_S, capacity)
    assert_mean_latency(result, theory.response_s, precision)
    part = result.parts.loc["cpu"]
    inside = part["mean_queue_length"] + part["utilisation"] * capacity
    assert inside == pytest.approx(result.in_system(), rel=1e-9)


@pytest.mark.parametrize("capacity", [1, 4])
def test_the_response_is_proportional_to_the_work(capacity):
    result, work_s = run(hyperexponential, capacity)
    latency_s = result.requests["latency_s"].to_numpy()
    edges = np.quantile(work_s, [0, 0.2, 0.5, 0.8, 0.95, 1])
    for low_s, high_s in pairwise(edges):
        those = (work_s >= low_s) & (work_s < high_s)
        mean_s = mgc_ps_response_s(work_s[those].mean(), 0.7 * capacity / SERVICE_S, SERVICE_S, capacity)
        assert np.nanmean(latency_s[those]) == pytest.approx(mean_s, rel=0.08)


def test_with_a_limit_the_share_refused_is_that_of_mmck():
    """The number inside is that of M/M/c/K, whoever is served."""
    result, _ = run(Exponential(SERVICE_S).sample, capacity=2, utilisation=1.3, jobs_limit=6)
    theory = mmck(260, SERVICE_S, servers=2, queue_limit=4)
    refused = batch_interval((result.requests["outcome"] == "refused").to_numpy(float), confidence=0.999)
    assert refused.half_width < 0.02
    assert refused.contains(theory.probability_refused)
    ok = result.requests[result.requests["outcome"] == "ok"]
    assert ok["latency_s"].mean() == pytest.approx(theory.response_s, rel=0.02)


def test_the_same_seed_gives_the_same_run():
    one, other = (run(hyperexponential, requests=3000)[0] for _ in range(2))
    assert one.rows.equals(other.rows)
    assert one.parts.equals(other.parts)


# Bad input ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"capacity": 0}, "capacity is 0; it must be a whole number, 1 or more"),
        ({"capacity": 1.5}, "capacity is 1.5; it must be a whole number, 1 or more"),
        ({"jobs_limit": 0}, "jobs_limit is 0; it must be a whole number, 1 or more"),
    ],
)
def test_processors_say_what_is_allowed_and_leave_no_trace(sim, arguments, words):
    with pytest.raises(ValueError, match=words):
        SharedProcessors(sim, "cpu", **arguments)
    assert sim.parts == {}


@pytest.mark.parametrize("work_s", [-0.1, float("nan")])
def test_work_takes_a_number_of_seconds(sim, work_s):
    with pytest.raises(ValueError, match=r"work_s is .*must be a number of seconds, 0 or more"):
        SharedProcessors(sim, "cpu").serve(work_s)


def test_what_makes_no_sense_for_shared_processors_is_refused(sim):
    cpu = SharedProcessors(sim, "cpu")
    with pytest.raises(ValueError, match="priority is 2; it must be 0"):
        cpu.serve(1.0, priority=2)
    with pytest.raises(TypeError, match="'cpu' cannot be held"):
        cpu.hold()
    with pytest.raises(ValueError, match="factor is 0; it must be a finite number above 0"):
        cpu.slow_down(0)
    with pytest.raises(ValueError, match="capacity is 0; it must be a whole number, 1 or more"):
        cpu.capacity = 0
    with pytest.raises(ValueError, match="name='cpu' is already the name of a part"):
        SharedProcessors(sim, "cpu")
    assert cpu.sample() == (0, 0, 1, True)
