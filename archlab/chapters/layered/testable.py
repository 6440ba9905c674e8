"""Testable: are the rules of the layered shop tested as well by themselves as through the whole, and does it save much?

"As well" is counted in mistakes (`archlab.chapters.layered.mutation`): those in the rules that the tests notice at the
door to the rules, and at the door to the whole. What is saved is time (`archlab.chapters.layered.tests_by_layer`), with
what the test runner itself takes for a test (`archlab.chapters.layered.runner_cost`), which is the same for both.

The opponent is strong: tests of the whole on SQLite in memory, in one process, whose tables are kept from test to test;
putting the rows back costs nothing here. That errs in its favour. The verdict also says what comes out when each test
makes its tables anew, and when the SQL goes to a server of its own, with the time of a query and of the way there and
back. The times are those of one promise, which is a short one; longer ones favour tests of the rules.

By construction: the rules get their data access from outside, and one that keeps objects in memory is a part of the
shop. The monolith's modules get their repositories from outside, too. With objects in their place they are tested as
well. So what decides is that rules have no SQL inside, and not how many layers are above and below them.

>>> round(server_us()), round(noticeable_from_us(rule_us=10.0, runner_us=1000.0))
(1000, 111)
"""

from functools import cache

import joblib
import pandas as pd

from archlab.chapters.layered.mutation import AROUND, RULES, noticed, shares
from archlab.chapters.layered.promises import a_refused_order_changes_nothing
from archlab.chapters.layered.runner_cost import recorded as runner_recorded
from archlab.chapters.layered.runner_cost import runner_us
from archlab.chapters.layered.tests_by_layer import asked, recorded
from archlab.course.claims.rule import Evidence, settles
from archlab.course.claims.thresholds import NOTICEABLE_PERCENT
from archlab.course.claims.verdict import Verdict, holds_from, holds_if
from archlab.course.quantity import about, number
from archlab.shop.layered import LayeredConfig
from archlab.sim.distributions import as_distribution
from archlab.sim.parallel import in_parallel


@cache
def both() -> pd.DataFrame:
    """Return `noticed` of both shops."""
    shops = in_parallel(joblib.delayed(noticed)(shop) for shop in ("layered", "monolithic"))
    return pd.concat(shops, ignore_index=True)


def noticed_percent(table: pd.DataFrame, shop: str, where: str, suite: str) -> float:
    """Return the share of a shop's mutants that a suite notices, in percent. Takes `noticed` or `both`."""
    found = shares(table[(table.shop == shop) & (table["where"] == where)]).set_index("suite")
    return float(found.noticed_percent[suite])


def server_us() -> float:
    """Return what a statement of SQL costs on a server of its own: the query, and the way there and back."""
    config = LayeredConfig()
    query_s, hop_s = (as_distribution(one).mean for one in (config.query_s, config.hop_s))
    return 1e6 * float(query_s + 2 * hop_s)


def figures(rules: str = "rules", table: pd.DataFrame | None = None) -> dict[str, float]:
    """Return the figures of `can_be_tested`, by their names.

    `rules`: the door at which the rules are asked. `table`: what `both` returned; None: it is made here.
    """
    table = both() if table is None else table
    promise, times = a_refused_order_changes_nothing, recorded().set_index("door")
    (_, of_rule), (_, of_whole) = (asked(promise, door) for door in (rules, "whole"))
    return {
        "noticed_by_rules_percent": noticed_percent(table, "layered", RULES, rules),
        "noticed_by_whole_percent": noticed_percent(table, "layered", RULES, "whole"),
        "noticed_around_percent": noticed_percent(table, "layered", AROUND, rules),
        "noticed_by_monolith_percent": noticed_percent(table, "monolithic", RULES, "monolith on fakes"),
        "sql_of_a_rule": of_rule.sql,
        "rule_us": float(times.whole_us[rules]),
        "runner_us": runner_us(runner_recorded()),
        "whole_us": float(times.asked_us["whole"]),
        "whole_anew_us": float(times.whole_us["whole"]),
        "whole_on_server_us": float(times.asked_us["whole"]) + of_whole.sql * server_us(),
    }


def noticeable_from_us(rule_us: float, runner_us: float) -> float:
    """Return the time of a test of the whole from which it takes noticeably longer than a test of the rules, both with
    the runner's own time: in microseconds.
    """
    return (1 + NOTICEABLE_PERCENT / 100) * (rule_us + runner_us) - runner_us


SAYS = {
    "noticed_by_rules_percent": "mistakes in the rules that tests of the rules notice",
    "noticed_by_whole_percent": "the same by tests of the whole",
    "noticed_around_percent": "mistakes around the rules that tests of the rules notice",
    "noticed_by_monolith_percent": "mistakes in the monolith's rules that tests of its modules on fakes notice",
    "sql_of_a_rule": "statements of SQL that a test of a rule runs",
    "rule_us": "microseconds of a test of a rule",
    "runner_us": "microseconds that the test runner itself takes for a test",
    "whole_us": "microseconds of a test of the whole whose tables are kept",
    "whole_anew_us": "the same when it makes its tables anew",
    "whole_on_server_us": "the same when the tables are kept on a server",
}


@settles("pros.testable", evidence=Evidence.MEASURED, says=SAYS)
def can_be_tested(
    noticed_by_rules_percent: float,
    noticed_by_whole_percent: float,
    noticed_around_percent: float,
    noticed_by_monolith_percent: float,
    sql_of_a_rule: float,
    rule_us: float,
    runner_us: float,
    whole_us: float,
    whole_anew_us: float,
    whole_on_server_us: float,
) -> Verdict:
    """Holds when tests of the rules run no SQL and notice, within {NOTICEABLE_PERCENT} points, as large a share of the
    mistakes in the rules as tests of the whole; and from the time of a test of the whole at which it takes
    {NOTICEABLE_PERCENT} % longer than a test of the rules, both with the runner's own time. The verdict says what that
    time is when tables are kept, made anew, and on a server.
    """
    as_good = noticed_by_whole_percent - noticed_by_rules_percent <= NOTICEABLE_PERCENT
    if sql_of_a_rule or not as_good or rule_us >= whole_us:
        return holds_if(False)
    limit_us = noticeable_from_us(rule_us, runner_us)
    kept, anew, server = (about(us) for us in (whole_us, whole_anew_us, whole_on_server_us))
    as_well = noticed_by_rules_percent - noticed_by_monolith_percent <= NOTICEABLE_PERCENT
    unit = (
        f"µs that a test of the whole takes (here {kept} with tables kept in memory, {anew} when they are made anew,"
        f" {server} on a server), for mistakes in the rules; of those around them tests of the rules notice"
        f" {number(round(noticed_around_percent))} %. A monolith on fakes is {'' if as_well else 'not '}tested as well"
    )
    return holds_from(float(f"{limit_us:.2g}"), unit)
