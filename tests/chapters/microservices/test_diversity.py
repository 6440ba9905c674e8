"""One service keeps its rows in another store: they are the same rows, and only who imports it would have to change."""

from archlab.chapters.microservices import diversity
from archlab.course.claims.verdict import Outcome
from archlab.shop.code.source import modules
from archlab.shop.microservices.architecture import Microservices
from archlab.shop.microservices.services.key_value_notifications import KeyValueNotifications
from archlab.sim import Simulation


def test_the_other_store_holds_what_the_sql_store_would():
    shops = Microservices(Simulation(seed=1)), diversity.OtherStore(Simulation(seed=1))
    for shop in shops:
        shop.answer(shop.place_order(7, {1: 2}))
    program = shops[1].services["notifications"]
    assert isinstance(program, KeyValueNotifications)
    assert program.messages["7"] == shops[0].rows("notifications").text.item()
    assert len(shops[1].rows("notifications")) == 0
    assert shops[1].audit().ok


def test_a_service_can_have_another_store_unless_another_service_imports_its_program(tmp_path):
    found = diversity.one_service_on_another_store(orders=5)

    def verdict(known_by):
        return diversity.technology_diversity(
            other_services_changed=len(known_by),
            anomalies=found["anomalies"],
            orders=found["orders"],
            messages=found["messages"],
        )

    package = tmp_path / "shop"
    package.mkdir()
    for name in ("__init__", "notifications", "inventory"):
        (package / f"{name}.py").write_text("")
    (package / "orders.py").write_text("from shop.notifications import send\n")
    tied = diversity.services_that_know("notifications", modules(package))
    assert tied == ["orders"]
    assert verdict(diversity.services_that_know("notifications")).outcome is Outcome.HOLDS
    assert verdict(tied).outcome is Outcome.DOES_NOT_HOLD
