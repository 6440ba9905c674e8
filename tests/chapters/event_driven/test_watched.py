"""A watch notes what is read and when it was dealt with, and changes nothing."""

import pytest

from archlab.chapters.event_driven.watched import WatchedShop
from archlab.shop.day import ORDERS_ONLY
from archlab.shop.event_driven.architecture import EventDriven
from archlab.sim.simulation import Simulation
from archlab.sim.workload import Poisson


def run(kind):
    sim = Simulation(seed=3)
    shop = kind(sim)
    sim.open_load(Poisson(10.0), shop.handle, ORDERS_ONLY)
    sim.run(until=4)
    return shop


@pytest.fixture(scope="module")
def shop():
    return run(WatchedShop)


def test_a_shop_that_is_watched_has_the_same_rows(shop):
    plain = run(EventDriven)
    for table in (*plain.tables, "ledger"):
        assert shop.rows(table).equals(plain.rows(table)), table


def test_every_event_that_a_component_reacted_to_has_a_line_and_a_note_in_its_inbox(shop):
    for name, component in shop.components.items():
        sql = "SELECT count(*) FROM inbox"
        (noted,) = component.database.connection.execute(sql).fetchone()
        lines = [line for line in shop.watch.lines if line.component == name]
        assert noted <= len(lines) + component.platform.config.readers_of(name)
        assert len(lines) <= noted
    assert [line.at_s for line in shop.watch.lines] == sorted(line.at_s for line in shop.watch.lines)


def test_fields_count_when_they_are_asked_for_by_name_and_not_otherwise(shop):
    assert shop.watch.read[("payments", "StockReserved")] == {"order_id", "total_cents"}
    assert shop.watch.read[("catalogue", "StockReserved")] == {"lines"}
