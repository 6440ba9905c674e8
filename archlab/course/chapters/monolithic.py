"""The rules of chapter 01: what would make each of the 18 claims about the monolith true, or not.

>>> no_network_calls(noticed_from_hop_ms=0.9).words
'Holds when: from 0.9 ms a hop, where an order takes 10 % longer'
>>> no_network_calls(noticed_from_hop_ms=float("inf")).words
'Does not hold'

The figures come from `archlab.shop.monolith_experiments`; `monolithic_limits` finds where a curve of figures
crosses a threshold.
"""

from archlab.course.rule import Evidence, settles
from archlab.course.verdict import Verdict, cannot_be_shown, holds_from, holds_if, holds_up_to

NOTICEABLE_PERCENT = 10.0
"""Less than a tenth more time or money hides in the noise of a usual day."""

WORTH_A_CLONE_PERCENT = 5.0
"""A clone that adds less than a twentieth is not worth its rent."""

STOPPED_PERCENT = 5.0
"""A use case that answers fewer than one in twenty while a part is down has stopped."""

TIGHT_PERCENT = 50.0
"""Tightly coupled: of two modules taken at random, one more likely calls the other than not."""

A_PROGRAM_AND_A_DATABASE = 2
"""The fewest parts a shop with real rows can have."""

WORKING_DAY_H = 8.0
"""A change that is not out on the day after it was written is late."""

MUCH_SLOWER = 2.0
"""Twice the p99: what a customer who has nothing to do with heavy orders should not have to bear."""


@settles("characteristics.single-codebase", evidence=Evidence.MEASURED)
def single_codebase(packages: int) -> Verdict:
    """All modules are in one package."""
    return holds_if(packages == 1)


@settles("characteristics.single-deployment-unit", evidence=Evidence.SIMULATED)
def single_deployment_unit(use_cases_interrupted: float, use_cases: int) -> Verdict:
    """A new version of one module interrupts every use case."""
    return holds_if(use_cases_interrupted == use_cases)


@settles("characteristics.shared-database", evidence=Evidence.MEASURED)
def shared_database(databases: int, shared_tables: int) -> Verdict:
    """One database for all tables, and modules do meet in its tables."""
    return holds_if(databases == 1 and shared_tables > 0)


@settles("characteristics.tight-coupling-between-components", evidence=Evidence.MEASURED)
def tight_coupling(pairs_that_call_percent: float) -> Verdict:
    """Most ordered pairs of modules call each other directly."""
    return holds_if(pairs_that_call_percent > TIGHT_PERCENT)


@settles("pros.simple-to-develop-and-test", evidence=Evidence.MEASURED)
def simple_to_test(sql_statements_for_a_rule: int, parts_to_start: int) -> Verdict:
    """A rule is tested without a database, and a whole order with one program and one database."""
    return holds_if(sql_statements_for_a_rule == 0 and parts_to_start <= A_PROGRAM_AND_A_DATABASE)


@settles("pros.easy-deployment", evidence=Evidence.MODELLED)
def easy_deployment(runs_per_change_one_unit: float, runs_per_change_five_units: float) -> Verdict:
    """One team runs its pipeline clearly less often for each change with one unit than with five."""
    return holds_if(runs_per_change_five_units > (1 + NOTICEABLE_PERCENT / 100) * runs_per_change_one_unit)


@settles("pros.better-performance-no-network-calls", evidence=Evidence.SIMULATED)
def no_network_calls(noticed_from_hop_ms: float) -> Verdict:
    """From this hop on, the median of a whole order grows by `NOTICEABLE_PERCENT` when its calls are messages."""
    return holds_from(
        noticed_from_hop_ms, f"ms a hop, where an order takes {NOTICEABLE_PERCENT:.0f} % longer"
    )


@settles("pros.easier-debugging", evidence=Evidence.MEASURED)
def easier_debugging(
    modules_on_the_path: int, visible_in_process: int, visible_across_network: int
) -> Verdict:
    """One traceback shows every module on the way to a failure, and would not if messages lay between."""
    return holds_if(visible_in_process == modules_on_the_path > visible_across_network)


@settles("pros.transaction-management-is-straightforward", evidence=Evidence.SIMULATED)
def transactions(half_written_with: int, half_written_without: int) -> Verdict:
    """One transaction leaves no crash with half an order in the rows, and it was needed for that."""
    return holds_if(half_written_with == 0 < half_written_without)


@settles("cons.difficult-to-scale-individual-components", evidence=Evidence.MODELLED)
def hard_to_scale_one(costly_from_hot_share_percent: float) -> Verdict:
    """From this share of the work on, cloning everything costs `NOTICEABLE_PERCENT` more than the hot module."""
    return holds_from(costly_from_hot_share_percent, "% of the work in the hot module")


@settles("cons.technology-lock-in", evidence=Evidence.MEASURED)
def technology_lock_in(modules_that_cannot_change_alone: int, modules: int) -> Verdict:
    """Most modules cannot get another database without a change in others."""
    return holds_if(modules_that_cannot_change_alone > modules / 2)


@settles("cons.large-codebase-can-be-hard-to-maintain", evidence=Evidence.NONE)
def large_codebase() -> Verdict:
    """What would be needed is time: years of changes by people, counted."""
    return cannot_be_shown(
        "it would take a large program and years of people's work on it; this one is small and new"
    )


@settles("cons.single-point-of-failure", evidence=Evidence.SIMULATED)
def single_point_of_failure(stopped_by_one_part_up_to_clones: float) -> Verdict:
    """Up to this number of clones, there is a part whose crash stops every use case."""
    return holds_up_to(stopped_by_one_part_up_to_clones, "clone(s)")


@settles("cons.long-deployment-cycles", evidence=Evidence.MODELLED)
def long_deployment_cycles(over_a_day_from_teams: float) -> Verdict:
    """From this number of teams on one train, a mean change takes more than a working day."""
    return holds_from(over_a_day_from_teams, "teams on one release train")


@settles("when-to-use.small-to-medium-applications", evidence=Evidence.SIMULATED)
def small_to_medium(clones_help_up_to_per_s: float) -> Verdict:
    """Above this load one clone more adds less than `WORTH_A_CLONE_PERCENT`: the database is full."""
    return holds_up_to(clones_help_up_to_per_s, "requests/s with this database")


@settles("when-to-use.team-is-small", evidence=Evidence.MODELLED)
def team_is_small(shared_train_is_faster_up_to_teams: float) -> Verdict:
    """Up to this number of teams a mean change is out sooner on one train than on one for each team."""
    return holds_up_to(shared_train_is_faster_up_to_teams, "teams")


@settles("when-to-use.simple-requirements", evidence=Evidence.SIMULATED)
def simple_requirements(browsing_bears_up_to_times_heavier: float) -> Verdict:
    """Up to this weight of an order, browsing beside it keeps its p99 below `MUCH_SLOWER` times the usual."""
    return holds_up_to(browsing_bears_up_to_times_heavier, "times as heavy orders")


@settles("when-to-use.rapid-prototyping", evidence=Evidence.MODELLED)
def rapid_prototyping(one_unit_is_faster_from_percent: float) -> Verdict:
    """From this share of changes that would touch two units, one team delivers sooner with one unit than five."""
    return holds_from(one_unit_is_faster_from_percent, "% of changes that would touch two units")


RULES = (
    single_codebase,
    single_deployment_unit,
    shared_database,
    tight_coupling,
    simple_to_test,
    easy_deployment,
    no_network_calls,
    easier_debugging,
    transactions,
    hard_to_scale_one,
    technology_lock_in,
    large_codebase,
    single_point_of_failure,
    long_deployment_cycles,
    small_to_medium,
    team_is_small,
    simple_requirements,
    rapid_prototyping,
)
