"""A bad deployment of a layer: every request goes through it, in tiers as in one process."""

import pytest

from archlab.chapters.layered import bad_deployment as bad
from archlab.chapters.layered.rolling_shop import Release

TIERS, ONE, THIRDS = bad.DESIGNS


def failed(design, layer, how, seed=1, **changed):
    return bad.figures(design, layer, how, seed, **changed)


@pytest.mark.parametrize("design", bad.DESIGNS)
def test_a_good_version_loses_nothing(design):
    assert failed(design, "app", "nothing")["failed_percent"] == 0


@pytest.mark.parametrize("kind", ["browse", "place_order"])
@pytest.mark.parametrize(("design", "copies"), [(TIERS, 3), (ONE, 9)])
def test_while_a_third_is_bad_the_share_is_what_the_calls_say(design, copies, kind):
    for layer in ("web", "data"):
        seen = bad.share_with(design, layer, copies // 3, seed=1, kind=kind)
        expected = bad.expected_share(copies // 3, copies, bad.calls_of(kind, layer, design))
        assert seen == pytest.approx(expected, abs=0.07)


@pytest.fixture(scope="module")
def table():
    cases = (("web", "error"), ("data", "error"), ("app", "format"))
    return bad.every_case(cases, seeds=range(3)).set_index(["layer", "how", "design"]).sort_index()


def test_a_copy_at_a_time_is_a_larger_share_of_a_tier_than_of_one_process(table):
    for layer in ("web", "data"):
        shares = table.loc[layer, "error"].failed_percent
        assert shares[TIERS].min() > 2 * shares[ONE].max()


def test_with_the_same_share_at_a_time_pages_fail_as_often(table):
    for layer in ("web", "data"):
        pages = table.loc[layer, "error"].pages_percent.groupby("design").mean()
        assert pages[TIERS] == pytest.approx(pages[THIRDS], rel=0.05)


def test_an_order_that_calls_a_bad_data_tier_often_fails_more_often(table):
    orders = table.loc["data", "error"].orders_percent.groupby("design").mean()
    assert orders[TIERS] > 1.3 * orders[THIRDS]


def test_a_format_that_is_not_understood_harms_tiers_only(table):
    shares = table.loc["app", "format"].failed_percent.groupby("design").mean()
    assert shares[TIERS] > 10
    assert shares[ONE] == shares[THIRDS] == 0


def test_both_are_over_equally_soon_when_somebody_notices_equally_soon(table):
    over_s = table.loc["data", "error"].over_s
    assert over_s.max() - over_s.min() < 2 * bad.CHECK_S


def test_a_check_that_asks_a_real_question_spares_both():
    for design in bad.DESIGNS:
        assert failed(design, "data", "error", deep=True)["failed_percent"] == 0


def test_who_notices_later_loses_more():
    shares = [failed(ONE, "app", "error", notice_s=notice_s)["failed_percent"] for notice_s in (5.0, 15.0)]
    assert shares[1] > 1.5 * shares[0]


def test_more_copies_of_a_tier_lose_less():
    shares = [failed(TIERS, "web", "error", copies=copies)["failed_percent"] for copies in (2, 4)]
    assert shares[0] > 1.3 * shares[1]


def test_both_sides_rent_the_same_machines():
    cores = {bad.config_of(design).rented()["m5.large"] for design in bad.DESIGNS}
    assert len(cores) == 1


def test_a_figure_says_its_numbers(table):
    assert "app format 0" in bad.figure(table.reset_index(), "Title").alt


@pytest.mark.parametrize(("layer", "how"), [("shop", "error"), ("app", "green"), ("data", "format")])
def test_what_cannot_be_is_refused(layer, how):
    with pytest.raises(ValueError, match="is"):
        Release(layer, how)
    with pytest.raises(ValueError, match="design"):
        bad.config_of("four tiers")
