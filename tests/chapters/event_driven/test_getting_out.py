"""Getting events out: every moment at which a process can die, and what a dual write loses in its gap."""

import math
from dataclasses import replace

import numpy as np
import pytest

from archlab.chapters.event_driven import getting_out
from archlab.chapters.event_driven.getting_out import SHOP, all_kills, kills, published, waits
from archlab.course.claims.verdict import Outcome
from archlab.shop.day import ORDERS_ONLY
from archlab.shop.event_driven import EventDriven
from archlab.shop.event_driven.components import Component
from archlab.shop.event_driven.ways_out import PollingRelay
from archlab.sim import Crash, Simulation, Trace

HOP_S = 0.00025


@pytest.fixture(scope="module")
def killed():
    return all_kills()


def test_every_process_of_an_order_is_killed_and_a_component_more_often_than_its_statements(killed):
    """Orders is at work twice for an order of two lines, and each time reads, writes six or seven rows and commits."""
    for way_out, per_component in killed.groupby("way_out"):
        count = per_component.groupby("part").size()
        kinds = {"dual_write": set(), "outbox": {"relay"}, "log_tailing": {"tailer"}}[way_out]
        names = {f"{name}-1" for name in ("orders", "inventory", "payments", "notifications")}
        names |= {f"{name[:-2]} {kind}" for name in names for kind in kinds}
        assert set(count.index) == names
        assert count["orders-1"] >= 14
    assert not (killed.state == "none").all()


def test_a_dual_write_loses_an_order_in_each_of_its_four_gaps_and_nowhere_else(killed):
    lost = killed[killed.is_lost]
    assert set(lost.way_out) == {"dual_write"}
    assert sorted(lost.part) == ["inventory-1", "orders-1", "orders-1", "payments-1"]
    assert lost.for_s.tolist() == pytest.approx([HOP_S] * 4)


def test_an_outbox_and_a_tailer_send_twice_and_no_component_does_twice(killed):
    again = killed[killed.sent_twice > 0]
    assert set(again.way_out) == {"outbox", "log_tailing"}
    assert all(part.endswith(("relay", "tailer")) for part in again.part)
    assert not killed.is_doubled.any()


def test_another_seed_loses_at_the_same_statements():
    other = kills("dual_write", seed=2)
    assert sorted(other[other.is_lost].part) == ["inventory-1", "orders-1", "orders-1", "payments-1"]


def test_without_inboxes_what_is_sent_twice_is_done_twice():
    doubled = kills("log_tailing", seed=1, config=replace(SHOP, idempotent=False))
    assert doubled.is_doubled.any()


def test_the_limit_is_the_rate_at_which_52_kills_a_year_hit_one_order_in_its_four_gaps(killed):
    figures = getting_out.figures(killed)
    assert figures["orders_a_second_by_dual_write"] == pytest.approx(1 / (52 * 4 * HOP_S))
    assert figures["orders_a_second_by_repeating"] == pytest.approx(1 / (52 * HOP_S))
    assert published(**figures).outcome is Outcome.HOLDS_WHEN


def test_a_publisher_that_loses_nothing_when_it_sends_again_bears_any_rate(killed):
    behind = killed[~getting_out.at_the_door(killed).is_lost]
    verdict = published(**getting_out.figures(behind))
    assert "any rate if sent again" in verdict.words
    assert verdict.outcome is Outcome.HOLDS_WHEN


def test_a_database_that_answers_at_once_leaves_no_gap_and_the_claim_holds():
    table = all_kills(["dual_write"], config=replace(SHOP, hop_s=0.0))
    limit = getting_out.orders_per_s(table, "dual_write")
    assert limit == math.inf
    assert published(limit, limit, math.inf, math.inf).outcome is Outcome.HOLDS


def test_a_dual_write_that_sends_again_when_the_cause_comes_again_loses_only_at_the_door(killed, monkeypatch):
    react = Component.react

    def react_and_repeat(self, event, reader):
        known = [one for one in self.store.read_all() if one.causation_id == event.event_id]
        yield from react(self, event, reader)
        for one in known:
            yield self._publish(one)

    monkeypatch.setattr(Component, "react", react_and_repeat)
    lost = killed[killed.is_lost]
    again = [getting_out._killed("dual_write", row.part, row.at_s, 1, SHOP) for row in lost.itertuples()]
    assert [one["is_lost"] for one in again] == getting_out.at_the_door(lost).is_lost.tolist()
    assert sum(one["is_lost"] for one in again) == 1
    assert not any(one["is_doubled"] for one in again)


def test_under_load_a_kill_loses_as_many_orders_as_come_in_one_gap():
    """Little's law, by which the limit is reckoned, held against random kills: 20 orders a second, a gap of 50 ms."""
    orders_per_s, gap_s, kills_each = 20.0, 0.05, 4
    config = replace(SHOP, way_out="dual_write", hop_s=gap_s, partitions=16, readers={"payments": 16})
    sim = Simulation(seed=1)
    shop = EventDriven(sim, config)
    parts = ("orders-1", "inventory-1", "payments-1") * kills_each
    for number, part in enumerate(parts):
        sim.inject(Crash(part, 1 + 2.5 * number + sim.stream("kills").random(), restart_after_s=0.2))
    end_s = 2.5 * len(parts)
    times_s = np.sort(sim.stream("orders").uniform(0, end_s, int(orders_per_s * end_s)))
    sim.open_load(Trace(times_s.tolist()), shop.handle, ORDERS_ONLY)
    sim.run(until=end_s + 20)
    lost = (shop.rows("orders").state == "pending").sum()
    expected = len(parts) * orders_per_s * gap_s
    assert lost == pytest.approx(expected, abs=2.5 * expected**0.5)
    assert lost > 0


class NoteLater(PollingRelay):
    """An outbox whose note is written by a second transaction: no outbox at all."""

    def noting(self, news):
        return ()

    def committed(self, here, news, asked):
        yield self.sim.timeout(0.001)
        for statement in super().noting(news):
            statement.run(self.outbox.connection)


def test_an_outbox_whose_note_is_not_in_the_transaction_loses_orders_as_well(monkeypatch):
    monkeypatch.setattr("archlab.shop.event_driven.ways_out.PollingRelay", NoteLater)
    table = getting_out.moments("outbox", seed=1)
    at_s = table[table.part.isin(["orders-1", "payments-1"])]
    found = [getting_out._killed("outbox", row.part, row.at_s, 1, SHOP) for row in at_s.itertuples()]
    assert sum(kill["is_lost"] for kill in found) >= 3


def test_an_event_waits_half_of_the_polling_interval_for_its_relay():
    means = waits(polls_s=(0.2, 0.8), seeds=range(12)).groupby("poll_s").mean()
    more_s = means.done_s[0.8] - means.done_s[0.2]
    assert more_s == pytest.approx(getting_out.HOPS * 0.6 / 2, rel=0.2)
    assert (means.tailing_s < means.done_s).all()
