"""Polling: the delay grows with the number of consumers, a push does not; AWS's figures stand beside."""

import pytest

from archlab.chapters.event_driven import polling


@pytest.fixture(scope="module")
def table():
    return polling.delays()


def delay_ms(table, way, consumers):
    return table[(table.way == way) & (table.consumers == consumers)].delay_ms.item()


@pytest.mark.parametrize("consumers", polling.CONSUMERS)
def test_polling_takes_half_an_interval_and_a_push_always_the_same(table, consumers):
    theory_ms = polling.theory().set_index("consumers").delay_ms[consumers]
    assert delay_ms(table, "polling", consumers) == pytest.approx(theory_ms, rel=0.03)
    assert delay_ms(table, "push", consumers) == pytest.approx(70, rel=0.01)


def test_five_wait_five_times_as_long_by_polling_and_as_long_by_a_push(table):
    assert polling.times(table, "polling") == pytest.approx(5, rel=0.03)
    assert polling.times(table, "AWS, polling") == 5
    assert polling.times(table, "push") == pytest.approx(1)


def test_aws_prints_twice_as_much_for_polling_which_is_the_whole_interval(table):
    for consumers in (1, 5):
        ratio = delay_ms(table, "AWS, polling", consumers) / delay_ms(table, "polling", consumers)
        assert ratio == pytest.approx(2, rel=0.03)
    assert polling.half_of_what_aws_says()


def test_twenty_who_take_turns_wait_twenty_times_as_long():
    assert polling.times(polling.delays(consumers=(1, 20), seconds=40), "polling") == pytest.approx(
        20, rel=0.05
    )


def test_the_figure_has_whole_consumers_and_names_the_theory(table):
    picture = polling.figure(table, "Five wait longer")
    assert "Dashed: half of the interval." in picture.alt
    assert all(tick == round(tick) for tick in picture.figure.axes[0].get_xticks())


def test_an_unknown_way_is_named():
    with pytest.raises(ValueError, match="way is 'pull'"):
        polling.mean_delay_ms(1, 1, "pull")
