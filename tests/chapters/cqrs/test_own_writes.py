"""Reading one's own write: what each way shows, what it costs, and what a failover does to it."""

import pytest

from archlab.chapters.cqrs import own_writes
from archlab.chapters.cqrs.own_writes import LOOKS_AFTER_S, WAYS, visits
from archlab.sim.distributions import Lognormal

LAG_S = 0.5


@pytest.fixture(scope="module")
def seen():
    return {way: visits(way, seed=1, lag_s=LAG_S) for way in WAYS}


def test_with_a_constant_lag_the_first_look_misses_and_the_others_do_not(seen):
    looks = seen["none"].assign(number=seen["none"].groupby("order").cumcount())
    unseen = looks.groupby("number").unseen.mean()
    assert LOOKS_AFTER_S[0] < LAG_S < sum(LOOKS_AFTER_S[:2])
    assert unseen[0] == 1
    assert unseen[1:].max() == 0


@pytest.mark.parametrize("way", ["write model", "wait", "answer"])
def test_what_is_made_for_it_shows_every_own_write(seen, way):
    assert not seen[way].unseen.any()
    assert not seen[way].false.any()


def test_asking_the_write_model_moves_the_looks_back_to_it_and_waiting_takes_the_rest_of_the_lag(seen):
    assert seen["write model"].own.mean() == 1
    assert not seen["none"].own.any()
    assert not seen["wait"].own.any()
    first = seen["wait"].groupby("order").latency_s.first()
    assert first.median() == pytest.approx(LAG_S - LOOKS_AFTER_S[0], abs=0.05)
    assert seen["write model"].latency_s.quantile(0.9) < 0.1


def test_waiting_for_longer_than_it_may_ends_at_the_write_model():
    looks = visits("wait", seed=1, lag_s=30.0, seconds=20.0)
    assert looks.own.all()
    assert not looks.unseen.any()
    assert looks.groupby("order").latency_s.first().median() > own_writes.WAITS_S


def test_a_sticky_replica_shows_no_own_write_earlier_but_none_goes_again(seen):
    assert seen["sticky"].unseen.mean() == pytest.approx(seen["none"].unseen.mean(), abs=0.05)
    assert not seen["sticky"].gone.any()


def test_when_the_sticky_replica_dies_its_customers_find_one_that_is_as_far_behind():
    looks = visits("sticky", seed=1, lag_s=LAG_S, crash_at_s=20.0)
    before, after = looks[looks.at_s < 20], looks[looks.at_s > 21]
    assert after.unseen.mean() == pytest.approx(before.unseen.mean(), abs=0.05)
    assert len(after) > 100


def test_a_screen_that_does_not_wait_for_the_command_shows_orders_that_are_refused(seen):
    looks = seen["optimistic"].assign(number=seen["optimistic"].groupby("order").cumcount())
    false = looks.groupby("number").false.mean()
    assert 0 < false[0] < own_writes.DECLINED  # those that are not decided yet
    assert false[2:].max() == 0  # the refusal has come
    assert not seen["answer"].false.any()


def test_all_ways_are_compared_by_the_same_figures():
    table = own_writes.compared(seeds=range(1)).set_index("way")
    assert list(table.index) == [*WAYS, "sticky, one dies"]
    assert table.unseen["none"] > 0.1 > table.unseen["wait"] == 0
    assert table.p99_ms["wait"] > 5 * table.p99_ms["none"]


def test_replicas_in_turn_show_an_order_and_hide_it_again_and_one_and_the_same_does_not():
    lag_s = Lognormal.from_mean_cv(0.3, 2.0)
    in_turn, sticky = (visits(way, seed=1, lag_s=lag_s) for way in own_writes.OF_REPLICAS)
    assert in_turn.gone.any()
    assert not sticky.gone.any()


@pytest.mark.parametrize(("way", "seconds", "named"), [("hope", 1.0, "way"), ("none", 0.0, "seconds")])
def test_what_cannot_be_is_refused(way, seconds, named):
    with pytest.raises(ValueError, match=named):
        visits(way, seed=1, seconds=seconds)
