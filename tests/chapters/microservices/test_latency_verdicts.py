"""The verdicts on latency come from the shop and the protocols, and come out the other way when these change."""

from archlab.chapters import microservices_latency as rules
from archlab.chapters.microservices import latency, protocols
from archlab.course.claims.verdict import Outcome

CALLS, SIZES = (1, 10, 50, 100, 200), (1_000, 10_000, 50_000, 100_000)


def test_hops_are_noticed_on_a_page_and_not_when_they_take_hardly_any_time():
    def verdict(hops_ms):
        frame = latency.hops(hops_ms, seeds=range(2), requests=40)
        return rules.network_latency(noticed_from_hop_ms=rules.noticed_from_hop_ms(frame))

    usual = verdict([0.0, 0.1, 0.25])
    assert usual.outcome is Outcome.HOLDS_WHEN
    assert 0.05 < usual.flips_at < 0.15
    assert verdict([0.0, 0.01]).outcome is Outcome.DOES_NOT_HOLD


def test_rest_is_as_good_up_to_many_calls_and_never_for_huge_answers():
    def verdict(text_bytes):
        rows = protocols.calls_in_a_row(CALLS, (text_bytes,))
        return rules.synchronous_rest(as_good_up_to_calls=rules.as_good_up_to_calls(rows))

    assert 50 < verdict(10_000).flips_at < 200
    assert verdict(100).outcome is Outcome.HOLDS
    assert verdict(5_000_000).outcome is Outcome.DOES_NOT_HOLD


def test_grpc_is_faster_from_some_size_on_and_never_beside_a_second_of_other_work():
    def verdict(other_ms):
        rows = protocols.calls_in_a_row((10,), SIZES, other_ms=other_ms)
        return rules.synchronous_grpc(faster_from_kb=rules.faster_from_kb(rows))

    assert 50 < verdict(120.0).flips_at < 100
    assert verdict(5_000.0).outcome is Outcome.DOES_NOT_HOLD
