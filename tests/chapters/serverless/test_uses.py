"""Five uses: in time, what they cost, and where it turns."""

from dataclasses import replace

import pytest

from archlab.chapters.serverless import transformation, use_cases, use_limits, uses
from archlab.course.claims.verdict import Outcome
from archlab.sim.billing import usd_per_request

RULES = dict(
    zip(
        uses.USES.values(),
        (
            use_cases.api_endpoints,
            use_cases.event_processing,
            use_cases.scheduled_tasks,
            use_cases.file_processing,
        ),
        strict=True,
    )
)


@pytest.mark.parametrize("use", RULES, ids=lambda use: use.name)
def test_both_sides_keep_the_promise_at_the_usual_load(use):
    kept = uses.kept_ready(use)
    assert kept <= uses.MOST_KEPT
    for seed in range(3):
        assert uses.late_share(use, "functions", kept, seed) <= 0.011
        assert uses.late_share(use, "server", uses.machines(use, use.usual_per_s), seed) <= 0.011


@pytest.mark.parametrize("use", RULES, ids=lambda use: use.name)
def test_the_verdict_stands_where_the_bills_cross_and_flips_when_functions_are_late(use):
    figures = use_limits.figures_of(use)
    limit_per_s = figures["cheaper_up_to"] / use.unit_s
    assert use_limits.spared(use, 0.9 * limit_per_s) > 0 > use_limits.spared(use, 1.1 * limit_per_s)
    rule = RULES[use]
    assert rule.decide(**figures).outcome == Outcome.HOLDS_WHEN
    assert rule.decide(**{**figures, "late": 0.05}).outcome == Outcome.DOES_NOT_HOLD


def test_the_bill_of_busy_functions_is_that_of_the_price_list():
    month = uses.functions_usd(uses.API, per_s=5.0)
    by_hand = 5.0 * uses.SECONDS_PER_MONTH * usd_per_request(uses.API.run_s, uses.API.memory_mb)
    assert month == pytest.approx(by_hand, rel=0.01)


@pytest.mark.parametrize("use", RULES, ids=lambda use: use.name)
def test_a_use_that_computes_longer_than_it_may_is_late_or_cheaper_on_a_server(use):
    def is_worth_it(computes_s):
        longer = replace(use, computes_s=computes_s)
        late = uses.late_share(longer, "functions", 0, seed=1)
        return late <= uses.LATE and longer.run_s < 900 and use_limits.spared(longer, use.usual_per_s) > 0

    flips_s = use_limits.flips_at_ms(use) / 1000
    assert is_worth_it(flips_s)
    assert not is_worth_it(flips_s * 1.05)


def test_who_is_seldom_called_and_must_be_quick_keeps_an_environment_ready():
    seldom = replace(uses.API, usual_per_s=10 / 3600)
    assert uses.kept_ready(seldom) == 1
    assert uses.late_share(seldom, "functions", 0, seed=1) > 0.1


def test_pictures_that_come_at_once_need_more_machines_than_their_mean():
    assert uses.machines(uses.FILES, 0.01) > uses.machines(replace(uses.FILES, together=1), 0.01)
    assert uses.late_share(uses.FILES, "server", 1, seed=1) > 0.01


def test_a_batch_as_functions_is_through_soon_and_costs_the_price_of_its_work():
    batch = transformation.as_functions(files=300, seed=2)
    work = 300 * (transformation.COMPUTES_S + transformation.INIT_S)
    assert batch.took_s < 30
    assert batch.usd == pytest.approx(work * transformation.MEMORY_MB / 1024 * 0.0000166667, rel=0.15)


def test_the_deadline_at_which_it_turns_is_also_found_by_trying():
    figures = transformation.figures(seeds=[1])
    files, turns_s = transformation.FILES, figures["cheaper_up_to_s"]
    usd, start_s = transformation.as_functions(files, seed=1).usd, figures["flips_at_start_s"]
    assert transformation.machines_usd(files, 1.02 * turns_s) < usd
    assert usd < transformation.machines_usd(files, 0.98 * turns_s)
    usual_s = transformation.USUAL_DEADLINE_S
    assert transformation.machines_usd(files, usual_s, 0.98 * start_s) < usd
    assert usd < transformation.machines_usd(files, usual_s, 1.02 * start_s)


def test_more_files_than_may_be_at_work_wait_and_share_environments():
    one, five = (transformation.as_functions(files, seed=1) for files in (1000, 5000))
    assert one.init_share == pytest.approx(transformation.INIT_S / (transformation.INIT_S + 2), rel=0.05)
    assert five.init_share < one.init_share / 2
    assert five.took_s > 5000 * 2 / 1000


def test_machines_cost_more_the_shorter_the_deadline_and_cannot_meet_one_within_their_start():
    usd = [transformation.machines_usd(1000, deadline_s) for deadline_s in (70.0, 120.0, 3600.0)]
    assert usd == sorted(usd, reverse=True)
    assert transformation.machines_usd(1000, 60.0) == float("inf")
    assert transformation.machines_needed(1000, 160.0) == 10


def test_the_verdict_on_batches_flips_when_machines_start_at_once():
    figures = transformation.figures()
    assert transformation.data_transformation.decide(**figures).outcome == Outcome.HOLDS_WHEN
    never = {**figures, "cheaper_up_to_s": float("-inf"), "flips_at_start_s": float("inf")}
    assert transformation.data_transformation.decide(**never).outcome == Outcome.DOES_NOT_HOLD


def test_the_picture_names_all_five():
    picture = use_cases.figure(use_limits.turning_points(), 80.0, "five uses")
    for name in (*uses.USES, "cheaper as functions when it must be done within 80 s"):
        assert name in picture.alt
    assert len(use_cases.bills(use_limits.turning_points())) == len(uses.USES)


def test_a_side_that_does_not_exist_is_refused():
    with pytest.raises(ValueError, match="side is 'both'"):
        uses.late_share(uses.API, "both", 1, seed=1)
