"""The database server: a serial log, sessions that slow each other, transactions that are all or nothing."""

import pytest

from archlab.shop.database import Autocommit, DatabaseServer, Queries, Transaction
from archlab.shop.domain import OutOfStock
from archlab.shop.store import STOCK, StockRepository, open_database
from archlab.sim import Crash, Crashed, Simulation, SlowDown, Unavailable


def server_of(sim, **changed):
    connection = open_database(STOCK)
    StockRepository(connection).fill({1: 5, 2: 1})
    return DatabaseServer(sim, connection, **{"cores": 4, "query_s": 0.010, "commit_s": 0.003} | changed)


@pytest.fixture
def sim():
    return Simulation(seed=1)


@pytest.fixture
def server(sim):
    return server_of(sim)


def ends(sim, generators):
    """Start all at once and return when each ended."""
    times = []

    def timed(generator):
        yield from generator
        times.append(sim.now)

    tasks = [sim.start(timed(generator)) for generator in generators]
    sim.run(until=sim.all_of(tasks))
    return times


def test_queries_use_the_cores_side_by_side(sim, server):
    queries = Queries(server, "stock")
    assert ends(sim, [queries.run() for _ in range(6)]) == pytest.approx([0.010] * 4 + [0.020] * 2)


def test_commits_pass_one_after_the_other(sim, server):
    assert ends(sim, [server.flush() for _ in range(4)]) == pytest.approx([0.003, 0.006, 0.009, 0.012])


def test_every_session_inside_slows_the_next_one(sim):
    server = server_of(sim, coherency=0.1)
    queries = Queries(server, "stock")
    assert ends(sim, [queries.run() for _ in range(4)]) == pytest.approx([0.010, 0.011, 0.012, 0.013])
    assert server.sessions == 0


def test_a_slow_query_of_one_module_leaves_the_others_as_they_were(sim, server):
    slow, other = Queries(server, "payments"), Queries(server, "catalogue")
    slow.slow_down(20)
    assert ends(sim, [slow.run(), other.run()]) == pytest.approx([0.010, 0.200])
    slow.slow_down(1.0)
    assert ends(sim, [slow.run()]) == pytest.approx([0.210])


def test_the_queries_of_a_module_tell_which_share_of_the_cores_they_ask_for(sim, server):
    queries = Queries(server, "stock")
    ends(sim, [queries.run() for _ in range(8)])
    totals = queries.totals()
    assert totals["busy_s"] == pytest.approx(0.080)
    assert (totals["completed"], totals["failed"], queries.sample()) == (8, 0, (0, 0, 4, True))


def test_a_transaction_shows_nothing_before_its_commit(sim, server):
    stock, queries, work = StockRepository(server.connection), Queries(server, "stock"), Transaction(server)
    ends(sim, [work.write(queries, stock.reserve(1, 2))])
    assert stock.on_hand([1]) == {1: 5}
    ends(sim, [work.commit()])
    assert stock.on_hand([1]) == {1: 3}


def test_a_transaction_whose_condition_no_longer_holds_writes_nothing(sim, server):
    stock, queries = StockRepository(server.connection), Queries(server, "stock")

    def order():
        work = Transaction(server)
        yield from work.write(queries, stock.reserve(1, 1))
        yield from work.write(queries, stock.reserve(2, 1))
        stock.reserve(2, 1).run(server.connection)  # somebody else was faster
        with pytest.raises(OutOfStock):
            yield from work.commit()

    ends(sim, [order()])
    assert stock.on_hand([1, 2]) == {1: 5, 2: 0}


def test_autocommit_writes_each_statement_at_its_own_moment_and_flushes_each(sim, server):
    stock, queries, work = StockRepository(server.connection), Queries(server, "stock"), Autocommit(server)
    assert ends(sim, [work.write(queries, stock.reserve(1, 2))]) == pytest.approx([0.013])
    assert stock.on_hand([1]) == {1: 3}
    assert ends(sim, [work.write(queries, stock.reserve(1, 2)), work.commit()]) == pytest.approx(
        [0.013, 0.026]
    )


def test_a_crash_fails_queries_and_commits_and_keeps_what_was_committed(sim, server):
    stock, queries = StockRepository(server.connection), Queries(server, "stock")
    stock.reserve(1, 2).run(server.connection)
    inside = [sim.start(queries.run()), sim.start(server.flush())]
    server.crash()
    sim.run()
    assert [type(task.value) for task in inside] == [Crashed, Crashed]
    assert isinstance(sim.start(queries.run()).value, Unavailable)
    assert isinstance(sim.start(server.flush()).value, Unavailable)
    server.restart()
    sim.run(until=sim.start(server.flush()))
    assert stock.on_hand([1]) == {1: 3}
    assert queries.totals()["failed"] == 2


def test_the_log_stays_down_while_it_or_the_server_has_a_crash(sim, server):
    sim.inject(Crash("database log", at_s=1, restart_after_s=2), Crash("database", at_s=2, restart_after_s=3))
    states = []
    for time_s in (1.5, 2.5, 3.5, 5.5):
        sim.run(until=time_s)
        states.append((server.is_up, server.log.is_up))
    assert states == [(True, False), (False, False), (False, False), (True, True)]


def test_two_slow_downs_of_the_same_queries_multiply(sim, server):
    queries = Queries(server, "stock")
    sim.inject(SlowDown("stock queries", 1, 4, 10), SlowDown("stock queries", 2, 1, 2))
    took_s = []
    for time_s in (1.5, 2.5, 3.5, 5.5):
        sim.run(until=time_s)
        sim.run(until=sim.start(queries.run()))
        took_s.append(sim.now - time_s)
    assert took_s == pytest.approx([0.1, 0.2, 0.1, 0.01])


def test_a_negative_coherency_is_refused(sim):
    with pytest.raises(ValueError, match="coherency is -1"):
        server_of(sim, coherency=-1)
