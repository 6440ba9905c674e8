"""The verdict on ten requests is counted, agrees with its own arithmetic, and turns with the requests and the code."""

import math

import pytest

from archlab.chapters.layered import cut_sources, maintainable, parts
from archlab.chapters.layered.change_requests import versions
from archlab.chapters.layered.maintainable import (
    COUNTED,
    MEASURES,
    by_measure,
    changes,
    crossing_percent,
    deciding,
    drawn_shares,
    in_own_files,
    maintainable_figures,
    means,
    share_percent,
    shares,
)
from archlab.chapters.layered.requests_figure import requests_figure
from archlab.course.claims.verdict import Outcome


@pytest.fixture(scope="module")
def table():
    return changes()


def verdict(table):
    return maintainable.maintainable(**maintainable_figures(table))


def test_fields_go_through_the_layers_and_stay_in_a_module(table):
    fields = table[table.request.isin(["gift", "weight"])].set_index(["request", "cut"]).parts
    assert (fields.xs("layers", level="cut") >= 3).all()
    assert (fields.xs("modules", level="cut") == 1).all()


def test_rules_stay_in_one_part_of_either_cut(table):
    assert set(table[table.request.isin(["most_pieces", "discount"])].parts) == {1}


def test_another_database_stays_in_one_layer_and_goes_through_all_modules(table):
    moved = table[table.request == "key_value"].set_index("cut").touched
    assert moved["layers"] == "data access"
    assert moved["modules"] == "catalogue, stock, orders, payments, notifications, kernel"


def test_the_share_is_where_both_cuts_touch_as_many_parts(table):
    mean, share = means(table), share_percent(table) / 100
    of_layers, of_modules = (
        (1 - share) * mean[cut]["domain"] + share * mean[cut]["technical"] for cut in ("layers", "modules")
    )
    assert of_layers == pytest.approx(of_modules)


def test_layers_touch_less_by_one_measure_of_five_and_that_is_too_few(table):
    found = verdict(table)
    assert found.outcome is Outcome.DOES_NOT_HOLD
    assert "counted in files, places, lines and tests layers never touch less" in found.words
    assert "about 55 % of the requests (20 % to never" in found.words


def test_one_request_makes_the_share_by_parts_and_it_is_one_file_in_both_cuts(table):
    assert deciding(table) == "key_value"
    without = table[table.request != deciding(table)]
    assert share_percent(without) == math.inf
    others = shares(table).drop("key_value")
    assert (others > 40).all()
    assert (others <= 60).all()
    assert set(table[table.request == "key_value"].files) == {1}
    assert "another database, is 1 layer and 6 modules with their kernel, though" in verdict(table).words
    assert "another database" not in verdict(without).words


def test_the_verdict_turns_when_modules_keep_rows_and_kernel_in_files_of_their_own(table):
    """Then another database is a file of each module; by three measures more the layers have a share."""
    own = changes(own_kernel=True)
    found = verdict(own)
    by = by_measure(own).set_index("measure").share_percent[list(COUNTED)]
    assert found.outcome is Outcome.HOLDS_WHEN
    assert found.flips_at == pytest.approx(sorted(by)[2])
    assert "only because" not in found.words
    assert own.set_index(["request", "cut"]).files["key_value", "modules"] == len(parts.MODULES)
    assert f"from {found.flips_at:.0f} % on" in verdict(table).words


def test_a_place_is_copied_to_each_module_that_uses_the_kernel_and_no_other_is_lost():
    found = parts.touched_places("modules", "key_value")
    own = in_own_files(found)
    users, kernel = len(parts.MODULES), (found.part == parts.KERNEL).sum()
    imports = (found.part == parts.IMPORTS).sum()
    assert len(own) == len(found) + (users - 1) * (kernel + imports)
    assert parts.KERNEL not in set(own.part)
    assert len(in_own_files(parts.touched_places("modules", "sms"))) == len(
        parts.touched_places("modules", "sms")
    )


def test_the_verdict_turns_when_layers_touch_less_with_any_share(table):
    """Requests for a module each, in a shop whose modules share nothing."""
    own = changes(own_kernel=True)
    easy = own[own.request.isin(["most_pieces", "discount", "key_value", "timed"])]
    assert share_percent(easy) == -math.inf
    assert verdict(easy).outcome is Outcome.HOLDS


def test_layers_have_no_share_even_by_parts_when_a_kernel_keeps_the_rows(monkeypatch):
    """Modules whose kernel keeps the rows of all and reads all requests leave the layers nothing to save."""

    def owner(cut, file, place):
        of_kernel = file.endswith("store.py") or place == "Orders._placed"
        return parts.KERNEL if cut == "modules" and of_kernel and place else parts.part_of(cut, file, place)

    def touched(cut, request):
        found = parts.differing(*versions(cut, request))
        return found.assign(part=[owner(cut, row.file, row.place) for row in found.itertuples()])

    monkeypatch.setattr(maintainable, "touched_places", touched)
    rows = [
        maintainable._row(request, cut, own_kernel=False)
        for request in maintainable.REQUESTS
        for cut in cut_sources.CUTS
    ]
    there = maintainable.pd.DataFrame(rows)
    assert there.set_index(["request", "cut"]).parts[("key_value", "modules")] == 1
    assert share_percent(there) == math.inf
    assert verdict(there).outcome is Outcome.DOES_NOT_HOLD
    assert "counted in parts they do" not in verdict(there).words


def test_without_a_common_kernel_modules_touch_more_for_technical_requests_only(table):
    own = changes(own_kernel=True)
    more = own.parts - table.parts
    of_modules = (table.cut == "modules") & table.is_technical
    assert (more[~of_modules] == 0).all()
    assert more[table.request == "timed"].max() == 4
    assert share_percent(own) < share_percent(table)
    assert KERNEL_GONE not in set(", ".join(own.touched).split(", "))


KERNEL_GONE = parts.KERNEL


def test_however_else_it_is_counted_the_layers_have_no_share(table):
    found = by_measure(table).set_index("measure").share_percent
    assert set(found.index) == set(MEASURES)
    assert math.isfinite(found["parts"])
    assert (found.drop("parts") == math.inf).all()


def test_parts_have_all_the_lines_of_a_cut():
    for cut in cut_sources.CUTS:
        whole = sum(
            len(lines) for text in cut_sources.source(cut).values() for lines in parts.places(text).values()
        )
        assert sum(maintainable.sizes(cut).values()) == whole


def test_drawn_requests_give_a_wide_interval_and_the_same_one_with_the_same_seed(table):
    drawn = drawn_shares(table, draws=500)
    low, high = (drawn.quantile(q, interpolation="lower") for q in (0.05, 0.95))
    assert low < share_percent(table) < high
    assert drawn.equals(drawn_shares(table, draws=500))
    assert 0.1 < (drawn == math.inf).mean() < 0.4


@pytest.mark.parametrize(
    ("more", "saved", "share"),
    [(1, 1, 50), (3, 1, 75), (0, 1, -math.inf), (1, 0, math.inf), (-1, -1, -math.inf), (0, 0, math.inf)],
)
def test_the_crossing_is_at_the_end_where_one_cut_is_never_worse(more, saved, share):
    assert crossing_percent(more, saved) == share


def test_the_figure_tells_all_requests_with_the_domain_first(table):
    alt = requests_figure(table, "A title").alt
    assert alt.index("gift message: 4 in layers, 1 in modules") < alt.index("technical:")
    assert alt.index("technical:") < alt.index("key-value store: 1 in layers, 6 in modules")
    with pytest.raises(ValueError, match="measure"):
        requests_figure(table, "A title", measure="colour")
