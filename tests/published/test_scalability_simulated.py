"""The Universal Scalability Law from a simulated server: its fit finds the contention and coherency put in."""

import pytest

from archlab.data import load
from archlab.published.contention import Contention, throughput_per_s
from archlab.sim.scalability import fit_usl, usl

WORKERS = [1, 2, 4, 8, 12, 16, 24, 32]
SERVERS = {"much of both": (0.1, 0.002), "some of both": (0.05, 0.001), "a little": (0.03, 0.0005)}


def measured(model, workers=WORKERS, cycles=40):
    """Throughput at each number of workers."""
    return [throughput_per_s(model, n, cycles if n > 1 else 10 * cycles) for n in workers]


@pytest.mark.parametrize("name", SERVERS)
def test_a_fit_to_synchronous_workers_finds_alpha_and_beta(name):
    alpha, beta = SERVERS[name]
    fit = fit_usl(WORKERS, measured(Contention(alpha, beta, work_s=0.1, cv=0.1)))
    assert fit.alpha == pytest.approx(alpha, rel=0.10)
    assert fit.beta == pytest.approx(beta, rel=0.25)
    assert fit.gamma == pytest.approx(10, rel=0.03)
    assert fit.r_squared > 0.999


def test_without_chance_the_throughput_is_the_law_itself():
    model = Contention(0.05, 0.001, work_s=0.1, cv=0)
    assert measured(model, cycles=2) == pytest.approx(usl(WORKERS, 0.05, 0.001, gamma=10).tolist(), rel=1e-9)


def test_the_server_of_spec_sdm91_can_be_rebuilt_from_its_published_parameters():
    """Simulate at the published loads up to the peak and fit again: the same alpha, and beta as near as it is small."""
    published, users = load("spec_sdm91_fit").iloc[0], [1, 18, 36, 72]
    model = Contention(published.alpha, published.beta, work_s=1 / published.gamma, cv=0.1)
    fit = fit_usl(users, [throughput_per_s(model, n, cycles=6 if n > 1 else 300) for n in users])
    assert fit.alpha == pytest.approx(published.alpha, rel=0.10)
    assert fit.beta == pytest.approx(published.beta, rel=0.25)
    assert fit.gamma == pytest.approx(published.gamma, rel=0.05)


@pytest.mark.parametrize("name", SERVERS)
def test_asynchronous_workers_do_better_than_the_law(name):
    """The law is the synchronous worst case: without the waiting for one another queues overlap with useful work."""
    alpha, beta = SERVERS[name]
    apart = measured(Contention(alpha, beta, synchronous=False), WORKERS[1:])
    law = usl(WORKERS[1:], alpha, beta)
    assert all(ours > 1.02 * bound for ours, bound in zip(apart, law, strict=True))
    assert max(apart / law) > 1.5


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"alpha": 1.5, "beta": 0}, "alpha is 1.5; it must be between 0 and 1"),
        ({"alpha": 0, "beta": -1}, "beta is -1; it must be between 0 and 1"),
        ({"alpha": 0, "beta": 0, "work_s": 0}, "work_s is 0; it must be a finite number above 0"),
        ({"alpha": 0, "beta": 0, "cv": -1}, "cv is -1; it must be a finite number, 0 or more"),
    ],
)
def test_the_model_says_what_is_allowed(arguments, words):
    with pytest.raises(ValueError, match=words):
        Contention(**arguments)


def test_workers_and_cycles_are_whole_numbers():
    with pytest.raises(ValueError, match="workers is 0; it must be a whole number, 1 or more"):
        throughput_per_s(Contention(0.1, 0.1), 0, cycles=1)
    with pytest.raises(ValueError, match=r"cycles is 0.5; it must be a whole number, 1 or more"):
        throughput_per_s(Contention(0.1, 0.1), 1, cycles=0.5)
