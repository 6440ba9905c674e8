"""What the hops of a page and an order cost, against messages times hops, and from which hop on one notices."""

import pytest

from archlab.chapters.microservices import latency
from archlab.course.claims.verdict import Outcome

HOPS_MS = (0.0, 0.01, 0.1, 0.25)


@pytest.fixture(scope="module")
def hops():
    return latency.hops(HOPS_MS, seeds=range(2), requests=40)


def test_the_hops_cost_messages_times_the_time_of_one(hops):
    usual_hop_ms, by_hand = 0.25, latency.by_hand_ms()
    assert by_hand == {"page": 1.0, "order": 3.5}
    for hop in hops.itertuples():
        assert hop.page_hops_ms == pytest.approx(by_hand["page"] * hop.hop_ms / usual_hop_ms)
        assert hop.order_hops_ms == pytest.approx(by_hand["order"] * hop.hop_ms / usual_hop_ms, abs=0.05)


def test_both_shops_serve_the_same_page_and_the_services_need_one_more_query(hops):
    near = hops.iloc[0]
    assert 0 < near.page_ms - near.page_in_process_ms < 1.5
    assert 0 < near.order_ms - near.order_in_process_ms < 10


def test_hops_are_noticed_on_a_page_and_not_when_they_take_hardly_any_time(hops):
    def verdict(hops):
        return latency.network_latency(noticed_from_hop_ms=latency.noticed_from_hop_ms(hops))

    usual = verdict(hops)
    assert usual.outcome is Outcome.HOLDS_WHEN
    assert 0.05 < usual.flips_at < 0.15
    assert verdict(hops[hops.hop_ms <= 0.01]).outcome is Outcome.DOES_NOT_HOLD
