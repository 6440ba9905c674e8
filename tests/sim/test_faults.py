"""Fault schedules: what goes wrong when, that it ends, and what several faults do together."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archlab.sim import (
    Crash,
    Deterministic,
    Lossy,
    MessageQueue,
    Network,
    Partition,
    Poisson,
    Simulation,
    SlowDown,
    Station,
)
from archlab.sim.core import coming_back, going_down


@pytest.fixture
def sim():
    return Simulation(seed=1)


def test_a_schedule_is_carried_out_to_the_second_and_listed_in_the_result(sim):
    web = Station(sim, "web")
    network = Network(sim, latency_s=0.1)
    network.nodes("a", "b", "c")
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
    (
        lambda n: Partition(n, ("a", "b"), ("b",), 1, 1),
        "other_side names 'b'; it must not be on one_side, too",
    ),
    (lambda n: Partition(n, ("a",), (), 1, 1), r"other_side is \(\); it must be a list of names of nodes"),
    (lambda n: Lossy(n, "a", "b", 1, 1, 1.1), "loss is 1.1; it must be between 0 and 1"),
    (lambda n: Lossy(n, "a", "b", 1, -1, 1), "for_s is -1; it must be a finite number above 0"),
]


@pytest.mark.parametrize(("make", "words"), BAD)
def test_faults_say_what_is_allowed(sim, make, words):
    with pytest.raises(ValueError, match=words):
        make(Network(sim, latency_s=0.1))


# Faults that overlap -----------------------------------------------------------------------------------------


def up_at(sim, part, times_s):
    """Whether the part is up at each of these times."""
    states = []
    for time_s in times_s:
        sim.call_at(time_s, lambda _: states.append(part.is_up))
    sim.run(until=max(times_s) + 1)
    return states


spans = st.lists(st.tuples(st.integers(1, 12), st.integers(1, 6)), min_size=1, max_size=6)


@given(spans=spans, order=st.randoms())
def test_a_part_is_down_while_any_of_its_crashes_lasts_whatever_their_order(spans, order):
    """Whole seconds, so many of them touch. The oracle is the union of the spans."""
    sim = Simulation(seed=1)
    web = Station(sim, "web")
    order.shuffle(spans)
    sim.inject(*(Crash("web", at_s, lasts_s) for at_s, lasts_s in spans))
    moments = [second + 0.5 for second in range(20)]
    expected = [not any(at_s <= m < at_s + lasts_s for at_s, lasts_s in spans) for m in moments]
    assert up_at(sim, web, moments) == expected


@given(spans=spans, order=st.randoms())
def test_the_result_lists_for_each_crash_from_when_until_when_the_part_was_really_down(spans, order):
    sim = Simulation(seed=1)
    Station(sim, "web")
    order.shuffle(spans)
    sim.inject(*(Crash("web", at_s, lasts_s) for at_s, lasts_s in spans))
    faults = sim.measure(duration_s=30).faults

    def back_s(at_s):
        """When the last of the spans that hang together with this moment is over."""
        while later := [a + b for a, b in spans if a <= at_s < a + b]:
            at_s = max(later)
        return at_s

    assert faults["start_s"].tolist() == [at_s for at_s, _ in spans]
    assert faults["end_s"].tolist() == [back_s(at_s) for at_s, _ in spans]


def test_crashes_that_touch_are_one_outage_in_either_order(sim):
    web = Station(sim, "web")
    sim.inject(Crash("web", at_s=20, restart_after_s=10), Crash("web", at_s=10, restart_after_s=10))
    assert up_at(sim, web, [9, 10.5, 19, 20.5, 25, 29, 30.5]) == [True, *[False] * 5, True]


def test_a_part_whose_crashes_touch_does_not_come_back_for_a_moment(sim):
    """A consumer that came back at 2 s, to die at once, would get the message and count one crash more."""
    queue = MessageQueue(sim, "jobs", store_s=0.0)
    consumer = queue.consume(lambda message: iter(()), name="worker")
    sim.inject(Crash("worker", at_s=1, restart_after_s=1), Crash("worker", at_s=2, restart_after_s=1))
    sim.call_at(1.5, lambda _: queue.publish("job"))
    sim.run(until=2.5)
    assert (queue.ready, queue.redeliveries, consumer.crashed) == (1, 0, 0)


factors = st.lists(
    st.tuples(st.integers(1, 12), st.integers(1, 6), st.sampled_from([2.0, 3.0, 5.0])), min_size=1, max_size=5
)


@given(slow_downs=factors)
def test_slow_downs_multiply_and_each_undoes_only_itself(slow_downs):
    """Work of 1 ms a second: it takes the product of the factors that are on."""
    sim = Simulation(seed=1)
    web, took_s = Station(sim, "web"), {}
    sim.inject(*(SlowDown("web", *slow_down) for slow_down in slow_downs))

    def probe(second):
        yield web.serve(1e-6)
        took_s[second] = sim.now - second - 0.5

    for second in range(20):
        sim.call_at(second + 0.5, lambda s: sim.start(probe(s)), second)
    sim.run()
    for second in range(20):
        on = [factor for at_s, for_s, factor in slow_downs if at_s <= second + 0.5 < at_s + for_s]
        assert took_s[second] == pytest.approx(1e-6 * math.prod(on), rel=1e-6)


def test_two_slow_downs_make_work_thirty_times_as_long_and_the_first_stays_when_the_second_ends(sim):
    web = Station(sim, "s")
    sim.inject(SlowDown("s", 10, 20, 10), SlowDown("s", 15, 5, 3))
    sim.run(until=16)
    sim.run(until=web.serve(0.1))
    assert sim.now == 16 + 30 * 0.1
    sim.run(until=21)
    sim.run(until=web.serve(0.1))
    assert sim.now == 21 + 10 * 0.1
    sim.run(until=31)
    sim.run(until=web.serve(0.125))
    assert sim.now == 31.125


def test_lossy_links_lose_independently_and_each_undoes_only_its_own_loss(sim):
    network = Network(sim, latency_s=0.1)
    network.link("a", "b", loss=0.1)
    sim.inject(
        Lossy(network, "a", "b", at_s=1, for_s=4, loss=0.25),
        Lossy(network, "b", "a", at_s=2, for_s=1, loss=0.5),
    )
    losses = []
    for time_s in (0.5, 1.5, 2.5, 3.5, 5.5):
        sim.run(until=time_s)
        losses.append((network.loss_of("a", "b"), network.loss_of("b", "a")))
    expected = [0.1, 1 - 0.9 * 0.75, 1 - 0.9 * 0.75 * 0.5, 1 - 0.9 * 0.75, 0.1]
    assert losses == [(pytest.approx(loss), pytest.approx(loss)) for loss in expected]


def test_what_is_set_or_described_by_hand_during_a_lossy_fault_is_the_links_own_loss(sim):
    network = Network(sim, latency_s=0.1)
    network.nodes("a", "b")
    sim.inject(Lossy(network, "a", "b", at_s=1, for_s=3, loss=0.5))
    sim.run(until=2)
    network.set_loss("a", "b", 0.5)
    assert network.loss_of("b", "a") == 0.75
    network.link("a", "b", loss=0.2)
    assert network.loss_of("b", "a") == pytest.approx(0.6)
    sim.run(until=5)
    assert network.loss_of("a", "b") == 0.2


def test_a_single_fault_loses_exactly_what_it_says(sim):
    """1 - (1 - 0.1) is not 0.1 in floating point, and published runs depend on every bit."""
    network = Network(sim, latency_s=0.1)
    network.nodes("a", "b")
    sim.inject(Lossy(network, "a", "b", at_s=1, for_s=1, loss=0.1))
    sim.run(until=1.5)
    assert network.loss_of("a", "b") == 0.1


def test_equal_partitions_that_overlap_last_until_the_end_of_the_last(sim):
    network = Network(sim, latency_s=0.1)
    network.nodes("a", "b")
    sim.inject(Partition(network, ("a",), ("b",), 1, 4), Partition(network, ("b",), ("a",), 2, 6))
    cut = []
    for time_s in (0.5, 1.5, 4.5, 5.5, 7.5, 8.5):
        sim.run(until=time_s)
        cut.append(network.is_cut("a", "b"))
    assert cut == [False, True, True, True, True, False]


def test_a_partition_that_was_healed_by_hand_does_not_end_another_that_began_since(sim):
    network = Network(sim, latency_s=0.1)
    network.nodes("a", "b")
    sim.inject(Partition(network, ("a",), ("b",), at_s=1, for_s=5))
    sim.run(until=2)
    network.heal(["b"], ["a"])
    network.partition(["a"], ["b"])
    sim.run(until=10)
    assert network.is_cut("a", "b")
    assert sim.measure(duration_s=1).faults.values.tolist() == [["Partition", "a | b", 1, 2]]


# By hand, by itself, as a piece of a whole -------------------------------------------------------------------


def test_who_restarts_a_part_by_hand_ends_its_crashes_and_the_result_says_when(sim):
    web = Station(sim, "web")
    sim.inject(Crash("web", at_s=10, restart_after_s=10), Crash("web", at_s=12, restart_after_s=30))
    sim.run(until=15)
    web.restart()
    assert web.is_up
    sim.run(until=21)
    assert web.is_up
    assert sim.measure(duration_s=1).faults["end_s"].tolist() == [15, 15]


def test_a_crash_that_comes_after_a_repair_by_hand_lasts_as_long_as_it_says(sim):
    web = Station(sim, "web")
    sim.inject(Crash("web", at_s=10, restart_after_s=10), Crash("web", at_s=18, restart_after_s=10))
    sim.call_at(15, lambda _: web.restart())
    assert up_at(sim, web, [14, 16, 19, 21, 27, 29]) == [False, True, False, False, False, True]


def test_a_part_that_was_down_before_a_crash_is_not_brought_back_by_its_end(sim):
    web = Station(sim, "web")
    sim.inject(Crash("web", at_s=10, restart_after_s=10))
    sim.call_at(5, lambda _: web.crash())
    assert up_at(sim, web, [4, 6, 11, 21, 100]) == [True, False, False, False, False]
    web.restart()
    assert web.is_up


def test_a_part_that_is_crashed_by_hand_during_a_crash_stays_down_after_it(sim):
    web = Station(sim, "web")
    sim.inject(Crash("web", at_s=10, restart_after_s=10))
    sim.call_at(15, lambda _: web.crash())
    assert up_at(sim, web, [21, 50]) == [False, False]


class Program(Station):
    """A part that kills itself when it runs out of memory, and starts itself again."""

    def kill_for(self, restart_s):
        self.crash()
        self.sim.call_at(self.sim.now + restart_s, lambda _: self.sim.active_faults.start_again(self))


@pytest.mark.parametrize(
    ("killed_at_s", "restart_s", "back_s"),
    [(5, 10, 20), (5, 30, 35), (5, 2, 20), (12, 4, 20), (12, 30, 42)],
)
def test_a_part_that_starts_itself_again_is_back_when_no_crash_keeps_it_down(
    sim, killed_at_s, restart_s, back_s
):
    """The crash lasts from 10 to 20 s. What begins before it may be over before, in or after it."""
    program = Program(sim, "program")
    sim.inject(Crash("program", at_s=10, restart_after_s=10))
    sim.call_at(killed_at_s, lambda _: program.kill_for(restart_s))
    assert up_at(sim, program, [back_s - 0.5, back_s + 0.5]) == [False, True]


class Machine(Station):
    """A whole with a piece: both are parts, and go down together."""

    def __init__(self, sim, name):
        super().__init__(sim, name)
        self.disk = Station(sim, f"{name} disk")

    @going_down
    def crash(self):
        super().crash()
        self.disk.crash()

    @coming_back
    def restart(self):
        super().restart()
        self.disk.restart()

    def slow_down(self, factor):
        self.disk.slow_down(factor)


@given(whole=spans, piece=spans)
def test_a_piece_is_down_while_it_or_the_whole_is(whole, piece):
    sim = Simulation(seed=1)
    machine = Machine(sim, "machine")
    sim.inject(
        *(Crash("machine", *span) for span in whole), *(Crash("machine disk", *span) for span in piece)
    )
    states = []
    for second in range(20):
        sim.run(until=second + 0.5)
        states.append((machine.is_up, machine.disk.is_up))

    def is_on(spans, second):
        return any(at_s <= second + 0.5 < at_s + lasts_s for at_s, lasts_s in spans)

    expected = [
        (not is_on(whole, second), not is_on(whole, second) and not is_on(piece, second))
        for second in range(20)
    ]
    assert states == expected


def test_slow_downs_of_a_whole_and_of_its_piece_multiply_with_what_was_set_by_hand(sim):
    machine = Machine(sim, "machine")
    sim.inject(SlowDown("machine", 10, 10, 5), SlowDown("machine disk", 15, 10, 3))
    machine.slow_down(2)
    took_s = []
    for time_s in (5, 12, 17, 22, 30):
        sim.run(until=time_s)
        sim.run(until=machine.disk.serve(0.01))
        took_s.append(sim.now - time_s)
    assert took_s == pytest.approx([0.02, 0.1, 0.3, 0.06, 0.02])


def test_who_restarts_a_whole_by_hand_does_not_repair_a_piece_that_has_a_fault_of_its_own(sim):
    machine = Machine(sim, "machine")
    sim.inject(Crash("machine", 10, 20), Crash("machine disk", 12, 20))
    sim.run(until=15)
    machine.restart()
    assert (machine.is_up, machine.disk.is_up) == (True, False)
    sim.run(until=33)
    assert machine.disk.is_up


def test_a_part_that_knows_nothing_of_active_faults_is_down_from_the_first_to_the_last(sim):
    class Shelf:
        name = "shelf"
        is_up = True

        def crash(self):
            self.is_up = False

        def restart(self):
            self.is_up = True

    shelf = Shelf()
    sim.add(shelf)
    sim.inject(Crash("shelf", at_s=15, restart_after_s=10), Crash("shelf", at_s=10, restart_after_s=10))
    assert up_at(sim, shelf, [9, 11, 21, 24, 26]) == [True, False, False, False, True]


# For ever ----------------------------------------------------------------------------------------------------


def test_a_fault_without_a_length_never_ends(sim):
    web, network = Station(sim, "web"), Network(sim, latency_s=0.1)
    network.nodes("a", "b")
    faults = (
        Crash("web", at_s=1, restart_after_s=None),
        SlowDown("web", at_s=1, for_s=None, factor=2),
        Partition(network, ("a",), ("b",), at_s=1, for_s=None),
        Lossy(network, "a", "b", at_s=1, for_s=None, loss=0.5),
    )
    sim.inject(*faults, Crash("web", at_s=2, restart_after_s=3))
    ends_s = sim.measure(duration_s=1000).faults["end_s"].tolist()
    assert [fault.lasts_s for fault in faults] == [math.inf] * 4
    assert ends_s == [math.inf] * 5  # the short crash, too: the part did not come back
    assert not web.is_up
    assert (network.is_cut("b", "a"), network.loss_of("a", "b")) == (True, 0.5)


def test_a_part_that_never_comes_back_by_itself_can_be_restarted_by_hand(sim):
    web = Station(sim, "web")
    sim.inject(Crash("web", at_s=1, restart_after_s=None))
    sim.call_at(100, lambda _: web.restart())
    faults = sim.measure(duration_s=200).faults
    assert web.is_up
    assert faults.values.tolist() == [["Crash", "web", 1, 100]]


def test_a_fault_without_an_end_does_not_keep_a_run_alive(sim):
    Station(sim, "web")
    sim.inject(Crash("web", at_s=1, restart_after_s=None))
    sim.run()
    assert sim.now == 1


# What is refused ---------------------------------------------------------------------------------------------


def test_faults_are_injected_all_or_none(sim):
    web = Station(sim, "web")
    with pytest.raises(ValueError, match="part='wep' is unknown"):
        sim.inject(Crash("web", at_s=1, restart_after_s=1), Crash("wep", at_s=1, restart_after_s=1))
    with pytest.raises(TypeError, match="faults is 'crash'; it must be faults"):
        sim.inject(Crash("web", at_s=1, restart_after_s=1), "crash")
    sim.run(until=1.5)
    assert web.is_up
    assert sim.faults == []
    sim.inject(Crash("web", at_s=2, restart_after_s=1))
    sim.run(until=2.5)
    assert not web.is_up


@pytest.mark.parametrize("misspelt", [("shop", "payment"), ("shpo", "payments")])
def test_a_node_whose_name_is_misspelt_stops_the_run_when_the_fault_begins(sim, misspelt):
    network = Network(sim, latency_s=0.1)
    sim.call_at(0.5, lambda _: network.send("shop", "payments"))
    wrong = next(name for name in misspelt if name not in ("shop", "payments"))
    sim.inject(Partition(network, (misspelt[0],), (misspelt[1],), at_s=1, for_s=1))
    with pytest.raises(
        ValueError, match=rf"names '{wrong}', which is no node of 'network' so far.*Did you mean"
    ):
        sim.run()
    sim.inject(Lossy(network, *misspelt, at_s=2, for_s=1, loss=0.5))
    with pytest.raises(ValueError, match=f"names '{wrong}'"):
        sim.run()
    assert not network.is_cut("shop", "payments")


def test_the_network_of_another_simulation_is_refused(sim):
    strange = Network(Simulation(seed=2), latency_s=0.1)
    with pytest.raises(ValueError, match=r"network is .*; it must be a network of the same simulation"):
        sim.inject(Partition(strange, ("a",), ("b",), at_s=1, for_s=1))
    with pytest.raises(ValueError, match=r"network is .*; it must be a network of the same simulation"):
        sim.inject(Lossy(strange, "a", "b", at_s=1, for_s=1, loss=0.5))
