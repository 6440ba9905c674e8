"""What ties to a cloud, what is left to manage, how a new version gets out, and how a fault is found."""

import pytest

from archlab.chapters.serverless import debugging, deployment, left_to_manage, lock_in
from archlab.course.claims.verdict import Outcome
from archlab.data import load

# Lock-in


def test_a_module_has_no_lines_to_change_to_become_itself():
    assert lock_in.changed_lines("cloud_a", "cloud_a") == 0


def test_the_adapter_keeps_the_functions_themselves_from_changing_but_is_changed_itself():
    changed = lock_in.changes()
    assert (changed["with an adapter"] < changed["straight"]).all()
    assert (changed["with an adapter"] > 0).all()


def test_the_portable_functions_name_no_cloud():
    assert lock_in.client_calls("portable") == 0
    assert lock_in.client_calls("cloud_a") > 5
    assert not {"boto3", "aws", "google"} & set(" ".join(lock_in.code_of("portable")).lower().split())


def test_the_verdict_on_lock_in_flips_when_there_is_little_business_code():
    figures = lock_in.figures()
    assert lock_in.vendor_lock_in.decide(**figures).outcome == Outcome.DOES_NOT_HOLD
    much = {**figures, "share_straight": 0.3, "business_lines": 100}
    assert lock_in.vendor_lock_in.decide(**much).outcome == Outcome.HOLDS_WHEN
    flipped = figures["changed_straight"] / (lock_in.sizes()["cloud_a"] + figures["flips_at_lines"])
    assert flipped == pytest.approx(lock_in.LOCKED)


# Tasks


def test_every_task_has_a_reason_and_is_somebody_s():
    table = load("left_to_manage")
    assert table.task.is_unique
    assert (table.why.str.len() > 10).all()
    assert set(table.on_servers) <= {"ours", "theirs", "none"}
    assert set(table.with_functions) <= {"ours", "theirs"}


def test_tasks_about_servers_go_and_others_come():
    counts = left_to_manage.counts()
    assert counts.loc["servers", "with_functions"] == 0 < counts.loc["servers", "on_servers"]
    assert counts.loc["functions", "on_servers"] == 0 < counts.loc["functions", "with_functions"]


def test_the_hours_of_functions_grow_with_their_number_and_those_of_a_server_do_not():
    assert left_to_manage.hours("on_servers", 1) == left_to_manage.hours("on_servers", 50)
    few, many = (left_to_manage.hours("with_functions", number) for number in (1, 50))
    assert few < left_to_manage.hours("on_servers", 1) < many


def test_the_verdict_on_the_gain_stands_where_the_hours_cross_and_flips_when_each_function_takes_long():
    figures = left_to_manage.gain_figures()
    limit = figures["gains_up_to"]
    servers = left_to_manage.hours("on_servers", 1)
    assert (
        left_to_manage.hours("with_functions", limit)
        < servers
        <= left_to_manage.hours("with_functions", limit + 1)
    )
    functions = len(left_to_manage.FUNCTIONS)
    assert limit < functions == left_to_manage.gains_up_to(figures["flips_at_factor"] * 0.999)
    assert figures["hours_of_containers"] < left_to_manage.hours("with_functions", 1)
    assert left_to_manage.less_to_manage.decide(**figures).outcome == Outcome.HOLDS_WHEN
    never = left_to_manage.less_to_manage.decide(**{**figures, "gains_up_to": 0, "flips_at_factor": 0.5})
    assert never.outcome == Outcome.DOES_NOT_HOLD


def test_the_verdict_on_servers_flips_when_one_task_is_left():
    figures = left_to_manage.server_figures()
    assert left_to_manage.no_servers.decide(**figures).outcome == Outcome.HOLDS
    one_left = left_to_manage.no_servers.decide(**{**figures, "server_tasks_with_functions": 1})
    assert one_left.outcome == Outcome.DOES_NOT_HOLD


def test_functions_have_more_parameters_than_the_monolith():
    assert left_to_manage.knobs()["functions"] > left_to_manage.knobs()["monolith"] > 0
    assert left_to_manage.machines_left() == 1


# Deployment


def test_a_function_is_new_when_the_cloud_switches_and_its_next_customers_wait():
    one = deployment.replace_function(seed=1)
    assert one.all_new_s == pytest.approx(deployment.SWITCH_S, abs=0.5)
    assert one.slow > 0
    assert deployment.replace_function(seed=1, init_s=0.05).slow == 0


def test_a_program_is_new_when_its_copies_have_started_and_nobody_waits():
    in_turn, at_once = (deployment.replace_program(1, way) for way in deployment.WAYS)
    assert at_once.all_new_s == pytest.approx(deployment.START_S, abs=1)
    assert in_turn.all_new_s > (deployment.COPIES - 1) * deployment.START_S
    assert at_once.slow == in_turn.slow == 0


def test_the_verdict_on_deployments_flips_when_the_cloud_switches_slowly():
    figures = deployment.figures(seeds=range(10))
    assert deployment.fast_deployment.decide(**figures).outcome == Outcome.HOLDS_WHEN
    in_theory = (deployment.UPLOAD_S + deployment.START_S) / deployment.FASTER - deployment.UPLOAD_S
    assert figures["fast_up_to_switch_s"] == pytest.approx(in_theory, abs=1)
    slow = {**figures, "times_as_fast": 1.5}
    assert deployment.fast_deployment.decide(**slow).outcome == Outcome.DOES_NOT_HOLD


def test_a_way_that_nobody_goes_is_refused():
    with pytest.raises(ValueError, match="way is 'by hand'"):
        deployment.replace_program(1, "by hand")


# Debugging


def test_two_orders_at_the_same_time_cannot_be_told_apart_by_their_times():
    apart = [("place_order", 1, 0, 4), ("reserve_stock", 1, 1, 2), ("take_payment", 1, 2, 3)]
    later = [(name, 2, began + 10, ended + 10) for name, _, began, ended in apart]
    meanwhile = [(name, 3, began + 0.5, ended + 0.5) for name, _, began, ended in apart]
    assert debugging.found([*apart, *later]) == 1.0
    assert debugging.found([*apart, *meanwhile]) == 0.0
    assert debugging.found([*apart, *meanwhile], traced=1.0) == 1.0


def test_a_run_that_only_one_order_can_have_makes_the_other_certain():
    first = [("place_order", 1, 0.0, 4.0), ("reserve_stock", 1, 0.2, 0.4), ("take_payment", 1, 2.0, 3.0)]
    second = [("place_order", 2, 1.0, 9.0), ("reserve_stock", 2, 1.5, 1.8), ("take_payment", 2, 5.0, 6.0)]
    # both lie inside of the first order, but the second could have no other
    assert debugging.found([*first, *second]) == 1.0


def test_the_more_orders_the_fewer_are_certain_and_each_trace_id_helps_the_others():
    few, many = (debugging.log_of(load, seed=1) for load in (2.0, 30.0))
    assert debugging.found(few) > 0.9 > 0.8 > debugging.found(many)
    half = debugging.found(many, traced=0.5)
    assert half > 0.5 + 0.5 * debugging.found(many)


def test_the_verdict_on_debugging_names_the_load_and_the_trace_id():
    figures = debugging.figures(seeds=range(10))
    verdict = debugging.debugging.decide(**figures)
    assert verdict.outcome == Outcome.HOLDS_WHEN
    assert "carry a trace id" in verdict.detail
    always = {**figures, "lost_from_per_s": float("inf"), "lost_up_to_traced": float("-inf")}
    assert debugging.debugging.decide(**always).outcome == Outcome.DOES_NOT_HOLD


def test_the_figures_say_what_they_show():
    assert "cloud A to cloud B" in lock_in.figure("locked in").alt
    assert "with_functions from" in left_to_manage.figure(left_to_manage.by_functions(10), "tasks").alt
    assert "a function: all new after" in deployment.figure(deployment.all_ways(), "new").alt
    assert "by their times from" in debugging.figure(debugging.by_load((1.0, 10.0)), "found").alt
