"""Stand-ins answer as they were told, note the calls, and refuse calls that the part would refuse."""

import pytest

from archlab.chapters.layered.stand_ins import StandIn, finish, refused


def test_a_stand_in_answers_and_notes_the_calls_in_order():
    one = StandIn({"page": 3})
    assert (finish(one.page(1)), finish(one.told())) == (3, None)
    assert one.names == ["page", "told"]


def test_a_call_with_other_arguments_than_today_is_refused():
    with pytest.raises(TypeError, match="place takes 2 arguments, and has 3"):
        finish(StandIn(takes={"place": 2}).place(7, {}, "more"))


def test_an_exception_among_the_answers_is_raised():
    assert refused(StandIn({"page": KeyError("none")}).page(1), KeyError)
    assert not refused(StandIn().page(1), KeyError)


def test_events_bring_what_they_are_said_to_bring():
    def steps():
        return [(yield), (yield)]

    assert finish(steps(), 1, 2) == [1, 2]
