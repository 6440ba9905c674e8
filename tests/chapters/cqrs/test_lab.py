"""What lab 06 works on: the figures its text names, and cases that punish what they should and nothing else."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from archlab.chapters.cqrs import (
    lab_answers,
    lab_briefs_known,
    lab_checks,
    lab_decide,
    lab_own,
    lab_projector,
    lab_rebuild,
    lab_rows,
    lab_stale,
)
from archlab.chapters.cqrs.growing import usd_per_h
from archlab.shop.domain import Order
from archlab.shop.store import open_database


def test_the_figures_that_the_text_of_the_lab_names():
    assert (lab_checks.MOST_WRITE_SHARE, lab_own.STOPS_FOR_S) == (0.15, 5)
    assert (lab_rebuild.OLDEST_S, lab_rebuild.LATE_S, lab_rebuild.NEAR) == (0.6, 2, 20)
    assert (len(lab_briefs_known.KINDS), lab_decide.MOST_REPLICAS, lab_briefs_known.ROOM) == (9, 20, 1.2)


# Rows of a program that can die


def noting(session):
    session.execute("BEGIN")
    session.execute("INSERT INTO notes VALUES (1)")
    session.execute("COMMIT")


@pytest.mark.parametrize(("calls", "rows"), [(0, 0), (1, 0), (2, 0), (3, 1)])
def test_a_program_that_dies_leaves_what_it_has_committed_and_nobody_hears_of_its_end(calls, rows):
    connection = open_database("CREATE TABLE notes (number INTEGER)")
    ended, _ = lab_rows.run_once(noting, connection, calls=calls)
    assert not ended
    assert connection.execute("SELECT count(*) FROM notes").fetchone() == (rows,)


def test_a_dead_program_can_do_nothing_more():
    def stubborn(session):
        try:
            session.execute("INSERT INTO notes VALUES (1)")
        finally:
            session.execute("INSERT INTO notes VALUES (2)")

    connection = open_database("CREATE TABLE notes (number INTEGER)")
    lab_rows.run_once(stubborn, connection, calls=0)
    assert connection.execute("SELECT count(*) FROM notes").fetchone() == (0,)


def test_statements_that_could_change_the_rules_are_refused():
    connection = open_database()
    with pytest.raises(ValueError, match="PRAGMA"):
        lab_rows.run_once(lambda session: session.execute("PRAGMA synchronous = OFF"), connection)


# The page


@pytest.mark.parametrize("seed", range(3))
def test_the_joins_count_what_is_counted_by_hand(seed):
    history = lab_answers.drawn(np.random.default_rng(seed), orders=60, customers=5)
    normalised = history.normalised()
    paid = {order_id for step in history.steps if isinstance(step, tuple) for order_id in step}
    for customer in history.buyers:
        own = [step for step in history.steps if isinstance(step, Order) and step.id % 5 == customer]
        cents = [order.total_cents for order in own]
        pieces = sum(line.quantity for order in own for line in order.lines)
        taken = sum(order.total_cents for order in own if order.id in paid)
        by_hand = (len(own), pieces, sum(cents), taken, max(cents))
        assert lab_answers.by_joins(normalised, customer) == by_hand
        assert 0 < taken <= sum(cents)


# The projector


def careful(connection, batch):
    row = connection.execute("SELECT position FROM places").fetchone()
    place = row[0] if row else 0
    connection.execute("BEGIN")
    for position, event in batch:
        for sql, values in lab_projector.writes(event) if position > place else ():
            connection.execute(sql, values)
    connection.execute("INSERT OR REPLACE INTO places VALUES ('mine', ?)", (max(place, batch[-1][0]),))
    connection.execute("COMMIT")
    return max(place, batch[-1][0])


def test_batches_overlap_and_processes_die_and_a_careful_projector_is_right():
    feed = lab_projector.drawn(np.random.default_rng(3))
    unhurt = lab_projector.Life(feed, np.random.default_rng(4))
    assert unhurt.rows(careful) == lab_projector.once(feed)
    for kill in range(1, unhurt.calls + 1):
        life = lab_projector.Life(feed, np.random.default_rng(4), [kill])
        assert life.rows(careful) == lab_projector.once(feed)
        assert life.died == 1


def test_who_names_a_position_too_early_never_gets_those_events():
    feed = lab_projector.drawn(np.random.default_rng(3))
    rows = lab_projector.Life(feed, np.random.default_rng(4)).rows(lambda connection, batch: 10**9)
    assert rows == {"sold": [], "customers": []}


# Own writes


@pytest.fixture(scope="module")
def case():
    return lab_own.Case.drawn(np.random.default_rng(1), slow=1.0)


def by_token(look):
    if not look.is_up:
        return lab_own.WRITE
    return lab_own.READ if look.seen >= look.token else 0.85 * look.in_time_s


@pytest.mark.parametrize("seed", range(3))
def test_with_a_token_nothing_is_unseen_and_the_promises_are_kept_with_room(case, seed):
    seen = lab_own.lived(case, by_token, seed)
    assert seen.unseen == 0
    assert seen.p99_s < 0.95 * case.in_time_s
    assert seen.write_share < 0.12


def test_a_wait_that_is_too_short_asks_the_write_model_and_one_without_end_breaks_the_promise(case):
    never, always = (lab_own.lived(case, lambda _, wait_s=wait_s: wait_s, seed=1) for wait_s in (0.0, 30.0))
    assert never.write_share > 1.5 * lab_checks.MOST_WRITE_SHARE
    assert always.p99_s > 1.5 * case.in_time_s
    assert never.unseen == always.unseen == 0


# The rebuild


def beside(shop):
    old = shop.views[lab_rebuild.QUESTION]
    new = shop.projected(lab_rebuild.QUESTION, version=2, from_zero=True)
    while new.follower.behind > 10:
        yield shop.sim.timeout(0.1)
    shop.switch(lab_rebuild.QUESTION, new)
    old.follower.crash()


@pytest.mark.parametrize("number", range(4))
def test_a_rebuild_beside_meets_the_trouble_and_shows_nothing_wrong(number):
    case = lab_rebuild.drawn(np.random.default_rng(2))[number]
    seen = case.lived(beside, seed=5)
    assert (seen.missing, seen.old, seen.is_new, seen.old_stopped) == (0, 0, True, True)
    undisturbed = replace(case, dies_after_s=None, slow_after_s=None).lived(beside, seed=5)
    assert (seen.ended_s > undisturbed.ended_s + 4) == (number >= 2)


def test_before_a_rebuild_no_page_is_as_old_as_what_counts_as_wrong():
    def nothing(shop):
        yield shop.sim.timeout(20.0)

    assert lab_rebuild.Case(orders=60).lived(nothing, seed=1).old == 0


# The stale decision


@pytest.fixture
def three():
    return [lab_stale.Order(number, ((1, 1),), page={1: 9}) for number in (1, 2, 3)]


def by_look(connection, order):
    """Look, and take in another statement."""
    (on_hand,) = connection.execute("SELECT on_hand FROM stock WHERE product = 1").fetchone()
    if on_hand:
        connection.execute("UPDATE stock SET on_hand = on_hand - 1 WHERE product = 1")
    return bool(on_hand)


def test_another_command_fits_between_two_statements(three):
    with lab_stale.Shop({1: 1}, three) as shop:
        shop.send(by_look, three[0], overtaken_at=1, by=three[1:2])
        assert shop.left().stock == {1: -1}


def test_another_command_waits_for_a_transaction_that_writes(three):
    def locked(connection, order):
        connection.execute("BEGIN IMMEDIATE")
        given = by_look(connection, order)
        connection.execute("COMMIT")
        return given

    with lab_stale.Shop({1: 1}, three) as shop:
        shop.send(locked, three[0], overtaken_at=2, by=three[1:])
        assert shop.left().stock == {1: 0}
        assert shop.answers == {1: [True], 2: [False], 3: [False]}


@pytest.mark.parametrize("seed", range(5))
def test_of_two_contended_orders_either_can_be_sold_and_not_both(seed):
    stock, (first, second) = lab_stale.contended(np.random.default_rng(seed), long_first=seed % 2 == 0)
    for turn in ((first, second), (second, first)):
        left = lab_stale.one_by_one(stock, turn)
        assert [left.states[order.order_id] for order in turn] == ["sold", "refused"]


def test_one_by_one_sells_in_full_or_not_at_all():
    orders = [
        lab_stale.Order(1, ((1, 2), (2, 1))),
        lab_stale.Order(2, ((1, 1), (2, 1))),
        lab_stale.Order(3, ((1, 1),)),
    ]
    left = lab_stale.one_by_one({1: 3, 2: 1}, orders)
    assert left.states == {1: "sold", 2: "refused", 3: "sold"}
    assert left.stock == {1: 0, 2: 0}


# The decision


@pytest.fixture(scope="module")
def briefs():
    return {kind: lab_briefs_known.drawn(np.random.default_rng(7), kind) for kind in lab_briefs_known.KINDS}


def test_no_way_is_the_answer_to_most_briefs(briefs):
    count = Counter(lab_briefs_known.simplest(brief) for brief in briefs.values())
    assert set(count) == {*lab_decide.WAYS, None}
    assert max(count.values()) <= 3


def _all_sizes(models, brief):
    """Shops of a way, of all sizes: an oracle that knows nothing of demands."""
    cores = range(1, brief.largest_cores + 1)
    base = lab_decide.smallest(models, brief)
    reads = [(1, 1)] if models in ("one", "same database") else [(1, core) for core in cores]
    if models == "replicas":
        reads = [(count, core) for count in range(1, 5) for core in cores]
    for own in cores:
        for count, core in reads:
            config = replace(base, database_cores=own, read_cores=core, replicas=count)
            most = lab_decide.capacity_per_s(config, brief)
            counts = {
                name: int(np.ceil(brief.load_per_s / most[f"{name} cpu"])) for name in ("commands", "queries")
            }
            yield replace(config, instances=counts)


@pytest.mark.parametrize("kind", lab_briefs_known.KINDS)
def test_a_search_over_all_sizes_finds_the_same_way(briefs, kind):
    brief = briefs[kind]
    for models in lab_decide.WAYS:
        good = [config for config in _all_sizes(models, brief) if not lab_decide.broken(config, brief)]
        if models == lab_briefs_known.simplest(brief):
            least = min(map(usd_per_h, good))
            assert usd_per_h(lab_briefs_known.cheapest(models, brief)) == pytest.approx(least, rel=0.05)
            return
        assert not good


def test_what_cannot_be_chosen_is_named(briefs):
    brief = briefs["small"]
    config = replace(lab_decide.smallest("one", brief), query_s=0.0001, database_cores=99)
    words = "; ".join(lab_decide.impossible(config, brief))
    assert "query_s cannot be chosen" in words
    assert "database_cores is 99" in words
    assert lab_decide.decided(config, brief).query_s == lab_decide.smallest("one", brief).query_s


def test_a_page_of_a_follower_that_is_full_is_as_old_as_you_like():
    brief = lab_decide.Brief(1.0, 1.0, 5000.0, oldest_page_s=5.0, tail_s=0.1, budget_usd_per_h=50.0)
    assert lab_decide.age_s(lab_decide.smallest("replicas", brief), brief) == float("inf")
    assert lab_decide.age_s(lab_decide.smallest("same database", brief), brief) == 0
