"""A station under work, holds and faults, with times worked out by hand."""

import pytest
import simpy

from archlab.sim import Crash, Crashed, Refused, Simulation, SlowDown, Station, TimedOut, Unavailable

FAILURES = (Refused, Crashed, Unavailable, TimedOut)


@pytest.fixture
def sim():
    return Simulation(seed=1)


def ends(sim, generator):
    """Start a task that says when and how `generator` ended."""

    def told():
        try:
            value = yield from generator
        except FAILURES as failure:
            return type(failure).__name__, failure.part, sim.now
        return value if value is not None else ("ok", sim.now)

    return sim.start(told())


def visit(station, service_s, priority=0):
    yield station.serve(service_s, priority)


def holding(station, for_s):
    """Hold a server for a while."""
    with station.hold() as server:
        yield server
        yield station.sim.timeout(for_s)


def waiting_in_order(sim, discipline):
    """Who is served when, of five who come while the only server is busy."""
    desk = Station(sim, "desk", discipline=discipline)
    ends(sim, visit(desk, 10))
    people = {"Ann": 2, "Bo": 0, "Cy": 1, "Di": 0, "Ed": -1}
    urgency = people if discipline == "priority" else dict.fromkeys(people, 0)
    tasks = {name: ends(sim, visit(desk, 1, urgency[name])) for name in people}
    sim.run()
    return sorted(tasks, key=lambda name: tasks[name].value[1])


# Order and limits --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("discipline", "order"),
    [
        ("fifo", ["Ann", "Bo", "Cy", "Di", "Ed"]),
        ("lifo", ["Ed", "Di", "Cy", "Bo", "Ann"]),
        ("priority", ["Ed", "Bo", "Di", "Cy", "Ann"]),
    ],
)
def test_the_discipline_decides_who_is_next(sim, discipline, order):
    assert waiting_in_order(sim, discipline) == order


def test_holds_and_work_wait_in_the_same_queue_by_priority(sim):
    desk, order = Station(sim, "desk", discipline="priority"), []
    desk.serve(1.0)

    def holds(name, priority):
        with desk.hold(priority) as server:
            yield server
            order.append((name, sim.now))
            yield sim.timeout(1)

    def works(name, priority):
        yield desk.serve(1.0, priority)
        order.append((name, sim.now))

    for name, priority, kind in (("low", 2, holds), ("work", 1, works), ("high", 0, holds)):
        sim.start(kind(name, priority))
    sim.run()
    assert order == [("high", 1), ("work", 3), ("low", 3)]


def test_a_full_queue_refuses_work_and_holds_and_forgets_them(sim):
    web = Station(sim, "web", capacity=2, queue_limit=1)
    tasks = [ends(sim, visit(web, 1.0)) for _ in range(4)] + [ends(sim, holding(web, 1.0))]
    assert web.sample() == (1, 2, 2, True)
    sim.run()
    assert [task.value[0] for task in tasks] == ["ok", "ok", "ok", "Refused", "Refused"]
    assert (web.completed, web.refused, web.failed) == (3, 2, 0)


def test_the_work_is_done_even_when_nobody_waits_for_it(sim):
    web = Station(sim, "web")
    web.serve(1.0)
    sim.run()
    assert (sim.now, web.completed) == (1.0, 1)


def test_work_that_takes_no_time_still_takes_its_turn(sim):
    web = Station(sim, "web")
    tasks = [ends(sim, visit(web, 0.0)) for _ in range(3)]
    sim.run()
    assert [task.value for task in tasks] == [("ok", 0)] * 3


# Holding -----------------------------------------------------------------------------------------------------


def test_a_held_worker_is_busy_while_it_waits_for_somebody_else(sim):
    """Two workers, a database with one: the second database visit keeps a worker waiting, a third request queues."""
    web, database = Station(sim, "web", capacity=2), Station(sim, "database")

    def handler():
        with web.hold() as worker:
            yield worker
            yield database.serve(1.0)

    tasks = [ends(sim, handler()) for _ in range(3)]
    sim.run(until=0.5)
    assert web.sample() == (1, 2, 2, True)
    assert database.sample() == (1, 1, 1, True)
    sim.run()
    assert [task.value for task in tasks] == [("ok", 1.0), ("ok", 2.0), ("ok", 3.0)]
    assert web.totals() == {"busy_s": 5.0, "waiting_s": 1.0, "completed": 3, "refused": 0, "failed": 0}


def test_a_hold_is_released_when_the_block_ends_by_an_exception(sim):
    web, database = Station(sim, "web"), Station(sim, "database")
    database.crash()

    def handler():
        with web.hold() as worker:
            yield worker
            yield database.serve(1.0)

    assert ends(sim, handler())
    sim.run()
    assert (web.busy, web.completed) == (0, 1)


def test_a_hold_can_be_given_up_while_waiting(sim):
    web = Station(sim, "web")
    first = ends(sim, holding(web, 10))

    def impatient():
        with web.hold() as worker:
            yield sim.deadline(worker, timeout_s=1.0)

    second, third = ends(sim, impatient()), ends(sim, holding(web, 1))
    sim.run()
    assert [task.value for task in (first, second, third)] == [
        ("ok", 10),
        ("TimedOut", "web", 1.0),
        ("ok", 11),
    ]
    assert web.totals() == {"busy_s": 11, "waiting_s": 1 + 10, "completed": 2, "refused": 0, "failed": 1}


def test_a_hold_that_was_granted_at_the_moment_of_giving_up_goes_to_the_next(sim):
    web = Station(sim, "web")

    def leaves_at_once():
        yield sim.timeout(1)
        with web.hold():
            pass  # the server is given and given back without ever being waited for

    ends(sim, holding(web, 1))
    leaver, after = ends(sim, leaves_at_once()), ends(sim, holding(web, 1))
    sim.run()
    assert leaver.value == ("ok", 1)
    assert after.value == ("ok", 2)
    assert web.busy == 0


@pytest.mark.parametrize("start", ["start", "process"])
def test_a_task_and_a_process_hold_alike(sim, start):
    web = Station(sim, "web")

    def timed(for_s):
        yield from holding(web, for_s)
        return sim.now

    running = [getattr(sim, start)(timed(n)) for n in (1, 2, 3)]
    sim.run()
    assert [one.value for one in running] == [1, 3, 6]


def test_a_thousand_who_wait_for_a_server_can_all_give_it_back_at_one_moment(sim):
    web, database = Station(sim, "web"), Station(sim, "database")

    def handler():
        with web.hold() as worker:
            yield worker
            yield database.serve(1.0)

    tasks = [ends(sim, handler()) for _ in range(5000)]
    sim.inject(Crash("database", at_s=0.5, restart_after_s=1.0))
    sim.run()
    assert tasks[0].value == ("Crashed", "database", 0.5)
    assert {task.value for task in tasks[1:]} == {("Unavailable", "database", 0.5)}


def test_giving_up_a_hold_twice_while_waiting_counts_once(sim):
    web = Station(sim, "web")
    web.serve(1.0)

    def impatient():
        with web.hold() as worker:
            yield sim.timeout(0.5)
            web.release(worker)
            web.release(worker)
            yield sim.timeout(5.0)

    task = sim.start(impatient())
    sim.run()
    assert task.ok
    assert web.totals() == {"busy_s": 1.0, "waiting_s": 0.5, "completed": 1, "refused": 0, "failed": 1}


def test_a_server_given_back_inside_its_block_is_given_back_once(sim):
    web = Station(sim, "web")

    def early():
        with web.hold() as worker:
            yield worker
            yield sim.timeout(1.0)
            web.release(worker)
            yield sim.timeout(5.0)

    sim.start(early())
    after = ends(sim, visit(web, 2.0))
    sim.run()
    assert after.value == ("ok", 3.0)
    assert (web.completed, web.failed, web.busy) == (2, 0, 0)


# Work on a held server ---------------------------------------------------------------------------------------


def working(station, work_s, then_waits_s=0.0):
    """Hold a server, work on it, and then wait for something else."""
    with station.hold() as server:
        yield server
        yield server.work(work_s)
        yield station.sim.timeout(then_waits_s)


def test_a_holder_works_on_its_server_and_keeps_it(sim):
    web = Station(sim, "web")
    first, second = ends(sim, working(web, 2.0, then_waits_s=1.0)), ends(sim, visit(web, 1.0))
    sim.run()
    assert (first.value, second.value) == (("ok", 3.0), ("ok", 4.0))
    assert web.totals() == {"busy_s": 4.0, "waiting_s": 3.0, "completed": 2, "refused": 0, "failed": 0}


@pytest.mark.parametrize("start", ["start", "process"])
def test_a_slow_down_stretches_what_is_left_of_a_holders_work_and_not_its_waiting(sim, start):
    """Work of 4 s: 1 s at full speed, 8 s at a quarter (2 s of work), 1 s at full speed. Then 3 s of waiting."""
    web, other, seen = Station(sim, "web", capacity=2), Station(sim, "other"), []

    def handler(then_waits_s):
        yield from working(web, 4.0, then_waits_s)
        seen.append(sim.now)

    waits = ends(sim, holding(web, 2.0))
    elsewhere = ends(sim, working(other, 4.0))
    getattr(sim, start)(handler(3.0))
    sim.inject(SlowDown("web", at_s=1.0, for_s=8.0, factor=4.0))
    sim.run()
    assert seen == [13.0]
    assert (waits.value, elsewhere.value) == (("ok", 2.0), ("ok", 4.0))


def test_work_that_a_holder_begins_while_all_is_slow_is_slow_from_the_start(sim):
    web = Station(sim, "web")
    web.slow_down(3.0)
    sim.call_at(4.5, lambda _: web.slow_down(0.5))
    task = ends(sim, working(web, 2.0))
    sim.run()
    assert task.value == ("ok", 4.75)


@pytest.mark.parametrize("way", ["alone", "deadline", "or"])
@pytest.mark.parametrize("start", ["start", "process"])
def test_a_crash_ends_the_work_of_a_holder_who_hears_of_it_once(sim, way, start):
    web, told = Station(sim, "web"), []
    ways = {
        "alone": lambda work: work,
        "deadline": lambda work: sim.deadline(work, 20.0),
        "or": lambda work: work | sim.timeout(20.0),
    }

    def handler():
        try:
            with web.hold() as worker:
                yield worker
                yield ways[way](worker.work(5.0))
        except Crashed:
            told.append(("Crashed", sim.now))
        except simpy.Interrupt as interrupt:
            told.append((type(interrupt.cause).__name__, sim.now))
        yield sim.timeout(10)
        told.append(("end", sim.now))

    getattr(sim, start)(handler())
    sim.inject(Crash("web", at_s=2, restart_after_s=1))
    sim.run(until=30)
    assert told == [("Crashed", 2), ("end", 12)]
    assert (web.busy, web.completed, web.failed) == (0, 0, 1)


def test_somebody_else_who_waits_for_the_work_of_a_holder_hears_of_the_crash_too(sim):
    web, works = Station(sim, "web"), []

    def handler():
        with web.hold() as worker:
            yield worker
            works.append(worker.work(5.0))
            yield works[0]

    def onlooker():
        yield works[0]

    sim.start(handler())
    sim.run(until=1)
    task = ends(sim, onlooker())
    web.crash()
    sim.run()
    assert task.value == ("Crashed", "web", 1)


def test_a_holder_whose_server_was_lost_does_no_more_work(sim):
    web = Station(sim, "web")

    def stubborn():
        with web.hold() as worker:
            yield worker
            try:
                yield worker.work(5.0)
            except Crashed:
                yield sim.timeout(3.0)
            yield worker.work(5.0)

    task = ends(sim, stubborn())
    sim.inject(Crash("web", at_s=2, restart_after_s=1))
    sim.run()
    assert task.value == ("Crashed", "web", 5.0)
    assert web.busy == 0


def test_who_leaves_in_the_middle_of_the_work_takes_it_along(sim):
    """The holder gives up at 1 s. The server is free at once, and the rest of the work keeps nobody busy."""
    web = Station(sim, "web")

    def impatient():
        with web.hold() as worker:
            yield worker
            yield sim.deadline(worker.work(60.0), timeout_s=1.0)

    given_up, after = ends(sim, impatient()), ends(sim, visit(web, 2.0))
    sim.run()
    assert given_up.value == ("TimedOut", "web", 1.0)
    assert after.value == ("ok", 3.0)
    assert sim.now == 3.0


def test_a_held_server_works_only_while_it_is_held_and_does_one_thing_at_a_time(sim):
    web = Station(sim, "web")
    first = web.hold()
    waiting = web.hold()
    with pytest.raises(ValueError, match="work_s is -1; it must be a number of seconds, 0 or more"):
        first.work(-1)
    with pytest.raises(ValueError, match="no server of 'web' is held; yield the hold first"):
        waiting.work(1)
    first.work(1)
    with pytest.raises(ValueError, match="the held server of 'web' is at work; it does one thing at a time"):
        first.work(1)
    web.release(first)
    with pytest.raises(ValueError, match="no server of 'web' is held"):
        first.work(1)


# A change of capacity ----------------------------------------------------------------------------------------


def test_a_larger_capacity_is_true_at_once(sim):
    st = Station(sim, "s")
    st.capacity = 4
    for _ in range(4):
        st.serve(1)
    assert st.sample() == (0, 4, 4, True)


def test_more_servers_take_from_the_queue_at_once_work_and_holds_alike(sim):
    web = Station(sim, "web")
    tasks = [ends(sim, one) for one in (visit(web, 4), visit(web, 3), holding(web, 2), visit(web, 1))]
    sim.call_at(1, lambda _: setattr(web, "capacity", 3))
    sim.run(until=1.5)
    assert web.sample() == (1, 3, 3, True)
    sim.run()
    assert [task.value for task in tasks] == [("ok", 4), ("ok", 4), ("ok", 3), ("ok", 4)]
    assert web.totals() == {"busy_s": 10, "waiting_s": 1 + 1 + 3, "completed": 4, "refused": 0, "failed": 0}


def test_with_fewer_servers_no_work_is_cut_short_and_none_begins_until_it_is_true(sim):
    """Three at work until 2, 3 and 4 s. With one server, the next begins at 4 s."""
    web = Station(sim, "web", capacity=3)
    tasks = [ends(sim, visit(web, s)) for s in (2, 3)] + [ends(sim, holding(web, 4))]
    tasks += [ends(sim, visit(web, 1)) for _ in range(2)]
    sim.call_at(1, lambda _: setattr(web, "capacity", 1))
    sim.run(until=1.5)
    assert web.sample() == (2, 3, 1, True)
    sim.run()
    assert [task.value for task in tasks] == [("ok", s) for s in (2, 3, 4, 5, 6)]
    assert web.totals()["busy_s"] == 2 + 3 + 4 + 2


def test_a_change_of_mind_before_all_have_left_takes_nothing_away(sim):
    web = Station(sim, "web", capacity=3)
    tasks = [ends(sim, visit(web, 4)) for _ in range(5)]
    sim.call_at(1, lambda _: setattr(web, "capacity", 1))
    sim.call_at(2, lambda _: setattr(web, "capacity", 4))
    sim.run()
    assert [task.value for task in tasks] == [("ok", 4), ("ok", 4), ("ok", 4), ("ok", 6), ("ok", 8)]
    assert web.sample() == (0, 0, 4, True)


def test_a_capacity_set_while_the_station_is_down_counts_from_the_restart_on(sim):
    web = Station(sim, "web", capacity=2)
    web.serve(1)
    web.crash()
    web.capacity = 5
    assert web.sample() == (0, 0, 5, False)
    web.restart()
    for _ in range(6):
        web.serve(1)
    assert web.sample() == (1, 5, 5, True)


def test_a_crash_while_fewer_servers_drain_frees_them_all(sim):
    web = Station(sim, "web", capacity=3)
    for _ in range(4):
        web.serve(10)
    sim.call_at(1, lambda _: setattr(web, "capacity", 1))
    sim.inject(Crash("web", at_s=2, restart_after_s=1))
    sim.run()
    assert web.sample() == (0, 0, 1, True)
    assert web.totals() == {"busy_s": 6, "waiting_s": 2, "completed": 0, "refused": 0, "failed": 4}


def test_a_capacity_is_a_whole_number_later_on_too(sim):
    web = Station(sim, "web")
    for capacity in (0, 1.5, None):
        with pytest.raises(ValueError, match=f"capacity is {capacity}; it must be a whole number, 1 or more"):
            web.capacity = capacity
    assert web.capacity == 1


# Patience ----------------------------------------------------------------------------------------------------


def patient(station, service_s, patience_s, priority=0):
    yield station.serve(service_s, priority, patience_s)


def test_who_waits_too_long_leaves_the_queue_and_its_work_is_never_done(sim):
    web = Station(sim, "web")
    tasks = [ends(sim, visit(web, 5)), ends(sim, patient(web, 100, patience_s=2)), ends(sim, visit(web, 1))]
    sim.run()
    assert [task.value for task in tasks] == [("ok", 5), ("TimedOut", "web", 2), ("ok", 6)]
    assert web.totals() == {"busy_s": 6, "waiting_s": 2 + 5, "completed": 2, "refused": 0, "failed": 1}
    assert sim.now == 6


def test_once_service_has_begun_it_is_completed_however_long_it_takes(sim):
    web = Station(sim, "web")
    at_once = ends(sim, patient(web, 5, patience_s=2))
    in_time = ends(sim, patient(web, 50, patience_s=6))
    sim.run()
    assert (at_once.value, in_time.value) == (("ok", 5), ("ok", 55))


def test_patience_that_was_not_needed_keeps_no_run_alive(sim):
    web = Station(sim, "web")
    web.serve(1)
    web.serve(1, patience_s=1000)
    web.serve(1, patience_s=1000)
    sim.run()
    assert sim.now == 3


def test_without_patience_work_begins_at_once_or_not_at_all(sim):
    web = Station(sim, "web")
    tasks = [ends(sim, patient(web, 1, patience_s=0)) for _ in range(2)]
    sim.run()
    assert [task.value for task in tasks] == [("ok", 1), ("TimedOut", "web", 0)]


def test_patience_ends_in_any_discipline_and_in_a_crash(sim):
    web = Station(sim, "web", discipline="priority", queue_limit=2)
    ends(sim, visit(web, 5))
    low = ends(sim, patient(web, 1, patience_s=9, priority=2))
    high = ends(sim, patient(web, 1, patience_s=1, priority=1))
    too_many = ends(sim, patient(web, 1, patience_s=9))
    assert too_many.value == ("Refused", "web", 0)
    sim.inject(Crash("web", at_s=3, restart_after_s=1))
    sim.run()
    assert (low.value, high.value) == (("Crashed", "web", 3), ("TimedOut", "web", 1))
    assert sim.now == 4
    assert web.totals() == {"busy_s": 3, "waiting_s": 3 + 1, "completed": 0, "refused": 1, "failed": 3}


def test_a_deadline_leaves_the_work_in_the_queue_and_patience_takes_it_out(sim):
    web = Station(sim, "web")
    web.serve(2)
    sim.deadline(web.serve(7), timeout_s=1)
    web.serve(7, patience_s=1)
    sim.run()
    assert web.totals()["busy_s"] == 2 + 7


@pytest.mark.parametrize("patience_s", [-1, float("inf"), float("nan"), "2"])
def test_patience_is_a_number_of_seconds_even_when_nobody_has_to_wait(sim, patience_s):
    with pytest.raises(ValueError, match=r"patience_s is .*must be a finite number, 0 or more"):
        Station(sim, "web").serve(1, patience_s=patience_s)


# Crash and restart -------------------------------------------------------------------------------------------


def test_a_crash_fails_everything_inside_and_turns_away_what_comes_while_down(sim):
    web = Station(sim, "web", capacity=1)
    inside, queued = ends(sim, visit(web, 10)), ends(sim, visit(web, 1))
    wants_to_hold = ends(sim, holding(web, 1))
    sim.inject(Crash("web", at_s=2, restart_after_s=3))
    sim.run(until=4)
    assert [task.value for task in (inside, queued, wants_to_hold)] == [("Crashed", "web", 2)] * 3
    assert web.sample() == (0, 0, 1, False)
    while_down, hold_while_down = ends(sim, visit(web, 1)), ends(sim, holding(web, 1))
    assert while_down.value == hold_while_down.value == ("Unavailable", "web", 4)
    sim.run(until=5.5)
    assert web.sample() == (0, 0, 1, True)
    after = ends(sim, visit(web, 1))
    sim.run()
    assert after.value == ("ok", 6.5)
    assert web.totals() == {"busy_s": 2 + 1, "waiting_s": 4, "completed": 1, "refused": 0, "failed": 5}


HOLDS = {
    "yield": lambda sim, server: server,
    "deadline": lambda sim, server: sim.deadline(server, 5.0),
    "or": lambda sim, server: server | sim.timeout(5.0),
    "all of": lambda sim, server: sim.all_of([server, sim.timeout(0.1)]),
    "nested": lambda sim, server: sim.deadline((server | sim.timeout(5.0)) & sim.timeout(0), 5.0),
}


@pytest.mark.parametrize("has_to_wait", [False, True])
@pytest.mark.parametrize("way", HOLDS)
def test_a_crash_is_thrown_into_the_task_that_holds_a_server_however_it_got_it(sim, way, has_to_wait):
    web = Station(sim, "web")
    if has_to_wait:
        web.serve(1.0)

    def handler():
        with web.hold() as worker:
            yield HOLDS[way](sim, worker)
            yield sim.timeout(10)

    holder = ends(sim, handler())
    sim.inject(Crash("web", at_s=2, restart_after_s=1))
    sim.run()
    assert holder.value == ("Crashed", "web", 2)
    assert (web.busy, web.completed) == (0, int(has_to_wait))


@pytest.mark.parametrize("has_to_wait", [False, True])
@pytest.mark.parametrize("way", HOLDS)
def test_a_process_that_holds_a_server_is_interrupted_with_the_crash_as_cause(sim, way, has_to_wait):
    web, seen = Station(sim, "web"), []
    if has_to_wait:
        web.serve(1.0)

    def handler():
        with web.hold() as worker:
            yield HOLDS[way](sim, worker)
            try:
                yield sim.timeout(10)
            except simpy.Interrupt as interrupt:
                seen.append((type(interrupt.cause), interrupt.cause.part, sim.now))

    sim.process(handler())
    sim.inject(Crash("web", at_s=2, restart_after_s=1))
    sim.run()
    assert seen == [(Crashed, "web", 2)]


def test_a_task_started_by_a_process_is_the_holder_and_not_the_process(sim):
    web = Station(sim, "web")

    def parent():
        child = ends(sim, holding(web, 10))
        yield sim.timeout(20)
        return child.value

    running = sim.process(parent())
    sim.inject(Crash("web", at_s=2, restart_after_s=1))
    assert sim.run(until=running) == ("Crashed", "web", 2)


@pytest.mark.parametrize("order", [("web", "database"), ("database", "web")])
def test_a_holder_who_has_left_for_one_crash_does_not_meet_another_later(sim, order):
    """Both parts die at one moment. The handler leaves for the first, so the other must not find it afterwards."""
    web, database = Station(sim, "web"), Station(sim, "database")

    def handler():
        try:
            with web.hold() as worker:
                yield worker
                yield database.serve(10)
        except Crashed as failure:
            first = failure.part
        yield sim.timeout(1)
        return first, sim.now

    task = sim.start(handler())
    sim.inject(*(Crash(part, at_s=1, restart_after_s=1) for part in order))
    sim.run()
    assert task.value == (order[0], 2)


@pytest.mark.parametrize("start", ["start", "process"])
@pytest.mark.parametrize("later_s", [0.0, 1.0])
def test_what_a_holder_no_longer_waits_for_may_crash_too_and_stops_nothing(sim, start, later_s):
    """The handler waits for the database or a time-out when its own server is lost. It has left when that fails."""
    web, database, told = Station(sim, "web"), Station(sim, "database"), []

    def handler():
        try:
            with web.hold() as worker:
                yield worker
                yield database.serve(10) | sim.timeout(20)
        except (Crashed, simpy.Interrupt):
            told.append(sim.now)

    getattr(sim, start)(handler())
    sim.inject(
        Crash("web", at_s=1, restart_after_s=1), Crash("database", at_s=1 + later_s, restart_after_s=1)
    )
    sim.run()
    assert told == [1]


def test_a_condition_that_somebody_still_waits_for_fails_for_all_to_see(sim):
    web, database = Station(sim, "web"), Station(sim, "database")
    both = database.serve(10) | sim.timeout(20)

    def waits(station):
        with station.hold() as worker:
            yield worker
            yield both

    one, other = ends(sim, waits(web)), ends(sim, waits(Station(sim, "other")))
    sim.inject(Crash("web", at_s=1, restart_after_s=1), Crash("database", at_s=2, restart_after_s=1))
    sim.run()
    assert (one.value, other.value) == (("Crashed", "web", 1), ("Crashed", "database", 2))


def test_one_who_holds_two_servers_of_a_station_is_told_once(sim):
    web, told = Station(sim, "web", capacity=2), []

    def handler():
        try:
            with web.hold() as one, web.hold() as other:
                yield one & other
                yield sim.timeout(10)
        except Crashed:
            told.append(sim.now)
        yield sim.timeout(5)
        return sim.now

    task = sim.start(handler())
    sim.inject(Crash("web", at_s=1, restart_after_s=1))
    assert sim.run(until=task) == 6
    assert told == [1]


def test_a_second_crash_while_down_and_a_restart_while_up_do_nothing(sim):
    web = Station(sim, "web")
    web.restart()
    web.crash()
    web.crash()
    assert not web.is_up
    web.restart()
    assert web.sample() == (0, 0, 1, True)
    assert ends(sim, visit(web, 1))
    sim.run()
    assert web.totals()["busy_s"] == 1


def test_work_lost_in_a_crash_never_ends_later(sim):
    web = Station(sim, "web")
    task = ends(sim, visit(web, 3))
    sim.inject(Crash("web", at_s=1, restart_after_s=0.5))
    sim.run(until=10)
    assert task.value == ("Crashed", "web", 1)
    assert (web.busy, web.completed, web.failed) == (0, 0, 1)


# Slow-down ---------------------------------------------------------------------------------------------------


def test_a_slow_down_stretches_exactly_what_is_left_and_ends_exactly(sim):
    """Work of 4 s: 1 s at full speed, 8 s at a quarter (2 s of work), 1 s at full speed: it ends at 10 s."""
    database = Station(sim, "database", capacity=2)
    started_before, still_queued = ends(sim, visit(database, 4.0)), None
    ends(sim, visit(database, 1.0))
    still_queued = ends(sim, visit(database, 1.0))  # begins at 1 s, takes 4 s
    sim.inject(SlowDown("database", at_s=1.0, for_s=8.0, factor=4.0))
    sim.run(until=2.0)
    begun_while_slow = ends(sim, visit(database, 2.5))  # from 5 s: 4 s slow is 1 s of work, then 1.5 s
    sim.run()
    assert started_before.value == ("ok", 10.0)
    assert still_queued.value == ("ok", 5.0)
    assert begun_while_slow.value == ("ok", 10.5)


def test_a_slow_down_touches_neither_other_stations_nor_held_time(sim):
    web, database = Station(sim, "web"), Station(sim, "database")
    at_web, holder = ends(sim, visit(web, 2)), ends(sim, holding(database, 2))
    database.slow_down(10)
    sim.run()
    assert at_web.value == holder.value == ("ok", 2)


def test_a_factor_below_one_is_a_speed_up(sim):
    web = Station(sim, "web")
    task = ends(sim, visit(web, 4))
    sim.call_at(2, lambda _: web.slow_down(0.5))
    sim.run()
    assert task.value == ("ok", 3)


# Sums --------------------------------------------------------------------------------------------------------


def test_the_sums_can_be_read_at_any_moment(sim):
    web = Station(sim, "web", capacity=2)
    for service_s in (1.0, 3.0, 2.0):
        web.serve(service_s)
    readings = []
    for time_s in (0.5, 1.0, 2.0, 3.0, 4.0):
        sim.run(until=time_s)
        totals = web.totals()
        readings.append((totals["busy_s"], totals["waiting_s"]))
    assert readings == [(1.0, 0.5), (2.0, 1.0), (4.0, 1.0), (6.0, 1.0), (6.0, 1.0)]


# Bad input ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"capacity": 0}, "capacity is 0; it must be a whole number, 1 or more"),
        ({"capacity": 1.5}, "capacity is 1.5; it must be a whole number, 1 or more"),
        ({"queue_limit": -1}, "queue_limit is -1; it must be a whole number, 0 or more"),
        ({"discipline": "random"}, "discipline is 'random'; it must be one of 'fifo', 'lifo', 'priority'"),
    ],
)
def test_a_station_says_what_is_allowed_and_leaves_no_trace(sim, arguments, words):
    with pytest.raises(ValueError, match=words):
        Station(sim, "web", **arguments)
    assert sim.parts == {}


@pytest.mark.parametrize("service_s", [-0.1, float("nan")])
def test_work_takes_a_number_of_seconds(sim, service_s):
    web = Station(sim, "web")
    with pytest.raises(ValueError, match=r"service_s is .*must be a number of seconds, 0 or more"):
        web.serve(service_s)


@pytest.mark.parametrize("factor", [0, -2, float("inf")])
def test_a_slow_down_has_a_finite_factor_above_nought(sim, factor):
    with pytest.raises(ValueError, match=r"factor is .*must be a finite number above 0"):
        Station(sim, "web").slow_down(factor)
