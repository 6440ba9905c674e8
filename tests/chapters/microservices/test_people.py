"""People, code and operations of the shop as microservices: counted by hand, or by a formula."""

from math import exp

import pytest

from archlab.chapters.microservices import code, deployment, diversity, operations, people
from archlab.shop.microservices.architecture import Microservices
from archlab.shop.microservices.services.key_value_notifications import KeyValueNotifications
from archlab.shop.monolithic.architecture import Monolith
from archlab.sim import Simulation


def test_a_service_that_calls_nobody_answers_everything_alone():
    alone = code.answers_alone().set_index("service")
    assert (alone.answered == alone.operations)[alone.needs == ""].all()
    assert not (alone.answered == alone.operations)[alone.needs != ""].any()
    assert alone.answered["orders"] == 0


def test_the_things_to_understand_are_those_one_can_point_at():
    things = code.to_understand().set_index("what")
    assert things.monolith.to_dict() == {
        "programs to run": 1,
        "databases": 1,
        "links over a network": 3,  # customers to shop, shop to database, shop to provider
        "messages between programs for an order": 0,
    }
    # customers to gateway; gateway to 2; catalogue to 1; orders to 4; five to their databases; payments to provider
    assert things.microservices["links over a network"] == 1 + 2 + 1 + 4 + 5 + 1
    assert things.microservices["messages between programs for an order"] == 2 * 7


def test_a_shared_database_ties_all_who_have_a_table_in_it():
    shop = Microservices(Simulation(seed=1))
    tables = dict(shop.tables)
    tables["payments"] = tables["orders"]
    tied = code.replace_a_database(tables, code.OWNERS).set_index("service")
    assert tied.changes["payments"] == tied.changes["orders"] == "orders, payments"
    assert tied.services_to_change.tolist() == [1, 1, 2, 2, 1]
    whole = code.replace_a_database(Monolith(Simulation(seed=1)).tables, code.OWNERS)
    assert set(whole.services_to_change) == {5}


def test_the_other_store_holds_what_the_sql_store_would():
    shops = Microservices(Simulation(seed=1)), diversity.OtherStore(Simulation(seed=1))
    for shop in shops:
        shop.answer(shop.place_order(7, {1: 2}))
    program = shops[1].services["notifications"]
    assert isinstance(program, KeyValueNotifications)
    assert program.messages["7"] == shops[0].rows("notifications").text.item()
    assert len(shops[1].rows("notifications")) == 0
    assert shops[1].audit().ok


def test_pages_are_those_of_a_poisson_process():
    run = operations.Operations(pages_per_part_per_month=6.0)
    mean = 10 * 6 / 30 / 2
    by_hand = 100 * (1 - exp(-mean) * (1 + mean + mean**2 / 2))
    assert run.overloaded_shifts_percent(10) == pytest.approx(by_hand)


def test_parts_are_copies_and_databases_and_what_all_share():
    run = operations.Operations(copies=3, shared_parts=2)
    assert run.parts(4) == 4 * 3 + 4 + 2


def test_a_deployment_interrupts_those_who_need_the_service():
    frame = deployment.deploy_each(["catalogue", "notifications"]).set_index("program")
    assert frame.browse_percent["catalogue"] < 5
    assert frame.track_order_percent["catalogue"] == 100
    assert frame.browse_percent["notifications"] == 100
    assert frame.place_order_percent["notifications"] < 10


def test_a_second_copy_leaves_a_deployment_nearly_unnoticed():
    one, two = (deployment.deploy_each(["catalogue"], instances=n).browse_percent.item() for n in (1, 2))
    assert one < 5
    assert two > 85


def test_both_organisations_see_the_same_changes():
    frame = people.autonomy([0.0, 0.6], seeds=range(2), days=60)
    assert frame.shared_h[0] == pytest.approx(frame.shared_h[1])
    assert frame.autonomous_h[1] > frame.autonomous_h[0]


def test_wrong_numbers_are_refused_by_name():
    with pytest.raises(ValueError, match="copies"):
        operations.Operations(copies=0)
    with pytest.raises(ValueError, match="services"):
        operations.growth([0])
