"""The bill of one order, function by function."""

import pytest

from archlab.chapters.serverless.one_order import bill_of
from archlab.shop.serverless import Serverless, ServerlessConfig
from archlab.sim import Simulation
from archlab.sim.billing import total_usd


@pytest.fixture(scope="module")
def shop():
    shop = Serverless(Simulation(seed=1), ServerlessConfig(init_s=0.2, keep_alive_s=60.0))
    shop.answer(shop.place_order(order_id=7, basket={1: 2}))
    shop.sim.run(until=4)
    return shop


def test_the_parts_add_up_to_the_bill_of_the_shop(shop):
    bill = bill_of(shop)
    assert bill.paid_ms.sum() / 1000 * 1769 / 1024 == pytest.approx(shop.bill().compute_gb_s)
    assert bill.usd_per_million.sum() / 1e6 == pytest.approx(total_usd(shop.bill()))
    assert (bill.initialised_ms + bill.ran_ms).tolist() == pytest.approx(bill.paid_ms.tolist())


def test_every_environment_pays_its_initialisation_once(shop):
    assert bill_of(shop).initialised_ms.tolist() == pytest.approx([200] * 5, abs=1)
    shop.answer(shop.track_order(7))
    before = bill_of(shop)
    shop.answer(shop.track_order(7))
    after = bill_of(shop).set_index("function")
    assert after.initialised_ms.tolist() == before.initialised_ms.tolist()
    assert after.cold["track_order"] == 1


def test_the_function_that_waits_pays_for_as_long_as_those_it_waits_for(shop):
    ran = bill_of(shop).set_index("function").ran_ms
    assert ran["place_order"] > ran["reserve_stock"] + ran["take_payment"] + 2 * 200
