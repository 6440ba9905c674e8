"""The parameters: cited where a figure exists, refused where they make no sense."""

import pytest

from archlab.data import load
from archlab.shop.monolithic.config import MonolithConfig
from archlab.sim.distributions import as_distribution


def seconds(operation):
    return float(load("costs_of_operations").set_index("operation").seconds[operation])


def test_the_defaults_are_the_cited_figures():
    config = MonolithConfig()
    assert as_distribution(config.query_s).mean == seconds("database query")
    assert as_distribution(config.commit_s).mean == seconds("log write with fsync")
    assert config.hop_s == seconds("network message in one region")
    assert as_distribution(config.browse_cpu_s).mean == seconds("request without its SQL")
    one_mebibyte = MonolithConfig(message_bytes=2**20)
    assert one_mebibyte.message_cpu_s == pytest.approx(2 * seconds("serialise 1 MiB of JSON"))


def test_the_quotients_of_counters_in_the_cited_figures_are_right():
    without_sql_s = (1_609_944_301 - 607_073_066) / 209_420_973 / 1000
    assert seconds("request without its SQL") == pytest.approx(without_sql_s, rel=1e-3)
    assert seconds("SQL query of a large site") == pytest.approx(607_073_066 / 504_816_843 / 1000, rel=3e-3)


@pytest.mark.parametrize("table", ["costs_of_operations", "prices"])
def test_every_cited_figure_has_a_source_a_year_and_an_address(table):
    rows = load(table)
    assert rows.notna().all().all()
    assert set(rows.mark) <= {"seen", "seen-2nd"}
    assert rows.url.str.startswith("https://").all()


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"clones": 0}, "clones is 0"),
        ({"workers": 2.5}, "workers is 2.5"),
        ({"database_cores": 0}, "database_cores is 0"),
        ({"coherency": -0.1}, "coherency is -0.1"),
        ({"declined": 2}, "declined is 2"),
        ({"payment_timeout_s": 0}, "payment_timeout_s is 0"),
        ({"calls": "pigeon"}, "calls is 'pigeon'; it must be one of in-process, network"),
        ({"bulkheads": {"shoes": 3}}, "bulkheads names 'shoes'"),
        ({"settle_every_s": 0}, "settle_every_s is 0"),
    ],
)
def test_parameters_that_make_no_sense_are_refused(changed, message):
    with pytest.raises(ValueError, match=message):
        MonolithConfig(**changed)


def test_a_database_twice_as_large_and_twice_the_clones_double_the_capacity():
    mix = {"browse": 0.5, "place_order": 0.5}
    one, two = MonolithConfig(), MonolithConfig(clones=2, database_cores=4)
    ratio = two.capacity_per_s(mix) / one.capacity_per_s(mix)
    assert ratio.to_dict() == pytest.approx({"cpu": 2, "database": 2, "log": 1, "workers": 2})
