"""The shop as microservices, counted: what one can point at comes out, and the claims on code follow from it."""

import pytest

from archlab.chapters.microservices import code
from archlab.course.claims.verdict import Outcome
from archlab.shop.microservices.architecture import Microservices
from archlab.shop.microservices.copies import CopyingShop
from archlab.shop.monolithic.architecture import Monolith
from archlab.sim import Simulation


@pytest.fixture(scope="module")
def alone():
    return code.answers_alone()


@pytest.fixture(scope="module")
def things():
    return code.to_understand()


def test_a_service_that_calls_nobody_answers_everything_alone(alone):
    by_service = alone.set_index("service")
    assert (by_service.answered == by_service.operations)[by_service.needs == ""].all()
    assert not (by_service.answered == by_service.operations)[by_service.needs != ""].any()
    assert by_service.answered["orders"] == 0


def independence(alone, with_copies, late_ms):
    return code.service_independence(
        services_that_answer_alone=code.services_alone(alone),
        alone_with_copies=code.services_alone(with_copies),
        services=len(alone),
        copies_late_p99_ms=late_ms,
    )


def test_services_that_call_each_other_do_not_answer_alone_and_those_that_call_nobody_do(alone):
    assert independence(alone, alone, 0).outcome is Outcome.DOES_NOT_HOLD
    alone_all = alone[alone.needs == ""]
    assert independence(alone_all, alone_all, 0).outcome is Outcome.HOLDS


def test_with_copies_fed_by_events_all_services_answer_alone_a_little_late(alone):
    copies = code.answers_alone(architecture=CopyingShop)
    assert (copies.answered == copies.operations).all()
    late_ms = code.copies_late_p99_ms(seeds=range(2))
    assert 0.8 < late_ms < 50
    verdict = independence(alone, copies, late_ms)
    assert verdict.outcome is Outcome.DOES_NOT_HOLD
    assert "would hold when 2 services keep copies" in verdict.words


def test_a_shared_database_ties_all_who_have_a_table_in_it():
    shop = Microservices(Simulation(seed=1))
    tables = dict(shop.tables)
    tables["payments"] = tables["orders"]
    tied = code.replace_a_database(tables, code.OWNERS).set_index("service")
    assert tied.changes["payments"] == tied.changes["orders"] == "orders, payments"
    assert tied.services_to_change.tolist() == [1, 1, 2, 2, 1]
    whole = code.replace_a_database(Monolith(Simulation(seed=1)).tables, code.OWNERS)
    assert set(whole.services_to_change) == {5}


def test_each_service_can_change_its_database_alone_unless_all_share_one():
    def verdict(shop):
        frame = code.replace_a_database(shop.tables, code.OWNERS)
        stuck = int((frame.services_to_change > 1).sum())
        return code.technology_flexibility(services_that_cannot_change_alone=stuck)

    assert verdict(Microservices(Simulation(seed=1))).outcome is Outcome.HOLDS
    assert verdict(Monolith(Simulation(seed=1))).outcome is Outcome.DOES_NOT_HOLD


def test_the_things_to_understand_are_those_one_can_point_at(things):
    counts = things.set_index("what")
    assert counts.monolith.to_dict() == {
        "programs to run": 1,
        "databases": 1,
        "links over a network": 3,  # customers to shop, shop to database, shop to provider
        "messages between programs for an order": 0,
    }
    # customers to gateway; gateway to 2; catalogue to 1; orders to 4; five to their databases; payments to provider
    assert counts.microservices["links over a network"] == 1 + 2 + 1 + 4 + 5 + 1
    assert counts.microservices["messages between programs for an order"] == 2 * 7


def test_services_are_more_complex_and_a_second_monolith_is_not(things):
    same = things.assign(microservices=things.monolith)
    assert code.increased_complexity(code.least_times_as_much(things)).outcome is Outcome.HOLDS
    assert code.increased_complexity(code.least_times_as_much(same)).outcome is Outcome.DOES_NOT_HOLD
