"""Stack Overflow by tiers."""

import numpy as np
import pytest

from archlab.chapters.layered import fewer_servers
from archlab.chapters.layered.fewer_servers import (
    WEB_SERVERS,
    fewest_servers,
    mean_s,
    own_cores_busy,
    own_s,
    simulated_s,
    tiers,
)
from archlab.sim.theory import littles_law


def test_own_work_and_the_tiers_behind_are_the_time_of_the_web_tier():
    behind = sum(tier.inside for name, tier in tiers().items() if name != "web")
    assert len(tiers()) == 4
    assert own_cores_busy() + behind == pytest.approx(tiers()["web"].inside)
    assert littles_law(tiers()["web"].calls_per_s, own_s()) == pytest.approx(own_cores_busy())


def test_waits_for_the_tag_engine_are_no_work_of_the_web_tier():
    more = tiers()["tag engine"].inside
    assert 1.5 < more < 2.0
    assert own_cores_busy() + tiers()["SQL"].inside + tiers()["Redis"].inside + more == pytest.approx(
        tiers()["web"].inside
    )


def test_the_patient_need_fewer_servers_and_the_usual_limit_lies_between():
    fewest, most = fewer_servers.fewest_range()
    assert fewest <= fewest_servers() <= most
    assert fewest < most
    counts = [fewest_servers(longer=1.05 + 0.01 * step) for step in range(21)]
    assert {min(counts), max(counts)} == {fewest, most}


def test_a_request_that_must_be_shorter_than_with_all_nine_is_refused():
    with pytest.raises(ValueError, match="longer"):
        fewest_servers(longer=0.9)


@pytest.mark.parametrize("servers", [5, 9])
def test_a_request_takes_as_long_as_erlangs_formula_says(servers):
    pooled = np.concatenate([simulated_s(seed, servers) for seed in (1, 2, 3)])
    assert pooled.mean() == pytest.approx(mean_s(servers), rel=0.05)


def test_larger_servers_are_needed_in_smaller_numbers_and_more_load_needs_more():
    assert fewest_servers(16) < fewest_servers(8) < fewest_servers(4)
    assert fewest_servers(16, load=2.0) > fewest_servers(16)


def test_fewer_servers_than_cores_are_busy_never_end():
    assert mean_s(2, cores=4) == float("inf")
    with pytest.raises(ValueError, match="nine servers keep up"):
        fewest_servers(cores=1, load=1.0)


def test_the_picture_has_only_loads_that_the_servers_keep_up_with():
    table = fewer_servers.against_servers(servers=(2, WEB_SERVERS), loads=(1.0,), seeds=1)
    assert table.servers.tolist() == [WEB_SERVERS]
    assert "load of 1 times the mean" in fewer_servers.figure(table, "Nine do the work of five").alt
