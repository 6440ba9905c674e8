"""Concerns are found where they are written, and a concern that moves is found where it moved."""

import pytest

from archlab.chapters.layered import concerns
from archlab.chapters.layered.concerns import HOMES, at_home

RULES = "shop/layered/business/rules.py"
API = "shop/layered/presentation/json_api.py"


def counted(table, concern):
    return table[table.concern == concern].groupby("part")["count"].sum().to_dict()


@pytest.fixture(scope="module")
def layers():
    return concerns.concerns("layered")


def test_sql_is_in_data_access_only(layers):
    assert set(counted(layers, "rows")) == {"data access"}


def test_as_many_sql_texts_are_found_as_a_search_for_their_words_finds():
    text = concerns.sources("layered, all kinds")["shop/layered/data_access/key_value.py"]
    words = sum(text.count(f'"{word} ') for word in ("SELECT", "INSERT", "UPDATE", "DELETE"))
    table = concerns.concerns("layered, all kinds")
    here = table[(table.file == "shop/layered/data_access/key_value.py") & (table.kind == "SQL")]
    assert here["count"].sum() == words


def test_the_condition_on_the_stock_is_a_decision_inside_sql(layers):
    found = layers[layers.kind == "condition in SQL"]
    assert found.function.tolist() == ["StockRepository.reserve"]


def test_an_order_that_is_there_already_is_refused_by_data_access_alone(layers):
    assert set(layers[layers.kind == "AlreadyPlaced"].part) == {"data access"}
    assert set(layers[layers.kind == "PaymentDeclined"].part) == {"business"}
    assert set(layers[layers.kind == "OutOfStock"].part) == {"business", "data access"}


def test_no_such_row_is_no_decision_and_what_cannot_be_read_is_a_format(layers):
    assert "NotFound" not in set(layers.kind)
    assert "decisions" not in set(layers[layers.part == "presentation"].concern)
    text = concerns.sources("layered")[API]
    unread = layers[(layers.file == API) & (layers.kind == "not read")]
    assert unread["count"].sum() == text.count("raise ValueError(") > 0
    assert set(layers[layers.kind == "value refused"].file) == {"shop/domain.py"}


def test_the_share_of_decisions_in_business_is_the_one_of_at_home(layers):
    share = at_home(layers, HOMES).set_index("concern").percent["decisions"]
    assert concerns.decisions_here_percent(layers) == share
    assert concerns.decisions_here_percent(layers, "presentation") == 0


def test_a_missing_row_counts_nowhere_and_a_refusal_does(layers):
    for refusal, more in (("NotFound", 0), ("OutOfStock", 1)):
        changed = dict(concerns.sources("layered"))
        changed[RULES] += f"\n\ndef quickly():\n    raise {refusal}('no')\n"
        after = concerns.concerns("layered", changed)
        assert counted(after, "decisions")["business"] == counted(layers, "decisions")["business"] + more


def test_more_kinds_of_data_access_repeat_its_decisions(layers):
    more = counted(concerns.concerns("layered, all kinds"), "decisions")["data access"]
    assert more > 2 * counted(layers, "decisions")["data access"]


@pytest.mark.parametrize(
    ("path", "code", "concern", "part"),
    [
        (API, "rows.execute('SELECT name FROM products')", "rows", "presentation"),
        (API, "raise OutOfStock('no')", "decisions", "presentation"),
        (RULES, "return json.dumps({})", "formats", "business"),
        (RULES, "return f'{1:02d}'", "formats", "business"),
        (RULES, "changes.commit()", "steps", "business"),
    ],
)
def test_a_line_in_another_layer_is_a_leak(layers, path, code, concern, part):
    changed = dict(concerns.sources("layered"))
    changed[path] += f"\n\ndef quickly(rows, changes):\n    {code}\n"
    after = concerns.concerns("layered", changed)
    assert counted(after, concern).get(part, 0) > counted(layers, concern).get(part, 0)
    before = at_home(layers, HOMES).set_index("concern").percent[concern]
    assert at_home(after, HOMES).set_index("concern").percent[concern] < before


def test_what_is_at_home_and_elsewhere_adds_up(layers):
    found = at_home(layers, HOMES).set_index("concern")
    for concern in HOMES:
        assert found.at_home[concern] + found.elsewhere[concern] == sum(counted(layers, concern).values())


def test_without_homes_each_concern_has_the_part_that_has_most_of_it():
    found = at_home(concerns.concerns("monolithic")).set_index("concern")
    assert found.home["steps"] == "Orders"
    assert found.at_home["rows"] == max(counted(concerns.concerns("monolithic"), "rows").values())


def test_topics_go_through_more_layers_than_modules():
    layers, modules = (concerns.spread(shop) for shop in ("layered", "monolithic"))
    assert layers.parts.mean() > modules.parts.mean()
    assert layers.set_index("topic").parts["payments"] == len(concerns.LAYERS)


def test_functions_that_only_other_shops_use_are_left_out(layers):
    functions = set(layers[layers.file == "shop/store.py"].function)
    assert "StockRepository.reserve" in functions
    assert "PaymentRepository.delete" not in functions


def test_layers_keep_rows_and_decisions_apart_better_than_modules_and_more_kinds_worse():
    found = concerns.compared().set_index("concern")
    assert found.layers_percent["rows"] == 100 > found.modules_percent["rows"]
    assert found.layers_percent["decisions"] > 50 > found.modules_percent["decisions"]
    assert found.all_kinds_percent["decisions"] < 50
    assert found.all_kinds_percent["decisions"] < found.layers_percent["decisions"]
    assert found.layers_percent["all"] > found.all_kinds_percent["all"] > found.modules_percent["all"]


def test_another_shop_is_refused():
    with pytest.raises(ValueError, match="shop"):
        concerns.sources("serverless")
