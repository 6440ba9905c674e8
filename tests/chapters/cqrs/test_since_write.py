"""Who sees a write so many seconds after it."""

import pytest

from archlab.chapters.cqrs import since_write
from archlab.published import replication_lag


@pytest.fixture(scope="module")
def unseen():
    after_s = (0.02, 0.1, 1.0, 3.0, 10.0)
    table = since_write.curves(after_s=after_s)
    return table.pivot(index="after_s", columns="design", values="unseen")


def test_no_line_ever_rises(unseen):
    assert (unseen.diff().iloc[1:] <= 0).all(axis=None)


def test_the_exponential_meets_the_first_published_point_and_misses_the_last_by_far(unseen):
    points = {after: 1 - share for after, share in replication_lag.published().items()}
    guessed, fitted = unseen[since_write.EXPONENTIAL], unseen[since_write.FITTED]
    assert guessed[1.0] == pytest.approx(points[1.0])
    assert guessed[10.0] < points[10.0] / 1000
    assert all(points[after] / 2.1 < fitted[after] < 2.1 * points[after] for after in points)


def test_a_busy_projector_is_later_than_an_idle_one_and_both_are_sooner_than_the_copies_of_a_large_site(
    unseen,
):
    idle, busy = (unseen[f"a projector, {load} % busy"] for load in (50, 95))
    assert idle[0.1] < busy[0.1] < unseen[since_write.FITTED][0.1]
    assert busy[3.0] == 0
