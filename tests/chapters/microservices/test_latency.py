"""What the hops of a page and an order cost, against messages times hops."""

import pytest

from archlab.chapters.microservices import latency


def test_the_hops_cost_messages_times_the_time_of_one():
    frame = latency.hops([0.0, 0.25], seeds=range(2), requests=40)
    by_hand = latency.by_hand_ms()
    assert by_hand == {"page": 1.0, "order": 3.5}
    assert frame.page_hops_ms.tolist() == pytest.approx([0.0, by_hand["page"]])
    assert frame.order_hops_ms.tolist() == pytest.approx([0.0, by_hand["order"]], abs=0.05)


def test_both_shops_serve_the_same_page_and_the_services_need_one_more_query():
    frame = latency.hops([0.0], seeds=range(2), requests=40)
    assert 0 < frame.page_ms[0] - frame.page_in_process_ms[0] < 1.5
    assert 0 < frame.order_ms[0] - frame.order_in_process_ms[0] < 10
