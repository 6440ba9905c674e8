"""The shops of one budget under ever more customers."""

import numpy as np
import pytest

from archlab.chapters.choosing.against_load import against_load, bought, ends_at_per_s
from archlab.chapters.choosing.forms import ARCHITECTURES
from archlab.chapters.choosing.load_figures import latency_figure, steady, throughput_figure

LOADS = (100.0, 400.0)


@pytest.fixture(scope="module")
def table():
    """Two easy loads, and the end of each shop of a smaller budget."""
    return against_load(budget_usd_per_h=0.75, loads_per_s=LOADS, seeds=[1])


def test_every_architecture_is_run_up_to_its_end(table):
    ends = {name: ends_at_per_s(offer) for name, offer in bought(0.75).items()}
    assert set(table.architecture) == set(ARCHITECTURES)
    assert dict(table.groupby("architecture").per_s.max()) == pytest.approx(ends)


def test_below_its_end_a_shop_answers_all(table):
    easy = table[table.per_s.isin(LOADS)]
    assert easy.answered_per_s.to_numpy() == pytest.approx(easy.per_s.to_numpy(), rel=0.15)
    assert (easy.not_completed_percent < 1).all()


def test_a_layered_program_is_as_quick_as_a_monolith_to_the_last_digit(table):
    columns = [name for name in table.columns if name.endswith("_ms")]
    easy = table[table.per_s.isin(LOADS)]
    one, other = (easy[easy.architecture == name][columns].to_numpy() for name in ("monolithic", "layered"))
    assert np.array_equal(one, other)


def test_an_order_that_is_only_accepted_is_done_later(table):
    rows = table[table.per_s == 100.0].set_index("architecture")
    assert rows.order_p50_ms["event-driven"] < 20 < 100 < rows.done_p50_ms["event-driven"]
    others = rows.drop("event-driven")
    assert (others.order_p50_ms == others.done_p50_ms).all()


def test_functions_end_where_the_budget_does(table):
    last = table[table.architecture == "serverless"].iloc[-1]
    assert last.usd_per_h == pytest.approx(0.75)
    assert last.not_completed_percent < 1


def test_what_is_not_borne_is_not_drawn_as_latency(table):
    assert (steady(table).not_completed_percent <= 1).all()


def test_the_figures_name_the_two_that_are_one_together(table):
    easy = table[table.per_s.isin(LOADS)]
    alt = latency_figure(easy, "All are quick").alt
    assert "monolithic = layered" in alt
    assert "event-driven: done" in alt


def test_the_throughput_shows_what_each_was_planned_for(table):
    easy = table[table.per_s.isin(LOADS)]
    planned = {name: float(shop.serves_per_s) for name, shop in bought(0.75).items()}
    alt = throughput_figure(easy, "All are served", planned).alt
    assert "monolithic = layered" in alt
    assert alt.count("Planned for") == easy.architecture.nunique() - 1
    with pytest.raises(ValueError, match=r"planned_per_s knows .*; it must know serverless, too"):
        throughput_figure(easy, "All are served", {k: v for k, v in planned.items() if k != "serverless"})
