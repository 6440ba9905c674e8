"""Capacity by the bottleneck law, what to buy next, and the bill."""

from math import isnan

import pytest

from archlab.chapters.choosing.own_system import EXAMPLES, describe
from archlab.chapters.choosing.own_system.bill import bill_figure, usd_per_million, without_price
from archlab.data import load

SHOP = """load 100 per second: browse 75 %, buy 25 %
part web: 2 cores, 16 workers, 2 copies, 2 m5.large
store database: 2 cores, 0.30 USD per hour
outside bank: takes 400 ms, timeout 2 s
browse = web 6 ms [database 2 ms x 2]
buy = web 18 ms [database 4 ms, bank]"""


@pytest.fixture(scope="module")
def shop():
    return describe(SHOP)


def test_the_law_is_servers_over_what_a_mean_request_asks(shop):
    table = shop.capacity()
    assert table.capacity_per_s["web cores"] == pytest.approx(4 / (0.75 * 0.006 + 0.25 * 0.018))
    assert table.capacity_per_s["database cores"] == pytest.approx(2 / (0.75 * 0.004 + 0.25 * 0.004))
    assert table.busy_percent["web cores"] == pytest.approx(100 * 100 * 0.009 / 4)


def test_workers_are_held_while_they_wait_and_may_be_what_limits(shop):
    hop_s = 0.00025
    browse_s = 0.006 + 2 * (0.002 + 2 * hop_s)
    buy_s = 0.018 + 0.004 + 2 * hop_s + 0.4 + 2 * hop_s
    table = shop.capacity()
    assert table.capacity_per_s["web workers"] == pytest.approx(32 / (0.75 * browse_s + 0.25 * buy_s))
    assert table.index[0] == "web workers"


def test_what_is_outside_limits_nobody(shop):
    assert "bank" not in set(shop.capacity().part)


@pytest.fixture(scope="module")
def purchases(shop):
    return shop.next_purchases(steps=3)


def test_workers_come_first_and_cost_nothing_then_what_limits_next(purchases):
    assert purchases.buy.tolist() == [
        "web: twice the workers",
        "web: one copy more",
        "database: one core more",
    ]
    assert purchases.usd_per_hour.round(3).tolist() == [0.0, 0.192, 0.15]
    assert (purchases.gain_percent > 0).all()
    assert purchases.limit.tolist()[1:] == purchases.then_limits.tolist()[:-1]


def test_the_copy_that_is_bought_next_serves_what_the_table_says():
    text = "load 1 per second: ask 100 %\npart desk: 1 server, {} copies\nask = desk exactly 10 ms"
    bought = describe(text.format(1)).next_purchases(1).iloc[0]
    assert (bought.buy, isnan(bought.usd_per_hour)) == ("desk: one copy more", True)
    before, after = (describe(text.format(n)).run(1, 0.9 * bought.serves_per_s, 6000) for n in (1, 2))
    assert after.throughput_per_s() == pytest.approx(0.9 * bought.serves_per_s, rel=0.05)
    assert before.throughput_per_s() < 0.6 * bought.serves_per_s


def test_two_stations_that_are_full_together_are_bought_together():
    system = describe("""load 1 per second: ask 100 %
        part one, two: 1 server
        ask = one 10 ms [two 10 ms]""")
    first = system.next_purchases(1).iloc[0]
    assert first.buy == "one: one copy more and two: one copy more"
    assert first.gain_percent == pytest.approx(100)


def test_the_bill_is_copies_times_the_price_of_a_copy(shop):
    m5 = load("prices").set_index("item").price_usd["m5.large"]
    prices = shop.bill().set_index("part").usd_per_hour
    assert prices.to_dict() == pytest.approx({"web": 2 * 2 * m5, "database": 0.30})
    assert shop.usd_per_hour == pytest.approx(4 * m5 + 0.30)
    assert shop.usd_per_million == pytest.approx(1e6 * (4 * m5 + 0.30) / 3600 / 100)
    assert usd_per_million(shop.description, 200) == pytest.approx(shop.usd_per_million / 2)


def test_storage_by_the_month_is_counted_by_the_hour():
    system = describe(f"{SHOP}\n".replace("0.30 USD per hour", "100 database storage GB"))
    month = load("prices").set_index("item").price_usd["database storage GB"]
    assert system.bill().set_index("part").usd_per_hour["database"] == pytest.approx(100 * month / 730)


def test_a_part_without_a_price_is_named():
    system = describe(SHOP.replace(", 0.30 USD per hour", ""))
    assert without_price(system.description) == ("database",)
    assert "without 1 part that has no price" in bill_figure(system.description).alt


def test_a_bill_without_any_price_is_no_number_and_no_picture():
    system = describe("load 1 per second: ask 100 %\npart desk: 1 core\nask = desk 1 ms")
    assert isnan(system.usd_per_hour)
    assert system.summary.endswith("no prices given")
    with pytest.raises(ValueError, match=r"it must give a price, such as m5\.large"):
        system.bill_figure()


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_load_of_an_example_is_below_its_limit(name):
    assert (describe(EXAMPLES[name]).capacity().busy_percent < 80).all()
