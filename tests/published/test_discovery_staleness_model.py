"""What stale entries cost, and what a cut network does to each registry."""

import pytest

from archlab.published.discovery_partition import partition
from archlab.published.discovery_staleness import cost, staleness
from archlab.sim.discovery.kinds import KINDS, kind_of

SEEDS = range(5)


@pytest.fixture(scope="module")
def eureka_costs():
    return {
        care: [cost(seed, "eureka", rate_per_s=20, care=care) for seed in SEEDS]
        for care in ("none", "retry", "ejection", "both")
    }


def total(runs, figure):
    return sum(run[figure] for run in runs)


def test_a_careless_caller_sends_the_share_of_the_dead_as_long_as_it_believes_in_it(eureka_costs):
    runs = eureka_costs["none"]
    expected = total(runs, "to_the_dead_formula")
    assert total(runs, "to_the_dead") == pytest.approx(expected, abs=4 * expected**0.5)
    assert total(runs, "failed") == total(runs, "to_the_dead")


def test_a_retry_at_another_instance_saves_every_request_but_asks_the_dead_as_often(eureka_costs):
    assert total(eureka_costs["retry"], "failed") == 0
    assert total(eureka_costs["retry"], "to_the_dead") > 0.9 * total(eureka_costs["none"], "to_the_dead")


def test_ejection_saves_most_but_not_the_first_five_of_every_round(eureka_costs):
    """Five failures in a row, out for 30 s, five again, for 60 s, for 90 s, for 120 s: 20 in up to 300 s."""
    failed = [run["failed"] for run in eureka_costs["ejection"]]
    assert all(5 <= one <= 20 for one in failed)
    assert max(failed) >= 15
    assert sum(failed) < 0.05 * total(eureka_costs["none"], "failed")


def test_both_together_lose_nothing_and_hardly_ask_the_dead(eureka_costs):
    assert total(eureka_costs["both"], "failed") == 0
    assert all(5 <= run["to_the_dead"] <= 20 for run in eureka_costs["both"])


def test_all_kinds_of_care_meet_the_same_staleness(eureka_costs):
    assert len({tuple(run["stale_s"] for run in runs) for runs in eureka_costs.values()}) == 1


def test_a_retry_does_not_help_who_has_only_one_instance():
    alone = cost(1, "etcd", instances=1, care="retry")
    assert alone["failed"] == alone["requests"] > 0


def test_registries_that_watch_cost_a_tenth_of_one_that_polls():
    polled = sum(cost(seed, "eureka", rate_per_s=20)["failed"] for seed in SEEDS)
    for kind in ("consul check", "consul gossip", "etcd"):
        assert sum(cost(seed, kind, rate_per_s=20)["failed"] for seed in SEEDS) < polled / 10


def test_eureka_finds_a_death_among_seven_and_never_among_six():
    """The snippet of a sceptic: with six it goes on until the experiment gives up, for it protects itself."""
    never, late = (cost(1, "eureka", rate_per_s=1, instances=n)["stale_s"] for n in (6, 7))
    documented = cost(1, "eureka as documented", rate_per_s=1, instances=7)["stale_s"]
    assert never == pytest.approx(kind_of("eureka").gives_up_s)
    assert late == pytest.approx(245, abs=1)
    assert documented == pytest.approx(125, abs=1)


def test_deaths_that_are_never_found_are_said_to_be():
    figures = staleness(1, "eureka", instances=5, clients=2, deaths=1)
    assert figures["never"] == 1
    assert figures["mean_s"] != figures["mean_s"]


@pytest.mark.parametrize("kind", ["eureka", "eureka as documented"])
def test_eureka_answers_on_both_sides_of_a_cut_and_keeps_everything(kind):
    figures = partition(1, kind, instances=20, cut_off=8)
    assert (figures["small_answers"], figures["large_answers"]) == (1, 1)
    assert (figures["small_sees_new"], figures["large_sees_new"]) == (1, 1)
    assert (figures["small_missing"], figures["large_missing"]) == (0, 0)
    assert figures["small_useless"] == 12 + 1  # the other side, and the dead one of its own
    assert figures["large_useless"] == 8 + 1


def test_eureka_evicts_the_other_side_when_that_is_small_and_does_not_protect_itself():
    """Of 22 expected 19 renew: 38 is more than int(42 x 0.85), so the large side drops the small one, and its dead."""
    figures = partition(1, "eureka", instances=20, cut_off=2)
    assert figures["large_useless"] == 0
    assert figures["small_useless"] == 18 + 1


@pytest.mark.parametrize("kind", ["consul check", "consul gossip", "etcd"])
def test_a_quorum_answers_on_the_large_side_only_and_is_right_there(kind):
    figures = partition(1, kind, instances=20, cut_off=8)
    assert (figures["small_answers"], figures["large_answers"]) == (0, 1)
    assert (figures["large_useless"], figures["large_missing"], figures["large_sees_new"]) == (0, 0, 1)
    assert figures["small_believed"] == 20  # what its old client knew before
    assert figures["small_useless"] == 12 + 1
    assert (figures["small_missing"], figures["small_sees_new"]) == (1, 0)


@pytest.mark.parametrize("kind", KINDS)
def test_after_the_cut_all_are_right_again(kind):
    figures = partition(1, kind)
    assert 0 < figures["right_after_s"] <= (300 if kind.startswith("eureka") else 15)


def test_experiments_refuse_what_makes_no_sense():
    for call, message in [
        (lambda: staleness(1, "zookeeper"), "registry is 'zookeeper'"),
        (lambda: staleness(1, deaths=0), "deaths is 0"),
        (lambda: cost(1, rate_per_s=0), "rate_per_s is 0"),
        (lambda: cost(1, care="prayer"), "care is 'prayer'"),
        (lambda: partition(1, instances=5, cut_off=5), "instances is 5"),
        (lambda: partition(1, lasts_s=60), "lasts_s"),
    ]:
        with pytest.raises(ValueError, match=message):
            call()
