"""Tokens at the gateway: each caller gets what its token deserves, while door and service check with the right key."""

import math

import pytest

from archlab.chapters.microservices import gateway_tokens
from archlab.course.claims.verdict import Outcome
from archlab.shop.microservices.gateway_checks import TokenCheck
from archlab.sim.recording import OK


@pytest.fixture(scope="module")
def table():
    return gateway_tokens.callers(seed=1)


def test_each_caller_gets_the_answer_that_its_token_deserves(table):
    assert table.keys() == gateway_tokens.CALLERS.keys()
    for caller, (_, expected) in gateway_tokens.CALLERS.items():
        outcomes = set(table[caller].outcome)
        assert outcomes == ({OK, "401"} if caller == "one that expires halfway" else {expected})


def test_without_a_check_every_forged_token_is_as_good_as_a_real_one():
    table = gateway_tokens.callers(seed=1, make_check=None)
    assert all(set(rows.outcome) == {OK} for rows in table.values())


def test_the_door_alone_lets_a_stranger_read_and_nobody_else_wrongly(table):
    door = gateway_tokens.callers(seed=1, make_check=gateway_tokens.check_of_the_door_alone)
    for caller, rows in door.items():
        as_usual = set(table[caller].outcome)
        assert set(rows.outcome) == ({OK} if caller == "a stranger reads" else as_usual)


def test_it_takes_the_service_that_has_the_orders_and_with_the_wrong_key_honest_callers_are_turned_away():
    needed = gateway_tokens.owner_checks_needed()
    assert needed == 1

    def verdict(make_check):
        wrong = gateway_tokens.wrong_decisions(1, make_check)
        return gateway_tokens.authentication_authorization(**wrong, owner_checks_needed=needed)

    held = verdict(gateway_tokens.check_of)
    assert (held.outcome, held.flips_at) == (Outcome.HOLDS_WHEN, 1)
    assert verdict(None).outcome is Outcome.DOES_NOT_HOLD
    assert verdict(gateway_tokens.check_of_the_door_alone).outcome is Outcome.DOES_NOT_HOLD
    assert verdict(lambda sim: TokenCheck(sim, gateway_tokens.OTHER_KEY)).outcome is Outcome.DOES_NOT_HOLD


def test_where_no_check_helps_the_claim_does_not_hold():
    verdict = gateway_tokens.authentication_authorization(1, 0, owner_checks_needed=math.inf)
    assert verdict.outcome is Outcome.DOES_NOT_HOLD


def test_an_intruder_behind_the_gateway_is_seen_only_by_a_service_that_checks():
    assert gateway_tokens.intruder(seed=1, checked_inside=False) == {"orders_placed": 1, "turned_away": 0}
    assert gateway_tokens.intruder(seed=1, checked_inside=True) == {"orders_placed": 0, "turned_away": 1}
