"""Whatever was commanded, and whatever died meanwhile: in the end every model tells the same as the write model."""

import numpy as np
import pytest

from archlab.shop.architecture import Assortment
from archlab.shop.cqrs import Cqrs, CqrsConfig, Normalised, Question
from archlab.shop.cqrs.questions import ask
from archlab.shop.cqrs.staleness import answer_or_none
from archlab.shop.domain import Product, Refusal
from archlab.sim import Crash, Mix, Simulation, Trace

FEW = {"assortment": Assortment(products=6, stock=8), "customers": 3, "settle_every_s": 2.0, "declined": 0.2}
WORDS = ("product", "mug", "4", "blue")


def every_question(shop):
    """Every question about everything there can be."""
    orders = shop.rows("orders").order_id
    yield from ((Question.PRODUCT, product) for product in range(1, 8))
    yield from ((Question.ORDER, int(order)) for order in (*orders, 999))
    yield from ((Question.HISTORY, customer) for customer in range(shop.config.customers))
    yield from ((Question.SEARCH, word) for word in WORDS)
    yield from ((question,) for question in (Question.BEST_SELLERS, Question.STOCK))


def answers(shop, model, question):
    """All answers of a model to a question."""
    asked = [one for one in every_question(shop) if one[0] is question]
    return {one: answer_or_none(lambda one=one: ask(model, *one)) for one in asked}


def a_random_history(config, seed, crash=(), steps=40):
    """A shop in which customers bought and products were renamed at random, when all is quiet again."""
    shop, random = Cqrs(Simulation(seed), config), np.random.default_rng(seed)
    shop.sim.inject(*(Crash(part, float(at_s), 0.7) for part, at_s in crash))

    def command(number):
        def work():
            yield shop.sim.timeout(float(random.exponential(0.2)) * number)
            try:
                if random.random() < 0.2:
                    named = f"{random.choice(['blue', 'red'])} mug {number}"
                    yield from shop.change_product(Product(int(random.integers(1, 8)), named, number + 1))
                else:
                    yield from shop.place_order(number, shop.customers.basket())
            except Refusal:
                pass

        return work()

    for number in range(steps):
        shop.sim.start(command(number))
    shop.sim.run(until=120)
    assert shop.is_quiet()
    return shop


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("models", ["separate", "same database"])
def test_every_read_model_gives_the_answers_of_the_joins(models, seed):
    shop = a_random_history(CqrsConfig(models=models, **FEW), seed)
    truth = Normalised(shop.database.connection)
    assert len(shop.rows("orders")) > 5
    for question, view in shop.views.items():
        assert answers(shop, view.model, question) == answers(shop, truth, question)


@pytest.mark.parametrize("seed", range(4))
def test_a_replica_has_the_rows_of_the_write_model(seed):
    shop = a_random_history(CqrsConfig(models="replicas", replicas=2, **FEW), seed)
    for replica in shop.replicas:
        for table in (*shop.tables, "buyers"):
            sql = f"SELECT * FROM {table} ORDER BY 1, 2"
            rows = [side.execute(sql).fetchall() for side in (shop.database.connection, replica.connection)]
            assert rows[0] == rows[1]


SLOW = {"query_s": 0.02, "commit_s": 0.05}
"""Rows that take long to write, so that crashes meet them half-way."""


@pytest.mark.parametrize("seed", range(6))
def test_a_projector_is_right_after_any_crash_of_it_or_of_its_database(seed):
    random = np.random.default_rng(100 + seed)
    parts = [f"{question} {end}" for question in Question for end in ("projector", "database")]
    crash = [(part, at_s) for part in parts for at_s in random.uniform(0.5, 10, size=2)]
    shop = a_random_history(CqrsConfig(batch=3, **SLOW, **FEW), seed, crash)
    for question, view in shop.views.items():
        told = view.follower.projection.rows()
        again = shop.projected(question, version=2).follower.projection.rows()
        assert told == again, question


def test_a_model_that_is_not_kept_is_asked_of_the_write_model():
    shop = Cqrs(Simulation(1), CqrsConfig(read_models=[Question.ORDER]))
    assert set(shop.views) == {Question.ORDER}
    assert shop.read_side.view_of(Question.SEARCH).server is shop.database
    assert len(shop.answer(shop.ask(Question.SEARCH, "product"))) == 10


def test_every_page_can_be_asked_for_by_a_load():
    shop = Cqrs(Simulation(1))
    kinds = ("browse", "history", "best_sellers", "stock_overview", "search")
    shop.sim.open_load(Trace(np.arange(0, 5, 0.1).tolist()), shop.handle, Mix(**dict.fromkeys(kinds, 0.2)))
    result = shop.sim.measure(8)
    assert set(result.requests.kind) == set(kinds)
    assert (result.requests.outcome == "ok").all()
    assert len(shop.staleness.frame()) == len(result.requests)
