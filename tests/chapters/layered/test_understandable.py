"""How far one must read for ten answers, along calls that were seen."""

import inspect
from itertools import pairwise

import pytest

from archlab.chapters.layered import understandable
from archlab.chapters.layered.traced import Place
from archlab.chapters.layered.understandable import QUESTIONS, compared, lines_of, look_up, requests, way
from archlab.course.claims.verdict import Outcome
from archlab.shop import domain
from archlab.shop.layered.business import Rules


@pytest.fixture(scope="module", params=["layered", "monolithic"])
def shop(request):
    return request.param


def test_there_are_ten_questions_and_each_has_a_way(shop):
    found = look_up(shop)
    assert len(found) == len(QUESTIONS) == 10
    assert (found.functions >= 2).all()
    assert (found.files <= found.functions).all()
    assert (found.classes <= found.functions).all()


def test_each_step_of_a_way_names_the_next_function_in_its_source(shop):
    for question in QUESTIONS:
        places = way(shop, question)
        for here, then in pairwise(places):
            text = (understandable.ROOT / here.file).read_text(encoding="utf-8")
            assert then.function.split(".")[-1] in text


def test_a_page_goes_through_every_layer_but_the_first_and_through_two_classes_in_the_monolith():
    both = compared().set_index("question").loc["Which tables does a page read?"]
    assert (both.classes_layered, both.classes_monolithic) == (4, 2)
    assert both.guesses_layered > both.guesses_monolithic


def test_lines_are_those_of_the_function_without_its_docstring():
    text = inspect.getsource(domain.reserve)
    told = len((domain.reserve.__doc__ or "").splitlines())
    assert lines_of(Place("shop/domain.py", "reserve")) == len(text.splitlines()) - told
    assert lines_of(Place("shop/layered/business/rules.py", "Rules.page")) == 2
    assert inspect.getsource(Rules.page).count("\n") == 3


def test_an_order_runs_through_more_than_a_page(shop):
    found = requests().set_index(["shop", "use_case"]).functions[shop]
    assert found["place_order"] > 5 * found["browse"] > 0


def test_that_people_understand_cannot_be_shown():
    verdict = understandable.easy_to_understand(**understandable.understandable_figures())
    assert verdict.outcome is Outcome.CANNOT_BE_SHOWN
    assert "needs people" in verdict.words


def test_bad_input_is_refused():
    with pytest.raises(ValueError, match="shop"):
        way("cqrs", QUESTIONS[0])
    unseen = understandable.Question("?", "browse", "run_together", "run_together")
    with pytest.raises(ValueError, match="no way to run_together was seen in layered"):
        way("layered", unseen)
