"""What a mesh adds and gives back in the shop: against counts made by hand, and what follows for Istio and Linkerd."""

from dataclasses import replace

import numpy as np
import pytest

from archlab.chapters.microservices import mesh
from archlab.chapters.microservices.bad_replica import Bad, OneBadReplica, ServerError
from archlab.course.claims.verdict import ENOUGH_SEEDS, Outcome
from archlab.data import load
from archlab.shop.microservices.config import MicroservicesConfig
from archlab.sim.balancing.mesh_defaults import ISTIO, LINKERD, MESHES, PROXY_HOP_S
from archlab.sim.experiment import PooledPercentile
from archlab.sim.simulation import Simulation

SECONDS = 15
RULES = {
    "istio": (mesh.istio, "Istio, with retries and ejection"),
    "linkerd": (mesh.linkerd, "Linkerd, with retries and ejection"),
}


@pytest.fixture(scope="module")
def failures():
    return mesh.failures()


@pytest.fixture(scope="module")
def failed_percent(failures):
    return mesh.on_average(failures).set_index("design").failed_percent


@pytest.fixture(scope="module")
def cheap_up_to_ms():
    return mesh.cheap_up_to_ms()


def test_two_proxies_are_paid_twice_for_a_page_and_seven_times_for_an_order():
    calls = {"page": 2, "order": 7}
    added = mesh.added([0.5, 1.0, 2.0, 3.0])
    assert set(added.use_case) == set(calls)
    for row in added.itertuples():
        usual_s = mesh._took_s(row.use_case, None)
        expected = 100 * calls[row.use_case] * row.added_ms / 1000 / usual_s
        assert row.slower_percent == pytest.approx(expected, rel=0.02)


@pytest.mark.parametrize("use_case", ["page", "order"])
def test_the_limit_of_what_proxies_may_add_is_where_ten_per_cent_are_reached(use_case):
    limit_ms = mesh.cheap_up_to_ms(use_case)
    assert mesh._slower_percent(use_case, limit_ms) == pytest.approx(mesh.NOTICEABLE_PERCENT, rel=0.003)


@pytest.mark.parametrize(
    ("replicas", "bad", "share"), [(2, "errors", 1), (3, "errors", 1), (3, "half errors", 0.5)]
)
def test_without_a_mesh_the_bad_replica_fails_its_share_of_the_pages(replicas, bad, share):
    failed = mesh.one_bad_replica(1, "no mesh", bad, replicas, duration_s=SECONDS)["failed_percent"]
    assert failed == pytest.approx(100 * share / replicas, abs=2.5)


def test_only_the_first_catalogue_instance_errs_and_it_looks_well():
    shop = OneBadReplica(Simulation(1), MicroservicesConfig(instances={"catalogue": 2}), Bad(error_share=1.0))
    outcomes = []
    for _ in range(10):
        try:
            outcomes.append(shop.answer(shop.browse(1)).product.id)
        except ServerError as error:
            outcomes.append(error.part)
    assert outcomes == ["catalogue-1", 1] * 5
    assert len(shop.candidates("catalogue", "gateway-1")) == 2


def test_latency_alone_sends_most_calls_to_the_replica_that_fails_at_once(failed_percent):
    assert failed_percent["Linkerd, as it comes"] > 1.5 * failed_percent["no mesh"]


def test_latency_alone_is_good_beside_a_slow_replica():
    slow = mesh.beside_a_slow_one(seeds=range(2)).set_index("design")
    assert slow.p99_ms["no mesh"] > 3 * slow.p99_ms["Linkerd, as it comes"]
    assert slow.failed_percent.max() == 0


def test_the_percentiles_are_those_of_all_pages_and_not_the_mean_of_those_of_the_runs():
    slow = mesh.beside_a_slow_one(designs=["no mesh"], seeds=range(2)).iloc[0]
    runs = [mesh.one_bad_replica(seed, "no mesh", "slow")["p99_ms"] for seed in range(2)]
    assert slow.p99_ms == float(PooledPercentile(99, np.concatenate([run.values for run in runs])))
    assert slow.p99_ms != pytest.approx(sum(map(float, runs)) / 2, rel=0.001)


def test_ejection_of_a_tenth_does_nothing_for_three_and_helps_ten(failed_percent):
    assert failed_percent["Istio, ejection"] == failed_percent["Istio, as it comes"] > 30
    ten = mesh.on_average(mesh.failures("errors", 10, ["no mesh", "Istio, ejection"], range(2)))
    failed = ten.set_index("design").failed_percent
    assert failed["Istio, ejection"] < failed["no mesh"] / 4


@pytest.mark.parametrize(
    "design", ["library", "Istio, with retries and ejection", "Linkerd, with retries and ejection"]
)
def test_a_retry_that_covers_errors_loses_nothing_in_a_mesh_or_in_a_library(failed_percent, design):
    assert failed_percent[design] == 0


def test_an_unknown_mesh_or_fault_is_named():
    with pytest.raises(ValueError, match="design is 'Consul'"):
        mesh.one_bad_replica(1, design="Consul")
    with pytest.raises(ValueError, match="bad is 'rotten'"):
        mesh.one_bad_replica(1, bad="rotten")


@pytest.mark.parametrize("brand", RULES)
def test_what_the_makers_measured_decides_with_every_seed(brand, failures, cheap_up_to_ms):
    rule, design = RULES[brand]
    verdict = rule(mesh.gives_back_percent(failures, design), mesh.adds_ms(brand), cheap_up_to_ms)
    assert verdict.outcome is (Outcome.HOLDS_WHEN if brand == "istio" else Outcome.DOES_NOT_HOLD)
    assert verdict.is_stable
    assert verdict.seeds >= ENOUGH_SEEDS
    assert "with what two proxies add to a call at most 0.345 ms" in verdict.words


@pytest.mark.parametrize("brand", RULES)
def test_it_would_be_with_proxies_of_the_general_figure_or_in_a_shop_where_calls_take_long(
    brand, failures, cheap_up_to_ms, monkeypatch
):
    rule, design = RULES[brand]
    gives_back = mesh.gives_back_percent(failures, design)
    assert rule(gives_back, 2000 * PROXY_HOP_S, cheap_up_to_ms).outcome is Outcome.HOLDS_WHEN
    monkeypatch.setattr(mesh, "STEADY", replace(mesh.STEADY, hop_s=0.040))
    far_apart = rule(gives_back, mesh.adds_ms(brand), mesh.cheap_up_to_ms())
    assert far_apart.outcome is Outcome.HOLDS_WHEN
    assert far_apart.flips_at > mesh.adds_ms(brand)


def test_by_the_page_of_2021_istio_would_not_be_worth_its_proxies(failures, cheap_up_to_ms):
    added_s = load("mesh").set_index(["system", "figure"]).value["Istio", "added by two proxies, p90"]
    gives_back = mesh.gives_back_percent(failures, RULES["istio"][1])
    assert mesh.istio(gives_back, 1000 * added_s, cheap_up_to_ms).outcome is Outcome.DOES_NOT_HOLD


@pytest.mark.parametrize(
    ("brand", "design"),
    [("istio", "Istio, as it comes"), ("istio", "Istio, ejection"), ("linkerd", "Linkerd, as it comes")],
)
def test_as_it_comes_a_mesh_gives_back_too_little_at_any_price(brand, design, failures, cheap_up_to_ms):
    gives_back = mesh.gives_back_percent(failures, design)
    assert RULES[brand][0](gives_back, 0.0, cheap_up_to_ms).outcome is Outcome.DOES_NOT_HOLD


def test_what_two_proxies_add_is_what_the_makers_published(monkeypatch):
    published = load("mesh").set_index(["system", "figure"]).value
    assert mesh.adds_ms("istio") == pytest.approx(1000 * published["Istio 1.20", "added by two proxies, p90"])
    assert mesh.adds_ms("linkerd") == pytest.approx(2000 * LINKERD.proxy_s)
    monkeypatch.setitem(MESHES, "istio", replace(ISTIO, proxy_s=PROXY_HOP_S))
    assert mesh.adds_ms("istio") == pytest.approx(0.1)
