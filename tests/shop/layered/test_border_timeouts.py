"""Time-outs at a border, and a limit that travels: who stops waiting, and who works on."""

import pytest

from archlab.shop.day import run_shop
from archlab.shop.domain import NotFound
from archlab.shop.layered import Layered, LayeredConfig
from archlab.sim import Poisson, Simulation
from archlab.sim.failure import Failure, TimedOut

QUICK = {"browse_cpu_s": 0.0, "hop_s": 0.0, "commit_s": 0.0, "message_bytes": 0, "coherency": 0.0}
SLOW = {"tiers": "three tiers", "query_s": 1.0, "settle_every_s": 1e6, **QUICK}


def shop_of(**changed):
    return Layered(Simulation(seed=1), LayeredConfig(**{**SLOW, **changed}))


def outcome(shop, steps, seconds):
    task = shop.sim.start(steps)
    shop.sim.run(until=shop.sim.now + seconds)
    return task


def test_the_caller_goes_on_after_its_time_out_and_the_far_side_works_on():
    shop = shop_of(border_timeout_s={"data": 0.3})
    task = outcome(shop, shop.browse(1), 0.5)
    assert isinstance(task.value, TimedOut)
    assert task.value.part == "data"
    assert [shop.tiers[name].copies[0].busy for name in ("web", "app", "data")] == [0, 0, 1]
    shop.sim.run(until=1.5)
    assert (shop.borders["data"].answers.unheard, shop.borders["data"].answers.heard) == (1, 0)


def test_a_time_out_at_the_edge_does_not_free_the_tiers_behind_it():
    shop = shop_of(border_timeout_s={"app": 0.3})
    assert outcome(shop, shop.browse(1), 0.5).value.part == "app"
    assert [shop.tiers[name].copies[0].busy for name in ("web", "app", "data")] == [0, 1, 1]


def test_an_answer_in_time_is_heard_and_a_refusal_is_one():
    shop = shop_of(border_timeout_s={"app": 5.0, "data": 3.0})
    assert outcome(shop, shop.browse(1), 2.0).value.product.id == 1
    with pytest.raises(NotFound):
        shop.answer(shop.browse(999))
    assert shop.borders["data"].answers.heard == 2


def test_a_call_whose_limit_has_passed_while_it_waited_for_a_worker_is_not_begun():
    shop = shop_of(limit_s=1.5, workers=1, database_cores=1)
    served = shop.tiers["web"].copies[0]
    tasks = [shop.sim.start(shop.browse(1)) for _ in range(3)]
    shop.sim.run(until=5.0)
    assert [isinstance(task.value, Failure) for task in tasks] == [False, True, True]
    assert shop.data.server.completed == 2  # the second was begun in time, the third never
    assert served.busy == 0


def test_what_is_left_of_the_limit_travels_to_the_last_tier():
    shop = shop_of(limit_s=0.4)
    task = outcome(shop, shop.browse(1), 0.39)
    assert task.is_alive
    shop.sim.run(until=0.41)
    assert isinstance(task.value, TimedOut)
    assert [shop.tiers[name].copies[0].busy for name in ("web", "app")] == [0, 0]


def test_limits_that_nothing_reaches_change_no_figure():
    changed = {"border_timeout_s": {"app": 60.0, "data": 60.0}, "limit_s": 60.0}
    days = [
        run_shop(
            lambda sim, kw=kw: Layered(sim, LayeredConfig(tiers="three tiers", **kw)),
            Poisson(50),
            duration_s=20,
        )
        for kw in ({}, changed)
    ]
    assert days[0].audit == days[1].audit
    assert days[0].result.latency_s(99) == pytest.approx(days[1].result.latency_s(99), rel=1e-9)


def test_one_process_has_a_limit_too():
    shop = shop_of(tiers="one process", limit_s=0.5, workers=1)
    tasks = [shop.sim.start(shop.browse(1)) for _ in range(2)]
    shop.sim.run(until=3.0)
    assert isinstance(tasks[1].value, TimedOut)


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ({"border_timeout_s": {"web": 1.0}}, "border_timeout_s is 'web'"),
        ({"border_timeout_s": {"data": 0.0}}, r"border_timeout_s\['data'\] is 0.0"),
        ({"limit_s": -1.0}, "limit_s is -1.0"),
    ],
)
def test_what_cannot_be_is_refused(values, named):
    with pytest.raises(ValueError, match=named):
        LayeredConfig(tiers="three tiers", **values)
