"""Credit: the sender stops, goes on half a credit at a time, and never has more under way than it was granted."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archlab.data import load
from archlab.sim import Simulation, Station
from archlab.sim.messaging.credit import LINK_CREDIT, Credit


def run(initial, back_at, messages, work_s=1.0):
    """A sender that always has something to send, and a receiver that works on one at a time."""
    sim = Simulation(seed=1)
    credit, receiver = Credit(sim, initial, back_at), Station(sim, "receiver")
    sent, under_way = [], [0]

    def one():
        yield receiver.serve(work_s)
        under_way[0] -= 1
        credit.settle()

    def sender():
        for _ in range(messages):
            yield credit.take()
            under_way[0] += 1
            sent.append((sim.now, under_way[0]))
            sim.start(one())

    done = sim.start(sender())
    sim.run(until=done)
    return sent


def test_credit_comes_back_half_at_a_time():
    times = [at_s for at_s, _ in run(initial=4, back_at=None, messages=10)]
    assert times == [0, 0, 0, 0, 2, 2, 4, 4, 6, 6]


def test_a_window_gives_it_back_one_by_one():
    assert [at_s for at_s, _ in run(initial=3, back_at=1, messages=6)] == [0, 0, 0, 1, 2, 3]


def test_rabbitmqs_processes_get_200_more_for_200():
    facts = load("rabbitmq").set_index(["setting", "what"])["value"]
    first, more = (
        int(facts["credit between processes", w]) for w in ("at first", "granted again after as many")
    )
    times = [at_s for at_s, _ in run(first, more, messages=801)]
    assert times == [0.0] * 400 + [200.0] * 200 + [400.0] * 200 + [600.0]


@given(initial=st.integers(1, 40), share=st.floats(0, 1), messages=st.integers(1, 120))
def test_never_more_is_under_way_than_was_granted_and_the_sender_never_stops_for_ever(
    initial, share, messages
):
    sent = run(initial, max(1, int(share * initial)), messages)
    assert len(sent) == messages
    assert max(count for _, count in sent) == min(initial, messages)


def test_the_default_is_that_of_the_table():
    facts = load("rabbitmq").set_index("setting")["value"]
    assert facts["link credit"] == LINK_CREDIT
    credit = Credit(Simulation(seed=1))
    assert (credit.initial, credit.back_at) == (128, 64)


def test_a_credit_that_would_never_come_back_is_refused():
    with pytest.raises(ValueError, match="back_at is 5; it must be at most initial, 4"):
        Credit(Simulation(seed=1), initial=4, back_at=5)
