"""Scaling the shop at equal money: the law, a simulation beside it, and verdicts that flip."""

import pytest

from archlab.chapters.event_driven import same_money, scaling
from archlab.course.claims.verdict import Outcome
from archlab.shop.budget import bottleneck, limit_per_s, mix_with
from archlab.shop.day import run_day
from archlab.shop.event_driven import EventDriven
from archlab.shop.monolithic.config import MonolithConfig
from archlab.sim import Poisson, Simulation

MIX = mix_with(scaling.USUAL_ORDER_SHARE)


@pytest.fixture(scope="module")
def figures():
    return scaling.shop_figures()


@pytest.mark.parametrize("budget", [1.0, 1.5, 2.0])
def test_the_shop_costs_no_more_than_the_budget(budget):
    shop = EventDriven(Simulation(seed=1), same_money.best_event_driven(MIX, budget))
    assert 0.8 * min(budget, 1.6) < shop.price_per_hour_usd() <= budget


def test_no_other_place_for_a_core_serves_more():
    best = same_money.best_event_driven(MIX, 1.5)
    limit = limit_per_s(best, MIX)
    for giver in (name for name, count in best.instances.items() if count > 1):
        for taker in best.instances:
            moved = {**best.instances, giver: best.instances[giver] - 1}
            moved[taker] += 1
            built = same_money._shop(
                moved, best.database_cores, best.partitions, best.broker_machines, best.way_out
            )
            assert limit_per_s(built, MIX) <= limit + 1e-9


def test_a_budget_that_is_too_small_is_refused():
    with pytest.raises(ValueError, match=r"budget_usd_per_hour is 0\.5"):
        same_money.best_event_driven(MIX, 0.5)


def test_the_law_is_where_the_simulated_shop_begins_to_fall_behind():
    """A shop whose limit is the database of orders: at three quarters of the law it keeps up, beyond it not."""
    config = same_money.best_event_driven(MIX, 1.5, largest_database_cores=1)
    law = limit_per_s(config, MIX)
    assert bottleneck(config, MIX) == "orders database"
    kept, lost = (
        run_day(EventDriven, config, Poisson(load * law), 1, 0.5, warmup_s=0.3, mix=MIX).result
        for load in (0.75, 1.2)
    )
    assert kept.throughput_per_s() == pytest.approx(0.75 * law, rel=0.1)
    assert kept.parts.utilisation["orders database"] == pytest.approx(0.75, abs=0.06)
    assert lost.parts.utilisation["orders database"] > 0.97
    waiting = lost.parts.mean_queue_length["orders database"]
    assert waiting > 10 * kept.parts.mean_queue_length["orders database"]


def test_what_one_more_dollar_buys():
    more = scaling.per_usd()
    assert more["monolith"] == 0  # its database is full
    assert more["event-driven"] > 2000


def test_few_partitions_are_the_end_whatever_the_money():
    table = scaling.budgets([1.25, 2.0, 4.0], partitions=16)
    assert set(table.event_driven_bottleneck) == {"payments readers"}
    assert table.event_driven_per_s.max() == pytest.approx(16 * scaling.reader_per_s() / 0.12)


def test_the_usual_rule_for_partitions_finds_what_the_bisection_found(figures):
    wanted = scaling.monolith_per_s(scaling.RICH_USD_PER_HOUR) * 1.1
    assert scaling.partitions_by_rule(wanted) == figures["least_partitions"]


def test_the_claim_holds_from_a_budget_and_names_what_decides(figures):
    verdict = scaling.scalability(**figures)
    assert verdict.outcome is Outcome.HOLDS_WHEN
    assert scaling.gain_percent(figures["serves_more_from_budget"] - 0.03) < 10
    assert scaling.gain_percent(figures["serves_more_from_budget"] + 0.03) > 10
    assert "read copies" in verdict.detail


def test_with_more_orders_than_named_it_does_not_serve_noticeably_more(figures):
    share = figures["up_to_orders_percent"] / 100
    rich = scaling.RICH_USD_PER_HOUR
    assert scaling.gain_percent(rich, share - 0.01) > 10 > scaling.gain_percent(rich, share + 0.01)


def test_with_four_times_the_orders_the_verdict_flips(monkeypatch):
    """The model is changed: nearly half of the customers order. Then no budget makes it serve noticeably more."""
    monkeypatch.setattr(scaling, "mix_with", lambda _: mix_with(0.48))
    changed = scaling.shop_figures()
    assert changed["serves_more_from_budget"] == float("inf")
    assert scaling.scalability(**changed).outcome is Outcome.DOES_NOT_HOLD


def test_without_copies_the_opponent_is_the_monolith_of_the_other_figures():
    for usd in (0.45, 1.5, 2.0):
        assert scaling.copied_per_s(usd, 0) == pytest.approx(scaling.monolith_per_s(usd))


def test_a_copy_takes_reads_off_the_primary_and_repeats_its_writes():
    """Counted by hand: 12 % of orders of 7.9 statements, 5.9 of which write, and 88 % of one statement."""
    one = scaling.copied_per_s(2.0, 1) * 0.0005
    lines = (4.7664e-4 / 0.12 / 0.0005 - 5) / 2
    primary, repeated, read = 0.12 * (5 + 2 * lines), 0.12 * (3 + 2 * lines), 0.88
    assert one == pytest.approx(2 * 2 / (primary + repeated + read), rel=0.001)
    many = scaling.copied_per_s(8.0, 5) * 0.0005
    assert many == pytest.approx(2 / primary, rel=0.001)  # the primary does nothing but orders


def test_beside_a_monolith_with_so_many_copies_no_budget_gains_a_tenth_and_with_one_fewer_some_does(figures):
    def most_gain(copies):
        shown = scaling.SHOWN_USD_PER_HOUR
        return max(scaling.event_driven_per_s(usd) / scaling.copied_per_s(usd, copies) - 1 for usd in shown)

    copies = int(figures["least_copies"])
    assert most_gain(copies) < 0.1 < most_gain(copies - 1)
    assert most_gain(copies + 1) < 0


def test_an_order_asks_more_of_the_orders_database_than_of_the_monolith_s_only_one():
    """Why five databases gain nothing but reads."""
    events = same_money.best_event_driven(MIX, 1.5).demands_s()["orders database"]["place_order"]
    assert events > MonolithConfig().demands_s().database["place_order"]


def test_when_nothing_is_served_more_even_beside_one_database_it_does_not_hold(figures):
    assert scaling.scalability(**{**figures, "least_copies": 0}).outcome is Outcome.DOES_NOT_HOLD
    with pytest.raises(ValueError, match="copies is -1"):
        scaling.copied_per_s(1.0, -1)


def test_larger_databases_make_it_pay_later(figures):
    assert (
        figures["serves_more_from_budget"]
        < figures["with_4_cores_from_budget"]
        < figures["with_8_cores_from_budget"]
    )


def test_outboxes_cost_about_half_of_the_gain(figures):
    assert 0 < figures["most_gain_with_outboxes_percent"] < 0.7 * figures["most_gain_percent"]
