"""RabbitMQ's makers, *Quorum queues in 4.0* (2024): two high messages for each normal one, and a hand-over of 100 s."""

import pytest

from archlab.data import load
from archlab.published.queue_priorities import PER_S, deliveries, hand_over, two_priorities

FACTS = load("rabbitmq").set_index(["setting", "what"])["value"]
SCALE = 25
"""So many times fewer messages than published: all times are shorter by that."""


@pytest.fixture(scope="module")
def weighted():
    return two_priorities(
        messages=int(FACTS["quorum queue priorities", "messages of each priority in the test"]) // SCALE
    )


def test_two_high_ones_for_a_normal_one_as_published(weighted):
    facts = FACTS["quorum queue priorities"]
    high, normal = facts["high ones delivered in the test"], facts["normal ones delivered in the test"]
    assert high + normal == PER_S
    assert weighted["high_per_normal"] == pytest.approx(high / normal, rel=0.001)


def test_the_times_are_those_of_the_arithmetic(weighted):
    assert SCALE * weighted["high_done_s"] == pytest.approx(100_000 / 3000, rel=0.001)
    assert SCALE * weighted["normal_done"] == pytest.approx(50_000, rel=0.001)
    assert SCALE * weighted["end_s"] == pytest.approx(200_000 / 4500, rel=1e-6)


def test_with_a_strict_order_the_normal_ones_wait_until_all_high_ones_are_gone():
    figures = two_priorities("strict", messages=1000)
    assert figures["first_normal_s"] == pytest.approx(1001 / 4500)
    assert figures["normal_done"] == 0


def test_published_in_the_other_order_nothing_is_overtaken():
    for order in ("fifo", "strict", "two to one"):
        rows = deliveries(order, messages=100, high_first=True)
        assert rows.is_high.tolist() == [True] * 100 + [False] * 100


@pytest.mark.parametrize(("prefetch", "waits_s"), [(1000, 100.0), (10, 1.0)])
def test_a_higher_consumer_waits_for_all_that_the_active_one_has(prefetch, waits_s):
    assert hand_over(prefetch, FACTS["single active consumer", "rate in the example of a hand-over"])[
        "waits_s"
    ] == pytest.approx(waits_s)


def test_what_makes_no_sense_is_refused():
    with pytest.raises(ValueError, match="messages is 0"):
        two_priorities(messages=0)
    with pytest.raises(ValueError, match="order is 'lifo'"):
        two_priorities("lifo")
    with pytest.raises(ValueError, match="per_s is 0"):
        hand_over(per_s=0)
