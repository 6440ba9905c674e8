"""Every published table says where it came from, and is found wherever you work."""

import pandas as pd
import pytest

from archlab.data import DATA, load, names


def figures():
    """Return the tables of published figures: those in which each row names a source."""
    return [name for name in names() if "source" in load(name).columns]


def test_the_tables_the_kit_is_compared_with_exist():
    assert {"spec_sdm91", "spec_sdm91_fit", "raytracer", "etcd_benchmark"} <= set(figures())


@pytest.mark.parametrize("name", figures())
def test_every_row_names_its_source_year_and_address(name):
    table = load(name)
    assert len(table) > 0
    assert not table.isna().any().any()
    assert table.year.between(1950, 2030).all()
    assert table.url.str.startswith("https://").all()
    assert (table.source.str.len() > 10).all()


@pytest.mark.parametrize("name", names())
def test_the_read_me_of_the_data_describes_every_table(name):
    assert f"`{name}.csv`" in (DATA / "README.md").read_text(encoding="utf-8")


def test_tables_are_found_from_any_working_directory(tmp_path, monkeypatch):
    here = load("raytracer")
    monkeypatch.chdir(tmp_path)
    pd.testing.assert_frame_equal(load("raytracer"), here)


@pytest.mark.parametrize("name", ["spec", "", "../README", "raytracer.csv"])
def test_a_name_that_does_not_exist_is_answered_with_those_that_do(name):
    with pytest.raises(ValueError, match=r"name is .* must be one of .*raytracer, .*spec_sdm91"):
        load(name)
