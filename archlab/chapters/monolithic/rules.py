"""The rules of chapter 01, gathered: each stands beside the experiment that it judges.

>>> from archlab.course.claims import Chapter
>>> len(Chapter("monolithic", RULES).claims)
18
"""

from archlab.chapters.monolithic import (
    code,
    consistency,
    coupling,
    failure,
    heavy_orders,
    hot_module,
    latency,
    people,
    scaling,
)

RULES = (
    code.single_codebase,
    failure.single_deployment_unit,
    code.shared_database,
    coupling.tight_coupling,
    code.simple_to_test,
    people.easy_deployment,
    latency.no_network_calls,
    code.easier_debugging,
    consistency.transactions,
    hot_module.hard_to_scale_one,
    coupling.technology_lock_in,
    code.large_codebase,
    failure.single_point_of_failure,
    people.long_deployment_cycles,
    scaling.small_to_medium,
    people.team_is_small,
    heavy_orders.simple_requirements,
    people.rapid_prototyping,
)
"""In the order of the claims."""
