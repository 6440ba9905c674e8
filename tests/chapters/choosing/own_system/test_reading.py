"""What is read from a description: parts, routes, times, prices and faults."""

import pytest

from archlab.chapters.choosing.own_system import WORDS, describe, words
from archlab.chapters.choosing.own_system.description import CUSTOMERS, calls_in
from archlab.chapters.choosing.own_system.reading import read
from archlab.data import load
from archlab.sim import Constant, Exponential, Lognormal

SHOP = """\
system a shop
load 90 per minute: browse 75 %, buy 25 %, patience 3 s
calls: hop 1 ms, timeout 2 s, 1 retry
part web, api: 2 cores, 8 workers, 3 copies, queue 5, m5.large
store database: 1 server, timeout 500 ms, 0 retries, 0.2 USD per hour
part mail: 1 core
browse = web 5 ms [cached x 2]
buy = web exactly 4 ms [api 1 ms & database 2 ms (p99 9 ms), later mail 3 ms]
cached = database 1 ms for 50 %, api 2 ms
fault web: slow x4 3 s all copies
"""


@pytest.fixture(scope="module")
def shop():
    return read(SHOP)


def calls(description, kind):
    return {(caller, call.part): often for caller, call, often in calls_in(description.routes[kind])}


def test_a_rate_by_the_minute_becomes_one_by_the_second(shop):
    assert shop.rate_per_s == 1.5
    assert (shop.title, shop.patience_s, dict(shop.shares)) == ("a shop", 3.0, {"browse": 0.75, "buy": 0.25})


def test_parts_of_one_line_are_alike(shop):
    web, api = shop.parts["web"], shop.parts["api"]
    assert (web.cores, web.workers, web.copies, web.queue_limit, web.shares) == (2, 8, 3, 5, True)
    assert (api.cores, api.workers, api.copies) == (2, 8, 3)


def test_the_line_of_a_part_says_otherwise_than_the_line_for_all_calls(shop):
    assert (shop.calls.hop_s, shop.calls.timeout_s, shop.calls.retries) == (0.001, 2.0, 1)
    assert (shop.parts["web"].timeout_s, shop.parts["web"].retries) == (2.0, 1)
    assert (shop.parts["database"].timeout_s, shop.parts["database"].retries) == (0.5, 0)


def test_a_price_is_that_of_the_list_or_your_own(shop):
    prices = load("prices").set_index("item").price_usd
    assert shop.parts["web"].usd_per_h == prices["m5.large"]
    assert shop.parts["database"].usd_per_h == 0.2
    assert shop.parts["mail"].usd_per_h is None


def test_a_named_route_is_put_in_with_how_often_it_is_taken(shop):
    assert calls(shop, "browse") == {(CUSTOMERS, "web"): 1.0, ("web", "database"): 1.0, ("web", "api"): 2.0}


def test_a_time_is_exponential_exact_or_lognormal(shop):
    found = {call.part: call.work for _, call, _ in calls_in(shop.routes["buy"])}
    assert found["web"] == Constant(0.004)
    assert found["api"] == Exponential(0.001)
    assert isinstance(found["database"], Lognormal)
    assert found["database"].percentile(50) == pytest.approx(0.002)
    assert found["database"].percentile(99) == pytest.approx(0.009)


def test_and_is_at_the_same_time_and_a_comma_is_after(shop):
    (web,) = shop.routes["buy"].groups[0]
    assert [[call.part for call in group] for group in web.route.groups] == [["api", "database"], ["mail"]]
    assert web.route.groups[1][0].later


def test_a_fault_is_read(shop):
    (fault,) = shop.faults
    assert (fault.part, fault.kind, fault.factor, fault.lasts_s, fault.all_copies) == (
        "web",
        "slow",
        4,
        3,
        True,
    )


def test_all_words_fit_into_ten_rows_and_every_example_can_be_read():
    assert len(words()) == 10
    example = {word: text for word, text, _ in WORDS}
    lines = [
        example[word] for word in ("system", "load", "part, store", "outside", "calls", "NAME = ...", "fault")
    ]
    lines += [
        "store database: 1 server",
        "part mail, users, orders: 1 core",
        f"buy = payment, twice, {example['later']}, {example[', and &'].replace('web', 'web')}",
        f"twice = {example['x and for']}",
    ]
    description = describe("\n".join(lines)).description
    assert set(description.asked) == {"web", "payment", "database", "mail", "users", "orders"}
    assert calls(description, "buy")[CUSTOMERS, "database"] == pytest.approx(0.6)
