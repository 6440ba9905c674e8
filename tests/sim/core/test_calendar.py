"""The calendar: time goes forward, whoever writes on it, and a name belongs to one."""

import math
from itertools import chain

import numpy as np
import pytest
import simpy

from archlab.sim import Constant, Distribution, Exponential, Network, Simulation, Station
from archlab.sim.core import Calendar


@pytest.fixture
def sim():
    return Simulation(seed=1)


NO_TIMES = [3, 9.999, -1, math.nan, math.inf, -math.inf, "soon", None, [11]]


@pytest.mark.parametrize("time_s", NO_TIMES, ids=repr)
def test_an_entry_before_now_or_at_no_time_is_refused_at_once(sim, time_s):
    sim.run(until=10)
    before = list(sim._queue)
    with pytest.raises(ValueError, match=r"time_s is .*; it must be a finite time, 10.0 or later"):
        sim.call_at(time_s, print)
    assert sim._queue == before


def test_an_entry_at_this_very_moment_is_taken(sim):
    seen = []
    sim.call_at(5, lambda _: sim.call_at(sim.now, seen.append, "now"))
    sim.run()
    assert (seen, sim.now) == (["now"], 5)


def test_a_time_may_be_a_number_of_numpy(sim):
    seen = []
    sim.call_at(np.float64(2.5), seen.append, "a")
    sim.call_at(np.int64(2), seen.append, "b")
    sim.run()
    assert seen == ["b", "a"]


@pytest.mark.parametrize("delay", [math.nan, -1, -math.inf])
def test_a_simpy_timeout_of_no_length_is_refused(sim, delay):
    """SimPy looks for negative delays only: NaN would put the calendar out of order."""
    with pytest.raises(ValueError, match="delay"):
        sim.timeout(delay)
    sim.timeout(1)
    sim.run()
    assert sim.now == 1


def test_a_timeout_is_simpys_and_happens_in_its_turn(sim):
    seen = []
    timeout = sim.timeout(2, value="tea")
    assert isinstance(timeout, simpy.Timeout)
    assert (timeout.triggered, timeout.processed, repr(timeout)[:11]) == (True, False, "<Timeout(2,")
    timeout.callbacks.append(lambda event: seen.append((sim.now, event.value)))
    sim.call_at(2, lambda _: seen.append((sim.now, "entered later")))
    assert (sim.run(until=timeout), timeout.processed) == ("tea", True)
    assert seen == [(2, "tea")]
    sim.run()
    assert seen[1:] == [(2, "entered later")]


def test_tasks_and_simpys_processes_and_conditions_wait_for_timeouts_alike(sim):
    plain, seen = simpy.Environment(), {"the kit": [], "SimPy": []}

    def tells(env, who):
        shared = env.timeout(3, "shared")
        seen[who].append((env.now, (yield env.timeout(1, "one"))))
        both = yield env.timeout(1, "two") & env.timeout(2, "three")
        seen[who].append((env.now, sorted(both.values())))
        first = yield env.timeout(5, "late") | env.timeout(0, "at once")
        seen[who].append((env.now, list(first.values())))
        seen[who].append((env.now, (yield shared)))

    plain.process(tells(plain, "SimPy"))
    plain.run()
    for begin in (sim.start, sim.process):
        seen["the kit"].clear()
        begin(tells(sim, "the kit"))
        sim.run()
        began_s = sim.now - plain.now
        assert [(time - began_s, value) for time, value in seen["the kit"]] == seen["SimPy"]


@pytest.mark.parametrize("until", [5, 4, math.nan, math.inf, "noon", [9]], ids=repr)
def test_a_run_until_no_later_time_is_refused(sim, until):
    sim.run(until=5)
    with pytest.raises(ValueError, match=r"until=.* must be later than the current time, 5"):
        sim.run(until=until)
    sim.run(until=6)
    assert sim.now == 6


@pytest.mark.parametrize("initial_time", [math.nan, math.inf, "noon", None])
def test_a_calendar_begins_at_a_time(initial_time):
    with pytest.raises(ValueError, match=r"initial_time is .*; it must be a finite number"):
        Calendar(seed=1, initial_time=initial_time)


# Distributions of one's own ----------------------------------------------------------------------------------


class Given:
    """A distribution that gives what it was given, one after another."""

    mean, cv = 1.0, 0.0

    def __init__(self, *values):
        self.values = values

    def sample(self, rng, size):
        return np.resize(np.array(self.values, dtype=float), size)

    def sampler(self, rng):
        return iter(self.values).__next__

    def percentile(self, q):
        return 1.0


class Shifted(Exponential):
    """A subclass of a distribution of the kit, which is no longer one of its own."""

    def sampler(self, rng):
        return lambda: -1.0


USES = {
    "latency": lambda sim, given: Network(sim, latency_s=given).send("a", "b"),
    "thinking": lambda sim, given: sim.closed_load(1, given, handler),
    "patience": lambda sim, given: (
        sim.closed_load(1, 0.0, handler, timeout_s=given),
        sim.run(until=1),
    ),
}


def handler(request):
    yield request.env.timeout(10)


@pytest.mark.parametrize("use", USES)
@pytest.mark.parametrize("wrong", [-0.5, math.nan, math.inf, "long"], ids=repr)
def test_a_distribution_of_ones_own_that_gives_no_duration_is_found_out_at_the_draw(sim, use, wrong):
    assert isinstance(Given(wrong), Distribution)
    with pytest.raises(
        ValueError, match=rf"is {wrong!r}; it must be a finite number, 0 or more; it was drawn from"
    ):
        USES[use](sim, Given(wrong))


def test_a_subclass_of_a_distribution_of_the_kit_is_looked_at_too(sim):
    with pytest.raises(ValueError, match=r"think_s is -1.0; .*; it was drawn from Shifted"):
        sim.closed_load(1, Shifted(1.0), handler)
    assert sim.loads == {}
    assert sim._queue == []


def test_the_kits_own_distributions_are_drawn_from_without_a_look(sim):
    """The same function: a look at each draw would cost as much as the draw."""
    assert isinstance(sim.durations("a", "latency_s", Exponential(1.0)).__self__, chain)
    assert sim.durations("b", "latency_s", Constant(2.0))() == 2.0


def test_what_is_no_duration_may_be_negative(sim):
    """A gain or a temperature can be drawn, too: only what is used as a time is looked at."""
    draw = sim.draws("gain", Given(-3.0))
    assert draw() == -3.0
    with pytest.raises(ValueError, match=r"service_s is -3.0; it must be a number of seconds, 0 or more"):
        Station(sim, "web").serve(sim.draws("other gain", Given(-3.0))())
    with pytest.raises(ValueError, match="Negative delay"):
        sim.timeout(-3.0)


# Names -------------------------------------------------------------------------------------------------------


def test_names_are_asked_for_together_before_anything_is_entered(sim):
    Station(sim, "web")
    sim.require_free("part", "shop", "database")
    with pytest.raises(ValueError, match="name='web' is already the name of a part"):
        sim.require_free("part", "shop", "web")
    with pytest.raises(ValueError, match="name='shop' is already the name of a part"):
        sim.require_free("part", "shop", "shop")


def test_a_simpy_environment_is_no_simulation():
    with pytest.raises(TypeError, match=r"sim is <simpy.*; it must be a Simulation"):
        Station(simpy.Environment(), "web")
