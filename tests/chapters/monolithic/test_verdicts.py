"""Every verdict on the monolith comes from its experiment, and comes out the other way when the model changes."""

import sqlite3
from dataclasses import replace

import networkx as nx
import pytest

from archlab.chapters import monolithic_limits as limits
from archlab.chapters.monolithic import code, consistency, failure, latency, people, rules, scaling
from archlab.chapters.monolithic.hot_module import cost_of_cloning_everything
from archlab.course.claims.chapter import Chapter
from archlab.course.claims.rule import Evidence
from archlab.course.claims.verdict import Outcome
from archlab.shop.code.source import classes
from archlab.shop.day import KINDS
from archlab.shop.monolithic.architecture import MODULES, Monolith
from archlab.shop.monolithic.config import MONOLITH
from archlab.sim import Simulation

HOLDS, HOLDS_WHEN, DOES_NOT_HOLD = Outcome.HOLDS, Outcome.HOLDS_WHEN, Outcome.DOES_NOT_HOLD
NAMES = code.MODULE_NAMES


def components(folder, source, name="shop"):
    """Parse a file that somebody else wrote."""
    file = folder / f"{name}.py"
    file.write_text(source)
    return classes(file)


def test_each_claim_about_the_monolith_has_its_rule():
    chapter = Chapter("monolithic", rules.RULES)
    assert sorted(rule.claim for rule in rules.RULES) == sorted(chapter.claims)
    assert [rule.claim for rule in rules.RULES if rule.evidence is Evidence.NONE] == [
        "cons.large-codebase-can-be-hard-to-maintain"
    ]
    assert rules.large_codebase().outcome is Outcome.CANNOT_BE_SHOWN


# Code


def test_the_shop_is_one_codebase_and_with_a_part_from_elsewhere_it_is_not():
    def verdict(parts):
        return rules.single_codebase(packages=code.codebases(parts)["packages"])

    assert verdict(MODULES).outcome is HOLDS
    assert verdict([*MODULES, nx.DiGraph]).outcome is DOES_NOT_HOLD


def test_the_database_is_shared_until_each_table_gets_its_own():
    def verdict(tables):
        found = code.databases(tables)
        return rules.shared_database(databases=found["databases"], shared_tables=found["shared_tables"])

    tables = Monolith(Simulation(seed=1)).tables
    apart = {table: sqlite3.connect(":memory:") for table in tables}
    assert verdict(tables).outcome is HOLDS
    assert verdict(apart).outcome is DOES_NOT_HOLD
    for connection in apart.values():
        connection.close()


def module_that_calls(name, others):
    """The source of a module that calls the others, or that calls nobody."""
    arguments = "".join(f", {other.lower()}: '{other}'" for other in others)
    calls = "; ".join(f"{other.lower()}.run()" for other in others) or "pass"
    return f"class {name}:\n    def run(self{arguments}):\n        {calls}\n"


def test_few_modules_call_each_other_here_and_where_all_do_coupling_is_tight(tmp_path):
    def verdict(parts=None):
        found = code.coupling_of_modules(parts)
        return rules.tight_coupling(pairs_that_call_percent=found["pairs_that_call_percent"])

    tangled = "".join(module_that_calls(name, [n for n in NAMES if n != name]) for name in NAMES)
    assert verdict().outcome is DOES_NOT_HOLD
    assert verdict(components(tmp_path, tangled)).outcome is HOLDS


def test_the_shop_is_simple_to_test_as_one_program_and_not_as_two_behind_a_balancer():
    def verdict(config):
        tests = code.cost_of_a_test(config)
        return rules.simple_to_test(
            sql_statements_for_a_rule=tests.sql_statements[0], parts_to_start=tests.parts_to_start.max()
        )

    assert verdict(MONOLITH).outcome is HOLDS
    assert verdict(replace(MONOLITH, clones=2)).outcome is DOES_NOT_HOLD
    assert rules.simple_to_test(sql_statements_for_a_rule=5, parts_to_start=2).outcome is DOES_NOT_HOLD


def test_debugging_is_easier_because_a_traceback_ends_at_the_network():
    near, far = code.failing_order(), code.failing_order(apart=True)

    def verdict(seen):
        return rules.easier_debugging(
            modules_on_the_path=near["on_the_path"],
            visible_in_process=seen["visible"],
            visible_across_network=far["visible"],
        )

    assert verdict(near).outcome is HOLDS
    assert verdict(far).outcome is DOES_NOT_HOLD


def test_no_module_can_change_its_database_alone_unless_it_shares_no_table_and_no_transaction(tmp_path):
    def verdict(frame):
        stuck = int((frame.modules_to_change > 1).sum())
        return rules.technology_lock_in(modules_that_cannot_change_alone=stuck, modules=len(frame))

    own_tables = "".join(
        f"class {owner}:\n    sql = 'SELECT * FROM {module.lower()}'\n"
        for owner, module in code.REPOSITORY_OF.items()
    )
    own_writes = "".join(module_that_calls(name, []) for name in NAMES)
    apart = code.replace_a_database(
        components(tmp_path, own_writes), components(tmp_path, own_tables, "store")
    )
    assert verdict(code.replace_a_database()).outcome is HOLDS
    assert verdict(apart).outcome is DOES_NOT_HOLD


# Latency


def test_hops_are_noticed_from_about_a_millisecond_and_never_when_they_take_no_time():
    def verdict(hops_ms, **changed):
        frame = latency.hops(hops_ms, seeds=range(2), config=replace(MONOLITH, **changed), orders=60)
        return rules.no_network_calls(noticed_from_hop_ms=limits.noticed_from_hop_ms(frame))

    real = verdict([0.0, 0.25, 1.0, 5.0])
    assert real.outcome is HOLDS_WHEN
    assert 0.7 < real.flips_at < 1.3
    assert verdict([0.0, 0.0001]).outcome is DOES_NOT_HOLD
    quick_provider = verdict([0.0, 0.25, 1.0], provider_s=0.001)
    assert quick_provider.flips_at < 0.5 * real.flips_at, "the slow provider hides the hops"


def test_heavy_orders_hurt_browsing_at_half_load_and_not_where_cores_idle():
    def verdict(load):
        frame = latency.unlike_needs((1, 2, 12), seeds=range(2), load=load, duration_s=15)
        limit = limits.browsing_bears_up_to_times_heavier(frame)
        return rules.simple_requirements(browsing_bears_up_to_times_heavier=limit)

    real = verdict(load=0.5)
    assert real.outcome is HOLDS_WHEN
    assert 1.5 < real.flips_at < 10
    assert verdict(load=0.05).outcome is HOLDS


# Scaling


def test_clones_help_until_the_shared_database_is_full_and_always_when_it_never_is():
    def verdict(**changed):
        frame = scaling.scaling_out(
            (4, 5, 6), seeds=range(2), config=replace(MONOLITH, **changed), requests=300
        )
        return rules.small_to_medium(clones_help_up_to_per_s=limits.clones_help_up_to_per_s(frame))

    real = verdict()
    assert real.outcome is HOLDS_WHEN
    assert 1500 < real.flips_at < 2200
    assert verdict(database_cores=64, coherency=0.0, commit_s=0.0).outcome is HOLDS


def test_one_hot_module_is_costly_only_when_it_could_do_with_a_cheaper_machine():
    def verdict(**needs):
        limit = limits.costly_from_hot_share_percent(cost_of_cloning_everything(**needs))
        return rules.hard_to_scale_one(costly_from_hot_share_percent=limit)

    real = verdict()
    assert real.outcome is HOLDS_WHEN
    assert real.flips_at == pytest.approx(79, abs=1)
    assert verdict(hot_gb_per_core=3.0).outcome is DOES_NOT_HOLD
    assert verdict(burstable=True).flips_at < 20


# Failure


def test_the_program_and_its_database_can_each_stop_all_until_others_take_over_at_once():
    def verdict(**back_s):
        names = {name.replace("_", "-"): seconds for name, seconds in back_s.items()}
        crashes = {n: failure.crash_each_part(n, names, seeds=[1]) for n in (1, 2)}
        limit = limits.stopped_by_one_part_up_to_clones(crashes)
        return rules.single_point_of_failure(stopped_by_one_part_up_to_clones=limit)

    assert verdict().outcome is HOLDS
    assert verdict(database=0.5).words.startswith("Holds when: up to 1 clone")
    assert verdict(database=0.5, shop_1=0.5).outcome is DOES_NOT_HOLD


def test_deploying_one_module_interrupts_all_use_cases_unless_only_its_own_part_restarts():
    def verdict(parts):
        figures = failure.deploy(seed=1, parts=parts, restart_s=10)
        return rules.single_deployment_unit(
            use_cases_interrupted=figures["interrupted"], use_cases=len(KINDS)
        )

    assert verdict(parts=None).outcome is HOLDS
    assert verdict(parts=["payment provider"]).outcome is DOES_NOT_HOLD


# Consistency


def test_transactions_leave_no_half_written_order_and_without_them_some_are():
    table = consistency.dying_orders(seeds=[1], points=40).set_index("transactions").crashes_with_anomaly
    verdict = rules.transactions(half_written_with=table[True], half_written_without=table[False])
    broken = rules.transactions(half_written_with=table[False], half_written_without=table[False])
    needless = rules.transactions(half_written_with=table[True], half_written_without=table[True])
    assert verdict.outcome is HOLDS
    assert broken.outcome is needless.outcome is DOES_NOT_HOLD


# People


@pytest.fixture(scope="module")
def usual_teams():
    return people.lead_times((1, 2, 3, 6, 8), replications=2, days=40)


@pytest.fixture(scope="module")
def flawless_teams():
    flawless = replace(people.DELIVERY, change_failure_probability=0.0, build_and_test_s=300.0)
    return people.lead_times((1, 2, 3, 6, 8), flawless, replications=2, days=40)


def test_one_train_is_better_for_few_teams_and_for_all_when_no_change_ever_fails(usual_teams, flawless_teams):
    def verdict(times):
        limit = limits.shared_train_is_faster_up_to_teams(times)
        return rules.team_is_small(shared_train_is_faster_up_to_teams=limit)

    real = verdict(usual_teams)
    assert real.outcome is HOLDS_WHEN
    assert 2 <= real.flips_at <= 5
    assert verdict(flawless_teams).outcome is HOLDS


def test_one_train_is_late_for_many_teams_and_never_when_no_change_ever_fails(usual_teams, flawless_teams):
    def verdict(times):
        limit = limits.over_a_day_from_teams(times)
        return rules.long_deployment_cycles(over_a_day_from_teams=limit)

    real = verdict(usual_teams)
    assert real.outcome is HOLDS_WHEN
    assert 4 <= real.flips_at <= 8
    assert verdict(flawless_teams).outcome is DOES_NOT_HOLD


def test_one_unit_is_quicker_for_one_team_when_changes_cross_borders_and_not_when_its_train_is_full():
    def verdict(**changed):
        model = replace(people.DELIVERY, **changed)
        frame = people.one_unit_or_five((0.0, 0.2, 0.5), seeds=range(2), model=model, days=60)
        limit = limits.one_unit_is_faster_from_percent(frame)
        return rules.rapid_prototyping(one_unit_is_faster_from_percent=limit)

    real = verdict()
    assert real.outcome is HOLDS_WHEN
    assert 0 < real.flips_at < 20
    assert verdict(changes_per_team_per_day=40.0).outcome is DOES_NOT_HOLD


def test_deploying_is_easy_because_changes_cross_borders():
    def verdict(coordinated_fraction):
        frame = people.one_unit_or_five((coordinated_fraction,), seeds=range(2))
        return rules.easy_deployment(
            runs_per_change_one_unit=frame.runs_per_change[0],
            runs_per_change_five_units=frame.split_runs_per_change[0],
        )

    assert verdict(coordinated_fraction=people.DELIVERY.coordinated_fraction).outcome is HOLDS
    assert verdict(coordinated_fraction=0.0).outcome is DOES_NOT_HOLD
