"""The running model, held against queueing theory, a plain SimPy model, and what must be true of each word."""

import numpy as np
import pytest
import simpy

from archlab.chapters.choosing.own_system import describe
from archlab.chapters.choosing.own_system.running import Running
from archlab.sim import Simulation
from archlab.sim.statistics import mean_interval
from archlab.sim.theory import littles_law, mgc_ps, mm1, mmc, mmc_response_percentile

HOP_S = 0.00025


def one_part(size, rate, work="10 ms", more=""):
    return describe(f"load {rate} per second: ask 100 %\npart desk: {size}\nask = desk {work}{more}")


def latencies(system, seeds=range(4), requests=10_000):
    return [system.run(seed, requests=requests) for seed in seeds]


def mean_s(results):
    return float(np.mean([result.mean_latency_s() for result in results]))


# Theory ------------------------------------------------------------------------------------------------------


def test_one_server_is_m_m_1():
    results = latencies(one_part("1 server", 70))
    pooled = np.concatenate([result.latencies_s() for result in results])
    assert mean_s(results) == pytest.approx(mm1(70, 0.010).response_s, rel=0.08)
    assert np.percentile(pooled, 99) == pytest.approx(mmc_response_percentile(99, 70, 0.010, 1), rel=0.1)


def test_three_servers_with_one_queue_are_m_m_3_and_three_copies_with_a_queue_each_are_slower():
    results = latencies(one_part("3 servers", 240))
    pooled = np.concatenate([result.latencies_s() for result in results])
    assert mean_s(results) == pytest.approx(mmc(240, 0.010, 3).response_s, rel=0.08)
    assert np.percentile(pooled, 99) == pytest.approx(mmc_response_percentile(99, 240, 0.010, 3), rel=0.1)
    assert mean_s(latencies(one_part("1 server, 3 copies", 240))) > 1.2 * mean_s(results)  # three queues


def test_two_cores_share_their_time():
    results = latencies(one_part("2 cores", 140, "10 ms (p99 60 ms)"))
    work_s = one_part("2 cores", 140, "10 ms (p99 60 ms)").description.routes["ask"].groups[0][0].work.mean
    assert mean_s(results) == pytest.approx(mgc_ps(140, work_s, 2).response_s, rel=0.1)


def test_a_tandem_takes_the_sum_and_two_hops():
    system = describe("""load 60 per second: ask 100 %
        part first, second: 1 server
        ask = first 10 ms [second 8 ms]""")
    expected = mm1(60, 0.010).response_s + mm1(60, 0.008).response_s + 2 * HOP_S
    assert mean_s(latencies(system)) == pytest.approx(expected, rel=0.08)


def test_littles_law_holds():
    result = one_part("1 server", 70).run(seed=1, requests=10_000)
    rate = len(result.requests) / result.duration_s
    assert result.in_system() == pytest.approx(littles_law(rate, result.mean_latency_s()), rel=0.02)


BUSY = """load 100 per second: browse 70 %, buy 30 %
    part web: 2 cores, 32 workers, 2 copies
    store database: 1 core
    store cache: 1 server
    part mail: 1 core
    browse = web 6 ms [cache 1 ms x 2, database 4 ms for 25 %]
    buy = web 10 ms [database 5 ms & cache 2 ms, later mail 8 ms]"""


def test_every_part_is_as_busy_as_the_bottleneck_law_says():
    system = describe(BUSY)
    results = latencies(system, range(3), requests=4000)
    expected = system.capacity()
    for name, part in system.description.parts.items():
        columns = [f"{one} cpu" if f"{one} cpu" in results[0].parts.index else one for one in part.copy_names]
        busy = [100 * float(result.parts.utilisation[columns].mean()) for result in results]
        row = expected[(expected.part == name) & (expected.what != "workers")].iloc[0]
        assert mean_interval(busy).mean == pytest.approx(row.busy_percent, rel=0.06), name


def test_the_first_part_to_be_full_lets_no_more_through_than_its_capacity():
    system = one_part("2 servers", 260, "exactly 10 ms")
    result = system.run(seed=1, requests=12_000)
    assert result.throughput_per_s() <= system.limit_per_s
    assert result.parts.utilisation["desk-1"] > 0.999
    assert result.availability() < 0.9  # customers who leave after ten seconds


def test_workers_are_held_as_long_as_the_law_says_when_nobody_waits():
    system = describe("""load 5 per second: ask 100 %
        part desk: 4 cores, 50 workers
        store one, two: 4 cores
        ask = desk exactly 10 ms [one exactly 4 ms & two exactly 7 ms, one exactly 2 ms x 3]""")
    asked_ms = system.capacity().loc["desk workers", "asked_ms"]
    assert asked_ms == pytest.approx(10 + 7.5 + 3 * 2.5)
    assert system.run(seed=1, requests=100).latency_s(50) == pytest.approx(asked_ms / 1000)


# A plain SimPy model -----------------------------------------------------------------------------------------

HELD = """load 100 per second: ask 100 %
    part desk: 1 server, 2 workers
    store rows: 1 server
    ask = desk exactly 5 ms [rows exactly 8 ms]"""


def by_hand(arrived_s):
    """The same in plain SimPy: two workers, one core, one database, a hop there and back."""
    env = simpy.Environment()
    workers, core, rows = simpy.Resource(env, 2), simpy.Resource(env, 1), simpy.Resource(env, 1)
    took_s = {}

    def ask(number):
        yield env.timeout(arrived_s[number])
        with workers.request() as worker:
            yield worker
            with core.request() as turn:
                yield turn
                yield env.timeout(0.005)
            yield env.timeout(HOP_S)
            with rows.request() as turn:
                yield turn
                yield env.timeout(0.008)
            yield env.timeout(HOP_S)
        took_s[number] = env.now - arrived_s[number]

    for number in range(len(arrived_s)):
        env.process(ask(number))
    env.run()
    return [took_s[number] for number in range(len(arrived_s))]


def test_a_model_written_by_hand_in_plain_simpy_gives_the_same_times_request_by_request():
    sim = Simulation(seed=3)
    Running(sim, describe(HELD).description).start()
    requests = sim.measure(20).requests
    done = requests[requests.finished_s.notna()]
    assert len(done) > 1500
    expected = by_hand(requests.arrived_s.tolist())[: len(done)]
    assert done.latency_s.tolist() == pytest.approx(expected, abs=1e-9)
    assert done.latency_s.max() > 0.03  # some wait


# The words ---------------------------------------------------------------------------------------------------


def median_ms(route, more=""):
    text = f"""load 1 per second: ask 100 %
        part desk, helper, mail: 4 cores
        {more}
        ask = {route}
        other = desk 1 us, helper 1 us, later mail 1 us"""
    load = "load 1 per second: ask 99.9 %, other 0.1 %"
    return 1000 * describe(text.replace("load 1 per second: ask 100 %", load)).run(1, requests=200).latency_s(
        50, "ask"
    )


def test_steps_at_the_same_time_take_as_long_as_the_longest():
    assert median_ms("desk exactly 1 ms [helper exactly 5 ms & mail exactly 20 ms]") == pytest.approx(21.5)


def test_steps_in_turn_take_the_sum():
    assert median_ms("desk exactly 1 ms [helper exactly 5 ms, mail exactly 20 ms]") == pytest.approx(27.0)


def test_times_repeats_a_call():
    assert median_ms("desk exactly 1 ms [helper exactly 5 ms x 3]") == pytest.approx(1 + 3 * 5.5)


def test_a_hop_of_your_own_is_taken_there_and_back():
    assert median_ms("desk exactly 1 ms [helper exactly 5 ms]", "calls: hop 3 ms") == pytest.approx(12.0)


def test_for_a_share_means_that_share():
    system = describe("""load 100 per second: ask 100 %
        part desk, helper: 4 cores
        ask = desk 1 ms [helper 1 ms for 20 %]""")
    parts = system.run(seed=1, requests=5000).parts.completed
    assert parts["helper-1"] / parts["desk-1"] == pytest.approx(0.2, abs=0.02)


def test_what_is_put_off_is_done_after_the_answer():
    system = describe("""load 10 per second: ask 100 %
        part desk, mail: 2 cores
        ask = desk exactly 2 ms [later mail exactly 50 ms]""")
    result = system.run(seed=1, requests=200)
    assert 1000 * result.latency_s(50) == pytest.approx(3.0)
    assert result.end_to_end_s(50) > 0.05


def test_a_queue_of_limited_length_refuses():
    system = one_part("1 server, queue 2", 300)
    assert system.run(seed=1).outcomes()["refused"] > 100


def test_a_caller_stops_waiting_after_the_timeout_and_the_work_goes_on():
    system = describe("""load 5 per second: ask 100 %
        part desk: 4 cores
        store rows: 8 servers, timeout 20 ms
        ask = desk exactly 1 ms [rows exactly 100 ms]""")
    result = system.run(seed=1, requests=200)
    assert result.outcomes().to_dict()["timed_out"] == len(result.requests)
    assert result.parts.completed["rows-1"] > 190


def test_retries_make_several_attempts_and_save_those_that_luck_lost():
    text = """load 5 per second: ask 100 %
        part desk: 4 cores
        outside bank: takes 100 ms (p99 400 ms), timeout 150 ms{retries}
        ask = desk exactly 1 ms [bank]"""
    once = describe(text.format(retries="")).run(seed=1, requests=500)
    thrice = describe(text.format(retries=", 2 retries")).run(seed=1, requests=500)
    assert thrice.parts.completed["bank"] > 1.2 * once.parts.completed["bank"]
    assert thrice.availability() > once.availability() + 0.1


def test_a_pool_of_workers_runs_dry_when_a_slow_part_holds_them():
    text = """load 40 per second: page 80 %, report 20 %, patience 2 s
        part web: 4 cores, {workers} workers
        store rows: 100 servers
        page = web 5 ms
        report = web 5 ms [rows exactly 1 s]"""
    few, many = (describe(text.format(workers=count)).run(seed=1, requests=2000) for count in (5, 50))
    assert many.availability("page") == 1.0
    assert few.availability("page") < 0.8


def test_the_same_seed_gives_the_same_requests_and_another_seed_others():
    system = describe(BUSY)
    one, again, other = (system.run(seed, requests=500).latencies_s().tolist() for seed in (1, 1, 2))
    assert one == again
    assert one != other


def test_a_new_part_that_nobody_asks_changes_nothing():
    plain, with_idle = describe(BUSY), describe(f"{BUSY}\npart spare: 4 cores, idle")
    one, other = (system.run(1, requests=500).latencies_s().tolist() for system in (plain, with_idle))
    assert one == other
