"""The figures of a log's limits: their titles say what is in the frame, whatever that is."""

import pandas as pd
import pytest

from archlab.chapters.event_driven import order, partitions, scaling_figures


def test_the_title_on_consumers_is_computed():
    table = partitions.against_consumers((4, 7))
    told = scaling_figures.consumers(table, shown=7).alt
    assert told.startswith("7 consumers are as fast as 4 over 8 partitions, and as 7 at a queue")
    slower = table.assign(times_one=table.times_one / 2)
    assert scaling_figures.consumers(slower, shown=4).alt.startswith("4 consumers are as fast as 2 over")


def test_the_title_on_hot_keys_is_about_the_most_partitions():
    table = partitions.against_partitions((4, 12), seeds=range(3))
    told = scaling_figures.hot_keys(table).alt
    usable = table.set_index(["design", "partitions"]).times_one
    assert told.startswith(f"12 partitions bear as much as {usable['hot keys', 12]:.0f} when keys are hot")


def test_designs_that_only_their_rows_tell_apart_are_not_drawn():
    names = [name for name in order.DESIGNS if name != "log, finer key"]
    frame = pd.DataFrame({"design": names, "out_of_order_percent": range(len(names))})
    told = scaling_figures.order(frame).alt
    assert told.startswith("Events handled too late: 2 % (log, partitions added), 5 % (queue, 4 consumers)")
    assert "versions" not in told


def test_a_number_of_consumers_that_is_not_there_is_refused():
    with pytest.raises(ValueError, match=r"shown is 9; it must be one of \[4, 7\]"):
        scaling_figures.consumers(partitions.against_consumers((4, 7)), shown=9)
