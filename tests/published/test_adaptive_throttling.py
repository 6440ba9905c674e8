"""Client-side adaptive throttling: *Site Reliability Engineering* (Google, 2016), chapter 21, *Handling Overload*.

A back end accepts `a` requests a second, clients want to send many more. With K they send about K * a: what they send
and what they hold back settles where requests = K * accepts. With K = 2 it is about twice what is accepted.
"""

import pytest

from archlab.sim import Poisson, Refused, Simulation
from archlab.sim.adaptive_throttling import AdaptiveThrottle
from archlab.sim.token_bucket import TokenBucket

ACCEPTED_PER_S = 10


def rates_per_s(k, wanted_per_s):
    """What a client sends and what the back end accepts, per second, after the window has filled."""
    sim = Simulation(seed=21)
    throttle = AdaptiveThrottle(sim, "client", k)
    backend = TokenBucket(sim, rate_per_s=ACCEPTED_PER_S, burst=5)
    sent, accepted = [], []

    def answer():
        sent.append(sim.now)
        if not backend.take():
            raise Refused("back end")
        accepted.append(sim.now)
        return
        yield

    def handler(request):
        yield throttle.call(lambda: sim.start(answer()))

    sim.open_load(Poisson(wanted_per_s), handler)
    sim.run(until=900)
    return tuple(sum(time_s > 300 for time_s in times) / 600 for times in (sent, accepted))


def test_with_k_2_an_overloaded_back_end_gets_about_twice_what_it_accepts_as_published():
    sent_per_s, accepted_per_s = rates_per_s(k=2, wanted_per_s=10 * ACCEPTED_PER_S)
    assert accepted_per_s == pytest.approx(ACCEPTED_PER_S, rel=0.01)
    assert sent_per_s == pytest.approx(2 * ACCEPTED_PER_S, rel=0.05)


@pytest.mark.parametrize("k", [1.1, 1.5, 3.0])
def test_with_another_k_it_gets_k_times_what_it_accepts(k):
    sent_per_s, accepted_per_s = rates_per_s(k, wanted_per_s=10 * ACCEPTED_PER_S)
    assert sent_per_s == pytest.approx(k * accepted_per_s, rel=0.05)


def test_a_client_that_wants_less_than_twice_what_is_accepted_sends_it_all():
    sent_per_s, _ = rates_per_s(k=2, wanted_per_s=1.8 * ACCEPTED_PER_S)
    assert sent_per_s == pytest.approx(1.8 * ACCEPTED_PER_S, rel=0.03)
