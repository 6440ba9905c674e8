"""One partner hangs."""

import pytest

from archlab.chapters.choosing.cases import segment_queues as queues


@pytest.fixture(scope="module")
def compared():
    return queues.compared()


def test_with_one_queue_most_deliveries_to_others_are_late_and_with_a_queue_each_or_a_limit_hardly_any(
    compared,
):
    late = compared.set_index("form")
    assert late.late_percent_low["one queue"] > 50
    assert late.late_percent_high["a queue each"] < 2
    assert late.late_percent_high["limited"] < 2


def test_it_needs_no_program_for_each_partner_to_hold_up_nobody(compared):
    late = compared.set_index("form")
    assert late.late_percent_high["limited"] < late.late_percent_low["a queue each"]


def test_the_law_says_how_busy_workers_may_be():
    held_s = ((queues.partners() - 1) * 0.1 + 30) / queues.partners()
    assert queues.full_from_percent() == pytest.approx(100 * 0.1 / held_s)
    assert queues.full_from_percent() < 100 * queues.BUSY


def test_where_the_law_leaves_workers_free_one_queue_holds_up_nobody():
    held_s = 5.0
    assert queues.full_from_percent(held_s) > 100 * queues.BUSY
    assert queues.late_percent(seed=1, form="one queue", held_s=held_s, duration_s=5) < 2


def test_a_crash_is_what_services_contain_and_one_program_does_not():
    hits = queues.crash_hits_percent()
    assert hits["one program"] == pytest.approx(140 * hits["a program each"])


def test_the_picture_says_what_is_late(compared):
    assert "one queue" in queues.figure(compared).alt


def test_an_unknown_form_is_refused():
    with pytest.raises(ValueError, match="form"):
        queues.late_percent(1, "two queues")
    with pytest.raises(ValueError, match="held_s"):
        queues.full_from_percent(0)
