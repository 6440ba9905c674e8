"""Words that many use and a description does not know: the error says what to write, and that can be read."""

import re

import pytest

from archlab.chapters.choosing.own_system import describe
from archlab.chapters.choosing.own_system.hints import hint_for_property
from archlab.chapters.choosing.own_system.reading_parts import OF_OUTSIDE, OF_PART

GOOD = """\
load 100 per second: browse 80 %, buy 20 %
part web: 2 cores, 64 workers
store database: 3 servers, timeout 1 s
outside payment: takes 100 ms, timeout 1 s
browse = web 5 ms [database 1 ms]
buy = web 10 ms [database 2 ms, payment]
"""
REPLACED = [
    ("2 cores", "2 CPUs", "write 2 cores"),
    ("2 cores", "2 vCPU", "write 2 cores"),
    ("2 cores", "1 cpu", "write 1 core"),
    ("2 cores", "two cores", "write 2 cores"),
    ("2 cores", "cores: 2", "write 2 cores"),
    ("2 cores", "2cores", "write 2 cores"),
    ("2 cores", "2 replicas", "write 2 copies"),
    ("2 cores", "1 pod", "write 1 copy"),
    ("2 cores", "retries 3", "write 3 retries"),
    ("2 cores", "2 cores 2 copies", "write 2 cores, 2 copies"),
    ("2 cores", "M5.large", "write m5.large"),
    ("2 cores", "$0.10 per hour", "write 0.10 USD per hour"),
    ("2 cores", "0.1 USD/h", "write 0.1 USD per hour"),
    ("64 workers", "64 threads", "write 64 workers"),
    ("64 workers", "queue of 10", "write queue 10"),
    ("timeout 1 s", "timeout: 1 s", "write timeout 1 s"),
    ("timeout 1 s", "deadline 2 seconds", "write timeout 2 s"),
    ("timeout 1 s", "500 ms timeout", "write timeout 500 ms"),
    ("buy 20 %", "buy 0.2", "write buy 20 %"),
    ("buy 20 %", "buy: 20 %", "write buy 20 %"),
    ("buy 20 %", "buy=20 %", "write buy 20 %"),
    ("buy 20 %", "20 % buy", "write buy 20 %"),
    ("100 per second", "100 rps", "write 100 per second"),
    ("100 per second", "100 requests/s", "write 100 per second"),
    ("100 per second", "100 per min", "write 100 per minute"),
    ("5 ms", "5 seconds", "write 5 s"),
    ("5 ms", "5 milliseconds", "write 5 ms"),
    ("100 ms", "100 millis", "write 100 ms"),
]
"""What is right, what somebody writes instead of it, and the hint."""


def error_of(text):
    with pytest.raises(ValueError, match=r"^line \d+, ") as caught:
        describe(text)
    return str(caught.value)


@pytest.mark.parametrize(("good", "bad", "hint"), REPLACED, ids=[bad for _, bad, _ in REPLACED])
def test_who_writes_what_the_hint_says_is_understood(good, bad, hint):
    assert good in GOOD
    assert error_of(GOOD.replace(good, bad, 1)).endswith(f"; {hint}")
    describe(GOOD.replace(good, hint.removeprefix("write "), 1))


@pytest.mark.parametrize(
    "machine", ["m5.xlarge", "2 m5.xlarge", "t3.micro", "n2-standard-4", "Standard_D2s_v3"]
)
def test_a_machine_without_a_known_price_is_asked_for_its_price_and_not_taken_for_another(machine):
    error = error_of(GOOD.replace("2 cores", machine, 1))
    assert error.endswith(
        f"{machine!r} is no property; write its price, such as 0.192 USD per hour; "
        "known are m5.large, t3.medium, c5.xlarge"
    )
    assert "Did you mean" not in error


@pytest.mark.parametrize("item", ["deadline 2 s", "NAME 2 s", "timeout 2 seconds", "patience: 2 s"])
def test_a_time_in_the_line_of_the_load_is_taken_for_the_patience(item):
    error = error_of(GOOD.replace("buy 20 %", f"buy 20 %, {item}", 1))
    assert error.endswith(f"{item!r} is no kind of request with its share; did you mean patience 2 s?")
    assert describe(GOOD.replace("buy 20 %", "buy 20 %, patience 2 s", 1)).description.patience_s == 2


@pytest.mark.parametrize(("word", "meant"), [("service", "part"), ("db", "store"), ("external", "outside")])
def test_a_line_that_begins_with_another_word_for_a_part_is_told_ours(word, meant):
    assert error_of(f"{GOOD}{word} extra: 1 core").endswith(
        f"it begins with {word!r}; did you mean {meant!r}?"
    )


@pytest.mark.parametrize("memory", ["4 GB", "512 MB RAM", "memory 4 GiB"])
def test_memory_is_nothing_that_a_description_says(memory):
    assert "leave it out: no property says how much memory" in error_of(GOOD.replace("2 cores", memory, 1))


def test_a_p99_by_itself_is_shown_its_place():
    error = error_of(GOOD.replace("100 ms", "100 ms, p99 400 ms", 1))
    assert error.endswith("write it in brackets behind the time, as in takes 100 ms (p99 400 ms)")


def test_a_name_that_is_nearly_right_is_shown_with_its_own_number():
    assert error_of(GOOD.replace("2 cores", "8 kores", 1)).endswith("Did you mean '8 cores'?")


def test_a_part_outside_is_told_nothing_that_its_line_may_not_say():
    assert hint_for_property("2 CPUs", OF_PART)
    assert hint_for_property("2 CPUs", OF_OUTSIDE) == hint_for_property("m5.xlarge", OF_OUTSIDE) == ""


def test_a_fault_may_have_a_comma_before_all_copies():
    (fault,) = describe(f"{GOOD}fault web: crash 5 s, all copies").description.faults
    assert fault.all_copies
    assert re.search("write 5 s$", error_of(f"{GOOD}fault web: crash for 5 s"))
