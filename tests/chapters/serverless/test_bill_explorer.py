"""The explorer of the bill: its formulas are those of the experiments, and provisioned environments spill."""

import pytest

from archlab.chapters.serverless.bill_explorer import Bills, explored, functions_usd_per_h
from archlab.published.worked_bills import break_even_per_s
from archlab.sim.billing import provisioned_pays_above

USUAL = {"load_per_s": 20, "cpu_ms": 20, "waiting_ms": 80, "memory_mb": 512}


def test_the_load_where_they_cross_is_that_of_the_arithmetic():
    reading = Bills().read(explored(**USUAL, provisioned=0))
    run_s = 0.08 + 0.02 * 1769 / 512
    expected = break_even_per_s(0.096, run_s, 512)
    assert reading.figures["functions_cheaper_up_to_per_s"] == pytest.approx(expected, abs=40 / 60)


def test_kept_ready_pays_when_used_for_more_than_six_tenths():
    """A full environment: a load of many times what is ready."""
    ready, run_s = 10, 0.1
    busy = functions_usd_per_h(1000.0, run_s, 1024, ready), functions_usd_per_h(1000.0, run_s, 1024, 0)
    idle = functions_usd_per_h(10.0, run_s, 1024, ready), functions_usd_per_h(10.0, run_s, 1024, 0)
    assert busy[0] < busy[1]
    assert idle[0] > idle[1]
    assert provisioned_pays_above() == pytest.approx(0.6, abs=1e-3)


def test_what_spills_is_erlangs_formula():
    """100 a second of 0.5 s each: the published share for 50 environments."""
    assert explored(100, 20, 224, 128, 50).spilled_percent == pytest.approx(10.5, abs=0.1)


def test_work_that_no_server_does_in_time_is_refused_in_words():
    with pytest.raises(ValueError, match="misses half a second"):
        explored(20, 200, 80, 512, 0)
