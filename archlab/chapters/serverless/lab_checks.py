"""The checks of lab 05. Each gets a learner's answer, tries it under the seed of this run, and says what it saw.

>>> servers(lambda **case: -1.0)  # doctest: +ELLIPSIS
Traceback (most recent call last):
AssertionError: run_s=...: from -1 requests a second on; a load is 0 or more, or infinite
"""

from dataclasses import replace
from itertools import product
from math import isinf, isnan

from archlab.chapters.serverless import lab as launch_days
from archlab.chapters.serverless import (
    lab_cold,
    lab_pieces,
    lab_servers,
    lab_servers_known,
    lab_settings,
    lab_twice,
)
from archlab.course.labs import (
    Answer,
    expect,
    expect_at_least,
    expect_at_most,
    expect_close,
    expect_number,
    expect_numbers,
    expect_steps,
    seed,
    stream,
    task_check,
)
from archlab.shop.audit import ANOMALIES
from archlab.shop.serverless import ServerlessConfig

MOST_CALLS = 10
"""A function is killed, and overtaken, before each of so many calls; it must do with fewer. The solution has four."""
PRICE_ROOM = 1.025
"""A bill may be so many times the least one: settings that cost about the same are as good."""
MOST_PIECES = 24
"""The solution needs about 14."""
SERVERS_ROOM = 0.005


@task_check
def cold(cold_share: Answer) -> str:
    """Compare a learner's count of cold starts with the simulated platform's."""
    random, shares = stream("cold"), []
    kinds = (lab_cold.drawn, lab_cold.told_apart, lab_cold.lonely)
    for draw in (*kinds, *kinds[:2], lab_cold.drawn, lab_cold.drawn):
        trace = draw(random)
        given = expect_number(
            cold_share(list(trace.arrivals_s), trace.run_s, trace.init_s, trace.keep_alive_s), "the share"
        )
        expect(0 <= given <= 1, f"the share is {given:g}; it must be between 0 and 1")
        requests, right = len(trace.arrivals_s), trace.cold_share()
        expect(
            abs(given - right) * requests < 0.5,
            f"{given * requests:.0f} of {requests} requests are cold by your count, {right * requests:.0f} on the "
            "platform. Which environment takes a request, and from when on does it idle?",
        )
        shares.append(f"{right:.0%}")
    return f"{', '.join(shares)} of the requests are cold, counted and simulated"


@task_check
def settings(choose: Answer) -> str:
    """Let services live with a learner's settings, and compare the bill with the least one."""
    random, bills = stream("settings"), []
    for kind, pace in lab_settings.CASES:
        service, luck = lab_settings.drawn(random, kind, pace), int(random.integers(2**31))
        given = expect_numbers(choose(lab_settings.Trials(replace(service), luck)), 2, "choose")
        expect(given[0] in lab_settings.MEMORY_MB, f"memory_mb is {given[0]:g}; it must be on the menu")
        expect(
            given[1] in range(lab_settings.MOST_PROVISIONED + 1),
            f"provisioned is {given[1]:g}; it must be a whole number from 0 to {lab_settings.MOST_PROVISIONED}",
        )
        memory_mb, provisioned = int(given[0]), int(given[1])
        tried = lab_settings.lived(service, memory_mb, provisioned, luck)
        asked = f"the service that is {kind!r}, with {service.rate_per_s:.3g} arrivals a second"
        case = f"{asked}, {memory_mb} MB and {provisioned} provisioned"
        expect(
            tried.share_in_time >= lab_settings.SHARE_IN_TIME,
            f"{case}: {tried.share_in_time:.1%} of the requests are served in time",
        )
        least_usd = _least_usd(service, luck)
        expect_at_most(
            tried.usd_per_month / least_usd,
            PRICE_ROOM,
            f"{case}: {tried.usd_per_month:.2f} US dollars a month; the promise can be kept for {least_usd:.2f}",
        )
        bills.append(f"{tried.usd_per_month:.2f}")
    return f"nine services keep their promise, for {', '.join(bills)} US dollars a month"


def _least_usd(service: lab_settings.Service, luck: int) -> float:
    """Return the least bill with which the promise can be kept.

    More memory than it takes to be in time is never cheaper: what computes costs the same, the rest more.
    """
    memory_mb = min(mb for mb in lab_settings.MEMORY_MB if service.runs_s(mb) <= service.limit_s)
    all_tried = (
        lab_settings.lived(service, memory_mb, provisioned, luck)
        for provisioned in range(lab_settings.MOST_PROVISIONED + 1)
    )
    return min(one.usd_per_month for one in all_tried if one.share_in_time >= lab_settings.SHARE_IN_TIME)


@task_check
def twice(confirm: Answer) -> str:
    """Kill a learner's function at each of its calls, let another run overtake it there, and count the rows."""
    random, runs = stream("twice"), 0
    for _ in range(2):
        world = lab_twice.drawn(random)
        for event in (*world.events, *world.events[::-1], *world.events):
            few = world.deliver(confirm, event, calls=MOST_CALLS)
            expect(few, f"confirm makes {MOST_CALLS} calls or more for one order; four will do")
            runs += 1
        _expect_right(world, "each event came three times, nothing was killed")
    _expect_others_left(confirm, lab_twice.drawn(random))
    for calls, overtaken_at in product(range(MOST_CALLS), (None, *range(MOST_CALLS))):
        if overtaken_at is not None and overtaken_at >= calls:
            continue
        world = lab_twice.drawn(random, count=5)
        order = [world.events[index] for index in random.permutation(5)]
        for event in order:
            world.deliver(confirm, event, calls, overtaken_at)
        for event in reversed(order):
            world.deliver(confirm, event, overtaken_at=int(random.integers(MOST_CALLS)))
        runs += 3 * len(order)
        _expect_right(world, f"runs were killed after {calls} calls, and others came in between")
    return f"{runs} runs with kills and others in between, and each order is charged and reserved once"


def _expect_others_left(confirm: Answer, world: lab_twice.World) -> None:
    """Expect that each event changes its own order and no other, though others have been begun."""
    for calls, event in [(3, event) for event in world.events] + [
        (MOST_CALLS, event) for event in world.events
    ]:
        before, _ = _states(world), world.deliver(confirm, event, calls=calls)
        others = [order for order, state in _states(world).items() if state != before[order]]
        others = [order for order in others if order != event.order_id]
        expect(
            not others,
            f"the event of order {event.order_id} came, and order {others[:1]} has changed its state, too",
        )


def _states(world: lab_twice.World) -> dict[int, str]:
    return dict(world.rows("SELECT order_id, state FROM orders"))


def _expect_numbers(world: lab_twice.World) -> None:
    """Expect that all runs that came to their end returned the number of their order's charge, or None."""
    numbers: dict[int, set[float]] = {}
    for event, given in world.returned:
        if event.order_id in world.cancelled:
            expect(given is None, f"confirm gives {given!r} for an order that was cancelled; None is wanted")
        else:
            number = expect_number(given, "the number of the charge")
            numbers.setdefault(event.order_id, set()).add(number)
    for order_id, own in numbers.items():
        shown = " and ".join(f"{number:g}" for number in sorted(own))
        expect(
            len(own) == 1, f"for order {order_id} confirm gives {shown}; at each run it is the same number"
        )
    shown = ", ".join(f"{number:g}" for own in numbers.values() for number in own)
    right = set(range(1, len(world.charged()) + 1))
    expect(
        set().union(*numbers.values()) == right,
        f"confirm gives {shown} for {len(numbers)} orders; the charges have the numbers 1 to {len(right)}",
    )


def _expect_right(world: lab_twice.World, when: str) -> None:
    wanted = [event for event in world.events if event.order_id not in world.cancelled]
    charged, owed = sorted(world.charged()), sorted(event.cents for event in wanted)
    expect(
        charged == owed,
        f"{when}: {len(charged)} charges of {sum(charged)} cents in all, right are {len(owed)} of {sum(owed)}",
    )
    rows = world.rows("SELECT order_id, product, quantity FROM reservations ORDER BY order_id")
    right = sorted((event.order_id, event.product, event.quantity) for event in wanted)
    differ = sorted(set(rows) ^ set(right))
    expect(
        rows == right,
        f"{when}: {len(rows)} reservations, {len(right)} are right; {differ[:2]} are only in one of the two",
    )
    ends = {e.order_id: "cancelled" if e.order_id in world.cancelled else "confirmed" for e in world.events}
    wrong = {order: state for order, state in _states(world).items() if state != ends[order]}
    first = next(
        (f"order {order} is {state}, and should be {ends[order]}" for order, state in wrong.items()), ""
    )
    expect(not wrong, f"{when}: {len(wrong)} orders are in the wrong state; {first}")
    _expect_numbers(world)


@task_check
def pieces(piece: Answer) -> str:
    """Let a learner's job live through nights with kills, and look at what was booked."""
    random, piece, counted = stream("pieces"), expect_steps(piece), []
    for _ in range(2):
        night = lab_pieces.Night.drawn(random)
        lived = night.run(piece, seed())
        missing = night.rows - len(set(lived.booked))
        expect(
            not missing,
            f"{missing} of {night.rows} rows were never booked; {lived.pieces} pieces ran, {lived.given_up} events "
            "were given up. What does a new piece know of the last one?",
        )
        expect(
            not lived.cut_off,
            f"{lived.cut_off} pieces were cut off at their time limit. When must a piece stop, at the latest?",
        )
        again = len(lived.booked) - night.rows
        expect(
            max(lived.again) <= 1 and lived.again[0] == 0,
            f"{max(lived.again)} rows were booked once more after one kill: one row a kill is allowed",
        )
        expect(
            again <= lived.killed,
            f"{again} rows were booked once more, after {lived.killed} kills: one row a kill is allowed",
        )
        expect(
            lived.pieces <= MOST_PIECES,
            f"{lived.pieces} pieces ran, {MOST_PIECES} are allowed: how much can one do in its time?",
        )
        counted.append(f"{lived.pieces}")
    return f"all rows were booked, with {' and '.join(counted)} pieces, whatever was killed"


@task_check
def servers(servers_cheaper_from: Answer) -> str:
    """Compare a learner's load with the line and the stairs."""
    random, loads = stream("servers"), []
    for kind in (*lab_servers_known.KINDS, "stairs", "least"):
        service = lab_servers_known.drawn(random, kind)
        given = expect_number(servers_cheaper_from(**service.values()), "the load")
        shown = ", ".join(f"{name}={value:.4g}" for name, value in service.values().items())
        case = f"{shown}: from {given:g} requests a second on"
        expect(given >= 0 and not isnan(given), f"{case}; a load is 0 or more, or infinite")
        right = lab_servers_known.cheaper_from(service)
        if isinf(right) or isinf(given):
            expect(isinf(given), f"{case}; functions are cheaper at any load, so it is infinite")
            expect(isinf(right), f"{case}; there is a load from which on servers are always cheaper")
            loads.append("never")
            continue
        _expect_cheaper(service, given, right, case)
        loads.append(f"{right:.0f}")
    return f"from {', '.join(loads)} requests a second on servers are cheaper"


def _expect_cheaper(service: lab_servers.Service, given: float, right: float, case: str) -> None:
    """Expect the load at which servers begin to be cheaper for good; else say what is wrong with it."""
    if given < right * (1 - SERVERS_ROOM):
        later = right * (1 - SERVERS_ROOM / 2)
        function_usd, server_usd = service.function_usd_per_h(later), service.server_usd_per_h_at(later)
        costs = f"{function_usd:.4f} US dollars an hour as functions and {server_usd:.4f} on servers"
        expect(False, f"{case}; but {later:.1f} a second cost {costs}")
    expect_close(given, right, f"{case}; the load", SERVERS_ROOM)


@task_check
def launch(launch_shop: Answer) -> str:
    """Let a learner's shop live through three days of the launch."""
    random, config, loads = stream("launch"), launch_shop(), []
    expect(type(config) is ServerlessConfig, f"launch_shop gives {config!r}; a ServerlessConfig is wanted")
    expect(not launch_days.impossible(config), "; ".join(launch_days.impossible(config)))
    for name, kept in config.provisioned.items():
        most = config.reserved.get(name, kept)
        expect(
            kept <= most,
            f"{kept} environments of {name} are kept ready, and {most} may run: reserve more of it",
        )
    config = launch_days.decided(config)
    for _ in range(3):
        day = launch_days.LaunchDay.drawn(random)
        lived = day.run(config, seed=int(random.integers(2**31)))
        case = f"on a day with {day.rate_per_s:.0f} requests a second"
        _expect_promises(lived, case)
        loads.append(f"{day.rate_per_s:.0f}")
    return f"the promises are kept on three days, with {', '.join(loads)} requests a second"


def _expect_promises(lived: launch_days.Launch, case: str) -> None:
    wrong = "; ".join(f"{count} {name} ({ANOMALIES[name]})" for name, count in lived.wrong_rows.items())
    expect(not wrong, f"{case} the audit finds {wrong}. What was run twice, and what stopped half-way?")
    promises = (
        (lived.browse_in_time, launch_days.BROWSE_SHARE, f"pages are there within {launch_days.BROWSE_S} s"),
        (lived.orders_accepted, launch_days.ACCEPTED_SHARE, "orders are accepted in the end"),
        (
            lived.orders_in_time,
            launch_days.ORDER_SHARE,
            f"orders are accepted within {launch_days.ORDER_S} s",
        ),
    )
    for share, least, what in promises:
        expect_at_least(
            share, least, f"{case} {share:.1%} of the {what}, promised are {least:.0%}. Who waits for what?"
        )
    usd, budget = lived.usd_per_hour, launch_days.BUDGET_USD_PER_HOUR
    expect_at_most(
        usd, budget, f"{case} an hour costs {usd:.2f} US dollars, the budget is {budget}. What is paid for?"
    )
