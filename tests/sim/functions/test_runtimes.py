"""What was published about initialisations and keep-alives, and what is drawn between the percentiles."""

from statistics import NormalDist

import pytest

from archlab.sim.functions.runtimes import (
    PACKAGES,
    initialisation_s,
    initialisations_ms,
    keep_alive_s,
    with_libraries_s,
)


def percentile_s(lognormal, share):
    return lognormal.median * 2.718281828459045 ** (lognormal.sigma * NormalDist().inv_cdf(share))


@pytest.mark.parametrize("package", PACKAGES)
def test_the_drawn_initialisations_go_through_the_published_percentiles(package):
    table = initialisations_ms(package)
    for runtime, row in table.iterrows():
        drawn = initialisation_s(runtime, package)
        highest = row.index[-1]
        assert drawn.median == pytest.approx(row.p50 / 1000)
        assert percentile_s(drawn, float(highest[1:]) / 100) == pytest.approx(row[highest] / 1000, rel=1e-6)


@pytest.mark.parametrize("runtime", ["Python 3.11", "Python 3.12", "Python 3.13", "Node 22", "Node 24"])
def test_the_percentile_between_them_comes_out_within_15_per_cent(runtime):
    published = initialisations_ms().p95[runtime] / 1000
    assert percentile_s(initialisation_s(runtime), 0.95) == pytest.approx(published, rel=0.15)


def test_the_tail_of_net_is_no_lognormal():
    published = initialisations_ms().p95[".NET 8"] / 1000
    assert percentile_s(initialisation_s(".NET 8"), 0.95) < 0.9 * published


def test_a_container_image_takes_longer_than_a_zip_for_all_but_what_is_compiled():
    slower = initialisations_ms("container image").p50 > initialisations_ms().p50
    assert sorted(slower.index[~slower]) == [".NET 10 AOT", "C++", "Go"]


def test_more_libraries_take_longer():
    assert with_libraries_s("1 KB") < with_libraries_s("14 MB") < with_libraries_s("35 MB")


@pytest.mark.parametrize(
    ("call", "name"),
    [
        (lambda: initialisation_s("COBOL"), "runtime"),
        (lambda: initialisations_ms("rpm"), "package"),
        (lambda: initialisations_ms(year=1999), "year"),
        (lambda: keep_alive_s("yesterday"), "when"),
        (lambda: with_libraries_s("1 TB"), "size"),
    ],
)
def test_what_was_not_measured_is_refused(call, name):
    with pytest.raises(ValueError, match=name):
        call()
