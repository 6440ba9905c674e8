"""Task 4 of lab 04: what a trace shows of a shop, what a list of rules shows, and what neither can leave out."""

from itertools import combinations

import numpy as np
import pytest

from archlab.chapters.layered import lab_sinkhole


@pytest.fixture(scope="module", params=range(3))
def shop(request):
    return lab_sinkhole.drawn(np.random.default_rng(request.param))


@pytest.fixture(scope="module")
def trace(shop):
    return shop.trace(np.random.default_rng(9))


def test_all_that_could_be_open_changes_nothing_for_any_call(shop):
    opened = shop.could_be_open()
    random = np.random.default_rng(4)
    for call in (*shop.calls(random, 500), *shop.one_for_each(random)):
        assert shop.replayed(call, opened[call.use_case]) == shop.replayed(call, ())


def test_any_other_layer_that_is_left_out_changes_what_comes_out(shop):
    calls = shop.one_for_each(np.random.default_rng(5))
    for name in lab_sinkhole.USE_CASES:
        for layer in set(lab_sinkhole.CAN_BE_OPEN) - shop.could_be_open()[name]:
            own = [call for call in calls if call.use_case == name]
            assert any(shop.replayed(call, {layer}) != shop.replayed(call, ()) for call in own)


def test_a_trace_and_the_rules_show_every_deed_between_them_and_neither_does_alone(shop, trace):
    busy = set(trace[trace.did != "passed on"].groupby(["layer", "use_case"]).groups)
    ruled = set(zip(shop.rules().layer, shop.rules().use_case, strict=True))
    deeds = {(deed.layer, deed.use_case) for deed in shop.deeds}
    assert deeds <= busy | ruled
    assert deeds - busy
    assert deeds - ruled


def test_one_layer_is_seen_to_decide_and_to_refuse_nobody_in_the_trace(trace):
    did = trace.groupby(["layer", "use_case"]).did.agg(set)
    assert {"allowed"} in list(did)


def test_a_rare_call_is_in_no_trace_and_is_replayed(shop, trace):
    rare = [deed for deed in shop.deeds if deed.is_rare]
    assert len(rare) == 3
    for deed in (one for one in rare if one.is_written):
        seen = trace[(trace.layer == deed.layer) & (trace.use_case == deed.use_case)].did
        assert set(seen) == {"passed on"}


def test_a_seldom_deed_is_in_one_row_of_a_trace_in_its_last_third(shop, trace):
    seldom = [deed for deed in shop.deeds if deed.is_seldom]
    assert len(seldom) == 2
    for deed in seldom:
        rows = trace[(trace.layer == deed.layer) & (trace.use_case == deed.use_case)]
        (number,) = rows.call[rows.did == deed.does]
        assert number >= trace.call.max() * 2 / 3


def test_each_deed_is_done_for_its_call_whatever_other_layers_do(shop):
    for seed in range(50):
        for deed, call in zip(shop.deeds, shop.one_for_each(np.random.default_rng(seed)), strict=True):
            assert shop.replayed(call, ()) != shop.replayed(call, {deed.layer})


def test_the_share_that_is_saved_counted_from_the_trace(shop, trace):
    opened = shop.could_be_open()
    weights = trace.use_case.map(shop.shares)
    spent = trace.cost_s * weights
    left_out = [layer in opened[name] for layer, name in zip(trace.layer, trace.use_case, strict=True)]
    # refused calls end early in the trace, so it is a little different
    assert shop.saved(opened) == pytest.approx(spent[left_out].sum() / spent.sum(), rel=0.05)


def test_a_rule_for_every_use_case_closes_its_layer(shop):
    closed = lab_sinkhole.with_rule_for_all(shop, "business")
    assert all("business" not in layers for layers in closed.could_be_open().values())
    assert closed.rules().iloc[-1].use_case == lab_sinkhole.EVERY_USE_CASE


def test_each_use_case_goes_its_own_way(shop):
    ways = [frozenset(layers) for layers in shop.could_be_open().values()]
    assert any(one != other for one, other in combinations(ways, 2))
