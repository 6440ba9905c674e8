"""A teacher reads the lines of a room, and sees who has passed what, and where most of them stand."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archlab.course.progress import Room, collect, line, named

LABS = {
    "00_start_here": dict.fromkeys(["server", "little", "compare", "omission"], "o"),
    "01_monolithic": dict.fromkeys(["reading", "capacity", "bottleneck"], "o"),
}


def line_of(lab_00: str = "oooo", lab_01: str = "ooo") -> str:
    marks = {"00_start_here": lab_00, "01_monolithic": lab_01}
    return line({lab: dict(zip(LABS[lab], told, strict=True)) for lab, told in marks.items()})


def marks_of(room: Room, who: str, lab: str = "00_start_here") -> str:
    rows = room.frame[(room.frame.who == who) & (room.frame.lab == lab)]
    return "".join(rows.mark)


def test_a_line_holds_only_the_labs_that_were_begun():
    assert line_of("ptoo").startswith("progress v1; 00=ptoo; sum=")
    assert line_of() == "progress v1; sum=0000"


@given(st.text("pto", min_size=4, max_size=4), st.text("pto", min_size=3, max_size=3))
def test_what_a_line_says_is_what_is_read(lab_00: str, lab_01: str):
    room = collect([f"Table 1: {line_of(lab_00, lab_01)}"], LABS)
    assert room.problems == ()
    begun = {
        lab: marks
        for lab, marks in (("00_start_here", lab_00), ("01_monolithic", lab_01))
        if set(marks) != {"o"}
    }
    assert {lab: marks_of(room, "Table 1", lab) for lab in begun} == begun
    assert len(room.frame) == sum(map(len, begun.values()))


def test_chats_may_dress_a_line_up():
    whole = line_of("ppto", "poo")
    dressed = [
        f"10:42 Ada: `{whole}`",
        f"Bob  > {whole.upper()}  (edited)",
        f"Cleo: {whole.replace('; ', ';')} thanks!",
        "Dan  10:43",
        f"  {whole}",
    ]
    room = collect(dressed, LABS)
    assert room.problems == ()
    assert {who: marks_of(room, who) for who in room.people} == dict.fromkeys(
        ["Ada", "Bob", "Cleo", "Dan"], "ppto"
    )


@pytest.mark.parametrize("cut", range(1, 16))
def test_a_line_that_lost_its_end_is_told_and_not_used(cut: int):
    room = collect([f"Ada: {line_of('ppto', 'poo')[:-cut]}"], LABS)
    assert room.frame.empty
    assert "line 1: Ada: its end is missing" in room.problems[0]


def test_every_mark_that_is_changed_on_the_way_is_noticed():
    whole = line_of("ppto", "poo")
    at = [place for place, letter in enumerate(whole) if letter in "pto" and place > len("progress v1; ")]
    for place in at:
        changed = whole[:place] + {"p": "t", "t": "o", "o": "p"}[whole[place]] + whole[place + 1 :]
        (problem,) = collect([changed], LABS).problems
        assert problem == "line 1: its letters and its sum do not agree: it was changed on the way"


def test_a_line_that_cannot_be_used_leaves_the_earlier_one_of_its_table_in_place():
    room = collect([f"Ada: {line_of('pppp')}", f"Ada: {line_of('pooo')[:-2]}"], LABS)
    assert marks_of(room, "Ada") == "pppp"
    assert len(room.problems) == 1


def test_the_later_line_of_a_table_counts():
    room = collect([f"Ada: {line_of('pooo')}", f"Ada: {line_of('ppoo')}"], LABS)
    assert marks_of(room, "Ada") == "ppoo"
    assert room.problems == ("line 2: Ada handed in before; the later line counts",)


def test_a_lab_of_another_version_of_the_course_is_told_and_the_rest_is_used():
    other = {
        "00_start_here": dict.fromkeys("ab", "p"),
        "01_monolithic": dict.fromkeys("abc", "p"),
        "09_new": {"x": "p"},
    }
    room = collect([line(other)], LABS)
    assert [problem[:34] for problem in room.problems] == [
        "line 1: lab 00 is another one than",
        "line 1: lab 09 is another one than",
    ]
    assert set(room.frame.lab) == {"01_monolithic"}


def test_the_table_has_a_row_a_person_and_says_where_most_stand():
    lines = {"Table 10": "pptp", "Table 2": "ptoo", "Table 1": "pppp", "Zoë": "pttt", "Idle": "oooo"}
    told = collect([named(who, line_of(marks)) for who, marks in lines.items()], LABS).told().splitlines()
    assert told == [
        "Lab 00_start_here",
        "          1  2  3  4",
        "Table 1   +  +  +  +",
        "Table 2   +  ?  .  .",
        "Table 10  +  +  ?  +",
        "Zoë       +  ?  ?  ?",
        "  1 server: 4 of 4 passed",
        "  2 little: 2 of 4 passed, 2 tried",
        "  3 compare: 1 of 4 passed, 2 tried",
        "  4 omission: 2 of 4 passed, 1 tried",
        "Most stand at task 2, little: Table 2, Zoë",
        "Through: Table 1",
        "",
        "Nothing tried yet: Idle",
    ]


def test_of_two_tasks_at_which_as_many_stand_the_earlier_one_is_named():
    told = collect([named("A", line_of("ppto")), named("B", line_of("tooo"))], LABS).told()
    assert "Most stand at task 1, server: B" in told


def test_who_tried_a_later_task_stands_there_and_not_at_one_that_was_left_out():
    assert "Most stand at task 3, compare: A" in collect([named("A", line_of("poto"))], LABS).told()


def test_a_room_that_handed_in_nothing_is_told_so():
    assert collect([], LABS).told() == "Nobody has handed in a line that can be read."


def test_thirty_tables_and_a_long_name_keep_the_table_straight():
    names = [f"Table {number}" for number in range(30)] + ["東京", "L" * 90]
    told = collect([f"{name}: {line_of('ppoo')}" for name in names], LABS).told().splitlines()
    grid = told[1 : 1 + 1 + len(names)]
    assert len(grid) == 33
    assert all(row.endswith("+  +  .  .") for row in grid[1:])


@given(st.lists(st.text(max_size=60), max_size=6))
def test_no_text_is_too_odd(lines: list[str]):
    room = collect([*lines, *(f"{text} progress v1; {text}" for text in lines)], LABS)
    assert isinstance(room.told(), str)


@pytest.mark.parametrize("name", ["a\nb", "x" * 41, "progress v1", " Ada"])
def test_a_name_that_would_spoil_the_line_is_refused(name: str):
    with pytest.raises(ValueError, match=r"name is .*; it must be a text of at most 40 letters on one line"):
        named(name, line_of())
