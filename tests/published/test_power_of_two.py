"""The power of two choices: M. Mitzenmacher (2001), and M. Brooker (2012) with old load information.

A hundred queues are not endlessly many, so the mean is above the limit; the more so, the fuller they are.
"""

import pytest

from archlab.data import load
from archlab.published.power_of_two import STALE_RULES, limit, model, stale_loads


@pytest.fixture(scope="module")
def published():
    return load("load_balancing").set_index(["experiment", "case"])["value"]


@pytest.fixture(scope="module")
def stale():
    """The mean time of each of Brooker's rules, by rule and seconds between two refreshes."""
    refreshes_s = (0, 10, 20, 30, 40, 50, 60, 100)
    return {
        (rule, refresh_s): sum(stale_loads(seed, rule, refresh_s)["mean_s"] for seed in (1, 2, 3)) / 3
        for rule in STALE_RULES
        for refresh_s in refreshes_s
    }


@pytest.mark.parametrize("utilisation", [0.5, 0.7, 0.8, 0.9, 0.95, 0.99])
@pytest.mark.parametrize("choices", [1, 2, 3, 5])
def test_the_limit_has_the_values_worked_out_beside_it(utilisation, choices, published):
    expected = published["join the shortest of d queues", f"utilisation {utilisation}, d = {choices}"]
    assert limit(utilisation, choices) == pytest.approx(expected, abs=6e-5)


@pytest.mark.parametrize(("utilisation", "requests"), [(0.5, 200_000), (0.7, 200_000), (0.9, 800_000)])
def test_one_choice_is_within_5_percent_of_the_limit(utilisation, requests):
    """Not at 0.95 and beyond: there a mean of this precision needs runs that are many times as long."""
    figures = model(seed=2001, utilisation=utilisation, choices=1, requests=requests)
    assert figures["mean_s"] == pytest.approx(figures["limit_s"], rel=0.05)


@pytest.mark.parametrize(
    ("utilisation", "choices", "requests"),
    [
        (0.5, 2, 200_000),
        (0.7, 2, 200_000),
        (0.8, 2, 200_000),
        (0.9, 2, 400_000),
        (0.95, 2, 1_000_000),
        (0.9, 3, 400_000),
    ],
)
def test_two_choices_and_more_are_at_most_5_percent_above_the_limit(utilisation, choices, requests):
    figures = model(seed=2001, utilisation=utilisation, choices=choices, requests=requests)
    assert 0.995 * figures["limit_s"] < figures["mean_s"] < 1.05 * figures["limit_s"]


def test_at_99_percent_a_hundred_queues_are_about_a_tenth_above_the_limit():
    """Expected are 5 to 12 %. Runs of this length differ by 2 % (standard deviation), so the bounds are wider."""
    figures = model(seed=2001, utilisation=0.99, choices=2, requests=2_000_000)
    assert 1.03 < figures["mean_s"] / figures["limit_s"] < 1.15


def test_the_second_choice_is_exponentially_better_and_the_third_by_a_factor():
    """The gain of the second choice grows without end as the queues fill; that of the third stays small."""
    means = {
        (utilisation, choices): model(1, utilisation, choices, requests=100_000)["mean_s"]
        for utilisation in (0.7, 0.9)
        for choices in (1, 2, 3)
    }
    second = [means[utilisation, 1] / means[utilisation, 2] for utilisation in (0.7, 0.9)]
    third = [means[utilisation, 2] / means[utilisation, 3] for utilisation in (0.7, 0.9)]
    assert second[0] > 1.9
    assert second[1] > 1.7 * second[0]
    assert max(third) < 1.4


def test_with_fresh_information_the_best_is_the_best(stale):
    assert min(STALE_RULES, key=lambda rule: stale[rule, 0]) == "best"


def test_best_of_two_is_the_best_from_about_10_seconds_on(stale, published):
    from_s = published["stale load information", "best of 2 is the best from"]
    for refresh_s in (20, 30, 40, 50, 60):
        assert refresh_s > from_s
        assert min(STALE_RULES, key=lambda rule: stale[rule, refresh_s]) == "best of 2"
    assert stale["best of 2", 10] == pytest.approx(stale["best of 3", 10], rel=0.03)  # where they cross


def test_best_of_two_loses_to_random_at_about_70_seconds(stale, published):
    """Within a third: his servers all end a request at the same moment, ours each in its own time."""
    loses_s = published["stale load information", "random becomes better than best of 2 at about"]
    gaps = {s: stale["best of 2", s] - stale["random", s] for s in (60, 100)}
    crossing_s = 60 + 40 * gaps[60] / (gaps[60] - gaps[100])
    assert crossing_s == pytest.approx(loses_s, rel=1 / 3)


def test_the_best_is_the_worst_once_its_information_is_old(stale):
    for refresh_s in (20, 40, 60, 100):
        assert max(STALE_RULES, key=lambda rule: stale[rule, refresh_s]) == "best"
