"""The checks of lab 06. Each gets a learner's answer, tries it under the seed of this run, and says what it saw.

>>> own(lambda look: "read model")  # doctest: +ELLIPSIS
Traceback (most recent call last):
AssertionError: ... looks did not show the customer's own order...
"""

import sqlite3
from collections.abc import Callable, Iterable
from dataclasses import replace
from itertools import product
from typing import Any

from archlab.chapters.cqrs import (
    lab_answers,
    lab_briefs_known,
    lab_decide,
    lab_own,
    lab_projector,
    lab_rebuild,
    lab_stale,
)
from archlab.chapters.cqrs.measured import steps
from archlab.course.labs import (
    Answer,
    expect,
    expect_at_most,
    expect_steps,
    expect_text,
    stream,
    task_check,
)
from archlab.course.labs.new_process import in_new_process
from archlab.shop.cqrs import CqrsConfig
from archlab.shop.events.event import Event
from archlab.shop.store import open_database

STEPS_ROOM = 1.2
"""A page may take so many times the steps when there are 20 times as many orders. A look-up takes as many as before; to
add up orders takes at least twice as many."""
MOST_WRITE_SHARE = 0.15
"""The solution needs up to 0.10. Who never waits needs 0.25 at least, who asks at home for half a second 0.5."""
MOST_CALLS = 14
"""A command is killed, and overtaken, before each of so many statements. The solution has eight at most."""


@task_check
def answers(read_model: Answer) -> str:
    """Make a learner's tables from histories, and compare their page with joins; then with many more rows."""
    random, seen = stream("answers"), 0
    for share in (0.3, 0.7, 1.0):
        history = lab_answers.drawn(random, orders=60, customers=5).until(share)
        schema, _, page = _three(read_model())
        tables = _opened(schema)
        for event in history.events():
            _, writes, _ = _three(in_new_process(read_model)())  # it was started anew, and remembers nothing
            _write(tables, writes, event)
        for customer in history.buyers:
            given, right = (
                _asked(tables, page, customer),
                lab_answers.by_joins(history.normalised(), customer),
            )
            _expect_year(given, right, f"customer {customer}, after {len(history.steps)} steps")
            seen += 1
    few, many = (_steps_of(read_model, random, *size) for size in ((80, 5), (1600, 25)))
    expect(
        many <= STEPS_ROOM * few,
        f"a page takes {few:.0f} steps of SQLite with 80 orders and {many:.0f} with 1,600. "
        "What can be added up before?",
    )
    return (
        f"{seen} pages are those of the joins, and take {few:.0f} steps, whether there are 80 orders or 1,600"
    )


def _three(given: Any) -> tuple[str, Callable[[Event], Any], str]:
    """The three parts of a read model."""
    is_three = isinstance(given, tuple | list) and len(given) == 3
    expect(is_three, f"read_model gives {given!r}; three are wanted: schema, writes, page")
    schema, writes, page = given
    expect(callable(writes), f"writes is {writes!r}; it must be a function of an event")
    return expect_text(schema, "schema"), writes, expect_text(page, "page")


def _opened(schema: str) -> sqlite3.Connection:
    try:
        return open_database(schema)
    except sqlite3.Error as error:
        raise AssertionError(f"SQLite refuses your schema: {error}") from error


def _write(tables: sqlite3.Connection, writes: Callable[[Event], Any], event: Event) -> None:
    """Execute a learner's statements of an event."""
    given = writes(event)
    is_list = isinstance(given, Iterable) and not isinstance(given, str)
    expect(is_list, f"writes gives {given!r} for {event.type}; a list of (sql, values) is wanted")
    for pair in given:
        is_pair = isinstance(pair, tuple | list) and len(pair) == 2
        expect(is_pair, f"writes gives {pair!r} for {event.type}; a pair (sql, values) is wanted")
        sql, values = pair
        try:
            tables.execute(expect_text(sql, "the sql of a write"), values)
        except (sqlite3.Error, sqlite3.Warning) as error:
            raise AssertionError(f"{event.type}: SQLite refuses {sql!r} with {values!r}: {error}") from error


def _asked(tables: sqlite3.Connection, page: str, customer: int) -> Any:
    try:
        return tables.execute(page, (customer,)).fetchall()
    except sqlite3.Error as error:
        raise AssertionError(f"SQLite refuses your page for customer {customer}: {error}") from error


def _expect_year(given: Any, right: lab_answers.Year, case: str) -> None:
    expect(len(given) == 1, f"{case}: the page has {len(given)} rows; it has one")
    expect(len(given[0]) == len(right), f"{case}: the page is {given[0]}; {right._fields} are wanted")
    for name, figure, wanted in zip(right._fields, given[0], right, strict=True):
        expect(figure == wanted, f"{case}: {name} is {figure!r}, and {wanted} by the joins")


def _steps_of(read_model: Answer, random: Any, orders: int, customers: int) -> float:
    """Return the steps of the dearest page of a history of this size."""
    history = lab_answers.drawn(random, orders, customers).unpaid_from(0.5)
    schema, writes, page = _three(read_model())
    tables = _opened(schema)
    for event in history.events():
        _write(tables, writes, event)
    return max(steps(tables, lambda: _asked(tables, page, customer)) for customer in history.buyers)  # noqa: B023


@task_check
def projector(apply: Answer) -> str:
    """Let a learner's projector die after each of its statements, and compare the rows."""
    random = stream("projector")
    calls = _expect_once(apply, random, ()).calls
    died = 0
    for kill in range(1, calls + 6):
        died += _expect_once(apply, random, (kill, kill + int(random.integers(1, 12)))).died
    return f"each event is applied once, though processes died {died} times, after each statement"


def _expect_once(apply: Answer, random: Any, kills: tuple[int, ...]) -> lab_projector.Life:
    """Let a projector live, and expect what there is when each event is applied once."""
    feed = lab_projector.drawn(random)
    life = lab_projector.Life(feed, random, kills)
    case = f"processes died after {' and '.join(map(str, kills))} statements" if kills else "nothing died"
    rows = life.rows(apply)
    for table, wanted in lab_projector.once(feed).items():
        missing = [row for row in wanted if row not in rows[table]]
        more = [row for row in rows[table] if row not in wanted]
        expect(
            rows[table] == wanted,
            f"{case}: in {table} the rows {more} are there, where {missing} should be. What came twice, or not at all?",
        )
    return life


@task_check
def own(where: Answer) -> str:
    """Let customers look at their orders, where a learner says."""
    random, said = stream("own"), []
    for slow in (1.0, 3.0):
        case = lab_own.Case.drawn(random, slow)
        seen = lab_own.lived(case, where, seed=int(random.integers(2**31)))
        lag = f"with a lag of {case.lag_median_s:.2f} s (99 %: {case.lag_p99_s:.2f} s)"
        expect(
            not seen.unseen,
            f"{seen.unseen} of {seen.looks} looks did not show the customer's own order, {lag}; one replica stopped "
            f"after {case.stop_at_s:.0f} s, the other one died after {case.dies_at_s:.0f} s. "
            "How far must a replica be?",
        )
        expect_at_most(
            seen.p99_s,
            case.in_time_s,
            f"99 % of the looks take up to {seen.p99_s:.2f} s, {lag}; promised are {case.in_time_s:.2f} s. "
            "Who waits, and for how long at most?",
        )
        expect_at_most(
            seen.write_share,
            MOST_WRITE_SHARE,
            f"{seen.write_share:.1%} of the looks go to the write model, {lag}; {MOST_WRITE_SHARE:.0%} may. "
            "Which of them could a replica have answered, a moment later?",
        )
        said.append(f"{seen.write_share:.1%}")
    return f"all own orders are seen in time, and {' and '.join(said)} of the looks go to the write model"


@task_check
def rebuild(rebuild: Answer) -> str:
    """Let a learner make a read model anew, with trouble on the way."""
    random, ended, looks = stream("rebuild"), [], 0
    for case in lab_rebuild.drawn(random):
        seen = case.lived(expect_steps(rebuild), seed=int(random.integers(2**31)))
        _expect_rebuilt(seen, case.words)
        ended.append(f"{seen.ended_s:.1f}")
        looks += seen.looks
    return f"none of {looks} looks was wrong, and the rebuilds ended after {', '.join(ended)} s"


def _expect_rebuilt(seen: lab_rebuild.Rebuilt, case: str, most_late_s: float = lab_rebuild.LATE_S) -> None:
    expect(
        not seen.missing,
        f"{case}: {seen.missing} of {seen.looks} looks found no page. What is asked meanwhile?",
    )
    expect(
        not seen.old,
        f"{case}: {seen.old} of {seen.looks} looks found a page older than {lab_rebuild.OLDEST_S} s. Is the read model "
        "that is asked up to date, and does its projector run?",
    )
    expect(seen.is_new, f"{case}: at the end questions do not go to a new read model")
    expect(
        seen.applied >= seen.told,
        f"{case}: the new read model's projector has applied {seen.applied} events of {seen.told}: "
        "does it begin with the first one?",
    )
    expect(seen.ended_s is not None, f"{case}: the rebuild has not ended after {lab_rebuild.LASTS_S:.0f} s")
    late_s = seen.ended_s - seen.caught_up_s  # type: ignore[operator]
    expect_at_most(
        max(0.0, late_s),
        most_late_s,
        f"{case}: the new read model had caught up after {seen.caught_up_s:.1f} s, the rebuild ended after "
        f"{seen.ended_s:.1f} s. How does it know?",
    )
    expect(
        seen.stopped_early_s <= lab_rebuild.LOOKS_EVERY_S,
        f"{case}: the old projector was stopped {seen.stopped_early_s:.1f} s before the new read model was asked",
    )
    expect(seen.old_stopped, f"{case}: the old projector still runs, and writes rows that nobody asks for")
    expect(seen.new_runs, f"{case}: the projector of the new read model is stopped")


@task_check
def stale(sell: Answer) -> str:
    """Kill a learner's command at each of its statements, let another one overtake it there, and look at the rows."""
    random, runs = stream("stale"), 0
    for _ in range(3):
        _expect_in_turn(sell, random)
    for at, is_killed in product(range(MOST_CALLS), (False, True)):
        pairs = [lab_stale.contended(random, long_first) for long_first in (False, True)]
        for stock, pair in (*pairs, lab_stale.drawn(random, orders=2)):
            _expect_one_of_two(sell, stock, pair, at, is_killed)
            runs += 1
    for at in range(MOST_CALLS):
        _expect_once_though_sent_twice(sell, random, at)
        runs += 1
    sold = _expect_rush(sell, random)
    return (
        f"{runs} times a command was overtaken or died, nothing was oversold, and in a rush {sold} were sold"
    )


def _expect_in_turn(sell: Answer, random: Any) -> None:
    """Orders one after the other, and each of them once more: the rows are those of our own count."""
    stock, orders = lab_stale.drawn(random, orders=8, products=3)
    with lab_stale.Shop(stock, orders) as shop:
        for order in (*orders, *orders[::-1]):
            shop.send(sell, order)
        _expect_left(
            shop, [lab_stale.one_by_one(stock, orders)], "orders came one after the other, and then once more"
        )


def _expect_one_of_two(
    sell: Answer, stock: dict[int, int], pair: list[lab_stale.Order], at: int, is_killed: bool
) -> None:
    """Two orders, of which one is overtaken or dies: the rows are those of one of the two turns."""
    first, second = pair
    with lab_stale.Shop(stock, [first, second]) as shop:
        if is_killed:
            shop.send(sell, first, calls=at)
            shop.send(sell, second)
            shop.send(sell, first)
            case = f"order {first.order_id} died after {at} statements, and was sent again after another one"
        else:
            shop.send(sell, first, overtaken_at=at, by=[second])
            case = f"after {at} statements of order {first.order_id} another one came in between"
        turns = [lab_stale.one_by_one(stock, turn) for turn in ((first, second), (second, first))]
        _expect_left(
            shop, turns, f"{case}; the stock was {stock}, they want {first.lines} and {second.lines}"
        )


def _expect_once_though_sent_twice(sell: Answer, random: Any, at: int) -> None:
    """An order that is overtaken by itself, as an impatient customer sends it twice, is sold once."""
    stock, (order, _) = lab_stale.contended(random, long_first=True)
    with lab_stale.Shop(stock, [order]) as shop:
        shop.send(sell, order, overtaken_at=at, by=[order])
        case = f"after {at} statements of order {order.order_id} the same order came once more, from another process"
        _expect_left(shop, [lab_stale.one_by_one(stock, [order])], case)


def _expect_rush(sell: Answer, random: Any) -> int:
    """Many orders, each with two others in between: return how many were sold, or say what is wrong with the rows."""
    stock, orders = lab_stale.drawn(random, orders=30, products=3)
    with lab_stale.Shop(stock, orders) as shop:
        for one, *others in zip(orders[::3], orders[1::3], orders[2::3], strict=True):
            shop.send(sell, one, overtaken_at=int(random.integers(6)), by=others)
        left, wanted = shop.left(), {order.order_id: order.lines for order in orders}
        sold = [order_id for order_id, state in left.states.items() if state == "sold"]
        gone = {number: sum(q for one in sold for p, q in wanted[one] if p == number) for number in stock}
        right = {number: pieces - gone[number] for number, pieces in stock.items()}
        expect(
            left.stock == right, f"in a rush: the stock is {left.stock}; after what was sold it is {right}"
        )
        expect(
            min(right.values()) >= 0, f"in a rush: the stock is {right}, so some was sold that was not there"
        )
        held = sum(state not in ("sold", "refused") for state in left.states.values())
        expect(not held, f"in a rush: the money of {held} orders is neither taken nor given back")
        fits = [
            order_id
            for order_id, state in left.states.items()
            if state == "refused" and all(right[number] >= quantity for number, quantity in wanted[order_id])
        ]
        expect(not fits, f"in a rush: {len(fits)} orders were refused, and all their pieces are still there")
    return len(sold)


def _expect_left(shop: lab_stale.Shop, allowed: list[lab_stale.Left], case: str) -> None:
    left, right = shop.left(), allowed[0]
    stocks = " or ".join(dict.fromkeys(str(one.stock) for one in allowed))
    expect(left.stock in [one.stock for one in allowed], f"{case}: {left.stock} is left; right is {stocks}")
    states = " or ".join(dict.fromkeys(str(one.states) for one in allowed))
    expect(
        left.states in [one.states for one in allowed],
        f"{case}: the orders are {left.states}; right is {states}",
    )
    right = next((one for one in allowed if (one.stock, one.states) == (left.stock, left.states)), right)
    expect(
        left == right,
        f"{case}: order_lines has {left.lines}, {right.lines} is right",
    )
    for order_id, given in shop.answers.items():
        wanted = right.states[order_id] == "sold"
        wrong = [one for one in given if isinstance(one, str) or bool(one) is not wanted]
        expect(
            not wrong,
            f"{case}: sell gives {wrong[:1]} for order {order_id}, which is {right.states[order_id]}",
        )


@task_check
def decide(decide: Answer) -> str:
    """Let a learner decide on briefs of which we know the simplest way."""
    random, said = stream("decide"), []
    briefs = [lab_briefs_known.drawn(random, kind) for kind in lab_briefs_known.KINDS]
    for number in random.permutation(len(briefs)).tolist():
        brief = briefs[number]
        _expect_decided(decide(replace(brief)), brief)
        said.append(f"{lab_briefs_known.simplest(brief)}")
    return f"the simplest ways for {len(said)} briefs: {', '.join(said)}"


def _expect_decided(config: Any, brief: lab_decide.Brief) -> None:
    simplest = lab_briefs_known.simplest(brief)
    if config is None or simplest is None:
        words = "no shop meets it" if simplest is None else f"a shop with {simplest!r} meets it"
        answer = "None" if config is None else getattr(config, "models", repr(config))
        expect(config is simplest, f"{brief}: decide gives {answer}, but {words}")
        return
    expect(type(config) is CqrsConfig, f"decide gives {config!r}; a CqrsConfig or None is wanted")
    changed = lab_decide.impossible(config, brief)
    expect(not changed, f"{brief}: {'; '.join(changed)}")
    lacks = lab_decide.broken(lab_decide.decided(config, brief), brief)
    expect(not lacks, f"{brief}: with {config.models!r}, {'; '.join(lacks)}")
    expect(
        config.models == simplest,
        f"{brief}: decide gives {config.models!r}, which meets it; but {simplest!r} does so with fewer parts",
    )
