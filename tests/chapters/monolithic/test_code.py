"""The code of the monolith is counted right, and the verdicts on it come out the other way for other code."""

import sqlite3
from dataclasses import replace

import networkx as nx
import pytest

from archlab.chapters.monolithic import code
from archlab.course.claims.rule import Evidence
from archlab.course.claims.verdict import Outcome
from archlab.shop.domain import OutOfStock
from archlab.shop.monolithic.architecture import MODULES, Monolith
from archlab.shop.monolithic.config import MONOLITH
from archlab.sim import Simulation

NAMES = code.MODULE_NAMES


@pytest.fixture(scope="module")
def cost_of_a_test():
    return code.cost_of_a_test()


def test_orders_calls_all_others_and_nobody_else_calls_anybody():
    others = [name for name in NAMES if name != "Orders"]
    assert set(code.direct_calls().edges) == {("Orders", other) for other in others}


def test_every_repository_belongs_to_a_module():
    assert sorted(code.REPOSITORY_OF.values()) == sorted(NAMES)
    assert {component.name for component in code.repositories()} == set(code.REPOSITORY_OF)


def test_the_shop_is_one_codebase_and_with_a_part_from_elsewhere_it_is_not():
    def verdict(parts):
        return code.single_codebase(packages=code.codebases(parts)["packages"])

    assert verdict(MODULES).outcome is Outcome.HOLDS
    assert verdict([*MODULES, nx.DiGraph]).outcome is Outcome.DOES_NOT_HOLD


def test_the_database_is_shared_until_each_table_gets_its_own():
    def verdict(tables):
        found = code.databases(tables)
        return code.shared_database(databases=found["databases"], shared_tables=found["shared_tables"])

    tables = Monolith(Simulation(seed=1)).tables
    apart = {table: sqlite3.connect(":memory:") for table in tables}
    assert verdict(tables).outcome is Outcome.HOLDS
    assert verdict(apart).outcome is Outcome.DOES_NOT_HOLD
    for connection in apart.values():
        connection.close()


def test_a_test_through_the_shop_executes_sql_and_the_rule_alone_none(cost_of_a_test):
    by_test = cost_of_a_test.set_index("test")
    assert by_test.sql_statements["the rule alone"] == 0
    assert by_test.sql_statements["through the shop"] >= 8
    assert by_test.setup_statements["the rule alone"] < by_test.setup_statements["through the shop"]


def test_the_shop_is_simple_to_test_as_one_program_and_not_as_two_behind_a_balancer(cost_of_a_test):
    def verdict(found):
        return code.simple_to_test(
            sql_statements_for_a_rule=found.sql_statements[0], parts_to_start=found.parts_to_start.max()
        )

    two_clones = code.cost_of_a_test(replace(MONOLITH, clones=2))
    assert verdict(cost_of_a_test).outcome is Outcome.HOLDS
    assert verdict(two_clones).outcome is Outcome.DOES_NOT_HOLD
    with_sql = code.simple_to_test(sql_statements_for_a_rule=5, parts_to_start=2)
    assert with_sql.outcome is Outcome.DOES_NOT_HOLD


def test_apart_the_modules_still_sell_and_still_refuse():
    shop = Monolith(Simulation(seed=1))
    shop.programs = {name: code.ProgramApart(shop, program) for name, program in shop.programs.items()}
    order = shop.answer(shop.place_order(7, {1: 2}))
    assert shop.answer(shop.track_order(7)).total_cents == order.total_cents
    with pytest.raises(OutOfStock):
        shop.answer(shop.place_order(8, {1: code.TOO_MANY}))


def test_debugging_is_easier_because_a_traceback_ends_at_the_network():
    near, far = code.failing_order(), code.failing_order(apart=True)

    def verdict(seen):
        return code.easier_debugging(
            modules_on_the_path=near["on_the_path"],
            visible_in_process=seen["visible"],
            visible_across_network=far["visible"],
        )

    assert verdict(near).outcome is Outcome.HOLDS
    assert verdict(far).outcome is Outcome.DOES_NOT_HOLD


def test_what_follows_from_how_the_shop_was_built_is_no_result():
    built = (code.single_codebase, code.shared_database, code.simple_to_test, code.easier_debugging)
    assert {rule.evidence for rule in built} == {Evidence.BY_CONSTRUCTION}
