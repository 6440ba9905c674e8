"""The rules of chapter 05, gathered: each stands beside the experiment that it judges.

>>> from archlab.course.claims import Chapter
>>> len(Chapter("serverless", RULES).claims)
22
"""

from archlab.chapters.serverless import (
    cold_latency,
    crossings,
    debugging,
    deployment,
    drowning,
    kept_in_memory,
    left_to_manage,
    lock_in,
    long_job,
    managed,
    paid_for,
    pushing,
    run_times,
    state_outside,
    steps,
    triggers,
    use_cases,
)

LATENCY = (cold_latency.cold_start_latency,)
SCALING = (steps.follows_the_load, drowning.what_is_behind)
FAILURE = (managed.managed_infrastructure, triggers.event_triggers, pushing.event_driven_execution)
MONEY = (paid_for.pay_per_use, crossings.cost_effective)
LIMITS = (
    run_times.short_lived,
    long_job.limited_execution_time,
    kept_in_memory.stateless_functions,
    state_outside.state_management,
)
PEOPLE = (
    lock_in.vendor_lock_in,
    left_to_manage.no_servers,
    left_to_manage.less_to_manage,
    deployment.fast_deployment,
    debugging.debugging,
)
RULES = (*LATENCY, *SCALING, *FAILURE, *MONEY, *LIMITS, *use_cases.RULES, *PEOPLE)
"""In the order of the chapter's sections."""
