"""Fault schedules: what goes wrong when, and that it ends."""

import pytest

from archlab.sim import (
    Crash,
    Deterministic,
    Lossy,
    Network,
    Partition,
    Poisson,
    Simulation,
    SlowDown,
    Station,
)


@pytest.fixture
def sim():
    return Simulation(seed=1)


def test_a_schedule_is_carried_out_to_the_second_and_listed_in_the_result(sim):
    web = Station(sim, "web")
    network = Network(sim, latency_s=0.1)
    states = []

    def look():
        while True:
            states.append((sim.now, web.is_up, network.is_cut("a", "b"), network.loss_of("a", "c")))
            yield sim.timeout(1)

    sim.inject(
        Crash("web", at_s=1.5, restart_after_s=1),
        Partition(network, ("a",), ("b",), at_s=2.5, for_s=1),
        Lossy(network, "a", "c", at_s=3.5, for_s=1, loss=0.25),
        SlowDown("web", at_s=4.5, for_s=1, factor=3),
    )
    sim.start(look())
    result = sim.measure(duration_s=6)
    assert [state[1:] for state in states] == [
        (True, False, 0),
        (True, False, 0),
        (False, False, 0),
        (True, True, 0),
        (True, False, 0.25),
        (True, False, 0),
    ]
    assert result.faults.values.tolist() == [
        ["Crash", "web", 1.5, 2.5],
        ["Partition", "a | b", 2.5, 3.5],
        ["Lossy", "a - c", 3.5, 4.5],
        ["SlowDown", "web", 4.5, 5.5],
    ]


@pytest.mark.parametrize("injected_at_s", [0, 1.5])
def test_a_fault_comes_before_everything_else_at_its_moment(sim, injected_at_s):
    """Work that would end at the very moment of the crash is lost, and a request at the moment of restart is served."""
    web = Station(sim, "web")

    def handler(request):
        yield web.serve(1.0)

    sim.open_load(Deterministic(1), handler)
    sim.call_at(injected_at_s, lambda _: sim.inject(Crash("web", at_s=2, restart_after_s=2)))
    outcomes = sim.measure(duration_s=6.5).requests["outcome"].tolist()
    assert outcomes == ["crashed", "unavailable", "unavailable", "ok", "ok", "unfinished"]


def test_faults_change_neither_arrivals_nor_the_draws_of_other_parts():
    def arrivals(*faults):
        sim = Simulation(seed=1)
        web = Station(sim, "web")

        def handler(request):
            yield web.serve(0.05)

        sim.open_load(Poisson(10), handler)
        sim.inject(*faults)
        return sim.measure(duration_s=50).requests["arrived_s"].tolist()

    assert arrivals() == arrivals(Crash("web", 10, 5), SlowDown("web", 20, 10, 5))


def test_a_fault_can_be_scheduled_only_for_what_is_there_and_for_the_future(sim):
    class Shelf:
        name = "shelf"

    sim.add(Shelf())
    with pytest.raises(ValueError, match="part='web' is unknown; the parts are 'shelf'"):
        sim.inject(Crash("web", at_s=1, restart_after_s=1))
    with pytest.raises(ValueError, match="part='shelf' has no slow_down"):
        sim.inject(SlowDown("shelf", at_s=1, for_s=1, factor=2))
    Station(sim, "web")
    sim.run(until=5)
    with pytest.raises(ValueError, match="at_s is 1; it must not be before the current time, 5"):
        sim.inject(Crash("web", at_s=1, restart_after_s=1))
    assert sim.faults == []


BAD = [
    (lambda n: Crash("web", -1, 1), "at_s is -1; it must be a finite number, 0 or more"),
    (lambda n: Crash("web", 1, 0), "restart_after_s is 0; it must be a finite number above 0"),
    (lambda n: SlowDown("web", 1, 0, 2), "for_s is 0; it must be a finite number above 0"),
    (lambda n: SlowDown("web", 1, 1, 0), "factor is 0; it must be a finite number above 0"),
    (lambda n: Partition(n, ("a",), ("b",), -1, 1), "at_s is -1"),
    (lambda n: Partition(n, ("a",), ("b",), 1, float("nan")), "for_s is nan"),
    (lambda n: Partition(n, "shop", ("b",), 1, 1), "one_side is 'shop'; it must be a list of names of nodes"),
    (lambda n: Partition(n, ("a",), (), 1, 1), r"other_side is \(\); it must be a list of names of nodes"),
    (lambda n: Lossy(n, "a", "b", 1, 1, 1.1), "loss is 1.1; it must be between 0 and 1"),
    (lambda n: Lossy(n, "a", "b", 1, -1, 1), "for_s is -1; it must be a finite number above 0"),
]


@pytest.mark.parametrize(("make", "words"), BAD)
def test_faults_say_what_is_allowed(sim, make, words):
    with pytest.raises(ValueError, match=words):
        make(Network(sim, latency_s=0.1))


def test_when_two_slow_downs_overlap_the_end_of_the_first_ends_both():
    sim = Simulation(seed=1)
    web = Station(sim, "web")
    sim.inject(SlowDown("web", at_s=10, for_s=20, factor=3), SlowDown("web", at_s=25, for_s=20, factor=2))
    sim.run(until=31)
    visit = web.serve(1.0)
    sim.run(until=visit)
    assert sim.now == 32
