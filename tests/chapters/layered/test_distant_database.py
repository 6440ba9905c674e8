"""A database that is a hop away from who asks it."""

import pytest

from archlab.chapters.layered.distant_database import FarFromDatabase, trips
from archlab.shop.layered import Layered, LayeredConfig
from archlab.sim.simulation import Simulation

CONFIG = LayeredConfig(settle_every_s=1e6)
BASKETS = ({1: 1}, {1: 1, 2: 3})


def taken_s(shop, basket):
    shop.sim.run(until=shop.sim.start(shop.place_order(7, basket)))
    return shop.sim.now


@pytest.mark.parametrize("basket", BASKETS)
def test_an_order_takes_two_hops_longer_for_each_query_and_for_its_commit(basket):
    near = taken_s(Layered(Simulation(1), CONFIG), basket)
    far = taken_s(FarFromDatabase(Simulation(1), CONFIG, hop_s=0.010), basket)
    queries = 5 + 2 * len(basket)
    assert far - near == pytest.approx(2 * 0.010 * (queries + 1))


def test_trips_are_queries_and_a_commit():
    assert trips(CONFIG, "browse") == 1
    assert trips(CONFIG, "place_order") == pytest.approx(6 + 2 * CONFIG._lines())


def test_at_no_distance_it_is_the_usual_shop():
    assert taken_s(FarFromDatabase(Simulation(1), CONFIG, 0.0), BASKETS[1]) == taken_s(
        Layered(Simulation(1), CONFIG), BASKETS[1]
    )


def test_rows_are_written_as_in_the_usual_shop():
    shop = FarFromDatabase(Simulation(1), CONFIG, 0.010)
    taken_s(shop, BASKETS[1])
    assert len(shop.rows("order_lines")) == 2


def test_a_negative_distance_is_refused():
    with pytest.raises(ValueError, match="hop_s"):
        FarFromDatabase(Simulation(1), CONFIG, -1.0)
