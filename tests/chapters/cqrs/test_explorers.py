"""What the explorers of chapter 06 show."""

import numpy as np
import pytest

from archlab.chapters.cqrs import explorers


def test_a_larger_batch_and_a_quicker_commit_make_the_lag_shorter():
    usual = explorers.projected(orders_per_s=45).lag_s.quantile(0.99)
    assert explorers.projected(orders_per_s=45, batch=100).lag_s.quantile(0.99) < usual
    assert explorers.projected(orders_per_s=45, commit_ms=1.0).lag_s.quantile(0.99) < usual


def test_what_is_heard_of_late_is_seen_late():
    soon, late = (explorers.projected(orders_per_s=10, heard_ms=ms).lag_s for ms in (0.0, 500.0))
    np.testing.assert_allclose(late - soon, 0.5)


def test_the_view_of_the_lag_ends_where_all_are_seen():
    reading = explorers.Lag().read(explorers.projected(orders_per_s=30))
    assert reading.curves[1].y[0] == 100
    assert reading.curves[1].y[-1] == 0
    assert reading.figures["p99 lag [s]"] > reading.figures["median lag [s]"]


def test_asking_the_write_model_for_too_short_a_time_leaves_the_later_looks_to_the_read_model():
    looks = explorers.looked("write model", lag_s=1.0, sticks_s=0.3)
    missing = looks.groupby("look").unseen.mean()
    assert missing[0] == 0 < missing[1]
    reading = explorers.Looks().read(looks)
    assert reading.figures["asks the write model [%]"] == pytest.approx(25, abs=3)


@pytest.mark.parametrize(
    "values", [{"orders_per_s": 0}, {"row_ms": 0}, {"commit_ms": -1}, {"heard_ms": -1}, {"batch": 3}]
)
def test_what_cannot_be_is_refused(values):
    with pytest.raises(ValueError, match=next(iter(values))):
        explorers.projected(**{"orders_per_s": 10, **values})
