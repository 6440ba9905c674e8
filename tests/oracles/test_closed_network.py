"""Closed networks are compared with the Markov chain of all their states, solved by brute force."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.oracles.closed_network import closed_network, mva

demands = st.lists(st.floats(0.01, 1.0), min_size=1, max_size=4)


def solved_chain(think_s, service_s, servers, users):
    """Return throughput and mean numbers of users who think, visit each station in turn, and think again."""
    states = [s for s in product(range(users + 1), repeat=len(service_s)) if sum(s) <= users]
    place = {state: i for i, state in enumerate(states)}
    generator = np.zeros((len(states), len(states)))
    for state in states:
        for rate, after in moves(state, think_s, service_s, servers, users):
            generator[place[state], place[after]] += rate
            generator[place[state], place[state]] -= rate
    equations = np.vstack([generator.T, np.ones(len(states))])
    share = np.linalg.lstsq(equations, np.r_[np.zeros(len(states)), 1.0], rcond=None)[0]
    numbers = share @ np.array(states)
    return (users - numbers.sum()) / think_s, numbers


def moves(state, think_s, service_s, servers, users):
    """Yield the rate and the next state of everything that can happen in `state`."""
    thinking = users - sum(state)
    if thinking:
        yield thinking / think_s, changed(state, arrives_at=0)
    for k, inside in enumerate(state):
        if inside:
            yield min(inside, servers[k]) / service_s[k], changed(state, leaves=k, arrives_at=k + 1)


def changed(state, arrives_at, leaves=None):
    after = list(state)
    if leaves is not None:
        after[leaves] -= 1
    if arrives_at < len(after):
        after[arrives_at] += 1
    return tuple(after)


@pytest.mark.parametrize("users", [1, 3, 8])
def test_mean_value_analysis_agrees_with_the_markov_chain_of_all_states(users):
    throughput_per_s, in_station = solved_chain(1.0, [0.2, 0.5], [1, 1], users)
    state = mva(1.0, [0.2, 0.5], users)
    assert state.throughput_per_s == pytest.approx(throughput_per_s)
    assert state.in_station == pytest.approx(in_station)
    assert state.response_s == pytest.approx(in_station.sum() / throughput_per_s)


@pytest.mark.parametrize("servers", [(1, 1), (2, 1), (3, 2), (10, 10)])
@pytest.mark.parametrize("users", [1, 3, 8])
def test_several_servers_agree_with_the_markov_chain_of_all_states(servers, users):
    throughput_per_s, in_station = solved_chain(0.7, [0.9, 0.4], servers, users)
    state = closed_network(0.7, [0.9, 0.4], users, servers)
    assert state.throughput_per_s == pytest.approx(throughput_per_s)
    assert state.in_station == pytest.approx(in_station)
    busy = throughput_per_s * np.array([0.9, 0.4]) / np.array(servers)
    assert state.utilisation == pytest.approx(busy)


@settings(max_examples=30)
@given(demands, st.floats(0, 10), st.integers(1, 30))
def test_convolution_and_mean_value_analysis_agree_for_single_servers(demands_s, think_s, users):
    by_mva = mva(think_s, demands_s, users)
    by_convolution = closed_network(think_s, demands_s, users, [1] * len(demands_s))
    assert by_convolution.throughput_per_s == pytest.approx(by_mva.throughput_per_s)
    assert by_convolution.in_station == pytest.approx(by_mva.in_station, rel=1e-6, abs=1e-9)


@given(demands, st.floats(0, 10), st.integers(1, 200))
def test_throughput_stays_below_both_asymptotes_and_littles_law_closes(demands_s, think_s, users):
    state = mva(think_s, demands_s, users)
    alone = users / (think_s + sum(demands_s))
    assert state.throughput_per_s <= min(alone, 1 / max(demands_s)) * (1 + 1e-9)
    thinking = state.throughput_per_s * think_s
    assert thinking + sum(state.in_station) == pytest.approx(users)


def test_a_thousand_users_on_a_saturated_pool_get_exactly_what_the_pool_can_do():
    state = closed_network(think_s=1.0, demands_s=[0.1, 0.02], users=1000, servers=[16, 8])
    assert state.throughput_per_s == pytest.approx(160, rel=1e-9)
    assert state.utilisation == pytest.approx((1.0, 0.4))
    assert state.response_s == pytest.approx(1000 / 160 - 1)


def test_without_thinking_one_user_gets_the_sum_of_the_demands():
    assert mva(0, [0.1, 0.3], users=1).response_s == pytest.approx(0.4)
    assert closed_network(0, [0.1, 0.3], users=1, servers=[4, 4]).response_s == pytest.approx(0.4)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: mva(-1, [0.1], 1), "think_s is -1"),
        (lambda: mva(1, [], 1), "demands_s is .* at least one"),
        (lambda: mva(1, [0.1, 0], 1), "demands_s is 0"),
        (lambda: mva(1, [0.1], 0), "users is 0"),
        (lambda: closed_network(1, [0.1], 2, [1, 1]), "servers is .* one number for each"),
        (lambda: closed_network(1, [0.1], 2, [0]), "servers is 0"),
    ],
)
def test_a_parameter_that_makes_no_sense_is_named_with_its_value(make, message):
    with pytest.raises(ValueError, match=message):
        make()
