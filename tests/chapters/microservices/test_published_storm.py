"""The published retry storm as the chapter shows it: its thresholds come out, and its ways out lead out."""

import numpy as np
import pytest

from archlab.chapters.microservices import published_storm


def test_the_published_thresholds_come_out():
    table = published_storm.beside_published()
    assert table.published.to_dict() == {"load after the outage": 560, "stable below": 150}
    assert (table.simulated / table.published).to_numpy() == pytest.approx(1, rel=0.03)


def test_shedding_helps_only_when_it_leaves_time_for_the_work():
    ill = published_storm.ways_out().set_index("design").ill_after_the_outage_s
    assert np.isnan(ill["one retry, work older than 1.0 s dropped"])
    assert ill["one retry, work older than 0.9 s dropped"] < 5
    assert ill["one retry, budget 10 %"] == pytest.approx(ill["no retry"], abs=5)
