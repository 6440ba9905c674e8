"""The experiments on the monolith measure what they say: compared with formulas, and with what must be so."""

from dataclasses import replace
from functools import partial
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

from archlab.chapters.monolithic import code, consistency, failure, latency, people, scaling
from archlab.chapters.monolithic.hot_module import cheapest_machine, cost_of_cloning_everything, machines
from archlab.chapters.monolithic.scaling import saturated
from archlab.shop.crash_points import end_of_order_s
from archlab.shop.day import BROWSE_ONLY, at_load, capacity_per_s
from archlab.shop.domain import OutOfStock
from archlab.shop.monolithic.architecture import Monolith
from archlab.shop.monolithic.config import CALLS_PER_ORDER, MONOLITH
from archlab.sim import Simulation
from archlab.sim.teams.theory import load as train_load

FEW = {"seeds": range(2)}

# Latency


def test_browsing_lies_above_the_theory_of_the_cores_alone_by_about_its_query():
    swept = latency.latency_against_load(BROWSE_ONLY, (0.3, 0.7), seeds=range(3), requests=600)
    theory = latency.cores_alone(swept.rate_per_s)
    above_ms = swept.p50_ms - theory.p50_ms
    assert above_ms.tolist() == pytest.approx([0.5, 0.5], abs=0.7)
    assert (swept.p99_ms / theory.p99_ms).tolist() == pytest.approx([1.0, 1.0], abs=0.25)


def test_latency_is_measured_at_the_share_of_the_capacity_that_was_asked_for():
    assert at_load(0.5, MONOLITH).rate_per_s == pytest.approx(0.5 * capacity_per_s(MONOLITH))
    assert capacity_per_s(replace(MONOLITH, clones=2)) == pytest.approx(2 * capacity_per_s(MONOLITH))


def test_an_order_over_a_network_takes_its_messages_more():
    hop_ms = 5.0
    near = latency.order_latency(seed=1, orders=60)
    far = latency.order_latency(seed=1, hop_ms=hop_ms, orders=60)
    messages_ms = 2 * CALLS_PER_ORDER * (hop_ms + 1000 * MONOLITH.message_cpu_s)
    assert far["own_p50_ms"] - near["own_p50_ms"] == pytest.approx(messages_ms, rel=0.02)
    assert far["p50_ms"] - near["p50_ms"] == pytest.approx(messages_ms, rel=0.05)


def test_messages_cost_the_capacity_that_their_encoding_takes():
    lost = latency.capacity_lost_to_messages([1024, 102_400]).set_index("message_bytes").capacity_per_s
    measured = saturated(replace(MONOLITH, calls="network", message_bytes=102_400), seed=1, requests=1500)
    assert measured.result.throughput_per_s() == pytest.approx(lost[102_400], rel=0.06)
    assert lost[1024] > 0.99 * capacity_per_s(MONOLITH)


def test_heavier_and_rarer_orders_leave_the_cores_as_busy_as_asked_for():
    frame = latency.unlike_needs((1, 4), seeds=range(3), load=0.5, duration_s=12)
    assert frame.busy_percent.tolist() == pytest.approx([50, 50], abs=3)
    assert frame.p99_growth[1] > 1.2


# Scaling


def test_a_larger_machine_follows_the_bottleneck_until_the_database_is_busy_and_then_falls():
    frame = scaling.scaling_up((2, 4, 8, 32), seeds=range(2), requests=400)
    few = frame[frame.cores <= 8]
    assert few.throughput_per_s.tolist() == pytest.approx(few.bottleneck_per_s.tolist(), rel=0.08)
    assert frame.throughput_per_s.iloc[-1] < 0.8 * frame.throughput_per_s[2]


def test_the_universal_scalability_law_is_fitted_and_set_beside_the_published_benchmark():
    cores = np.array(scaling.CORES)
    frame = pd.DataFrame(
        {
            "cores": cores,
            "throughput_per_s": 200 * cores / (1 + 0.02 * (cores - 1) + 0.001 * cores * (cores - 1)),
        }
    )
    curves, fit = scaling.beside_spec(frame)
    assert (fit.alpha, fit.beta, fit.gamma) == pytest.approx((0.02, 0.001, 200), rel=1e-3)
    spec = curves[curves.design.str.startswith("SPEC")]
    assert spec.throughput_share.max() == pytest.approx(1853.2 / 1884, abs=0.005), "its published peak"
    assert spec.n[spec.peak_share_of_n < 1].max() == 72, "its peak is published at 96.5 users"


@pytest.mark.parametrize("browse_share", [0.1, 0.9])
def test_whatever_is_hot_the_cores_of_the_clones_do_it(browse_share):
    assert scaling.busy_cores(seed=1, browse_share=browse_share, requests=100)["busy_percent"] > 98


def test_the_bill_for_a_request_is_the_price_of_the_hour_over_the_requests_in_it():
    figures = scaling.scale_out(seed=1, clones=1, requests=200)
    per_hour = 3600 * figures["throughput_per_s"]
    price = Monolith(Simulation(seed=1)).price_per_hour_usd()
    assert figures["usd_per_million_requests"] == pytest.approx(1e6 * price / per_hour)


def test_burstable_machines_are_left_out_unless_asked_for():
    assert {machine.item for machine in machines()} == {"m5.large", "c5.xlarge"}
    assert cheapest_machine(1.0).item == "c5.xlarge"
    assert cheapest_machine(3.0).item == "m5.large"
    assert cheapest_machine(1.0, burstable=True).item == "t3.medium"
    with pytest.raises(ValueError, match=r"gb_per_core is 9.0; it must be at most 4.0"):
        cheapest_machine(9.0)


def test_with_the_same_machines_cloning_everything_never_costs_more():
    for cores in (None, 3, 10, 40):
        cost = cost_of_cloning_everything(cores=cores, hot_gb_per_core=3.0)
        assert (cost.extra_percent <= 1e-9).all()
    small = cost_of_cloning_everything([0.5], cores=2, hot_gb_per_core=3.0)
    assert small.extra_percent[0] == pytest.approx(-50), "two half-empty machines against one"


def test_the_extra_cost_of_one_hot_module_is_the_ratio_of_prices_when_it_is_all_the_work():
    assert cost_of_cloning_everything([1.0]).extra_percent[0] == pytest.approx(
        100 * (0.096 / 2 / (0.17 / 4) - 1)
    )


# Failure


def test_one_crashed_clone_stops_everything_for_its_restart_and_a_second_one_loses_only_some():
    frame = failure.crash_with_clones((1, 2), restart_s=10.0, **FEW)
    one, two = frame.iloc[0], frame.iloc[1]
    assert one.good_again_s == pytest.approx(10, abs=0.2)
    assert one.lost_requests == pytest.approx(failure.RATE_PER_S * 10, rel=0.15)
    assert two.good_again_s <= MONOLITH.health_check_s
    assert two.browse_percent > 80


def test_the_payment_provider_stops_orders_and_nothing_else():
    frame = failure.crash_each_part(1, seeds=[1]).set_index("part")
    assert frame.loc["payment provider", "place_order_percent"] < 5
    assert frame.loc["payment provider", ["browse_percent", "track_order_percent"]].tolist() == [100, 100]
    assert frame.best_percent["database"] < 5


def test_a_rolling_deployment_loses_less_than_one_that_stops_the_only_clone():
    alone, rolling = (failure.deploy(seed=1, clones=clones, restart_s=10) for clones in (1, 2))
    assert alone["browse_percent"] < 50 < 80 < rolling["browse_percent"]


def test_a_leak_in_orders_costs_browsing_and_without_orders_nothing():
    leaking = {"leak_mb_per_order": 20.0, "duration_s": 45.0}
    assert failure.leak(seed=1, **leaking)["lost_browsing"] > 100
    assert failure.leak(seed=1, orders=False, **leaking)["lost_browsing"] == 0


def test_a_bulkhead_saves_browsing_from_a_slow_provider_but_not_from_a_database_that_is_full():
    designs = failure.DESIGNS
    frame = failure.slow_neighbours(seeds=range(2), load=0.4, designs=designs)
    browse = frame.set_index(["part", "design"]).browse_percent
    shared, apart = designs
    assert browse["payment provider", shared] < 30
    assert browse["payment provider", apart] > 99
    assert browse["payments queries", apart] < 60


def test_the_day_of_the_slow_provider_has_its_fault_and_ends_well():
    day = failure.slow_neighbour_day(seed=1, load=0.3, duration_s=40)
    assert day.result.faults.part.tolist() == ["payment provider"]
    late = day.result.requests[day.result.requests.arrived_s > 37]
    assert (late.outcome == "ok").mean() > 0.9
    assert len(day.result.requests) == pytest.approx(40 * at_load(0.3, MONOLITH).rate_per_s, rel=0.1)


# Consistency


def test_crashes_come_while_the_rows_are_written():
    config = replace(MONOLITH, transactions=False)
    end_s = end_of_order_s(partial(Monolith, config=config), 3)
    table = consistency.dying_order(seed=3, transactions=False, points=25)
    assert table.at_s.max() == pytest.approx(end_s)
    assert not table.placed.iloc[0]
    assert table.placed.iloc[-1]
    assert 0 < (table.anomalies > 0).sum() < 25


def test_only_the_anomalies_that_occurred_are_shown():
    frame = consistency.dying_orders(seeds=[1], points=20)
    kinds = frame.columns[4:]
    assert len(kinds) > 0
    assert (frame[kinds].sum() > 0).all()
    assert frame.crashes.tolist() == [20, 20]


# People


def test_the_shared_train_is_said_to_be_saturated_where_theory_says_so():
    frame = people.lead_times((2, 6), replications=2, days=30).set_index("teams")
    expected = [train_load(replace(people.DELIVERY, teams=teams, units=1)) >= 1 for teams in (2, 6)]
    assert frame.shared_saturated.tolist() == expected == [False, True]
    assert (frame.shared_h - frame.separate_h).tolist() == pytest.approx(frame.shared_is_slower_by_h.tolist())


def test_changes_that_never_fail_need_one_run_in_one_unit_and_two_where_they_cross_a_border():
    slow = replace(people.DELIVERY, change_failure_probability=0.0, changes_per_team_per_day=0.2)
    frame = people.one_unit_or_five((0.0, 1.0), seeds=range(2), model=slow, days=300)
    assert frame.runs_per_change.tolist() == pytest.approx([1, 1], abs=0.05)
    assert frame.split_runs_per_change.tolist() == pytest.approx([1, 2], abs=0.1)
    assert frame.coordinated_percent.tolist() == [0, 100]


def test_more_failures_let_fewer_teams_ride_on_one_train():
    table = people.most_teams([8], [0.0, 0.05, 0.1, 0.2]).most_teams
    assert all(more > fewer for more, fewer in pairwise(table))


# Code


def test_orders_calls_all_others_and_nobody_else_calls_anybody():
    graph = code.direct_calls()
    assert set(graph.edges) == {("Orders", other) for other in code.MODULE_NAMES if other != "Orders"}
    assert code.coupling_of_modules()["pairs_that_call_percent"] == pytest.approx(20)


def test_renaming_the_stock_column_touches_the_module_that_joins_it_as_well():
    assert code.column_change("on_hand")["modules"] == 2
    assert code.column_change("text")["modules"] == 1


def test_every_repository_belongs_to_a_module():
    assert sorted(code.REPOSITORY_OF.values()) == sorted(code.MODULE_NAMES)
    assert {component.name for component in code.repositories()} == set(code.REPOSITORY_OF)


def test_what_replacing_a_database_touches_is_joined_to_it_or_written_with_it():
    changes = code.replace_a_database().set_index("module").changes
    assert changes["Catalogue"] == "Catalogue, Inventory"
    assert changes["Inventory"] == "Catalogue, Inventory, Notifications, Orders, Payments"


def test_a_test_through_the_shop_executes_sql_and_the_rule_alone_none():
    tests = code.cost_of_a_test().set_index("test")
    assert tests.sql_statements["the rule alone"] == 0
    assert tests.sql_statements["through the shop"] >= 8
    assert tests.setup_statements["the rule alone"] < tests.setup_statements["through the shop"]


def test_apart_the_modules_still_sell_and_still_refuse():
    shop = Monolith(Simulation(seed=1))
    shop.programs = {name: code.ProgramApart(shop, program) for name, program in shop.programs.items()}
    order = shop.answer(shop.place_order(7, {1: 2}))
    assert shop.answer(shop.track_order(7)).total_cents == order.total_cents
    with pytest.raises(OutOfStock):
        shop.answer(shop.place_order(8, {1: code.TOO_MANY}))
