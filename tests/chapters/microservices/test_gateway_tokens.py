"""Tokens at the gateway: each caller gets what its token deserves, as long as the gateway checks with the right key."""

from archlab.chapters.microservices import gateway_tokens
from archlab.course.claims.verdict import Outcome
from archlab.shop.microservices.gateway_checks import TokenCheck
from archlab.sim.recording import OK


def test_each_caller_gets_the_answer_that_its_token_deserves():
    table = gateway_tokens.callers(seed=1)
    assert table.keys() == gateway_tokens.CALLERS.keys()
    for caller, (_, expected) in gateway_tokens.CALLERS.items():
        outcomes = set(table[caller].outcome)
        assert outcomes == ({OK, "401"} if caller == "one that expires halfway" else {expected})


def test_without_a_check_every_forged_token_is_as_good_as_a_real_one():
    table = gateway_tokens.callers(seed=1, make_check=None)
    assert all(set(rows.outcome) == {OK} for rows in table.values())


def test_tokens_are_told_apart_unless_the_gateway_has_no_check_or_the_wrong_key():
    def verdict(make_check):
        return gateway_tokens.authentication_authorization(**gateway_tokens.wrong_decisions(1, make_check))

    assert verdict(gateway_tokens.check_of).outcome is Outcome.HOLDS
    assert verdict(None).outcome is Outcome.DOES_NOT_HOLD
    assert verdict(lambda sim: TokenCheck(sim, gateway_tokens.OTHER_KEY)).outcome is Outcome.DOES_NOT_HOLD


def test_an_intruder_behind_the_gateway_is_seen_only_by_a_service_that_checks():
    assert gateway_tokens.intruder(seed=1, checked_inside=False) == {"orders_placed": 1, "turned_away": 0}
    assert gateway_tokens.intruder(seed=1, checked_inside=True) == {"orders_placed": 0, "turned_away": 1}
