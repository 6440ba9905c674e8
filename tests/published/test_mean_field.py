"""The mean-field limit: what few servers say about many, and how fast they come to say the same."""

import numpy as np
import pytest

from archlab.published.mean_field import crowd, errors, expected, in_the_limit
from archlab.published.power_of_two import Fleet, limit
from archlab.sim.balancing.rules import PowerOfTwoChoices
from archlab.sim.distributions import Exponential
from archlab.sim.simulation import Simulation
from archlab.sim.workload import Poisson


@pytest.fixture(scope="module")
def few():
    """Errors for ten, thirty and a hundred servers."""
    return errors((10, 30, 100), runs=2000).set_index("servers")


@pytest.mark.parametrize(("utilisation", "choices"), [(0.5, 1), (0.5, 2), (0.9, 2), (0.9, 3)])
def test_after_a_long_time_the_equation_stands_at_its_fixed_point(utilisation, choices):
    by_little = utilisation * limit(utilisation, choices)
    assert in_the_limit(utilisation, choices, until_s=500.0) == pytest.approx(by_little, rel=1e-6)


def test_at_the_very_first_customers_come_and_none_leaves():
    assert in_the_limit(0.9, 2, until_s=0.001) == pytest.approx(0.9 * 0.001, rel=1e-3)


def test_one_server_with_one_choice_is_the_queue_that_theory_knows():
    """M/M/1 at one half of its load: 1 customer on average, and a queue that is as long with probability 2^-k."""
    frame = crowd(seed=3, servers=1, utilisation=0.5, choices=1, until_s=40.0, runs=20_000)
    mean, half = expected(frame)
    assert abs(mean - 1.0) < 1.5 * half
    assert (frame["mean"] >= 2).mean() == pytest.approx(0.25, abs=0.02)


def test_the_counts_say_what_the_kit_says_with_a_station_for_each_server():
    def customers_a_server(seed: int) -> float:
        sim = Simulation(seed)
        fleet = Fleet(sim, PowerOfTwoChoices(sim, "customers", 2), 10, Exponential(1.0))
        sim.open_load(Poisson(9.0), fleet.handle)
        sim.run(until=10.0)
        return sum(station.queue_length + station.busy for station in fleet.stations) / 10

    of_kit = np.array([customers_a_server(seed) for seed in range(400)])
    mean, half = expected(crowd(seed=1, servers=10, runs=2000))
    half_of_kit = 1.96 * of_kit.std(ddof=1) / np.sqrt(len(of_kit))
    assert abs(of_kit.mean() - mean) < 1.5 * np.hypot(half, half_of_kit)


def test_the_error_falls_as_one_over_the_number_of_servers(few):
    products = few.error_percent * few.index
    assert few.error_percent.is_monotonic_decreasing
    assert products.max() < 1.5 * products.min()
    assert (few.low_percent > 0).all()


def test_the_longer_after_the_start_the_farther_is_a_crowd_from_the_limit(few):
    late = errors((30,), until_s=100.0, runs=800).set_index("servers")
    assert late.low_percent[30] > 2 * few.high_percent[30]


def test_taking_out_the_luck_changes_no_mean_and_narrows_the_interval():
    frame = crowd(seed=5, servers=30, runs=2000)
    mean, half = expected(frame)
    plain_half = 1.96 * frame["mean"].std(ddof=1) / np.sqrt(len(frame))
    assert half < plain_half / 2
    assert abs(mean - frame["mean"].mean()) < 1.5 * plain_half
    luck = frame.filter(like="luck")
    assert (luck.mean().abs() < 4 * luck.std() / np.sqrt(len(frame))).all()


def test_the_same_seed_gives_the_same_figures():
    assert crowd(2, 10, runs=50).equals(crowd(2, 10, runs=50))
    assert not crowd(2, 10, runs=50).equals(crowd(3, 10, runs=50))


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"utilisation": 1.0}, "utilisation is 1.0; it must be between 0 and 1, both excluded"),
        ({"choices": 0}, "choices is 0"),
        ({"until_s": 0}, "until_s is 0"),
        ({"servers": 0}, "servers is 0"),
        ({"runs": 0}, "runs is 0"),
    ],
)
def test_what_makes_no_sense_is_refused_by_name(wrong, words):
    with pytest.raises(ValueError, match=words):
        crowd(**{"seed": 1, "servers": 10, **wrong})
