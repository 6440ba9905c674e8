"""Run on an event or ask for events: costs and waits against the price list and theory, and the rule's two limits."""

import math

import numpy as np
import pytest

from archlab.chapters.serverless import poison, pushing, trigger_designs
from archlab.chapters.serverless.pushing import FUNCTION, SERVER, event_driven_execution
from archlab.course.claims.verdict import Outcome
from archlab.data import load
from archlab.sim.billing import usd_per_request


@pytest.fixture(scope="module")
def figures():
    return pushing.figures()


def test_a_rare_event_waits_for_an_initialisation_unless_one_came_shortly_before():
    """Poisson events: no environment is kept with probability exp(-rate x keep-alive)."""
    for per_hour in (1.0, 10.0):
        cold = math.exp(-per_hour * pushing.KEEP_ALIVE_S / 3600)
        late_s = pushing.lateness(1, FUNCTION, per_hour, events=2000)
        assert late_s.mean() == pytest.approx(cold * pushing.INIT_S, rel=0.05)
        assert set(np.round(late_s, 3)) == {0.0, pushing.INIT_S}


@pytest.mark.parametrize("asks_every_s", [0.1, 1.0, 60.0])
def test_a_server_is_late_by_half_its_interval(asks_every_s):
    late_s = pushing.lateness(1, SERVER, 1.0, events=2000, asks_every_s=asks_every_s)
    assert late_s.mean() == pytest.approx(asks_every_s / 2, rel=0.05)
    assert late_s.max() <= asks_every_s


def test_events_that_come_together_wait_for_one_another_at_a_server_and_not_at_functions():
    """Of 100 on two cores the last one waits for 49 before it; the mean is 24.5 of them."""
    server = pushing.lateness(1, SERVER, 100.0, events=1000, together=100, asks_every_s=0.001)
    assert server.mean() == pytest.approx(24.5 * pushing.WORK_S, rel=0.01)
    assert pushing.lateness(1, FUNCTION, 100.0, together=100).max() == pytest.approx(pushing.INIT_S)


def test_a_warm_function_costs_what_the_price_list_says():
    per_hour = 1000.0
    expected = per_hour * 730 * usd_per_request(pushing.WORK_S, 1769)
    assert pushing.month_usd(1, FUNCTION, per_hour) == pytest.approx(expected, rel=0.02)


def test_a_cold_one_pays_for_its_initialisation_too():
    cold = math.exp(-pushing.KEEP_ALIVE_S / 3600)
    expected = 730 * usd_per_request(pushing.WORK_S, 1769, cold_share=cold, init_s=pushing.INIT_S)
    assert pushing.month_usd(1, FUNCTION, 1.0, events=1000) == pytest.approx(expected, rel=0.02)


def test_the_server_is_the_cheapest_machine_of_the_price_list():
    prices = load("prices")
    machines = prices[(prices.per == "hour") & prices.what.str.startswith("machine")]
    assert pushing.machine_usd_per_hour() == machines.price_usd.min()


def test_initialisation_and_keep_alive_are_those_of_the_table():
    facts = load("lambda").set_index("setting").value
    assert facts["initialisation, Python 3.12"] == pushing.INIT_S == poison.INIT_S == trigger_designs.INIT_S
    kept_s = load("lambda").set_index(["setting", "what"]).value["keep-alive, January 2021"]
    assert kept_s["shortest idle lifetime"] == pushing.KEEP_ALIVE_S == poison.KEEP_ALIVE_S


def test_nearly_half_of_azures_apps_are_as_rare():
    table = load("function_traces")
    row = table[(table.setting == "invocations of an app") & (table["at"] == 24 * pushing.RARE_PER_HOUR)]
    assert 0.4 < row.value.item() < 0.5


def test_the_costs_cross_where_the_prices_say(figures):
    warm = pushing.machine_usd_per_hour() / usd_per_request(pushing.WORK_S, 1769)
    assert figures["cheaper_up_to_per_hour"] == pytest.approx(warm, rel=0.04)


def test_the_waits_cross_at_twice_the_mean_initialisation(figures):
    cold = math.exp(-pushing.RARE_PER_HOUR * pushing.KEEP_ALIVE_S / 3600)
    assert figures["sooner_from_s"] == pytest.approx(2 * cold * pushing.INIT_S, rel=0.06)


def test_the_claim_holds_up_to_a_rate_when_the_server_asks_seldom(figures):
    verdict = event_driven_execution(**figures)
    assert (verdict.outcome, verdict.seeds) == (Outcome.HOLDS_WHEN, 10)
    assert verdict.flips_at == figures["cheaper_up_to_per_hour"]
    assert "at least about" in verdict.words


def test_a_server_that_costs_nothing_since_it_is_there_already_turns_the_verdict(monkeypatch):
    monkeypatch.setattr(pushing, "machine_usd_per_hour", lambda: 0.0)
    never = pushing.cheaper_up_to_per_hour(range(10))
    assert never == -math.inf
    verdict = event_driven_execution(cheaper_up_to_per_hour=never, sooner_from_s=0.17)
    assert verdict.outcome is Outcome.DOES_NOT_HOLD


def test_a_slow_initialisation_turns_the_verdict(figures):
    """Three seconds, as with large libraries: a server that asks every second has a rare event sooner."""
    late = pushing.sooner_from_s(range(10), init_s=3.0)
    assert late > pushing.ASKS_EVERY_S
    verdict = event_driven_execution(**{**figures, "sooner_from_s": late})
    assert (verdict.outcome, verdict.seeds) == (Outcome.DOES_NOT_HOLD, 10)
    assert verdict.detail.startswith(
        "it would hold with the interval at which the server asks at least about 5"
    )


def test_the_figure_reads_out_both_ends():
    table = pushing.curves(per_hour=(10, 100_000))
    picture = pushing.figure(table, "Cheaper and sooner")
    assert "server: 30.4 to 30.4 USD a month" in picture.alt
    with pytest.raises(ValueError, match="table has"):
        pushing.figure(table.drop(columns="late_s"), "Cheaper")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"design": "fax"}, "design is 'fax'"),
        ({"per_hour": 0}, "per_hour is 0"),
        ({"asks_every_s": 0}, "asks_every_s is 0"),
        ({"init_s": -1}, "init_s is -1"),
        ({"together": 0}, "together is 0"),
        ({"events": 0}, "events is 0"),
    ],
)
def test_bad_input_is_named(options, words):
    with pytest.raises(ValueError, match=words):
        pushing.lateness(**{"seed": 1, "design": FUNCTION, "per_hour": 1.0, **options})


def test_at_which_rates_the_function_is_sooner_is_said_in_words():
    assert pushing.sooner_at(pushing.curves()) == "at every rate"
    assert pushing.sooner_at(pushing.curves(per_hour=(1, 1000), asks_every_s=0.1)) == "at 1 of 2 rates"


def test_events_that_come_together_cost_more_only_by_their_cold_starts():
    """At this rate a hundred come every 100 h: all are cold."""
    expected = 730 * usd_per_request(pushing.WORK_S, 1769, cold_share=1.0, init_s=pushing.INIT_S)
    assert pushing.month_usd(1, FUNCTION, 1.0, together=100) == pytest.approx(expected, rel=0.02)
