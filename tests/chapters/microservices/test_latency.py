"""What the hops of a page and an order cost, against messages times hops, and from which hop on one notices."""

from dataclasses import replace

import pytest

from archlab.chapters.microservices import latency
from archlab.course.claims import NOTICEABLE_PERCENT, OverSeeds
from archlab.course.claims.verdict import Outcome
from archlab.data import load
from archlab.shop.microservices import MICROSERVICES

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


@pytest.fixture(scope="module")
def page_ms():
    return latency.page_in_process_ms()


def verdict(page_ms, config=MICROSERVICES):
    return latency.network_latency(
        latency.noticed_from_hop_ms(page_ms, config), page_ms, latency.noticed_up_to_page_ms(config)
    )


def test_the_verdict_is_stable_and_names_what_a_page_waits_for_otherwise(page_ms):
    usual = verdict(page_ms)
    assert usual.is_stable
    assert usual.outcome is Outcome.HOLDS_WHEN
    assert usual.flips_at.high - usual.flips_at.low < 0.02
    assert "at 0.25 ms a hop a page takes no more than 10 ms" in usual.detail


def test_a_simulated_page_is_slower_by_the_threshold_at_the_hop_where_the_verdict_flips(page_ms):
    """The limit comes from an addition. Here the messages are sent."""
    limit_ms = float(verdict(page_ms).flips_at)
    at_limit = latency.hops([limit_ms], seeds=range(4), requests=100).page_slower_percent[0]
    assert at_limit == pytest.approx(NOTICEABLE_PERCENT, rel=0.1)


def test_the_hops_of_a_region_are_no_longer_noticed_on_a_page_that_waits_longer_for_other_things():
    """Twice and half of what is said to decide: the verdict's limit lies on the other side of the hop of a region."""
    flips_at_ms = latency.noticed_up_to_page_ms()
    slow, fast = (OverSeeds([share * flips_at_ms] * 10) for share in (2.0, 0.5))
    assert verdict(fast).flips_at < 0.25 < verdict(slow).flips_at


def test_longer_hops_are_noticed_on_slower_pages_and_the_hop_that_is_noticed_stays(page_ms):
    far = replace(MICROSERVICES, hop_s=0.001)
    assert latency.noticed_up_to_page_ms(far) == 4 * latency.noticed_up_to_page_ms()
    assert verdict(page_ms, far).flips_at == verdict(page_ms).flips_at


def test_a_large_real_site_has_pages_on_the_side_where_hops_are_noticed():
    """Stack Overflow, 2016: the mean request took less than what decides, so four hops would have been noticed."""
    web = load("stack_overflow_2016").set_index("tier").loc["web"]
    assert web.total_ms / web.calls < latency.noticed_up_to_page_ms()


def test_four_hops_are_about_a_quarter_of_a_page_that_takes_4_ms_in_the_monolith(page_ms):
    assert round(page_ms) == 4
    assert 100 * latency.by_hand_ms()["page"] / page_ms == pytest.approx(25, abs=3)
