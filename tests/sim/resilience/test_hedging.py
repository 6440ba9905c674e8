"""Hedging against probability theory and NumPy, and by hand."""

import numpy as np
import pytest
from scipy import stats

from archlab.sim import Crashed, Failure, Lognormal, Simulation, Unavailable
from archlab.sim.resilience.hedging import Hedge

LATENCY_S = Lognormal.from_median_p99(median=0.010, p99=0.100)
CALLS = 20_000
NEAR = 1.95 / np.sqrt(CALLS)
"""The largest gap between a sample's distribution and the true one, with probability 0.999 (Kolmogorov)."""


@pytest.fixture
def sim():
    return Simulation(seed=1)


def hedged_latencies_s(after_s, attempts=2, calls=CALLS):
    """Latencies of calls to independent replicas, and the hedge, which has counted."""
    sim = Simulation(seed=5)
    hedge = Hedge(sim, after_s)
    replicas = [sim.draws(f"replica {number}", LATENCY_S) for number in range(attempts)]
    latencies_s = []

    def caller():
        start_s = sim.now
        yield hedge.call_each([lambda draw=draw: sim.timeout(draw()) for draw in replicas])
        latencies_s.append(sim.now - start_s)

    for _ in range(calls):
        sim.start(caller())
    sim.run()
    return np.array(latencies_s), hedge


def outcome(sim, event):
    """The event's value, or its failure's word, and when it happened."""
    seen = []

    def caller():
        try:
            seen.append((yield event))
        except Failure as failure:
            seen.append(failure.outcome)
        seen.append(sim.now)

    sim.start(caller())
    sim.run()
    return tuple(seen)


def attempt(sim, takes_s, failure=None, starts=None):
    """An attempt that answers with its duration, or fails."""

    def work():
        if starts is not None:
            starts.append(sim.now)
        yield sim.timeout(takes_s)
        if failure is not None:
            raise failure("replica")
        return takes_s

    return lambda: sim.start(work())


# Against theory -----------------------------------------------------------------------------------------------


def survival(time_s):
    """The share of one replica's answers that take longer."""
    return stats.lognorm(LATENCY_S.sigma, scale=LATENCY_S.median).sf(time_s)


@pytest.mark.parametrize("after_s", [0.0, 0.005, LATENCY_S.percentile(95)])
def test_the_latency_is_the_smaller_of_the_first_and_the_delayed_second(after_s):
    """It is longer than t when the first is longer than t and the second longer than t - after_s."""
    latencies_s, _ = hedged_latencies_s(after_s)

    def distribution(time_s):
        return 1 - survival(time_s) * survival(np.maximum(0, time_s - after_s))

    assert stats.kstest(latencies_s, distribution).statistic < NEAR


def test_the_latency_is_distributed_as_numpy_draws_it_with_three_replicas():
    after_s = 0.008
    latencies_s, _ = hedged_latencies_s(after_s, attempts=3)
    drawn_s = LATENCY_S.sample(np.random.default_rng(0), 3 * 200_000).reshape(3, -1)
    expected_s = (drawn_s + after_s * np.arange(3)[:, None]).min(axis=0)
    assert stats.ks_2samp(latencies_s, expected_s).statistic < NEAR * np.sqrt(1.1)


@pytest.mark.parametrize("after_s", [0.0, 0.005, 0.010, LATENCY_S.percentile(95)])
def test_the_extra_load_is_the_share_of_calls_that_take_longer(after_s):
    _, hedge = hedged_latencies_s(after_s)
    expected = survival(after_s)
    assert hedge.calls == CALLS
    assert hedge.hedges / CALLS == pytest.approx(expected, abs=3 * np.sqrt(expected * (1 - expected) / CALLS))


def test_hedging_after_the_95th_percentile_costs_5_percent_and_cuts_the_tail():
    """As published: about 5 % more load for a much shorter tail (*The Tail at Scale*)."""
    latencies_s, hedge = hedged_latencies_s(LATENCY_S.percentile(95))
    assert hedge.hedges / hedge.calls == pytest.approx(0.05, abs=0.005)
    assert np.percentile(latencies_s, 99.9) < 0.6 * LATENCY_S.percentile(99.9)


def test_when_the_request_itself_is_slow_hedging_gains_nothing(sim):
    """Both replicas need the same time for the same request."""
    latency_s, hedge, pairs = sim.draws("request", LATENCY_S), Hedge(sim, 0.02), []

    def caller():
        takes_s, start_s = latency_s(), sim.now
        yield hedge.call_each([attempt(sim, takes_s), attempt(sim, takes_s)])
        pairs.append((sim.now - start_s, takes_s))

    for _ in range(2000):
        sim.start(caller())
    sim.run()
    assert all(hedged_s == alone_s for hedged_s, alone_s in pairs)
    assert hedge.hedges == sum(alone_s > 0.02 for _, alone_s in pairs) > 300


# By hand ------------------------------------------------------------------------------------------------------


def test_each_next_attempt_starts_after_another_delay_without_answer(sim):
    starts = []
    slow = [attempt(sim, 10.0, starts=starts) for _ in range(3)]
    hedge = Hedge(sim, after_s=2.0)
    assert outcome(sim, hedge.call_each([*slow, attempt(sim, 1.0, starts=starts)])) == (1.0, 7.0)
    assert starts == [0, 2, 4, 6]
    assert (hedge.calls, hedge.hedges) == (1, 3)


def test_no_further_attempt_starts_once_there_is_an_answer(sim):
    starts, hedge = [], Hedge(sim, after_s=2.0)
    event = hedge.call_each([attempt(sim, 1.9, starts=starts), attempt(sim, 0.1, starts=starts)])
    assert outcome(sim, event) == (1.9, 1.9)
    assert (starts, hedge.hedges) == ([0], 0)


def test_the_loser_works_on_and_its_late_failure_is_harmless(sim):
    done = []

    def slow():
        yield sim.timeout(10.0)
        done.append(sim.now)
        raise Crashed("replica")

    event = Hedge(sim, after_s=1.0).call_each([lambda: sim.start(slow()), attempt(sim, 1.0)])
    assert outcome(sim, event) == (1.0, 2.0)
    assert done == [10.0]


def test_failures_of_plain_simpy_processes_are_caught_as_those_of_tasks(sim):
    def fails_after(for_s):
        yield sim.timeout(for_s)
        raise Crashed("replica")

    attempts = [
        lambda: sim.process(fails_after(10.0)),
        lambda: sim.process(fails_after(1.0)),
        attempt(sim, 1.0),
    ]
    assert outcome(sim, Hedge(sim, after_s=2.0).call_each(attempts)) == (1.0, 4.0)
    assert sim.now == 10.0


def test_a_failure_starts_the_next_attempt_at_once(sim):
    starts, hedge = [], Hedge(sim, after_s=5.0)
    event = hedge.call_each([attempt(sim, 1.0, Unavailable), attempt(sim, 1.0, starts=starts)])
    assert outcome(sim, event) == (1.0, 2.0)
    assert (starts, hedge.hedges) == ([1.0], 1)


def test_after_a_failure_the_delay_counts_from_the_attempt_it_started(sim):
    """The first fails at 1 s, the second starts then; the third waits until 1 + 5 s, not until 5 s."""
    starts = []
    attempts = [attempt(sim, 1.0, Unavailable), attempt(sim, 60.0), attempt(sim, 1.0, starts=starts)]
    assert outcome(sim, Hedge(sim, after_s=5.0).call_each(attempts)) == (1.0, 7.0)
    assert starts == [6.0]


def test_a_failure_waits_for_an_attempt_that_is_still_under_way(sim):
    attempts = [attempt(sim, 4.0), attempt(sim, 1.0, Unavailable)]
    assert outcome(sim, Hedge(sim, after_s=2.0).call_each(attempts)) == (4.0, 4.0)


def test_when_all_fail_the_last_failure_is_the_outcome(sim):
    attempts = [attempt(sim, 4.0, Crashed), attempt(sim, 1.0, Unavailable)]
    assert outcome(sim, Hedge(sim, after_s=2.0).call_each(attempts)) == ("crashed", 4.0)


def over(sim, failure=None):
    """An attempt that is over at once: a task that ends before its first wait."""

    def work():
        if failure is not None:
            raise failure("replica")
        return "now"
        yield

    return lambda: sim.start(work())


def test_attempts_that_are_over_at_once_give_their_answer_at_once(sim):
    attempts = [over(sim, Unavailable), over(sim, Crashed), over(sim), attempt(sim, 1.0)]
    hedge = Hedge(sim, after_s=1.0)
    assert outcome(sim, hedge.call_each(attempts)) == ("now", 0)
    assert hedge.hedges == 2


def test_when_all_fail_at_once_the_call_fails_at_once(sim):
    attempts = [over(sim, Unavailable), over(sim, Crashed)]
    assert outcome(sim, Hedge(sim, after_s=1.0).call_each(attempts)) == ("crashed", 0)


def test_a_bug_in_an_attempt_stops_the_run(sim):
    def buggy():
        yield sim.timeout(1)
        raise KeyError("typo")

    Hedge(sim, after_s=0.5).call_each([lambda: sim.process(buggy()), attempt(sim, 10.0)])
    with pytest.raises(KeyError, match="typo"):
        sim.run()


def test_there_must_be_an_attempt_and_a_delay_that_is_not_negative(sim):
    with pytest.raises(ValueError, match=r"attempts is \[\]; it must be a list of functions, at least one"):
        Hedge(sim, after_s=1.0).call_each([])
    with pytest.raises(ValueError, match="after_s is -1; it must be"):
        Hedge(sim, after_s=-1)
