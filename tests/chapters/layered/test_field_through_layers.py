"""A field goes through all layers that look at it, and the verdict turns where those between do not."""

import pytest

from archlab.chapters.layered import field_through_layers as field
from archlab.chapters.layered.cut_sources import running, source
from archlab.chapters.layered.new_behaviour import usual
from archlab.chapters.layered.parts import LAYERS
from archlab.course.claims.verdict import Outcome
from archlab.shop.code.patches import patched


@pytest.fixture(scope="module")
def table():
    return field.through()


@pytest.fixture(scope="module")
def memory():
    return field.memory()


@pytest.fixture(scope="module")
def figures(table, memory):
    return field.coupling_figures(table)


@pytest.mark.parametrize("variant", field.VARIANTS)
def test_all_variants_are_the_same_shop_before_and_have_the_field_after(variant):
    before, after = field.sources(variant)
    cut = field._cut(variant)
    assert usual(cut, before) == usual(cut, after) == usual("layers", source("layers"))
    with running(after) as load:
        assert all(field._say_it(cut, load))


def test_a_field_changes_all_layers_with_one_object_and_with_an_object_for_each(table):
    rows = table.set_index("variant")
    everywhere = ", ".join(LAYERS)
    assert rows.touched["one shared object"] == rows.touched["an object per layer"] == everywhere
    assert rows.lines["an object per layer"] > rows.lines["one shared object"]
    assert rows.prepared_lines["an object per layer"] > rows.prepared_lines["a dictionary"] > 0


def test_a_dictionary_leaves_the_field_to_the_layer_that_names_it(table):
    rows = table.set_index("variant")
    assert rows.touched["a dictionary"] == "presentation"
    assert rows.files["a dictionary"] == 1


def test_no_layer_but_data_access_names_the_row_objects_of_the_strict_variant_but_business():
    before, _ = field.sources("an object per layer")
    naming = {
        path.split("/")[3] for path, text in before.items() if "StatusRow" in text and "layered" in path
    }
    assert naming == {"business", "data_access"}


def test_each_piece_of_a_change_is_forgotten_once_and_each_is_accounted_for(memory):
    assert (memory.found_by_error + memory.lost_silently + memory.unseen == memory.pieces).all()
    lost = memory.set_index("variant").lost_silently
    assert lost["one shared object"] > 0


def test_a_piece_that_only_hands_on_is_lost_silently():
    found = field.forgotten("one shared object").set_index("piece").noticed
    assert found["order = price_order(order_id, basket, products, gift)"] == "the message is lost"
    assert found['"gift": answer.gift,'] == "the message is lost"


def test_the_limit_is_where_a_field_touches_no_more_than_the_two_that_must_know_it(figures):
    verdict = field.tight_coupling(**figures)
    assert verdict.outcome is Outcome.HOLDS_WHEN
    share = verdict.flips_at / 100
    mean = (1 - share) * figures["layers_with_shared_object"] + share * figures["layers_with_dictionary"]
    assert mean == pytest.approx(field.ENDS)


@pytest.mark.parametrize(
    ("know", "limit", "words"), [(1, 100, "up to 100 %"), (3, 100 / 3, "up to about 33 %")]
)
def test_the_limit_moves_with_the_number_of_layers_that_must_know_a_field(
    monkeypatch, figures, know, limit, words
):
    assert words in field.tight_coupling(**figures).words
    monkeypatch.setattr(field, "ENDS", know)
    assert field.tight_coupling(**figures).flips_at == pytest.approx(limit)
    assert f"{know} layers must know" in field.tight_coupling(**figures).words


def test_no_limit_is_left_when_all_layers_must_know_a_field(monkeypatch, figures):
    monkeypatch.setattr(field, "ENDS", len(LAYERS))
    assert field.tight_coupling(**figures).outcome is Outcome.DOES_NOT_HOLD


def test_a_dictionary_touches_fewer_layers_than_must_know_a_column(table):
    assert table.set_index("variant").layers["a dictionary"] < field.ENDS


def test_the_verdict_turns_when_the_layers_between_hand_on_what_they_do_not_look_at(monkeypatch, memory):
    """All fields are then like the one of the dictionary."""
    through_dictionary = field.sources("a dictionary")
    monkeypatch.setattr(field, "sources", lambda variant: through_dictionary)
    rows = field.pd.DataFrame([field._row(variant) for variant in field.VARIANTS])
    verdict = field.tight_coupling(**field.coupling_figures(rows))
    assert verdict.outcome is Outcome.DOES_NOT_HOLD


def test_the_verdict_turns_when_modules_are_as_tightly_coupled(figures):
    assert field.tight_coupling(**figures | {"modules": 4}).outcome is Outcome.DOES_NOT_HOLD
    assert field.tight_coupling(**figures | {"modules": 3}).flips_at < 50


def test_a_dictionary_that_every_layer_looked_into_would_save_nothing(figures):
    assert field.tight_coupling(**figures | {"layers_with_dictionary": 4}).outcome is Outcome.HOLDS


def test_a_patch_that_does_not_fit_is_refused():
    with pytest.raises(ValueError, match="patch is for the file"):
        patched(source("layers"), field.patch("variants/gift_in_objects_per_layer"))
    with pytest.raises(ValueError, match="variant is 'a list'"):
        field.sources("a list")


def test_the_lines_of_the_layers_add_up_to_the_lines_of_the_change(table):
    rows = table.set_index("variant").lines
    of_layers = field.by_layer().set_index("variant").sum(axis="columns")
    assert (rows[of_layers.index] == of_layers).all()


def test_the_figure_tells_all_layers_of_all_variants():
    alt = field.field_figure(field.by_layer(), "A title").alt
    assert "a dictionary: presentation 2, application 0, business 0, data access 0" in alt
