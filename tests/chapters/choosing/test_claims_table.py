"""The table of all claims filters, shows all of them without a kernel, and can be used without a mouse."""

import re

import ipywidgets as widgets
import pytest

from archlab.chapters.choosing.claims_table import HEADS, ClaimsTable
from archlab.course.accessible_names import PANEL_CLASS, Names
from archlab.course.live import WIDGET_VIEW


@pytest.fixture(scope="module")
def table():
    return ClaimsTable()


@pytest.fixture(autouse=True)
def show_all(table):
    table.filter(pattern="all", verdict="all", evidence="all", words="")


def rows(html: str) -> int:
    return html.count('<th scope="row"')


def test_without_a_kernel_the_whole_table_is_there_whatever_is_chosen(table):
    table.filter(pattern="cqrs")
    bundle = table._repr_mimebundle_()
    assert rows(bundle["text/html"]) == 100
    assert WIDGET_VIEW in bundle
    assert rows(table.html()) == 3


def test_each_row_leads_to_its_experiment_and_all_columns_have_heads(table):
    html = table.html()
    assert len(re.findall(r'<a href="0[1-6]_\w+\.ipynb#cell-id=[\w-]+">', html)) == 100
    assert re.findall(r'<th scope="col"[^>]*>(\w+)</th>', html) == list(HEADS)


@pytest.mark.parametrize(
    ("chosen", "column", "value"),
    [
        ({"pattern": "layered"}, "pattern", "layered"),
        ({"verdict": "true by construction"}, "way", "true by construction"),
        ({"evidence": "measured on the code"}, "evidence", "measured on the code"),
    ],
)
def test_a_filter_leaves_what_is_chosen_and_all_of_it(table, chosen, column, value):
    found = table.filter(**chosen).shown()
    assert set(found[column]) == {value}
    assert len(found) == (table.claims[column] == value).sum()


def test_filters_are_joined_and_words_are_found_in_any_case(table):
    table.filter(pattern="serverless", words="DATABASE bears")
    assert list(table.shown().claim) == ["serverless.pros.auto-scaling"]
    assert table.status == "1 of 100 claims"


def test_what_matches_nothing_shows_no_row_and_says_so(table):
    assert rows(table.filter(words="no such word at all").html()) == 0
    assert table.status == "0 of 100 claims"


def test_brackets_in_words_are_words(table):
    assert len(table.filter(words="(no").shown()) == 1


def test_a_long_verdict_is_folded_and_complete(table):
    long = table.claims[table.claims.words.str.len() > 300].iloc[0]
    html = table.html(table.claims[table.claims.claim == long.claim])
    begin, rest = re.search(r"<summary>.*?</span> (.*?) …</summary>… (.*?)</details>", html).groups()
    assert f"{begin} {rest}".replace("&nbsp;", " ").replace("&#x27;", "'") == long.words


def test_a_verdict_can_be_told_without_colour_and_its_symbol_is_not_read_aloud(table):
    html = table.html()
    assert html.count('<span aria-hidden="true">') == 100
    assert "color" not in html


def test_controls_change_the_table_and_its_status(table):
    panel = table.panel
    panel.buttons["pattern"].value = "cqrs"
    assert rows(panel._table.outputs[0]["data"]["text/html"]) == 3
    assert 'role="status">3 of 100 claims' in panel._status.value
    panel.words.value = "32,899 STEPS"
    assert list(table.shown().claim) == ["cqrs.definition.separate-read-and-write-models"]
    table.filter(pattern="all", words="")
    assert (panel.buttons["pattern"].value, panel.words.value) == ("all", "")


def test_all_controls_are_reached_by_keys_and_have_names(table):
    box = table.panel.box
    assert PANEL_CLASS in box._dom_classes
    assert any(isinstance(part, Names) for part in box.children)
    controls = [part for part in box.children if isinstance(part, widgets.ToggleButtons | widgets.Text)]
    assert [control.description for control in controls] == ["Pattern", "Verdict", "Evidence", "Words"]


def test_a_choice_or_filter_that_does_not_exist_is_refused(table):
    with pytest.raises(ValueError, match="pattern is 'soa'; it must be one of 'all', 'monolithic'"):
        table.filter(pattern="soa")
    with pytest.raises(ValueError, match="filter is 'colour'; it must be one of 'pattern'"):
        table.filter(colour="red")
