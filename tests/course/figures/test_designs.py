"""Columns of one frame become designs of one figure."""

import pandas as pd
import pytest

from archlab.course.figures import designs

SWEEP = pd.DataFrame(
    {"n": [1, 2], "a_ms": [3.0, 4.0], "a_ms_low": [2.0, 3.0], "a_ms_high": [4.0, 5.0], "b_ms": [9.0, 8.0]}
)


def test_every_design_keeps_its_values_and_its_interval():
    rows = designs(SWEEP, "n", "latency_ms", {"a_ms": "A", "b_ms": "B"})
    assert rows.design.tolist() == ["A", "A", "B", "B"]
    assert rows.latency_ms.tolist() == [3.0, 4.0, 9.0, 8.0]
    assert rows.latency_ms_low.tolist()[:2] == [2.0, 3.0]
    assert rows.latency_ms_low.isna().tolist() == [False, False, True, True]


def test_a_column_that_is_not_there_is_named():
    with pytest.raises(ValueError, match="c_ms"):
        designs(SWEEP, "n", "latency_ms", {"c_ms": "C"})
