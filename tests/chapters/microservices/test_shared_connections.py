"""Connections matter where there are too few: requests wait for one, or stand still behind somebody else's loss."""

import numpy as np
import pytest

from archlab.chapters.microservices import shared_connections
from archlab.sim import Exponential
from archlab.sim.connections.tcp import Tcp
from archlab.sim.theory import mmc


def test_waiting_for_a_connection_is_waiting_in_m_m_c():
    work_s, hop_ms, connections, rate_per_s = 0.010, 0.0001, 3, 200.0
    options = {"rate_per_s": rate_per_s, "hop_ms": hop_ms, "work_s": Exponential(work_s), "requests": 8000}
    measured = [
        shared_connections.delays(seed, "HTTP/1.1", connections, **options)["delay_mean_ms"]
        for seed in range(3)
    ]
    expected_ms = 1000 * mmc(rate_per_s, work_s, connections).waiting_s
    assert sum(measured) / 3 == pytest.approx(expected_ms, rel=0.12)


def test_few_connections_of_http1_make_requests_wait_and_http2_does_not():
    frame = shared_connections.waiting_for_a_connection(connections=[2, 16], seeds=range(2), requests=600)
    two, sixteen, http2 = (frame.iloc[row] for row in range(3))
    assert two.p99_ms > 1.5 * http2.p99_ms
    assert sixteen.p99_ms == pytest.approx(http2.p99_ms)
    assert http2.delay_p99_ms == 0


def test_the_p99_is_that_of_the_requests_of_all_seeds_and_not_the_mean_of_short_runs():
    options = {"http": "HTTP/1.1", "connections": 2, "requests": 400}
    runs = [shared_connections.delays(seed, **options)["delay_p99_ms"] for seed in range(6)]
    frame = shared_connections.waiting_for_a_connection(connections=[2], seeds=range(6), requests=400)
    pooled = np.percentile(np.concatenate([run.values for run in runs]), 99)
    assert frame.delay_p99_ms[0] == pytest.approx(pooled)
    assert pooled > 1.1 * np.mean([float(run) for run in runs])


def test_on_http1_a_loss_stalls_the_one_request_whose_segment_it_is():
    loss = 0.02
    measured = [
        shared_connections.delays(seed, "HTTP/1.1", shared_connections.MANY, 100.0, loss, requests=3000)
        for seed in range(2)
    ]
    stalled = sum(figures["stalled_percent"] for figures in measured) / 2
    # A request and an answer of one segment each; five deviations of 5,400 draws.
    assert stalled == pytest.approx(100 * (1 - (1 - loss) ** 2), abs=5 * 0.27)


def test_http2_loses_under_loss_while_requests_are_rare_and_wins_when_there_are_many():
    frame = shared_connections.lost_segments(
        losses=[0.01], rates_per_s=[20.0, 500.0], seeds=range(3), requests=1500
    )
    frame = frame.set_index(["http", "rate_per_s"])
    assert frame.delay_mean_ms["HTTP/2", 20.0] > frame.delay_mean_ms["HTTP/1.1", 20.0]
    assert frame.delay_mean_ms["HTTP/2", 500.0] < frame.delay_mean_ms["HTTP/1.1", 500.0]
    for rate_per_s in (20.0, 500.0):  # in any case it holds up more requests
        assert frame.stalled_percent["HTTP/2", rate_per_s] > frame.stalled_percent["HTTP/1.1", rate_per_s]


def test_the_tail_under_loss_is_the_time_out_of_tcp():
    slow = Tcp(rto_s=1.0)
    for tcp, expected_ms in ((Tcp(), 200), (slow, 1000)):
        figures = shared_connections.delays(
            1, "HTTP/1.1", shared_connections.MANY, 100.0, loss=0.01, requests=2000, tcp=tcp
        )
        assert float(figures["delay_p99_ms"]) == pytest.approx(expected_ms)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: shared_connections.delays(1, "HTTP/3"),
            "http is 'HTTP/3'; it must be one of HTTP/1.1, HTTP/2",
        ),
        (lambda: shared_connections.delays(1, requests=5), "requests is 5"),
        (lambda: shared_connections.delays(1, rate_per_s=0), "rate_per_s is 0"),
        (lambda: shared_connections.delays(1, loss=2), "loss is 2"),
    ],
)
def test_bad_parameters_are_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
