"""Mutants: each is one mistake, it is really run, and afterwards the program is as it was."""

import archlab.shop.domain as domain
import archlab.shop.layered.business.rules as rules
import archlab.shop.store as store
from archlab.chapters.layered.mutants import in_place, mutants


def the_one(module, function, **wanted):
    found = [
        one
        for one in mutants(module)
        if one.function == function and all(getattr(one, name) == value for name, value in wanted.items())
    ]
    assert len(found) == 1
    return found[0]


def test_every_comparison_of_the_rules_has_a_mutant():
    of_rules = {one.before for one in mutants(rules) if one.kind == "comparison"}
    of_domain = {one.before for one in mutants(domain) if one.kind == "comparison"}
    assert of_rules == {"authorisation is None"}
    assert of_domain == {
        "self.price_cents < 1",
        "self.quantity < 1",
        "state not in allowed",
        "count < 0",
        "pieces == 1",
    }


def test_a_mutant_changes_what_the_function_does_and_only_for_as_long():
    bigger = the_one(domain, "OrderLine.cents", kind="sum")
    line = domain.OrderLine(1, 3, 10)
    with in_place(bigger):
        assert line.cents == 13
    assert line.cents == 30


def test_a_mutant_goes_away_when_the_test_fails():
    left_out = the_one(domain, "OrderLine.__post_init__", kind="raise")
    try:
        with in_place(left_out):
            domain.OrderLine(1, 0, 10)
            raise AssertionError
    except AssertionError:
        pass
    try:
        domain.OrderLine(1, 0, 10)
    except ValueError:
        return
    raise AssertionError("the mistake is still there")


def test_a_mistake_in_sql_is_run_by_sqlite():
    at_most = the_one(
        store,
        "StockRepository.reserve",
        kind="SQL",
        after=repr("UPDATE stock SET on_hand = on_hand - ? WHERE product = ? AND on_hand > ?"),
    )
    connection = store.open_database(store.STOCK)
    stock = store.StockRepository(connection)
    stock.fill({1: 2})
    with in_place(at_most):
        changed = connection.execute(stock.reserve(1, 2).sql, (2, 1, 2)).rowcount
    assert changed == 0
    assert connection.execute(stock.reserve(1, 2).sql, (2, 1, 2)).rowcount == 1


def test_no_mutant_is_in_a_docstring_or_a_message():
    assert not [one for one in mutants(domain) if one.kind == "number" and "unit_price" in one.before]
    assert all(one.before != one.after for module in (domain, rules, store) for one in mutants(module))
