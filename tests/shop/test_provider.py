"""The payment provider works for itself: it does not know what became of its caller."""

import pytest

from archlab.shop.provider import PaymentProvider
from archlab.sim import Simulation, TimedOut, Unavailable


@pytest.fixture
def sim():
    return Simulation(seed=1)


def ledger(provider):
    sql = "SELECT authorisation, order_id, amount_cents, state FROM ledger"
    return provider.ledger.execute(sql).fetchall()


def test_a_hold_is_in_the_ledger_only_once_the_provider_has_done_its_work(sim):
    provider = PaymentProvider(sim, latency_s=0.1)
    held = provider.authorise(7, 450)
    sim.run(until=0.05)
    assert ledger(provider) == []
    assert sim.run(until=held) == 1
    assert ledger(provider) == [(1, 7, 450, "authorised")]


def test_a_caller_who_gives_up_does_not_stop_the_provider(sim):
    provider = PaymentProvider(sim, latency_s=1.0)

    def impatient():
        with pytest.raises(TimedOut):
            yield sim.deadline(provider.authorise(7, 450), timeout_s=0.2)

    sim.start(impatient())
    sim.run(until=0.5)
    assert ledger(provider) == []
    sim.run(until=2)
    assert ledger(provider) == [(1, 7, 450, "authorised")]


def test_capturing_twice_charges_once(sim):
    provider = PaymentProvider(sim, latency_s=0.1)
    sim.run(until=provider.authorise(7, 450))
    for _ in range(2):
        sim.run(until=provider.capture([1]))
    assert ledger(provider) == [(1, 7, 450, "captured")]


def test_a_declined_payment_leaves_no_hold(sim):
    provider = PaymentProvider(sim, latency_s=0.1, declined=1.0)
    assert sim.run(until=provider.authorise(7, 450)) is None
    assert ledger(provider) == []


def test_it_declines_the_share_it_is_told_to(sim):
    provider = PaymentProvider(sim, latency_s=0.1, capacity=5000, declined=0.3)
    asked = [provider.authorise(order, 100) for order in range(5000)]
    sim.run(until=1)
    declined = sum(task.value is None for task in asked)
    assert declined / 5000 == pytest.approx(0.3, abs=0.03)


def test_a_provider_that_is_down_refuses_the_connection(sim):
    provider = PaymentProvider(sim, latency_s=0.1)
    provider.station.crash()
    assert isinstance(provider.authorise(7, 450).value, Unavailable)
    assert isinstance(provider.capture([1]).value, Unavailable)


def test_an_impossible_share_is_refused(sim):
    with pytest.raises(ValueError, match=r"declined is 1\.5"):
        PaymentProvider(sim, latency_s=0.1, declined=1.5)
