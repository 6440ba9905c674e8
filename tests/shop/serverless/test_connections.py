"""Connections: each environment holds one, the database takes so many, and a pool makes others wait."""

from dataclasses import replace

import numpy as np
import pytest

from archlab.shop.serverless import NoConnection, Serverless, ServerlessConfig
from archlab.sim import Crash, Mix, Simulation, Trace

CONFIG = ServerlessConfig(
    init_s=0.1, keep_alive_s=60.0, browse_cpu_s=0.050, query_s=0.010, coherency=0.0, settle_every_s=1e6
)
TOGETHER = 30


def burst(config, together=TOGETHER):
    """So many pages asked for at the same moment: the shop, and how each of them ended."""
    sim = Simulation(1)
    shop = Serverless(sim, config)
    sim.open_load(Trace([0.0] * together), shop.handle, Mix(browse=1.0))
    return shop, sim.measure(20).requests


def test_as_many_are_served_as_there_are_connections_and_the_others_fail():
    shop, requests = burst(replace(CONFIG, connections=10))
    assert requests.outcome.value_counts().to_dict() == {"no_connection": TOGETHER - 10, "ok": 10}
    assert (shop.connections.open, shop.connections.refused) == (10, TOGETHER - 10)


def test_with_a_pool_all_are_served_one_after_the_other():
    config = replace(CONFIG, connections=10, connection_pool=True, pool_sessions=2, query_s=0.010)
    shop, requests = burst(config)
    assert (requests.outcome == "ok").all()
    assert shop.connection_pool.totals()["waiting_s"] > 0
    queued_s = np.sort(requests.finished_s)
    assert np.diff(queued_s[::2]) == pytest.approx(0.010)  # two at a time, one query each


def test_the_pool_has_no_more_sessions_than_the_database_takes():
    shop = Serverless(Simulation(1), replace(CONFIG, connections=4, connection_pool=True))
    assert shop.connection_pool.capacity == 4


def test_an_environment_opens_one_connection_and_uses_it_again():
    shop, _ = burst(CONFIG, together=1)
    for _ in range(5):
        shop.answer(shop.browse(2))
    assert (shop.connections.opened, shop.functions["browse"].cold) == (1, 1)


def test_an_idle_environment_keeps_its_connection_until_it_goes():
    shop, _ = burst(replace(CONFIG, connections=10), together=10)
    assert shop.connections.open == 10
    blocked = shop.sim.start(shop.track_order(1))
    shop.sim.run(until=shop.sim.now + 1)
    assert isinstance(blocked.value, NoConnection)
    shop.sim.run(until=100)
    assert shop.connections.open == 0


def test_a_cut_closes_all_connections_and_environments_open_new_ones_after_it():
    shop, _ = burst(CONFIG, together=3)
    shop.sim.inject(Crash("database connections", shop.sim.now, restart_after_s=1.0))
    shop.sim.run(until=shop.sim.now + 0.5)
    with pytest.raises(NoConnection):
        shop.answer(shop.browse(1))
    shop.sim.run(until=shop.sim.now + 1)
    shop.answer(shop.browse(1))
    assert (shop.connections.open, shop.connections.opened) == (1, 4)


def test_open_connections_over_time_are_what_the_part_has_summed_up():
    shop, _ = burst(CONFIG, together=4)
    opened_s = 0.1 + CONFIG.message_cpu_s + 0.050 + CONFIG.proxy_s + CONFIG.hop_s
    assert shop.connections.totals()["busy_s"] == pytest.approx(4 * (shop.sim.now - opened_s))
