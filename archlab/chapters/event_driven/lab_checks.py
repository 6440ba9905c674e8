"""The checks of lab 03. Each gets a learner's answer, tries it under the seed of this run, and says what it saw.

>>> key(lambda event: 5)
Traceback (most recent call last):
AssertionError: the key of an event is 5; it must be a text
"""

from itertools import product

from archlab.chapters.event_driven import lab as sale_days
from archlab.chapters.event_driven import lab_backlog_known, lab_history, lab_keys, lab_poison, lab_rows
from archlab.course.labs import (
    Answer,
    expect,
    expect_at_most,
    expect_number,
    expect_steps,
    expect_text,
    seed,
    stream,
    task_check,
)
from archlab.shop.audit import ANOMALIES
from archlab.shop.event_driven import EventDrivenConfig
from archlab.shop.events.event import Event
from archlab.shop.events.event_store import EventStore

EVENTS = 3000
MOST_STATEMENTS = 12
"""Of a consumer that is killed after each of its statements in turn; the solution has four."""


@task_check
def key(key_of: Answer) -> str:
    """Publish a day's events under a learner's keys: nobody's order may break, and no partition have too much."""
    random = stream("key")
    events = lab_keys.events_of_a_day(random, EVENTS)

    def key_for(event: lab_keys.ShopEvent) -> str:
        return expect_text(key_of(lab_keys.published(event)), "the key of an event")

    keys = {event.number: key_for(event) for event in events}
    for event in map(events.__getitem__, random.permutation(EVENTS)[:300]):
        again = key_for(event) == keys[event.number]
        expect(again, "the same event gets another key when it is published once more")
    handled = lab_keys.handled_by_key(events, lambda event: keys[event.number], seed())
    wrong, share = handled.customers_out_of_order, handled.largest_share
    expect(
        not wrong,
        f"{wrong} customers had an event handled before an earlier one of theirs: "
        "which events of one customer land on different partitions?",
    )
    apart = handled.customers_apart
    expect(
        not apart, f"{apart} customers have events on more than one partition: only luck kept them in order"
    )
    expect_at_most(
        share,
        lab_keys.MOST_ON_ONE_PARTITION,
        f"one partition gets {share:.0%} of all events: how many different keys are there?",
    )
    return f"{len(set(keys.values()))} keys, nobody out of order, the fullest partition has {share:.0%}"


@task_check
def rows(consume: Answer) -> str:
    """Deliver events to a learner's consumer, kill it before and after each of its statements, and count the points."""
    random = stream("rows")
    for _ in range(2):  # the second database knows nothing of the first, and neither may the consumer
        database, events = lab_rows.Rows(), lab_rows.events_of_a_day(random)
        events = [*events, *lab_rows.SAME_EVERY_DAY]
        for event in events:
            changed = consume(database, event)
            _expect_closed(database)
            expect(changed, f"consume gives {changed!r} for an event that was never seen; True is wanted")
        _expect_points(database, events, "each event was delivered once, nothing was killed")
        for event in map(events.__getitem__, random.permutation(len(events))):
            changed = consume(database, event)
            expect(not changed, f"consume gives {changed!r} for an event that was seen; False is wanted")
        _expect_points(database, events, "each event was delivered once more")
    deliveries = 0
    for statements in range(1, MOST_STATEMENTS + 1):
        databases, events = (lab_rows.Rows(), lab_rows.Rows()), lab_rows.events_of_a_day(random)
        for life in (statements, *map(int, random.integers(1, 8, size=3)), None):
            for event, database in product(
                map(events.__getitem__, random.permutation(len(events))), databases
            ):
                lab_rows.is_acknowledged(consume, database, event, life)
                _expect_closed(database)
                deliveries += 1
        for database in databases:
            when = f"the program was killed after {statements} statements, and by chance"
            _expect_points(database, events, when)
    return f"{deliveries} deliveries with kills in between, and the points are right"


def _expect_closed(database: lab_rows.Rows) -> None:
    expect(not database.in_transaction, "consume has ended with a transaction open: its COMMIT is missing")


def _expect_points(database: lab_rows.Rows, events: list[lab_rows.PointsEarned], when: str) -> None:
    there, owed = database.points(), lab_rows.owed(events)
    wrong = [name for name in owed if there.get(name) != owed[name]]
    said = "; ".join(f"{name} has {there.get(name)} points, {owed[name]} are right" for name in wrong)
    expect(not wrong, f"{when}, and {said}")


@task_check
def poison(deal_with: Answer) -> str:
    """Let a learner's consumers live through days with an outage and a record that can never be handled."""
    random, deal_with, parked_after = stream("poison"), expect_steps(deal_with), []
    for when, away_at_s in (("before", lab_poison.BEFORE_S), ("after", lab_poison.AFTER_S)):
        day = lab_poison.PoisonDay.drawn(random, away_at_s)
        lived = day.run(deal_with, seed())
        case = (
            f"what all need was away for {day.away_s:.1f} s, {when} a record came that can never be handled"
        )
        good = [number for number in lived.parked if number != lived.poison]
        expect(not good, f"{case}: {len(good)} good records were parked. When were they tried?")
        expect(
            not lived.left,
            f"{case}: {len(lived.left)} records were neither done nor parked. Is one dropped, or does one block?",
        )
        twice = len(lived.done) - len(set(lived.done))
        expect(not twice, f"{case}: the work on {twice} records was done more than once")
        times = len(lived.parked)
        expect(times == 1, f"{case}: that record was parked {times} times, once is wanted")
        unknown = lived.parked_without_failure
        expect(not unknown, f"{case}: it was parked without the failure of its work, so nobody knows why")
        expect(not lived.out_of_order, f"{case}: {lived.out_of_order} records were done out of order")
        longest_s = max(lived.waits_s)
        expect_at_most(
            longest_s,
            lab_poison.LONGEST_WAIT_S,
            f"{case}: a good record was done after {longest_s:.0f} s, {lab_poison.LONGEST_WAIT_S:.0f} s are allowed",
        )
        parked_after.append(f"{longest_s:.0f} s")
    return f"the bad record was parked, no other; the longest waits of good ones: {', '.join(parked_after)}"


@task_check
def backlog(consumers_needed: Answer) -> str:
    """Compare a learner's number with the arithmetic, and with simulated consumers at a backlog."""
    random, counted = stream("backlog"), []
    for kind in (*lab_backlog_known.KINDS, "uneven", "no divisor"):
        case = lab_backlog_known.drawn(random, kind)
        right = lab_backlog_known.consumers_needed(case)
        given = expect_number(consumers_needed(**case.values()), "the number of consumers")
        shown = ", ".join(f"{name}={value:.4g}" for name, value in case.values().items())
        expect(given == round(given), f"consumers_needed gives {given:g}; it must be a whole number")
        if right == 0:
            why = "the oldest is deleted before anybody reads" if kind == "deleted" else "no number will do"
            expect(given == 0, f"{shown}: {given:.0f} consumers; {why}, so 0 is wanted")
            continue
        expect(given > 0, f"{shown}: 0 consumers, but it can be done")
        expect(given <= case.partitions, f"{shown}: {given:.0f} consumers; who has no partition does nothing")
        left = case.left_at_the_end(int(given))
        expect(not left, f"{shown}: {given:.0f} consumers have {left} records left when the sale begins")
        expect(given == right, f"{shown}: {given:.0f} consumers; {right} are through in time as well")
        counted.append(f"{given:.0f}")
    return f"{', '.join(counted)} consumers are through in time, simulated as well; two cases cannot be had"


@task_check
def history(repair: Answer) -> str:
    """Let a learner find the first wrong event of two histories, and put their books right."""
    random, used = stream("history"), []
    for _ in range(2):
        told, first_wrong = lab_history.drawn(random)
        store = EventStore(told.store.connection)
        before, wrong = _rows_of(store), lab_history.History(store).books_at(store.head)
        found = expect_number(repair(told), "the position of the first wrong event")
        replays = lab_history.REPLAYS - told.replays_left
        expect(_rows_of(store)[: len(before)] == before, "rows of the history were changed or are gone")
        expect(
            found == first_wrong,
            f"the first wrong event is not at position {found:g}: what do the books say before and after it?",
        )
        left = lab_history.History(store).books_at(store.head)
        expect(not left, f"the books are still wrong; pieces too many, by product: {left}")
        _expect_corrections(store.read_all(len(before)), wrong)
        used.append(f"{replays}")
    return f"found with {' and '.join(used)} replays, and the books are right again"


def _expect_corrections(appended: list[Event], wrong: dict[int, int]) -> None:
    """Expect one event for each wrong product, in its own stream, that corrects this product alone."""
    allowed = lab_history.STOCK_CORRECTED
    kinds = {event.type for event in appended} - {allowed}
    expect(not kinds, f"events of other types were appended: {kinds}; only {allowed} is wanted")
    found = sorted(event.stream for event in appended)
    wanted = sorted(f"stock-{number}" for number in wrong)
    expect(found == wanted, f"events were appended to {found}; one to each of {wanted} is wanted")
    for event in appended:
        products = {f"stock-{number}" for number, _ in event.data["lines"]}
        expect(products == {event.stream}, f"an event of {event.stream} corrects {products}")


@task_check
def sale(sale_shop: Answer) -> str:
    """Let a learner's shop live through two days of the sale, within the budget."""
    random, config, loads = stream("sale"), sale_shop(), []
    wanted = "an EventDrivenConfig is wanted"
    expect(type(config) is EventDrivenConfig, f"sale_shop gives {config!r}; {wanted}")
    expect(not sale_days.impossible(config), "; ".join(sale_days.impossible(config)))
    config = sale_days.decided(config)
    rent, budget = sale_days.rent_usd_per_hour(config), sale_days.BUDGET_USD_PER_HOUR
    expect(rent <= budget, f"this shop costs {rent:.3f} US dollars per hour, the budget is {budget}")
    for _ in range(2):
        day = sale_days.SaleDay.drawn(random)
        lived = day.run(config, seed=int(random.integers(2**31)))
        case = f"on a day with {day.rate_per_s:.0f} requests a second"
        expect(not lived.misses, f"{case} {'; '.join(lived.misses)}. Who cannot be reached, and when?")
        _expect_done(lived, case)
        loads.append(f"{day.rate_per_s:.0f}")
    return f"the promise is kept on two days, with {' and '.join(loads)} requests a second"


def _expect_done(lived: sale_days.Sale, case: str) -> None:
    """Expect that accepted orders are done in time, all of them, and that no row is wrong."""
    wrong = "; ".join(f"{count} {name} ({ANOMALIES[name]})" for name, count in lived.wrong_rows.items())
    expect(not wrong, f"{case} the audit finds {wrong}. What was delivered twice?")
    expect(not lived.never_done, f"{case} {lived.never_done} orders were accepted and are pending for ever")
    for share, taken_s, most_s in (
        ("half", lived.median_done_s, sale_days.MEDIAN_DONE_S),
        ("nine of ten", lived.p90_done_s, sale_days.P90_DONE_S),
    ):
        late = (
            f"{case} {share} of the accepted orders are done within {taken_s:.1f} s, promised are {most_s} s"
        )
        expect_at_most(taken_s, most_s, f"{late}. What do their events wait for?")


def _rows_of(store: EventStore) -> list[tuple[object, ...]]:
    return store.connection.execute("SELECT * FROM events ORDER BY position").fetchall()
