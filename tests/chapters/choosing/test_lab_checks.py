"""The checks of lab 07 say in words what is wrong, and cannot be changed by an answer."""

import re

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import bisect

from archlab.chapters.choosing import (
    lab_bounds,
    lab_bounds_known,
    lab_checks,
    lab_live,
    lab_scarce_known,
    lab_turning,
    lab_turning_known,
)
from archlab.chapters.choosing.lab_known import FUNCTIONS, PROGRAM
from archlab.shop.event_driven import EventDrivenConfig
from archlab.shop.monolithic import MonolithConfig

GUESSED = {"usd": 50.0, "order_p99_s": 0.4}


@pytest.mark.parametrize(
    ("check", "answer", "words"),
    [
        (lab_checks.start_up, lambda brief, seed: PROGRAM, "a pair is wanted"),
        (
            lab_checks.start_up,
            lambda brief, seed: ("cqrs", GUESSED),
            "one of the six architectures is wanted",
        ),
        (
            lab_checks.start_up,
            lambda brief, seed: (MonolithConfig(query_s=0), GUESSED),
            "query_s cannot be chosen",
        ),
        (lab_checks.start_up, lambda brief, seed: (EventDrivenConfig(), GUESSED), "USD in rent alone"),
        (lab_checks.sale, lambda brief, seed: (FUNCTIONS, GUESSED), "with your Serverless: it costs"),
        (lab_checks.proof, lambda demand: None, "None is given, and no shop can"),
        (lab_checks.proof, lambda demand: ("usd_per_h", 1.0), "neither bound forbids it"),
        (lab_checks.turning_point, lambda case: 4.0, "a pair is wanted"),
        (lab_checks.turning_point, lambda case: ("nobody", 4.0), "'nobody' is said to lead"),
        (lab_checks.scarce, lambda config, mix: 4.0, "three are wanted"),
    ],
)
def test_a_wrong_answer_is_told_what_is_wrong(check, answer, words):
    with pytest.raises(AssertionError, match=re.escape(words)):
        check(answer)


def test_right_answers_pass(capsys):
    lab_checks.proof(lab_bounds_known.proof_of)
    lab_checks.turning_point(lab_turning_known.turning_point)
    assert capsys.readouterr().out.count("passed with seed 1") == 2


def test_an_answer_cannot_change_the_judge():
    judge = lab_live.broken

    def easy(brief, seed):
        lab_live.broken = lambda seen, brief: []
        return FUNCTIONS, GUESSED

    with pytest.raises(AssertionError, match=r"your answer changes lab_live\.broken"):
        lab_checks.start_up(easy)
    assert lab_live.broken is judge


def test_what_solves_a_task_is_not_in_the_modules_that_the_lab_hands_out():
    handed_out = {*vars(lab_bounds), *vars(lab_turning)}
    solves = {"proof_of", "least_offer", "least_order_s", "least_usd_per_h", "turning_point", "usd_per_h"}
    assert solves <= {*vars(lab_bounds_known), *vars(lab_turning_known)}
    assert handed_out & {*solves, "drawn", "KINDS", "WAYS"} == set()


@pytest.mark.parametrize(
    ("check", "answer", "fault", "about"),
    [
        (lab_checks.start_up, lambda brief, seed: PROGRAM, "MonolithConfig(", " The brief: "),
        (lab_checks.proof, lambda demand: ("usd_per_h", 1.0), "('usd_per_h', 1.0) is given", " The demand: "),
        (lab_checks.turning_point, lambda case: ("nobody", 4.0), "'nobody' is said", " The case: "),
    ],
)
def test_the_fault_comes_first_and_what_it_is_about_behind_it(check, answer, fault, about):
    with pytest.raises(AssertionError) as raised:
        check(answer)
    assert str(raised.value).startswith(fault)
    assert about in str(raised.value)


def test_prices_that_never_turn_are_told_what_they_are():
    def same(case):
        return case.pair[0], bisect(lambda value: value, case.low, case.high)

    with pytest.raises(AssertionError, match="by your prices the same one costs less at both ends") as raised:
        lab_checks.turning_point(same)
    assert str(raised.value).count("USD/h") == 4


def test_another_error_of_a_search_stays_what_it_is():
    def broken(case):
        raise ValueError("no root")

    with pytest.raises(ValueError, match="no root"):
        lab_checks.turning_point(broken)


def test_figures_must_be_those_of_the_life_with_the_seed():
    seen = lab_live.Lived(50.0, 0.1, 0.4, 100.0, {}, 0, 0, 100.0)
    lab_checks._expect_figures({"usd": 50.0, "order_p99_s": 0.401}, seen, seed=5)
    for figures, words in (
        ({"usd": 49.3, "order_p99_s": 0.4}, "usd of your shop with seed 5 is 49.3"),
        ({"usd": 50.0, "order_p99_s": 0.41}, "order_p99_s of your shop with seed 5 is 0.41"),
        ({"usd": 50.0, "order_p99_s": 400}, "which unit"),
        ({"usd": 50.0, "order_p99_s": 0}, "order_p99_s of your shop with seed 5 is 0"),
        ({"usd": 50.0}, "'order_p99_s' is wanted"),
    ):
        with pytest.raises(AssertionError, match=words):
            lab_checks._expect_figures(figures, seen, seed=5)


def test_shops_of_the_first_task_have_different_scarce_stations():
    from archlab.shop.budget import mix_with

    stations = {
        lab_scarce_known.scarce(config, mix_with(0.1))[2].split()[-1]
        for seed in range(4)
        for config in lab_scarce_known.drawn(np.random.default_rng(seed))
    }
    assert {"cpu", "workers"} <= stations


def test_a_month_of_720_hours_is_no_rent_of_730():
    def storage_by_720(config, mix):
        usd, per_s, station = lab_scarce_known.scarce(config, mix)
        return usd + 100 * 0.115 * (1 / 720 - 1 / 730), per_s, station

    with pytest.raises(AssertionError, match="the rent of a"):
        lab_checks.scarce(storage_by_720)


def test_three_values_may_come_as_a_series():
    given = pd.Series({"usd": 0.25, "per_s": 10.0, "station": "cpu"})
    assert lab_checks._three(given) == (0.25, 10.0, "cpu")
