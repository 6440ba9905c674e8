"""Stack Overflow on one web server, and its load on six architectures."""

import math

import pytest

from archlab.chapters.choosing.cases import stack_overflow as case
from archlab.chapters.choosing.cases.judging import Foretold
from archlab.chapters.choosing.forms import ARCHITECTURES
from archlab.chapters.layered.fewer_servers import fewest_servers, own_cores_busy, simulated_s


def test_the_model_is_chapter_04s_with_the_published_cores():
    for peak in (1.0, 1.75, 2.3):
        assert case.fewest_servers(peak) == fewest_servers(cores=24, load=peak)


def test_a_simulation_agrees_that_one_server_is_hardly_slower_at_the_highest_peak_seen():
    peak = case.seen_peaks()[1]
    one, nine = (simulated_s(1, servers, 24, peak).mean() for servers in (1, 9))
    assert 100 * (one / nine - 1) < 15


def test_peaks_seen_are_one_and_a_half_to_two_times_the_mean():
    low, high = case.seen_peaks()
    assert low == pytest.approx(2600 / (148_084_883 / 86_400))
    assert high == pytest.approx(4500 / (5.5e9 / (730 * 3600)))


def test_the_verdict_is_a_condition_on_the_peak_that_the_peaks_seen_meet():
    judgement = case.verdict()
    assert judgement.foretold is Foretold.WHEN
    assert case.seen_peaks()[1] < float(judgement.limit) < 24 / own_cores_busy()


def test_less_work_on_cores_makes_it_a_plain_yes_and_twice_as_much_a_no():
    assert case.verdict(own_times=0.4).foretold is Foretold.YES
    assert case.verdict(own_times=2.0).foretold is Foretold.NO


def test_it_does_not_say_one_server_to_everybody():
    assert " 51 such servers" in case.elsewhere()


def test_more_work_on_cores_takes_longer_and_too_much_for_ever():
    assert case.longer_percent(1, 2.0, own_times=1.1) > case.longer_percent(1, 2.0)
    assert case.longer_percent(1, 3.0) == math.inf
    with pytest.raises(ValueError, match="peak_times"):
        case.fewest_servers(peak_times=100)


@pytest.fixture(scope="module")
def needed():
    return case.needed().set_index("architecture")


def test_every_architecture_can_serve_it(needed):
    assert needed.index.tolist() == list(ARCHITECTURES)


def test_one_program_needs_least_and_services_about_half_as_many_cores_again(needed):
    assert needed.cores.monolithic == needed.drop("serverless").cores.min()
    assert 1.3 < needed.cores.microservices / needed.cores.monolithic < 1.8


def test_functions_wait_for_longer_than_they_compute(needed):
    assert needed.environments.serverless > 2 * needed.cores.monolithic
    assert (needed.drop("serverless").environments == 0).all()


def test_twice_the_load_needs_about_twice_the_cores(needed):
    twice = case.needed(peak_times=2.0).set_index("architecture")
    assert twice.cores.monolithic / needed.cores.monolithic == pytest.approx(2, rel=0.1)


def test_the_pictures_name_the_peaks_and_the_architectures():
    assert "highest, 2017: 2.15" in case.figure().alt
    assert all(name in case.needed_figure().alt for name in ARCHITECTURES)


@pytest.mark.parametrize("peak", [0, -1, math.nan])
def test_no_load_is_refused(peak):
    with pytest.raises(ValueError, match="peak_times"):
        case.needed(peak_times=peak)
