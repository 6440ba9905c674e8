"""Published result: one of 25 Kafka consumers killed (Astraea, 2022), and what of it the model does not explain."""

import numpy as np
import pytest

from archlab.data import load
from archlab.published.killed_consumer import CONSUMERS, PARTITIONS, TOPICS, kill, pauses_s, published
from archlab.sim.messaging import Coordination
from archlab.sim.messaging.assignment import range_assignment, round_robin_assignment

FACTS = load("kafka").set_index("setting").value


@pytest.fixture(scope="module")
def pauses():
    return pauses_s(100)


@pytest.fixture(scope="module")
def killed():
    return {assignor: kill(seed=3, assignor=assignor) for assignor in ("range", "roundrobin", "sticky")}


def test_the_set_up_is_the_published_one():
    assert (FACTS["killed consumer: consumers"], FACTS["killed consumer: partitions"]) == (
        CONSUMERS,
        PARTITIONS,
    )
    assert (len(TOPICS), sum(TOPICS)) == (FACTS["killed consumer: topics"], PARTITIONS)
    had = [len(share) for share in range_assignment(TOPICS, CONSUMERS)]
    assert (min(had), max(had)) == (
        FACTS["killed consumer: fewest, range"],
        FACTS["killed consumer: most, range"],
    )
    assert {len(share) for share in round_robin_assignment(PARTITIONS, CONSUMERS)} == {26}


def test_the_pause_is_the_session_time_out(pauses):
    assert ((pauses >= 42) & (pauses <= 48)).all()
    assert pauses.mean() == pytest.approx(46, abs=1)
    for assignor in ("range", "roundrobin"):
        assert published().pause_s[assignor] == pytest.approx(pauses.mean(), abs=2)


def test_it_is_what_two_uniform_phases_give(pauses):
    rng = np.random.default_rng(1)
    noticed_s = 45 - rng.uniform(0, 3, 100_000)
    learn_s = rng.uniform(0, 3, (100_000, CONSUMERS - 1)).max(axis=1)
    by_hand = noticed_s + learn_s
    assert pauses.mean() == pytest.approx(by_hand.mean(), abs=3 * by_hand.std() / np.sqrt(len(pauses)))
    assert np.percentile(pauses, 95) == pytest.approx(np.percentile(by_hand, 95), abs=0.3)
    assert np.percentile(pauses, 5) == pytest.approx(np.percentile(by_hand, 5), abs=0.3)


def test_the_time_out_and_not_the_rebalance_makes_it(pauses):
    assert pauses_s(20, session_timeout_s=10.0).mean() == pytest.approx(pauses.mean() - 35, abs=0.6)


def test_the_loss_is_the_share_of_the_dead_consumer(killed):
    assert killed["roundrobin"]["loss_percent"] == pytest.approx(100 * 26 / 650, abs=0.01)
    assert killed["roundrobin"]["loss_percent"] == pytest.approx(
        published().loss_percent["roundrobin"], abs=0.05
    )


def test_with_range_it_depends_on_who_dies(killed):
    last = kill(seed=3, assignor="range", victim=CONSUMERS)
    losses = [100 * len(share) / PARTITIONS for share in range_assignment(TOPICS, CONSUMERS)]
    assert killed["range"]["loss_percent"] == pytest.approx(max(losses), abs=0.01)
    assert last["loss_percent"] == pytest.approx(min(losses), abs=0.01)
    assert min(losses) <= published().loss_percent["range"] <= max(losses)
    assert np.mean(losses) == pytest.approx(4.0)


def test_sticky_is_not_explained(killed):
    """105 s and 6.3 % were published; the model has no reason for it."""
    assert killed["sticky"] == pytest.approx(killed["roundrobin"])
    assert published().pause_s["sticky"] > 2 * killed["sticky"]["pause_s"]
    assert published().loss_percent["sticky"] / 100 * PARTITIONS > max(
        len(share) for share in range_assignment(TOPICS, CONSUMERS)
    )


def test_the_coordination_is_kafkas_default():
    assert Coordination() == Coordination(session_timeout_s=45.0, heartbeat_s=3.0, assignor="range")
