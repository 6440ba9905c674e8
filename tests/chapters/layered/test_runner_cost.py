"""What the test runner itself takes."""

import pandas as pd
import pytest

from archlab.chapters.layered.runner_cost import measure, recorded, runner_us


def test_the_runner_takes_a_time_for_each_file():
    table = measure(counts=(1, 20), times=1)
    assert table.tests.tolist() == [1, 20]
    assert (table.s > 0).all()


def test_what_a_test_takes_is_the_slope():
    assert runner_us(pd.DataFrame({"tests": [100, 300], "s": [1.0, 1.2]})) == pytest.approx(1000)


def test_as_recorded_the_runner_takes_longer_than_most_tests_here():
    assert 300 < runner_us(recorded()) < 5_000


def test_no_tests_are_refused():
    with pytest.raises(ValueError, match="counts"):
        measure(counts=(0,))
