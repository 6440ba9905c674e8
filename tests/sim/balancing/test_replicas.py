"""Replicas: who gets a call, and what the rule and the ejection are told."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archlab.sim import Exponential, Failure, Poisson, Simulation, Station, TimedOut, Unavailable
from archlab.sim.balancing.failure_accrual import FailureAccrual
from archlab.sim.balancing.outlier_detection import OutlierDetection
from archlab.sim.balancing.replicas import Replicas
from archlab.sim.balancing.rules import (
    RULES,
    LeastOutstanding,
    PeakEwma,
    RandomChoice,
    RoundRobin,
    balancing_rule,
)


def pool(sim, size=3):
    return [Station(sim, f"copy-{n + 1}") for n in range(size)]


def outcome(sim, event):
    """The word of how an event ends."""

    def wait():
        try:
            yield event
        except Failure as failure:
            return failure.outcome
        return "ok"

    return sim.run(until=sim.start(wait()))


def black_hole(rule_of, ejection_of=None, copies=4, per_s=100.0, duration_s=60.0):
    """One copy fails in a millisecond, the others answer in 20 ms on average: the result and where calls went."""
    sim = Simulation(seed=1)
    stations = pool(sim, copies)
    ejection = None if ejection_of is None else ejection_of(sim)
    replicas = Replicas(sim, "copies", lambda: stations, rule_of(sim), ejection)
    service_s = sim.draws("service", Exponential(0.020))

    def serve(copy):
        yield copy.serve(0.001 if copy is stations[0] else service_s())
        if copy is stations[0]:
            raise Failure(copy.name)

    def handle(request):
        yield replicas.call(lambda copy: sim.start(serve(copy)))

    sim.open_load(Poisson(per_s), handle)
    result = sim.measure(duration_s)
    return result, replicas.sent["copy-1"] / sum(replicas.sent.values())


def test_a_call_has_the_value_of_what_the_chosen_one_answers():
    sim = Simulation(1)
    replicas = Replicas(sim, "copies", lambda: copies, RoundRobin(sim, "r"))
    copies = pool(sim)

    def answer(copy):
        yield copy.serve(0.5)
        return copy.name

    calls = [replicas.call(lambda copy: sim.start(answer(copy))) for _ in range(4)]
    sim.run()
    assert [call.value for call in calls] == ["copy-1", "copy-2", "copy-3", "copy-1"]
    assert replicas.sent == {"copy-1": 2, "copy-2": 1, "copy-3": 1}


def test_without_a_candidate_a_call_is_unavailable():
    sim = Simulation(1)
    replicas = Replicas(sim, "copies", list, RoundRobin(sim, "r"))
    assert outcome(sim, replicas.call(lambda copy: copy.serve(1))) == "unavailable"
    assert replicas.sent == {}


def test_a_failure_goes_on_to_the_caller():
    sim = Simulation(1)
    copies = pool(sim, 1)
    replicas = Replicas(sim, "copies", lambda: copies, RoundRobin(sim, "r"))
    assert outcome(sim, replicas.call(lambda copy: sim.deadline(copy.serve(5), timeout_s=1))) == "timed_out"
    assert sim.now == 1


def test_the_candidates_are_asked_at_each_call():
    sim = Simulation(1)
    copies = pool(sim)
    believed = copies[:1]
    replicas = Replicas(sim, "copies", lambda: believed, RandomChoice(sim, "r"))
    replicas.call(lambda copy: copy.serve(1))
    believed[:] = copies[2:]
    replicas.call(lambda copy: copy.serve(1))
    assert replicas.sent == {"copy-1": 1, "copy-3": 1}


def test_a_call_avoids_where_it_has_been_unless_there_is_nothing_else():
    sim = Simulation(1)
    copies = pool(sim)
    replicas = Replicas(sim, "copies", lambda: copies, RandomChoice(sim, "r"))
    for _ in range(20):
        replicas.call(lambda copy: copy.serve(1), avoid=["copy-1", "copy-2"])
    assert replicas.sent == {"copy-3": 20}
    replicas.call(lambda copy: copy.serve(1), avoid=["copy-1", "copy-2", "copy-3"])
    assert sum(replicas.sent.values()) == 21


def test_a_copy_of_the_same_name_is_the_same_to_the_rule():
    sim = Simulation(1)

    class Copy:
        def __init__(self, name):
            self.name = name

    rule = LeastOutstanding(sim, "r")
    replicas = Replicas(sim, "copies", lambda: [Copy("one"), Copy("two")], rule)
    for _ in range(4):
        replicas.call(lambda copy: sim.timeout(1))
    assert rule.outstanding == {"one": 2, "two": 2}


@settings(max_examples=40, deadline=None)
@given(
    word=st.sampled_from(sorted(RULES)),
    kind=st.sampled_from([None, OutlierDetection, FailureAccrual]),
    seed=st.integers(0, 1000),
    work=st.lists(
        st.tuples(st.floats(0, 1), st.sampled_from(["ok", "fails", "too slow", "crash"])), max_size=40
    ),
)
def test_nothing_is_under_way_in_the_end_however_calls_end(word, kind, seed, work):
    sim = Simulation(seed)
    copies = pool(sim)
    rule = balancing_rule(word, sim, "r")
    ejection = None if kind is None else kind(sim, "e", consecutive_failures=2)
    replicas = Replicas(sim, "copies", lambda: copies, rule, ejection)

    def serve(copy, fate):
        yield sim.deadline(copy.serve(9 if fate == "too slow" else 0.3), timeout_s=2)
        if fate == "fails":
            raise Failure(copy.name)

    def customer(fate):
        if fate == "crash":
            copies[0].crash()
            copies[0].restart()
        try:
            yield replicas.call(lambda copy: sim.start(serve(copy, fate)))
        except (Failure, TimedOut, Unavailable):
            return

    now_s = 0.0
    for gap_s, fate in work:
        now_s += gap_s
        sim.call_at(now_s, lambda fate: sim.start(customer(fate)), fate)
    sim.run()
    assert set(rule.outstanding.values()) <= {0}
    assert sum(replicas.sent.values()) <= len(work)


def test_an_interrupted_call_is_no_longer_under_way():
    sim = Simulation(1)
    copies, rule = pool(sim), RoundRobin(sim, "r")
    replicas = Replicas(sim, "copies", lambda: copies, rule)
    call = replicas.call(lambda copy: copy.serve(10))
    assert rule.outstanding["copy-1"] == 1
    call.throw(Failure("gone"))
    sim.run(until=1)
    assert rule.outstanding["copy-1"] == 0


@pytest.mark.parametrize("word", ["least outstanding", "power of two"])
def test_a_copy_that_fails_at_once_is_a_black_hole_to_rules_that_count(word):
    result, to_the_bad = black_hole(lambda sim: balancing_rule(word, sim, "r"))
    fair = 1 / 4
    assert to_the_bad > 1.3 * fair
    assert result.availability() == pytest.approx(1 - to_the_bad, abs=0.01)


def test_random_choice_does_not_fall_into_the_black_hole_further_than_its_share():
    _, to_the_bad = black_hole(lambda sim: RandomChoice(sim, "r"))
    assert to_the_bad == pytest.approx(1 / 4, abs=0.02)


def test_the_black_hole_swallows_half_of_a_load_that_the_good_copies_could_nearly_carry():
    """180 a second, and three good copies that do 150: they are not even two thirds busy."""
    result, to_the_bad = black_hole(lambda sim: LeastOutstanding(sim, "r"), per_s=180.0)
    assert to_the_bad > 0.45
    assert result.parts.loc[["copy-2", "copy-3", "copy-4"], "utilisation"].max() < 0.65


def test_ejection_closes_the_black_hole():
    def eject(sim):
        return OutlierDetection(sim, "e", max_ejected=0.5)

    result, to_the_bad = black_hole(lambda sim: LeastOutstanding(sim, "r"), eject)
    assert to_the_bad < 0.01
    assert result.availability() > 0.99


def test_ejection_with_envoys_share_does_nothing_in_a_pool_of_four():
    without, _ = black_hole(lambda sim: LeastOutstanding(sim, "r"))
    result, _ = black_hole(lambda sim: LeastOutstanding(sim, "r"), lambda sim: OutlierDetection(sim, "e"))
    assert result.availability() == without.availability()


def test_failure_accrual_closes_it_too_and_tests_the_bad_copy_rarely():
    result, to_the_bad = black_hole(
        lambda sim: LeastOutstanding(sim, "r"), lambda sim: FailureAccrual(sim, "e", jitter_ratio=0)
    )
    sent_to_it = round(to_the_bad * 6000)
    assert 7 + 5 <= sent_to_it <= 7 + 6  # seven failures, then tests after 1, 2, 4, 8, 16 and 32 s of penalty
    assert result.availability() > 0.99


def test_peak_ewma_is_a_black_hole_too_when_failures_count_as_fast_answers():
    _, penalised = black_hole(lambda sim: PeakEwma(sim, "r"))
    _, naive = black_hole(lambda sim: PeakEwma(sim, "r", failure_penalty_s=0))
    assert naive > 0.45  # the cheaper of two, in half of all pairs, whenever it is drawn
    assert penalised < 0.1
