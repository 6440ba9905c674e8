"""What customers choose, against the probabilities it is drawn from."""

from collections import Counter

import numpy as np
import pytest

from archlab.shop.customers import BASKET_SIZES, Customers, mean_lines, popularity, typical_catalogue


def customers(products=50, seed=1, exponent=1.0):
    catalogue = typical_catalogue(products, np.random.default_rng(99))
    return Customers(catalogue, np.random.default_rng(seed), exponent)


def test_popularity_follows_zipfs_law():
    shares = popularity(100, exponent=1.0)
    assert sum(shares) == pytest.approx(1)
    assert shares[0] / shares[9] == pytest.approx(10)


def test_products_are_looked_at_as_often_as_they_are_popular():
    people = customers()
    seen = Counter(people.product() for _ in range(20_000))
    shares = popularity(50)
    for rank in (1, 2, 10):
        expected = 20_000 * shares[rank - 1]
        assert seen[rank] == pytest.approx(expected, abs=5 * expected**0.5)


def test_baskets_have_the_sizes_they_should():
    people = customers()
    sizes = Counter(sum(people.basket().values()) for _ in range(20_000))
    assert [sizes[size] / 20_000 for size in (1, 2, 3)] == pytest.approx(list(BASKET_SIZES), abs=0.015)


@pytest.mark.parametrize("products", [1, 3, 200])
def test_the_mean_number_of_lines_is_that_of_many_baskets(products):
    people = customers(products)
    counted = np.mean([len(people.basket()) for _ in range(20_000)])
    assert mean_lines(products) == pytest.approx(counted, abs=0.02)


def test_the_same_seed_gives_the_same_customers():
    first, second = customers(seed=5), customers(seed=5)
    assert [first.basket() for _ in range(50)] == [second.basket() for _ in range(50)]


def test_customers_ask_only_about_recent_orders():
    people = customers()
    asked = {people.order_to_track(range(5000)) for _ in range(5000)}
    assert min(asked) >= 4000
    assert max(asked) > 4900
    assert people.order_to_track([]) is None


def test_a_catalogue_has_prices_of_at_least_a_cent():
    catalogue = typical_catalogue(2000, np.random.default_rng(1))
    prices = [product.price_cents for product in catalogue]
    assert min(prices) >= 1
    assert np.median(prices) == pytest.approx(2000, rel=0.1)


@pytest.mark.parametrize("products", [0, -1, 1.5])
def test_an_impossible_number_of_products_is_refused(products):
    with pytest.raises(ValueError, match=f"products is {products}"):
        typical_catalogue(products, np.random.default_rng(1))
