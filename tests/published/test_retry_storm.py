"""A metastable failure: N. Bronson and others (2021), *Metastable Failures in Distributed Systems*, section 2.1.

300 queries a second at most, a timeout of 1 s, one retry, an outage of 10 s. Stable below 150 queries a second; at 280
the load is 560 after the outage and nobody is served. The recovery times are hand arithmetic.
"""

import pytest

from archlab.published.retry_storm import Storm, drain_s, model, simulate

FULL = {"scale": 1.0}


@pytest.fixture(scope="module")
def stuck():
    """The published example at its full rates."""
    return simulate(seed=1, storm=Storm(scale=1.0, after_s=200))


def test_at_280_a_second_the_load_stays_at_560_and_nobody_is_served(stuck):
    end = stuck.series.tail(100)
    assert end["offered_per_s"].mean() == pytest.approx(560, rel=0.02)
    assert end["goodput_per_s"].mean() < 0.01 * 280


def test_it_is_healthy_before_the_outage_and_its_queue_grows_after_it(stuck):
    before = stuck.series.iloc[2:20]
    assert before["goodput_per_s"].mean() == pytest.approx(280, abs=1)
    assert before["offered_per_s"].mean() == pytest.approx(280, abs=1)
    backlog = stuck.series["backlog"].to_numpy()
    assert backlog[-1] - backlog[-101] == pytest.approx(100 * (560 - 300), rel=0.02)


def test_it_is_still_stuck_450_seconds_later():
    figures = model(seed=1)
    assert figures["recovered"] == 0
    assert figures["offered_share"] == pytest.approx(2, rel=0.02)
    assert figures["goodput_share"] < 0.01


def test_the_threshold_is_at_150_a_second():
    below, above = model(seed=1, load_per_s=145, **FULL), model(seed=1, load_per_s=155, **FULL)
    assert below["recovered"] == 1
    assert above["recovered"] == 0
    assert above["goodput_share"] < 0.01


@pytest.mark.parametrize("load_per_s", [120, 130, 140, 145])
def test_recovery_takes_as_long_as_the_formula_says_and_always_a_little_less(load_per_s):
    figures = model(seed=1, load_per_s=load_per_s)
    formula_s = 10 * 2 * load_per_s / (300 - 2 * load_per_s)
    assert figures["recovery_s_formula"] == pytest.approx(formula_s)
    assert 0.8 * formula_s < figures["recovery_s"] < formula_s


@pytest.mark.parametrize("load_per_s", [120, 140, 145])
def test_recovery_is_over_when_the_queue_is_one_timeout_long(load_per_s):
    """By hand: what came in 10 s, the retries from the second second on, must shrink to 1 s of work, 300 queries."""
    backlog = 10 * 2 * load_per_s - load_per_s
    by_hand_s = (backlog - 300) / (300 - 2 * load_per_s)
    assert model(seed=1, load_per_s=load_per_s)["recovery_s"] == pytest.approx(by_hand_s, abs=2)


def test_without_retries_the_same_load_recovers_after_125_seconds():
    """By hand: 2,800 queries must shrink to 300 at 20 a second."""
    figures = model(seed=1, retries=0, **FULL)
    assert figures["recovery_s"] == pytest.approx(125, abs=2)
    assert drain_s(280, 300, retries=0, outage_s=10) == pytest.approx(140)


def test_a_retry_budget_of_a_tenth_recovers_like_no_retries():
    figures = model(seed=1, budget=0.1)
    assert figures["recovery_s"] == pytest.approx(125, abs=5)
    assert figures["goodput_share"] == pytest.approx(1, abs=0.01)


def test_a_server_that_drops_what_is_nearly_too_old_recovers_within_seconds():
    figures = model(seed=1, drop_older_than_s=0.9)
    assert figures["recovery_s"] < 5
    assert figures["goodput_share"] == pytest.approx(1, abs=0.01)


def test_dropping_only_what_is_already_too_late_leaves_work_for_nobody():
    figures = model(seed=1, drop_older_than_s=1.0)
    assert figures["goodput_share"] < 0.5
    assert figures["backlog"] < 2 * 30  # but the queue no longer grows


@pytest.mark.parametrize("seed", range(1, 6))
def test_with_random_arrivals_dropping_what_is_already_too_late_ends_the_storm(seed):
    figures = model(seed, drop_older_than_s=1.0, after_s=200, random_arrivals=True, scale=0.3)
    assert figures["recovered"] == 1


@pytest.mark.parametrize(("buckets", "ill_s"), [(10, 151), (100, 376), (300, 876)])
def test_a_budget_for_each_client_is_weaker_the_more_clients_there_are(buckets, ill_s):
    """By hand: five retries saved in each bucket are so many more queries, worked off at 2 a second, a tenth of 20."""
    figures = model(seed=1, budget=0.1, buckets=buckets, after_s=1000)
    assert figures["recovery_s"] == pytest.approx(ill_s, abs=1)
    assert figures["recovery_s"] == pytest.approx(126 + 5 * buckets / 2, abs=2)


@pytest.mark.parametrize(("load_per_s", "recovered"), [(130, 1), (280, 0)])
def test_the_verdict_does_not_hang_on_the_arrivals_being_regular(load_per_s, recovered):
    for seed in (1, 2):
        assert model(seed, load_per_s=load_per_s, random_arrivals=True)["recovered"] == recovered


def test_the_scale_changes_nothing_but_the_size():
    small, large = (model(seed=1, load_per_s=140, scale=scale) for scale in (0.1, 0.5))
    assert small["recovery_s"] == pytest.approx(large["recovery_s"], abs=2)


def test_a_short_outage_does_not_outlast_the_patience_of_the_clients():
    """0.5 s of backlog is answered within the timeout, so there are no retries and no storm."""
    assert model(seed=1, outage_s=0.5)["failed"] == 0


@pytest.mark.parametrize(
    "wrong",
    [
        {"load_per_s": 0},
        {"retries": -1},
        {"after_s": 30},
        {"budget": -0.1},
        {"buckets": 0},
        {"drop_older_than_s": 0},
    ],
)
def test_what_makes_no_sense_is_refused_by_name(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        model(seed=1, **wrong)
