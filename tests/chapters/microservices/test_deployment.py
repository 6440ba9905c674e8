"""A deployment interrupts those who need the service, and nobody else: unless it is the gateway, which all need."""

import pytest

from archlab.chapters.microservices import deployment
from archlab.course.claims.verdict import Outcome


@pytest.fixture(scope="module")
def deployed():
    programs = ["catalogue", "orders", "notifications", "gateway"]
    return deployment.deploy_each(programs).set_index("program")


def test_a_deployment_interrupts_those_who_need_the_service(deployed):
    assert deployed.browse_percent["catalogue"] < 5
    assert deployed.track_order_percent["catalogue"] == 100
    assert deployed.browse_percent["notifications"] == 100
    assert deployed.place_order_percent["notifications"] < 10


def test_a_second_copy_leaves_a_deployment_nearly_unnoticed(deployed):
    assert deployed.browse_percent["catalogue"] < 5
    assert deployment.deploy_each(["catalogue"], instances=2).browse_percent.item() > 85


def test_a_deployment_of_a_service_spares_somebody_and_one_of_the_gateway_nobody(deployed):
    def verdict(programs):
        worst = deployed.interrupted[programs].max()
        return deployment.independent_deployment(use_cases_interrupted_at_worst=worst, use_cases=3)

    assert verdict(["catalogue", "orders", "notifications"]).outcome is Outcome.HOLDS
    assert verdict(["orders", "gateway"]).outcome is Outcome.DOES_NOT_HOLD
