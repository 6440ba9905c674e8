"""A cache of pages: how often it knows the page, what that saves, and how old pages are."""

import pytest

from archlab.chapters.layered import cached_pages
from archlab.chapters.layered.cached_pages import (
    cached,
    expected_ms,
    expected_stale,
    known_by_size,
    known_by_ttl,
)
from archlab.chapters.layered.page_cache import CachedData, CachedShop, PageCache
from archlab.shop.domain import NotFound, Product
from archlab.shop.layered import LayeredConfig
from archlab.shop.layered.data_access import MemoryData
from archlab.shop.store import ProductPage
from archlab.sim import Simulation
from archlab.sim.failure import Failure

SECONDS = 40.0


def page(product):
    return ProductPage(Product(product, "tea", 450), 5)


def test_the_cache_forgets_what_was_not_used_for_longest():
    cache = PageCache(size=2)
    for product in (1, 2):
        cache.put(product, page(product), ends_s=100)
    assert cache.get(1, now_s=0) == page(1)
    cache.put(3, page(3), ends_s=100)
    assert [cache.get(product, now_s=0) is not None for product in (1, 2, 3)] == [True, False, True]
    assert len(cache) == 2


def test_the_cache_forgets_what_has_lived_long_enough():
    cache = PageCache(size=2)
    cache.put(1, page(1), ends_s=10)
    assert cache.get(1, now_s=9.9) is not None
    assert cache.get(1, now_s=10) is None


@pytest.mark.parametrize("size", [5, 20, 50, 100])
def test_it_knows_as_many_pages_as_ches_approximation_says(size):
    assert cached(1, size=size, seconds=SECONDS)["known"] == pytest.approx(known_by_size(size), abs=0.025)


@pytest.mark.parametrize("ttl_s", [0.1, 1.0, 10.0])
def test_it_knows_as_many_pages_as_their_time_to_live_says(ttl_s):
    assert cached(1, ttl_s=ttl_s, seconds=SECONDS)["known"] == pytest.approx(known_by_ttl(ttl_s), abs=0.025)


def test_each_copy_has_a_cache_of_its_own_so_with_a_time_to_live_more_copies_know_less():
    one, four = (cached(1, ttl_s=1.0, copies=copies, seconds=SECONDS)["known"] for copies in (1, 4))
    assert one - four > 0.1
    assert four == pytest.approx(known_by_ttl(1.0, cached_pages.RATE_PER_S / 4), abs=0.03)


@pytest.mark.parametrize(("place", "hop_s"), [("data", 0.00025), ("app", 0.00025), ("app", 0.0025)])
def test_a_page_takes_the_mean_of_a_known_and_an_unknown_one(place, hop_s):
    runs = [cached(seed, 50, place=place, hop_s=hop_s, rate_per_s=10.0, seconds=150.0) for seed in range(4)]
    known, mean_ms = (sum(run[name] for run in runs) / len(runs) for name in ("known", "mean_ms"))
    assert mean_ms == pytest.approx(expected_ms(known, place, hop_s), rel=0.04)


def test_what_the_cache_knows_the_database_is_not_asked():
    run = cached(1, size=50, seconds=20.0)
    assert run["queries_per_page"] == pytest.approx(1 - run["known"], abs=0.001)


def test_a_near_cache_spares_the_way_and_one_before_the_database_does_not():
    near, before = (cached(1, place=place, hop_s=0.005, seconds=20.0)["mean_ms"] for place in ("app", "data"))
    assert before - near == pytest.approx(2 * 5.0, rel=0.1)


def test_no_page_is_older_than_its_time_to_live():
    run = cached(1, ttl_s=3.0, seconds=SECONDS)
    assert 1.0 < run["oldest_s"] <= 3.0 + 0.1  # and the time on the way to the customer


def test_as_many_pages_are_old_as_the_arithmetic_says(monkeypatch):
    monkeypatch.setattr(
        cached_pages, "PRICE_CHANGES_PER_S", 10.0
    )  # so many that a short run has its share of luck
    shares = [cached(seed, ttl_s=5.0, seconds=SECONDS)["stale"] for seed in range(4)]
    assert sum(shares) / len(shares) == pytest.approx(expected_stale(5.0), rel=0.12)


def test_without_a_time_to_live_pages_stay_old():
    short, for_ever = (cached(1, ttl_s=ttl_s, seconds=SECONDS)["stale"] for ttl_s in (3.0, float("inf")))
    assert for_ever > 5 * short


def test_those_who_wait_for_a_fetch_get_its_failure_and_the_next_one_tries_again():
    sim = Simulation(seed=1)

    class Broken(MemoryData):
        asked = 0

        def page(self, product):
            self.asked += 1
            yield sim.timeout(1.0)
            raise Failure("database")

    broken = Broken()
    data = CachedData(sim, broken, [PageCache(5)], lambda: 10.0, single_flight=True)
    tasks = [sim.start(data.page(1)) for _ in range(3)]
    sim.run(until=2)
    assert [task.ok for task in tasks] == [False] * 3
    assert broken.asked == 1
    sim.start(data.page(1))
    assert broken.asked == 2


def test_a_product_that_is_not_there_is_not_found_and_not_kept():
    shop = CachedShop(Simulation(seed=1), LayeredConfig())
    for _ in range(2):
        with pytest.raises(NotFound):
            shop.answer(shop.browse(0))
    assert shop.cached.fetched == 2


def test_orders_see_the_database_and_not_the_cache():
    shop = CachedShop(Simulation(seed=1), LayeredConfig(tiers="three tiers"), place="app")
    shop.answer(shop.browse(1))
    shop.tables["products"].execute("UPDATE products SET price_cents = 999 WHERE product = 1")
    shop._ended_s[1, shop.catalogue[0].price_cents] = shop.sim.now
    assert shop.answer(shop.place_order(7, {1: 1})).total_cents == 999
    assert shop.answer(shop.browse(1)).product.price_cents == shop.catalogue[0].price_cents


def test_the_figures_have_theory_and_both_shares():
    by_size = cached_pages.against_size([20, 50], ["data"], seeds=[1, 2])
    assert "Dashed: Che's approximation" in cached_pages.figure_of_size(by_size, "It knows most").alt
    by_ttl = cached_pages.against_ttl([0.3, 3.0], seeds=[1, 2])
    alt = cached_pages.figure_of_ttl(by_ttl, "It is old").alt
    assert "Pages from the cache [%] from" in alt
    assert "Pages with an old price [%] from" in alt


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: PageCache(0),
        lambda: known_by_size(0),
        lambda: known_by_ttl(0.0),
        lambda: expected_stale(0.0),
        lambda: expected_ms(0.5, "web"),
        lambda: cached(1, place="web"),
        lambda: cached(1, copies=0),
    ],
)
def test_what_is_not_allowed_is_refused(wrong):
    with pytest.raises(ValueError, match="must"):
        wrong()
