"""Formulas of queueing theory are compared with balance equations solved numerically, and other oracles."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import gamma, gammainc

from archlab.sim.core.streams import Streams
from archlab.sim.distributions import Exponential, Lognormal, Uniform
from archlab.sim.theory import (
    erlang_a,
    erlang_b,
    erlang_c,
    jackson_tandem,
    littles_law,
    littles_law_gap,
    mg1,
    mgc_ps,
    mgc_ps_response_s,
    mm1,
    mmc,
    mmc_response_percentile,
    mmc_response_survival,
    mmck,
)

SERVERS = [1, 2, 5, 20]
LOADS = [0.1, 0.6, 0.9]
utilisations = st.floats(0.01, 0.95)


def solved_birth_death_chain(rate_per_s, service_s, servers, places, patience_s=math.inf):
    """Return the steady state of the chain cut off at `places`, from its balance equations."""
    up, inside = np.full(places, rate_per_s), np.arange(1, places + 1)
    down = np.minimum(inside, servers) / service_s + np.maximum(inside - servers, 0) / patience_s
    generator = np.diag(up, 1) + np.diag(down, -1)
    generator -= np.diag(generator.sum(axis=1))
    equations = np.vstack([generator.T, np.ones(places + 1)])
    return np.linalg.lstsq(equations, np.r_[np.zeros(places + 1), 1.0], rcond=None)[0]


@pytest.mark.parametrize("servers", SERVERS)
@pytest.mark.parametrize("utilisation", LOADS)
def test_mmc_agrees_with_the_balance_equations(servers, utilisation):
    service_s = 0.02
    rate_per_s = utilisation * servers / service_s
    state = mmc(rate_per_s, service_s, servers)
    chain = solved_birth_death_chain(rate_per_s, service_s, servers, places=servers + 400)
    numbers, solver_error = np.arange(chain.size), 1e-8
    assert state.utilisation == pytest.approx(utilisation)
    assert state.in_system == pytest.approx(chain @ numbers, rel=1e-6)
    assert state.queue_length == pytest.approx(chain @ np.maximum(numbers - servers, 0), abs=solver_error)
    assert state.probability_wait == pytest.approx(chain[servers:].sum(), abs=solver_error)
    assert state.response_s == pytest.approx(chain @ numbers / rate_per_s, rel=1e-6)


@pytest.mark.parametrize("servers", [1, 3])
@pytest.mark.parametrize("queue_limit", [0, 1, 10])
@pytest.mark.parametrize("utilisation", [0.5, 1.0, 3.0])
def test_a_bounded_queue_agrees_with_the_balance_equations_at_any_load(servers, queue_limit, utilisation):
    rate_per_s = utilisation * servers
    state = mmck(rate_per_s, 1.0, servers, queue_limit)
    chain = solved_birth_death_chain(rate_per_s, 1.0, servers, places=servers + queue_limit)
    numbers = np.arange(chain.size)
    assert state.probability_refused == pytest.approx(chain[-1])
    assert state.in_system == pytest.approx(chain @ numbers)
    assert state.queue_length == pytest.approx(chain @ np.maximum(numbers - servers, 0), abs=1e-12)
    assert state.utilisation == pytest.approx(chain @ np.minimum(numbers, servers) / servers)
    assert state.probability_wait == pytest.approx(chain[servers:-1].sum() / chain[:-1].sum(), abs=1e-12)


def test_a_very_long_queue_limit_makes_the_bounded_queue_the_unbounded_one():
    bounded, unbounded = mmck(80, 0.02, 2, queue_limit=2000), mmc(80, 0.02, 2)
    assert bounded.response_s == pytest.approx(unbounded.response_s)
    assert bounded.probability_refused == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize("servers", SERVERS)
@pytest.mark.parametrize("utilisation", [0.3, 1.0, 1.6])
@pytest.mark.parametrize("patience_s", [0.1, 1.0, 8.0])
def test_erlang_a_agrees_with_the_balance_equations_at_any_load(servers, utilisation, patience_s):
    rate_per_s = utilisation * servers
    state = erlang_a(rate_per_s, 1.0, servers, patience_s)
    chain = solved_birth_death_chain(rate_per_s, 1.0, servers, servers + 400, patience_s)
    numbers, solver_error = np.arange(chain.size), 1e-8
    in_queue = chain @ np.maximum(numbers - servers, 0)
    assert state.queue_length == pytest.approx(in_queue, abs=solver_error)
    assert state.probability_wait == pytest.approx(chain[servers:].sum(), abs=solver_error)
    assert state.probability_abandoned == pytest.approx(in_queue / patience_s / rate_per_s, abs=solver_error)
    assert state.utilisation == pytest.approx(
        chain @ np.minimum(numbers, servers) / servers, abs=solver_error
    )
    assert state.response_s == pytest.approx(chain @ numbers / rate_per_s, rel=1e-6)


@pytest.mark.parametrize(("rate_per_s", "servers", "patience_s"), [(8, 1, 0.2), (45, 5, 0.3), (30, 2, 1.0)])
def test_erlang_a_agrees_with_the_closed_form_of_palm(rate_per_s, servers, patience_s):
    """By the incomplete gamma function, as Garnett, Mandelbaum and Reiman (2002) have it; service takes 0.1 s."""
    x, y, load = servers * patience_s / 0.1, rate_per_s * patience_s, rate_per_s * 0.1
    palm = x * math.exp(y) / y**x * gamma(x) * gammainc(x, y)
    waits = palm * erlang_b(servers, load) / (1 + (palm - 1) * erlang_b(servers, load))
    abandoned = waits * (servers / load / palm + 1 - servers / load)
    state = erlang_a(rate_per_s, 0.1, servers, patience_s)
    assert state.probability_wait == pytest.approx(waits, rel=1e-12)
    assert state.probability_abandoned == pytest.approx(abandoned, rel=1e-12)
    assert state.waiting_s == pytest.approx(abandoned * patience_s, rel=1e-12)


def test_with_endless_patience_erlang_a_is_erlang_c_and_without_any_it_is_erlang_b():
    assert erlang_a(80, 0.02, 2, patience_s=1e9).response_s == pytest.approx(mmc(80, 0.02, 2).response_s)
    none = erlang_a(80, 0.02, 2, patience_s=1e-12)
    assert none.probability_abandoned == pytest.approx(erlang_b(2, 1.6))
    assert none.waiting_s == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize("servers", [1, 900])
def test_far_above_its_capacity_erlang_a_serves_what_it_can_and_loses_the_rest(servers):
    state = erlang_a(2.0 * servers, 1.0, servers, patience_s=300.0)
    assert state.probability_abandoned == pytest.approx(0.5, rel=1e-6)
    assert state.waiting_s == pytest.approx(150.0, rel=1e-6)
    assert state.utilisation == pytest.approx(1.0)


@pytest.mark.parametrize("servers", SERVERS)
@pytest.mark.parametrize("offered_load", [0.5, 4.0, 30.0])
def test_erlang_b_is_the_sum_that_defines_it(servers, offered_load):
    terms = [offered_load**n / math.factorial(n) for n in range(servers + 1)]
    assert erlang_b(servers, offered_load) == pytest.approx(terms[-1] / sum(terms))


@given(st.integers(1, 1000), utilisations)
def test_erlang_c_follows_from_erlang_b_and_both_are_probabilities(servers, utilisation):
    offered_load = utilisation * servers
    refused, waits = erlang_b(servers, offered_load), erlang_c(servers, offered_load)
    assert 0 <= refused <= waits <= 1
    assert waits == pytest.approx(servers * refused / (servers - offered_load * (1 - refused)))


def test_a_thousand_servers_stay_within_the_known_asymptote():
    """Halfin and Whitt 1981: at a load of c - b sqrt(c), P(wait) tends to a known function of b."""
    b, servers = 1.0, 1000
    density, share = math.exp(-b * b / 2) / math.sqrt(2 * math.pi), (1 + math.erf(b / math.sqrt(2))) / 2
    limit = 1 / (1 + b * share / density)
    assert erlang_c(servers, servers - b * math.sqrt(servers)) == pytest.approx(limit, rel=0.03)


def test_mm1_is_the_closed_form_everybody_learns():
    state = mm1(arrival_rate_per_s=99, service_s=0.01)
    assert state.in_system == pytest.approx(99)
    assert state.response_s == pytest.approx(0.01 / 0.01)


@given(utilisations, st.integers(1, 50))
def test_littles_law_closes_for_every_queue(utilisation, servers):
    rate_per_s = utilisation * servers / 0.1
    state = mmc(rate_per_s, 0.1, servers)
    assert littles_law(rate_per_s, state.response_s) == pytest.approx(state.in_system)
    assert littles_law_gap(state.in_system, rate_per_s, state.response_s) == pytest.approx(0, abs=1e-9)


def lindley_waiting_s(between_s, service_s):
    """Return each request's waiting time in a FIFO queue with one server, from the times themselves."""
    steps = np.r_[0.0, np.cumsum(service_s[:-1] - between_s[1:])]
    return steps - np.minimum.accumulate(steps)


@pytest.mark.parametrize(
    "service", [Uniform(0.0, 0.2), Exponential(0.1), Lognormal.from_mean_cv(0.1, 2.0)], ids=repr
)
def test_mg1_agrees_with_half_a_million_requests_through_lindleys_recursion(service):
    streams, size = Streams(3), 500_000
    between_s = Exponential(1 / 7).sample(streams.stream("arrivals"), size)
    waiting_s = lindley_waiting_s(between_s, service.sample(streams.stream("service"), size))
    state = mg1(7, service.mean, service.cv)
    assert waiting_s.mean() == pytest.approx(state.waiting_s, rel=0.06)
    assert (waiting_s > 0).mean() == pytest.approx(state.probability_wait, rel=0.01)


def test_mg1_with_exponential_service_is_mm1_and_with_constant_service_waits_half_as_long():
    assert mg1(8, 0.1, 1.0) == mm1(8, 0.1)
    assert mg1(8, 0.1, 0.0).waiting_s == pytest.approx(mm1(8, 0.1).waiting_s / 2)


def test_where_processors_share_their_time_nobody_waits_and_all_means_are_those_of_mmc():
    assert mgc_ps(80, 0.01).response_s == pytest.approx(0.01 / (1 - 0.8))
    assert mgc_ps(200, 0.01, 3) == mmc(200, 0.01, 3)


def test_a_request_that_needs_twice_as_much_takes_twice_as_long_where_processors_share():
    assert mgc_ps_response_s(0.003, 80, 0.01) == pytest.approx(0.003 / (1 - 0.8))
    one, two = (mgc_ps_response_s(work_s, 200, 0.01, 3) for work_s in (0.01, 0.02))
    assert (one, two) == pytest.approx((mmc(200, 0.01, 3).response_s, 2 * mmc(200, 0.01, 3).response_s))


def test_a_tandem_is_the_sum_of_its_stations():
    tandem = jackson_tandem(10, service_s=[0.05, 0.15], servers=[1, 2])
    assert tandem.stations == (mmc(10, 0.05, 1), mmc(10, 0.15, 2))
    assert tandem.response_s == pytest.approx(0.1 + mmc(10, 0.15, 2).response_s)
    assert tandem.in_system == pytest.approx(10 * tandem.response_s)


def test_mm1_response_times_are_exponential_so_their_percentiles_have_a_closed_form():
    for q in (1, 50, 95, 99, 99.99):
        closed_form = -math.log(1 - q / 100) * mm1(80, 0.01).response_s
        assert mmc_response_percentile(q, 80, 0.01, servers=1) == pytest.approx(closed_form)


@pytest.mark.parametrize(
    ("servers", "utilisation"), [(2, 0.5), (4, 0.75), (8, 0.9), (100, 0.95), (1000, 0.5)]
)
def test_the_response_percentile_agrees_with_integrating_the_waiting_time_numerically(servers, utilisation):
    """Includes the cases where waiting and service have exactly the same rate (2 at 0.5, 4 at 0.75)."""
    rate_per_s, waiting_rate = utilisation * servers, servers * (1 - utilisation)
    waits = erlang_c(servers, utilisation * servers)
    time_s = mmc_response_percentile(95, rate_per_s, 1.0, servers)
    waited_s, step_s = np.linspace(0, time_s, 200_001, retstep=True)
    density = waits * waiting_rate * np.exp(-waiting_rate * waited_s) * np.exp(-(time_s - waited_s))
    longer = (1 - waits) * math.exp(-time_s) + waits * math.exp(-waiting_rate * time_s)
    longer += np.trapezoid(density, dx=step_s)
    assert longer == pytest.approx(0.05, rel=1e-5)


@pytest.mark.parametrize("servers", [1, 2, 30])
@pytest.mark.parametrize("utilisation", LOADS)
def test_the_survival_curve_of_the_response_time_has_the_mean_as_its_area(utilisation, servers):
    state = mmc(utilisation * servers, 1.0, servers)
    end_s = mmc_response_percentile(99.999999, utilisation * servers, 1.0, servers)
    times_s, step_s = np.linspace(0, end_s, 2001, retstep=True)
    curve = [mmc_response_survival(t, utilisation * servers, 1.0, servers) for t in times_s]
    assert np.trapezoid(curve, dx=step_s) == pytest.approx(state.response_s, rel=1e-3)


@given(utilisations, st.integers(1, 1000), st.lists(st.floats(0, 99.999), min_size=2, max_size=2).map(sorted))
def test_response_percentiles_never_fall(utilisation, servers, qs):
    low_s, high_s = (mmc_response_percentile(q, utilisation * servers, 1.0, servers) for q in qs)
    assert 0 <= low_s <= high_s * (1 + 1e-9)


def test_the_largest_possible_response_time_is_infinite_and_the_smallest_is_none():
    assert mmc_response_percentile(100, 1, 0.5, 1) == math.inf
    assert mmc_response_percentile(0, 1, 0.5, 1) == pytest.approx(0, abs=1e-9)


def test_an_idle_queue_answers_in_the_service_time():
    state = mmc(0, 0.25, 3)
    assert (state.response_s, state.in_system, state.probability_wait) == (0.25, 0.0, 0.0)


@pytest.mark.parametrize(
    "overloaded",
    [
        lambda: mm1(100, 0.01),
        lambda: mmc(500, 0.01, 4),
        lambda: mg1(101, 0.01, 1.0),
        lambda: mgc_ps(300, 0.01, 3),
        lambda: erlang_c(3, 3.0),
        lambda: jackson_tandem(100, [0.001, 0.02], [1, 1]),
        lambda: mmc_response_percentile(95, 100, 0.01, 1),
    ],
)
def test_overload_is_refused_because_there_is_no_steady_state(overloaded):
    with pytest.raises(ValueError, match=r"utilisation is [\d.]+; .* the queue has no steady state"):
        overloaded()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: mm1(-1, 0.01), "arrival_rate_per_s is -1"),
        (lambda: mm1(1, 0), "service_s is 0"),
        (lambda: mmc(1, 0.1, 0), "servers is 0; it must be a whole number, 1 or more"),
        (lambda: mmc(1, 0.1, 1.5), "servers is 1.5"),
        (lambda: mmck(0, 0.1, 1, 1), "arrival_rate_per_s is 0"),
        (lambda: mmck(1, 0.1, 1, -1), "queue_limit is -1"),
        (lambda: mg1(1, 0.1, -1), "service_cv is -1"),
        (lambda: erlang_a(0, 0.1, 1, 1), "arrival_rate_per_s is 0"),
        (lambda: erlang_a(1, 0.1, 0, 1), "servers is 0"),
        (lambda: erlang_a(1, 0.1, 1, 0), "patience_s is 0"),
        (lambda: mgc_ps_response_s(-1, 1, 0.1), "work_s is -1"),
        (lambda: erlang_b(2, -1), "offered_load is -1"),
        (lambda: jackson_tandem(1, [0.1, 0.1], [1]), "servers is .* one number for each"),
        (lambda: littles_law_gap(0, 1, 1), "in_system is 0"),
        (lambda: mmc_response_percentile(101, 1, 0.1, 1), "q is 101"),
    ],
)
def test_a_parameter_that_makes_no_sense_is_named_with_its_value(make, message):
    with pytest.raises(ValueError, match=message):
        make()
