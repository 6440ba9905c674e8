"""The server under the reader's hand obeys the formula, and more load only adds customers."""

import numpy as np
import pytest

from archlab.chapters.start_here import queue_toy
from archlab.chapters.start_here.queue_toy import SERVICE_S, ServerUnderHand
from archlab.sim.statistics import mean_interval
from archlab.sim.theory import mm1


def mean_waiting(seed: int, load_percent: float, seconds: float = 2000) -> float:
    server = ServerUnderHand(seed)
    server.advance(load_percent, 100)
    seen = []
    for _ in range(int(seconds / SERVICE_S)):
        server.advance(load_percent, SERVICE_S)
        seen.append(server.moment(load_percent).waiting)
    return float(np.mean(seen))


@pytest.mark.parametrize("load_percent", [50, 80])
def test_at_a_steady_load_the_queue_is_that_of_the_formula(load_percent: float):
    means = [mean_waiting(seed, load_percent) for seed in range(6)]
    expected = mm1(load_percent / 100 / SERVICE_S, SERVICE_S).queue_length
    assert mean_interval(means, confidence=0.999).contains(expected)


def test_more_load_adds_customers_and_never_shortens_the_queue():
    servers = {load: ServerUnderHand(1) for load in (40, 80, 120)}
    for _ in range(400):
        seen = []
        for load, server in servers.items():
            server.advance(load, 0.25)
            seen.append(server.moment(load))
        came, inside = ([getattr(m, name) for m in seen] for name in ("came", "waiting"))
        assert came == sorted(came)
        assert inside == sorted(inside)


def test_nobody_comes_at_no_load_and_nobody_is_lost():
    server = ServerUnderHand(1)
    server.advance(0, 50)
    assert server.moment(0).came == 0
    server.advance(110, 100)
    now = server.moment(110)
    assert now.came == now.answered + now.waiting + now.is_busy
    assert now.came_now == now.came


def test_two_toys_with_one_seed_are_alike_and_another_seed_is_another_crowd():
    one, same, other = (queue_toy(seed).set(95).run(30) for seed in (1, 1, 2))
    assert repr(one) == repr(same) != repr(other)


@pytest.mark.parametrize(("load", "seconds"), [(-1, 1), (121, 1), (50, 0), (50, -1)])
def test_a_load_or_a_time_that_makes_no_sense_is_refused(load: float, seconds: float):
    with pytest.raises(ValueError, match=r"(load_percent|seconds) is"):
        ServerUnderHand(1).advance(load, seconds)
    with pytest.raises(ValueError, match="service_s is 0"):
        ServerUnderHand(1, service_s=0)
