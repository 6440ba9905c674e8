"""Sidecars: what a mesh adds, whom it calls again, and whom it leaves out, with nothing set and with all that is asked.

The defaults are those of the published table.
"""

from dataclasses import replace
from functools import partial

import pytest

from archlab.data import load
from archlab.sim import Crashed, Failure, Poisson, Refused, Simulation, Station, TimedOut, Unavailable
from archlab.sim.balancing.failure_accrual import FailureAccrual
from archlab.sim.balancing.mesh import Mesh
from archlab.sim.balancing.mesh_defaults import (
    ISTIO,
    LINKERD,
    LINKERD_CALLS_IN_TEST,
    MESHES,
    MeshDefaults,
    mesh_defaults,
)
from archlab.sim.balancing.outlier_detection import OutlierDetection
from archlab.sim.balancing.rules import RoundRobin


@pytest.fixture(scope="module")
def published():
    return load("resilience_defaults").set_index(["system", "setting"])["value"]


def pool(sim, size=3):
    return [Station(sim, f"copy-{n + 1}") for n in range(size)]


def outcome_of_one_call(defaults, serve, size=3):
    """How one call ends, when it does, and the mesh. `serve(sim, copy, attempt)` is a generator."""
    sim = Simulation(seed=1)
    copies = pool(sim, size)
    mesh, attempts = Mesh(sim, defaults), []

    def to(copy):
        attempts.append(copy.name)
        return sim.start(serve(sim, copy, len(attempts)))

    def customer():
        try:
            return (yield mesh.call("web", "copies", lambda: copies, to))
        except Failure as failure:
            return failure.outcome

    return sim.run(until=sim.start(customer())), sim.now, attempts, mesh


def one_bad_copy(defaults, size, failure=Failure, duration_s=120.0):
    """100 calls a second, one of the copies fails them all at once: the result and the mesh."""
    sim = Simulation(seed=1)
    copies, mesh = pool(sim, size), Mesh(sim, defaults)

    def serve(copy):
        yield copy.serve(0.001)
        if copy is copies[0]:
            raise failure(copy.name)

    def handle(request):
        yield mesh.call("web", "copies", lambda: copies, lambda copy: sim.start(serve(copy)))

    sim.open_load(Poisson(100), handle)
    return sim.measure(duration_s), mesh


def answer(sim, copy, attempt):
    yield copy.serve(0.010)
    return "answer"


def failing(*failures):
    """Attempts that take 10 ms and fail one after the other as given; the next one succeeds."""

    def serve(sim, copy, attempt):
        yield copy.serve(0.010)
        if attempt <= len(failures):
            raise failures[attempt - 1](copy.name)
        return "answer"

    return serve


@pytest.mark.parametrize("word", sorted(MESHES))
def test_a_call_takes_the_time_of_two_proxies_longer_and_costs_their_work(word):
    mesh_of = mesh_defaults(word)
    answered, at_s, _, mesh = outcome_of_one_call(mesh_of, answer)
    assert answered == "answer"
    assert at_s == pytest.approx(0.010 + 2 * mesh_of.proxy_s)
    assert mesh.cpu_s == pytest.approx(2 * mesh_of.proxy_cpu_s)


def test_istio_makes_two_retries_25_and_50_ms_apart_each_at_another_server():
    answered, at_s, attempts, mesh = outcome_of_one_call(ISTIO, failing(Unavailable, Refused))
    assert answered == "answer"
    assert at_s == pytest.approx(3 * (0.010 + 0.000228) + 0.025 + 0.050)
    assert sorted(attempts) == ["copy-1", "copy-2", "copy-3"]
    assert (mesh.retries, mesh.cpu_s) == (2, pytest.approx(6 * ISTIO.proxy_cpu_s))


def test_istio_gives_up_after_the_second_retry():
    answered, _, attempts, _ = outcome_of_one_call(ISTIO, failing(Unavailable, Unavailable, Unavailable))
    assert answered == "unavailable"
    assert len(attempts) == 3


@pytest.mark.parametrize("failure", [Failure, Crashed, TimedOut])
def test_istio_does_not_repeat_what_may_have_been_done(failure):
    answered, _, attempts, _ = outcome_of_one_call(ISTIO, failing(failure))
    assert answered == failure.outcome
    assert len(attempts) == 1


def test_linkerd_repeats_nothing_until_asked_and_then_once():
    crash = failing(Crashed, Crashed)
    assert len(outcome_of_one_call(LINKERD, crash)[2]) == 1
    assert len(outcome_of_one_call(mesh_defaults("linkerd, guarded"), crash)[2]) == 2


def test_a_retry_goes_to_the_same_server_when_there_is_no_other():
    answered, _, attempts, _ = outcome_of_one_call(ISTIO, failing(Unavailable), size=1)
    assert answered == "answer"
    assert attempts == ["copy-1", "copy-1"]


def test_istio_hides_a_copy_that_is_down_by_retries_alone():
    result, mesh = one_bad_copy(ISTIO, size=3, failure=Unavailable)
    assert result.availability() == 1
    assert mesh.retries > 0.1 * len(result.requests)
    assert mesh.ejections == []


def test_nothing_set_ejects_nobody_and_a_copy_that_answers_with_errors_is_seen():
    result, mesh = one_bad_copy(ISTIO, size=3)
    assert result.availability() < 0.75
    assert mesh.ejections == []


def test_istios_outlier_detection_does_nothing_in_a_pool_of_three_and_helps_in_a_pool_of_ten():
    of_three, mesh_of_three = one_bad_copy(mesh_defaults("istio, guarded"), size=3)
    of_ten, mesh_of_ten = one_bad_copy(mesh_defaults("istio, guarded"), size=10)
    assert mesh_of_three.ejections == []
    assert of_three.availability() == one_bad_copy(ISTIO, size=3)[0].availability()
    assert mesh_of_ten.ejections
    assert of_ten.availability() > 0.99


@pytest.mark.parametrize("settings", [{"max_ejected": 0.34}, {"at_least_one": True}])
def test_a_pool_of_three_needs_a_larger_share_or_one_in_any_case(settings):
    defaults = replace(ISTIO, ejection=partial(OutlierDetection, **settings))
    result, mesh = one_bad_copy(defaults, size=3)
    assert result.availability() > 0.99
    assert {server for _, _, server in mesh.ejections} == {"copy-1"}


def test_linkerds_failure_accrual_helps_in_a_pool_of_three():
    result, mesh = one_bad_copy(mesh_defaults("linkerd, guarded"), size=3)
    assert result.availability() > 0.99
    assert {server for _, _, server in mesh.ejections} == {"copy-1"}


def test_linkerds_budget_limits_retries_to_a_fifth_of_the_successes_and_ten_a_second():
    defaults = replace(mesh_defaults("linkerd, guarded"), ejection=None, balancing=RoundRobin)
    duration_s = 60.0
    result, mesh = one_bad_copy(defaults, size=1, failure=Unavailable, duration_s=duration_s)
    assert result.availability() == 0
    assert mesh.retries == pytest.approx(100 + 10 * duration_s, abs=2)  # the bucket, and what time adds


def test_each_caller_has_a_sidecar_that_learns_for_itself():
    sim = Simulation(seed=1)
    copies = pool(sim)
    mesh = Mesh(sim, mesh_defaults("linkerd, guarded"))

    def broken(copy):
        yield copy.serve(0.001)
        raise Failure(copy.name)

    def customer(caller):
        for _ in range(40):
            try:
                yield mesh.call(caller, "copies", lambda: copies, lambda copy: sim.start(broken(copy)))
            except Failure:
                continue

    sim.start(customer("one"))
    sim.run(until=1)
    assert {who for _, who, _ in mesh.ejections} == {"one to copies"}
    other = mesh._sidecar("other", "copies", lambda: copies)
    assert len(other.replicas.ejection.filter(copies)) == 3
    assert len(mesh.sidecars) == 2


def test_the_defaults_are_those_of_the_published_table(published):
    istio, linkerd = mesh_defaults("istio, guarded"), mesh_defaults("linkerd, guarded")
    assert istio.retries == published["Istio", "retries after the first attempt"]
    assert istio.backoff.base_s == published["Istio", "shortest retry wait"]
    assert linkerd.retries == published["Linkerd", "retries after the first attempt"]
    budget = linkerd.budget.keywords
    assert budget["per_success"] == published["Linkerd", "retry budget ratio"]
    assert budget["per_s"] == published["Linkerd", "retry budget minimum retries"]
    assert budget["cap"] == budget["per_s"] * published["Linkerd", "retry budget window"]


def test_the_ejections_are_those_of_the_published_table(published):
    sim = Simulation(seed=1)
    outliers, accrual = OutlierDetection(sim, "o"), FailureAccrual(sim, "a")
    for system in ("Istio", "Envoy"):
        assert outliers._consecutive_failures == published[system, "outlier consecutive failures"]
        assert outliers._sweep_s == published[system, "outlier sweep interval"]
        assert outliers._base_ejection_s == published[system, "outlier base ejection time"]
        assert outliers._max_ejected == published[system, "outlier hosts ejected at most"]
    assert outliers._max_ejection_s == published["Envoy", "outlier longest ejection time"]
    assert outliers._at_least_one == published["Envoy", "outlier hosts ejected in any case"]
    assert accrual._consecutive_failures == published["Linkerd", "failure accrual consecutive failures"]
    assert accrual._min_penalty_s == published["Linkerd", "failure accrual shortest penalty"]
    assert accrual._max_penalty_s == published["Linkerd", "failure accrual longest penalty"]
    assert accrual._jitter_ratio == published["Linkerd", "failure accrual jitter ratio"]


def test_what_a_proxy_costs_is_what_was_published():
    published = load("mesh").set_index(["system", "figure"])["value"]
    assert MeshDefaults(RoundRobin).proxy_s == published["a proxy", "time of one hop"]
    cores = published["Istio 1.24", "cores of one proxy at 1,000 requests a second"]
    assert pytest.approx(cores / 1000) == ISTIO.proxy_cpu_s


@pytest.mark.parametrize("word", sorted(MESHES))
def test_each_mesh_has_the_time_that_its_own_makers_published(word):
    published = load("mesh").set_index(["system", "figure"])["value"]
    added_s = 2 * mesh_defaults(word).proxy_s
    if word.startswith("istio"):
        assert added_s == published["Istio 1.20", "added by two proxies, p90"]
    else:
        of_request_s = published["Linkerd", "added to the median in the makers' test"]
        assert added_s == pytest.approx(of_request_s / LINKERD_CALLS_IN_TEST)


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: mesh_defaults("consul"), "mesh is 'consul'"),
        (lambda: MeshDefaults(RoundRobin, retries=-1), "retries is -1"),
        (lambda: MeshDefaults(RoundRobin, proxy_s=-1), "proxy_s is -1"),
        (lambda: MeshDefaults(RoundRobin, proxy_cpu_s=-1), "proxy_cpu_s is -1"),
    ],
)
def test_settings_that_make_no_sense_are_refused(build, message):
    with pytest.raises(ValueError, match=message):
        build()
