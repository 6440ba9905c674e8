"""A deployment interrupts those who need the service, and nobody else: unless it is the gateway, which all need."""

import pytest

from archlab.chapters.microservices import deployment
from archlab.course.claims.verdict import Outcome
from archlab.shop.microservices.config import MicroservicesConfig


def test_a_deployment_interrupts_those_who_need_the_service():
    catalogue, notifications = (deployment.deploy(1, program) for program in ("catalogue", "notifications"))
    assert catalogue["browse_percent"] < 5
    assert catalogue["track_order_percent"] == 100
    assert notifications["browse_percent"] == 100
    assert notifications["place_order_percent"] < 10


def test_a_second_copy_leaves_a_deployment_nearly_unnoticed():
    two = MicroservicesConfig(instances={"catalogue": 2})
    assert deployment.deploy(1, "catalogue", config=two)["browse_percent"] > 85


@pytest.fixture(scope="module")
def noticed():
    return deployment.who_notices()


def verdict(noticed):
    worst = deployment.use_cases_interrupted_at_worst(noticed)
    return deployment.independent_deployment(use_cases_interrupted_at_worst=worst, use_cases=3)


def test_who_notices_is_who_needs_the_program(noticed):
    counts = noticed.iloc[0].to_dict()
    assert counts.pop("gateway") == 3
    assert counts == {"catalogue": 2, "inventory": 2, "orders": 2, "payments": 2, "notifications": 1}


def test_a_deployment_of_a_service_spares_somebody_with_every_seed(noticed):
    held = verdict(noticed)
    assert (held.outcome, held.flips_at, held.is_stable) == (Outcome.HOLDS_WHEN, 2, True)


def test_a_service_that_everybody_needs_as_the_gateway_is_spares_nobody(noticed):
    needed_by_all = noticed.rename(columns={"gateway": "accounts"})
    assert verdict(needed_by_all).outcome is Outcome.DOES_NOT_HOLD
