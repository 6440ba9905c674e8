"""The same sweep on a cluster: two processes of Dask give the figures of one, to the last bit."""

from collections.abc import Iterator

import joblib
import pandas as pd
import pytest
from distributed import Client, LocalCluster

from archlab.sim import sweep
from tests.bench.cluster import GRID, SEEDS, queue


@pytest.fixture(scope="module")
def cluster() -> Iterator[Client]:
    """A cluster of two processes on this machine, reached by nobody else."""
    with (
        LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, host="127.0.0.1", dashboard_address=None
        ) as running,
        Client(running) as client,
    ):
        yield client


def test_a_sweep_on_two_processes_of_a_cluster_is_bit_equal_to_one_on_a_core(cluster: Client):
    here = sweep(queue, GRID, seeds=SEEDS)
    with joblib.parallel_config(backend="dask"):
        there = sweep(queue, GRID, seeds=SEEDS)
    pd.testing.assert_frame_equal(here, there, check_exact=True)
    assert len(here) == 3
    assert here.mean_s.is_monotonic_increasing
