"""SWIM: suspicion by hand calculation, after the rules of HashiCorp's memberlist."""

from math import log, log10

import numpy as np
import pytest

from archlab.sim.discovery.swim import Swim

LAN = Swim()


@pytest.mark.parametrize(
    ("members", "confirmations", "expected_s"),
    [
        (10, 0, 24.0),
        (10, 1, 24 - 20 * log(2) / log(3)),
        (10, 2, 4.0),
        (10, 5, 4.0),
        (100, 0, 48.0),
        (100, 2, 8.0),
        (3, 0, 4.0),  # too few to confirm anything
        (2, 0, 4.0),
    ],
)
def test_a_suspect_may_object_for_4_probes_times_the_log_of_the_size_or_6_times_that(
    members, confirmations, expected_s
):
    assert LAN.suspicion_s(members, confirmations) == pytest.approx(expected_s)


@pytest.mark.parametrize(
    ("probes_s", "expected_s"),
    [
        ([0.2], 0.2 + 1 + 24),  # nobody confirms
        ([0.2, 0.9, 3.0], 0.2 + 1 + 4),  # two confirm in time
        ([3.0, 0.9, 0.2], 0.2 + 1 + 4),  # in whatever order they are given
        ([0.2, 0.9, 8.0], 8.0 + 1),  # the second confirmation comes after the shortest time has passed
        ([0.2, 30.0, 31.0], 0.2 + 1 + 24),  # too late to matter
    ],
)
def test_confirmations_shorten_what_is_left(probes_s, expected_s):
    assert LAN.dead_after_s(probes_s, members=10) == pytest.approx(expected_s)


def test_the_first_probe_comes_after_n_minus_1_over_n_seconds_on_average():
    """Of three members none confirms: first probe + 1 s + 4 s, and the first is the least of two even on 0 to 2 s."""
    random = np.random.default_rng(1)
    drawn_s = np.array([LAN.draw_s(random, members=3) for _ in range(4000)])
    assert drawn_s.mean() == pytest.approx(2 / 3 + 1 + 4, abs=4 * drawn_s.std() / 4000**0.5)
    assert 5 <= drawn_s.min() < drawn_s.max() <= 7


@pytest.mark.parametrize("members", [5, 13, 50])
def test_a_death_is_mostly_known_after_the_probe_and_the_shortest_time_to_object(members):
    random = np.random.default_rng(1)
    drawn_s = np.array([LAN.draw_s(random, members) for _ in range(2000)])
    shortest_s = 1 + 4 * max(1, log10(members))
    assert drawn_s.min() >= shortest_s
    assert np.median(drawn_s) == pytest.approx(
        shortest_s + np.log(2), abs=0.3
    )  # the first probe: nearly exponential


def test_probes_that_make_no_sense_are_refused():
    with pytest.raises(ValueError, match="probes_s has 0 times"):
        LAN.dead_after_s([], members=10)
    with pytest.raises(ValueError, match="probes_s has 3 times; there must be 1 to 2"):
        LAN.dead_after_s([1, 2, 3], members=3)
    with pytest.raises(ValueError, match="members is 1"):
        LAN.draw_s(np.random.default_rng(1), members=1)
    with pytest.raises(ValueError, match="probe_every_s is 0"):
        Swim(probe_every_s=0)
