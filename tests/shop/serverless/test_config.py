"""What the configuration refuses, and what it says a request asks for."""

import pytest

from archlab.shop.architecture import SHOP_MIX
from archlab.shop.serverless import ServerlessConfig
from archlab.sim.functions.runtimes import initialisation_s, keep_alive_s

REFUSED = {
    "runtime": ("COBOL", "runtime is 'COBOL'"),
    "package": ("floppy disk", "package"),
    "memory_mb": ({"browse": 0}, "memory_mb"),
    "time_limits_s": ({"dance": 1.0}, "time_limits_s names 'dance'"),
    "provisioned": ({"browse": -1}, "provisioned"),
    "reserved": ({"browse": 0.5}, "reserved"),
    "concurrency": (0, "concurrency"),
    "connections": (0, "connections is 0"),
    "pool_sessions": (0, "pool_sessions"),
    "connect_s": (-0.1, "connect_s"),
    "gateway_timeout_s": (0, "gateway_timeout_s"),
    "database_cores": (0, "database_cores"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_makes_no_sense_is_refused_by_its_name(name):
    value, message = REFUSED[name]
    with pytest.raises(ValueError, match=message):
        ServerlessConfig(**{name: value})


@pytest.mark.parametrize("name", ["connection_pool", "idempotency_keys"])
def test_a_flag_is_true_or_false(name):
    with pytest.raises(TypeError, match=name):
        ServerlessConfig(**{name: 1})


def test_an_order_holds_its_own_function_for_as_long_as_those_that_it_waits_for():
    config = ServerlessConfig()
    slower = ServerlessConfig(provider_s=1.0)
    more_s = slower.held_s().environments["place_order"] - config.held_s().environments["place_order"]
    provider_s = slower.demands_s().provider["place_order"] - config.demands_s().provider["place_order"]
    assert more_s == pytest.approx(2 * provider_s)


def test_the_account_is_the_limit_where_the_database_is_large():
    assert ServerlessConfig().capacity_per_s(SHOP_MIX.shares).idxmin() == "database"
    large = ServerlessConfig(concurrency=20, database_cores=16)
    assert large.capacity_per_s(SHOP_MIX.shares).idxmin() == "environments"


def test_environments_start_as_was_measured_of_the_runtime_unless_something_else_is_said():
    assert ServerlessConfig().environment_init_s == initialisation_s("Python 3.12")
    image = ServerlessConfig(runtime="Java 21", package="container image")
    assert image.environment_init_s == initialisation_s("Java 21", "container image")
    assert ServerlessConfig(runtime="Java 21", init_s=0.5).environment_init_s == 0.5
    assert ServerlessConfig().keep_alive_s == keep_alive_s("January 2021")
