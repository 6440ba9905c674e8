"""What answers cost on real rows: the answers are the same, the work is not."""

import pytest

from archlab.chapters.cqrs import measured
from archlab.shop.cqrs import Question
from archlab.shop.cqrs.questions import ask

LOOKED_UP = (Question.PRODUCT, Question.ORDER)


@pytest.fixture(scope="module")
def counted():
    return measured.counted(scales=(1, 10)).set_index(["question", "scale", "model"]).steps


@pytest.mark.parametrize("question", Question)
def test_all_models_give_the_same_answers(question):
    models = [measured.model_of(name, 1)[0] for name in measured.MODELS]
    for about in measured.asked_about(question, 1):
        first, *others = [ask(model, question, *about) for model in models]
        assert first
        assert all(
            list(other) == list(first) if isinstance(first, list) else other == first for other in others
        )


def test_steps_are_counted_and_the_same_every_time(counted):
    again = measured.counted(scales=(1,)).set_index(["question", "scale", "model"]).steps
    assert (again == counted.xs(1, level="scale", drop_level=False)[again.index]).all()
    model, connection = measured.model_of("read model", 1)
    one = measured.steps(connection, lambda: ask(model, Question.PRODUCT, 1))
    two = measured.steps(connection, lambda: [ask(model, Question.PRODUCT, 1) for _ in range(2)])
    assert two == 2 * one


@pytest.mark.parametrize("question", Question)
def test_a_read_model_takes_as_much_work_however_many_rows_there_are(counted, question):
    assert counted[question, 10, "read model"] <= 1.5 * counted[question, 1, "read model"]


def test_joins_that_look_up_a_key_are_nearly_as_good_as_a_read_model(counted):
    for question in LOOKED_UP:
        assert counted[question, 10, "joins"] < 3 * counted[question, 10, "read model"]


@pytest.mark.parametrize("question", [Question.BEST_SELLERS, Question.STOCK, Question.SEARCH])
def test_joins_that_look_at_all_rows_take_ten_times_the_work_for_ten_times_the_rows(counted, question):
    grows = counted[question, 10, "joins"] / counted[question, 1, "joins"]
    assert 7 < grows < 15
    assert counted[question, 10, "joins"] > 20 * counted[question, 10, "read model"]


def test_an_index_does_for_a_history_most_of_what_a_read_model_does(counted):
    names = ("joins", "joins without index", "read model")
    with_index, without, view = (counted[Question.HISTORY, 10, name] for name in names)
    assert with_index < 10 * view < without


def test_more_indexes_make_look_ups_of_stock_overview_and_search_and_leave_the_best_sellers_a_scan(counted):
    scales = {
        question: [counted[question, scale, "joins, more indexes"] for scale in (1, 10)]
        for question in Question
    }
    for question in (Question.STOCK, Question.SEARCH):
        small, large = scales[question]
        assert large < 1.5 * small
    small, large = scales[Question.BEST_SELLERS]
    assert 7 < large / small < 15


def test_each_read_model_adds_rows_to_what_a_command_writes():
    rows = [measured.written(list(Question)[:models]) for models in range(7)]
    assert rows == sorted(rows)
    assert rows[0] == 8  # stock and line of two products, order, payment, notification, buyer
    assert rows[6] > 1.8 * rows[0]


@pytest.mark.parametrize(("name", "scale"), [("a view", 1), ("joins", 0)])
def test_what_is_not_there_is_refused(name, scale):
    with pytest.raises(ValueError, match=r"(name|scale) is"):
        measured.model_of(name, scale)
