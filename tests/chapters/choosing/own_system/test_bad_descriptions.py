"""Descriptions that cannot be read: the error names the line, what is wrong with it, and what is allowed."""

import pytest

from archlab.chapters.choosing.own_system import describe

GOOD = """\
load 100 per second: browse 80 %, buy 20 %
part web: 2 cores, 64 workers
store database: 1 core, timeout 1 s
outside payment: takes 100 ms, timeout 1 s
browse = web 5 ms [database 1 ms]
buy = web 10 ms [database 2 ms, payment]
"""
RATE = "allowed: a number above 0 per second, minute, hour or day, such as 120 per second"
TIME = "allowed: a number above 0 with us, ms, s or min, such as 5 ms"
SHARE = "allowed: a number above 0 and at most 100 with %, such as 20 %"
WHOLE = "allowed: a whole number, 1 or more"
ONCE = "allowed: each name once"
OF_NAME = (
    "allowed: letters, digits, - . and _, a letter first, "
    "and none of later, x, for, exactly, p99, patience, customers"
)
ROUTE = "allowed: as in web 5 ms [database 2 ms x 3, later mail 3 ms]"
TWICE = "says again what the line says already; allowed: each property once"
PART = "allowed: as in part web: 4 cores, 2 copies"
PROPERTIES = (
    "known: 4 cores, 1 server, 64 workers, 2 copies, queue 100, timeout 1 s, 2 retries, 0.10 USD per hour, idle, "
    "m5.large, t3.medium, c5.xlarge, database storage GB."
)
OUTSIDE = "its own line says how long it takes, so just: payment"
WORDS = "allowed: system, load, calls, part, store, outside, fault, or a route, as in browse = web 5 ms"
FAULTS = "allowed: crash 20 s, slow x10 20 s, outage 20 s, and all copies behind it"

BAD = [
    # the load
    ("100 per second", "100", 1, f"the load is '100'; {RATE}"),
    ("100 per second", "0 per second", 1, f"the load is '0 per second'; {RATE}"),
    ("100 per second", "-5 per hour", 1, f"the load is '-5 per hour'; {RATE}"),
    ("buy 20 %", "buy 30 %", 1, "the shares add up to 110 %; allowed: shares that add up to 100 %"),
    ("buy 20 %", "buy 20", 1, f"the share of 'buy' is '20'; {SHARE}"),
    ("buy 20 %", "buy 0 %", 1, f"the share of 'buy' is '0 %'; {SHARE}"),
    ("buy 20 %", "browse 20 %", 1, "'browse' is there twice; allowed: each kind of request once"),
    ("buy 20 %", "bye 20 %", 1, "'bye' is no route; known: browse, buy. Did you mean 'buy'?"),
    ("buy 20 %", "buy 20 %, patience 0 s", 1, f"the patience is '0 s'; {TIME}"),
    (
        "load",
        "load 1 per day: buy 100 %\nload",
        2,
        "there is a line with 'load' already, line 1; allowed: one",
    ),
    # parts
    ("part web", "prat web", 2, f"it begins with 'prat'; {WORDS}"),
    ("web: 2", "web 2", 2, f"a name, the colon or what stands behind it is missing; {PART}"),
    ("web: 2 cores, ", "web: ,", 2, f"a name, the colon or what stands behind it is missing; {PART}"),
    ("part web", "part", 2, f"a name, the colon or what stands behind it is missing; {PART}"),
    ("part web", "part for", 2, f"'for' is no name of a part; {OF_NAME}"),
    ("part web", "part 2web", 2, f"'2web' is no name of a part; {OF_NAME}"),
    ("2 cores", "two cores", 2, "'two cores' is no property; write 2 cores"),
    ("2 cores", "2 cars", 2, f"'2 cars' is no property; {PROPERTIES} Did you mean '2 cores'?"),
    ("64 workers", "m5.lrage", 2, f"'m5.lrage' is no property; {PROPERTIES} Did you mean 'm5.large'?"),
    ("2 cores", "0 cores", 2, f"the number of cores is 0; {WHOLE}"),
    ("2 cores", "1.5 cores", 2, f"the number of cores is 1.5; {WHOLE}"),
    ("64 workers", "-1 workers", 2, f"the number for 'workers' is -1; {WHOLE}"),
    (
        "2 cores",
        "2 cores, 1 server",
        2,
        f"'1 server' {TWICE}",
    ),
    (
        "2 cores",
        "4 cores, m5.large",
        2,
        "what it rents has 2 cores; 4 cores need more of them, such as 2 m5.large",
    ),
    ("2 cores", "0 USD per hour", 2, "the price is 0; allowed: a number above 0, such as 0.10 USD per hour"),
    ("store database", "store web", 3, f"there is a part 'web' already; {ONCE}"),
    (
        "store database",
        "store database, cache",
        3,
        "no request asks 'cache'; call it in a route, or say: idle",
    ),
    ("1 core", "idle", 3, "'database' is idle, but a route asks it; allowed: the one or the other"),
    ("core, timeout 1 s", "core, timeout 1", 3, f"the time-out is '1'; {TIME}"),
    (
        "100 ms, timeout 1 s",
        "100 ms",
        4,
        "it does not say 'timeout'; a part outside needs it, such as timeout 1 s",
    ),
    ("takes 100 ms, ", "", 4, "it does not say 'takes'; a part outside needs it, such as takes 100 ms"),
    (
        "takes 100 ms",
        "takes 100 ms (p99 50 ms)",
        4,
        "the time it takes is '100 ms (p99 50 ms)'; allowed: a p99 that is not below the median, without 'exactly'",
    ),
    # routes
    (
        "[database 1 ms]",
        "[databse 1 ms]",
        5,
        "'databse' is no part or route; known: web, database, payment, browse, buy. Did you mean 'database'?",
    ),
    (
        "[database 1 ms]",
        "[database 1]",
        5,
        "no time with a unit stands behind 'database'; allowed: as in database 5 ms",
    ),
    ("[database 1 ms]", "[database 0 ms]", 5, f"the work of 'database' is '0 ms'; {TIME}"),
    ("[database 1 ms]", "[database -1 ms]", 5, f"the work of 'database' is '-1 ms'; {TIME}"),
    ("[database 1 ms]", "[database 1 ms", 5, f"the end of the line stands where a ] should be; {ROUTE}"),
    ("[database 1 ms]", "[database 1 ms,]", 5, f"']' stands where a step should be; {ROUTE}"),
    ("[database 1 ms]", "[database 1 ms] ?", 5, f"'?' stands where a step should be; {ROUTE}"),
    ("[database 1 ms]", "[database 1 ms x 0]", 5, f"the number behind x is 0; {WHOLE}"),
    ("[database 1 ms]", "[database 1 ms for 120 %]", 5, f"the share behind 'for' is '120 %'; {SHARE}"),
    (
        "[database 1 ms]",
        "[database 1 ms [web 1 ms]]",
        5,
        "the calls go round in a circle: web -> database -> web; allowed: calls that come to an end",
    ),
    (
        "[database 1 ms]",
        "[browse]",
        5,
        "the routes go round in a circle: browse -> browse; allowed: routes that come to an end",
    ),
    ("[database 1 ms]", "[later buy]", 5, "'later' stands before 'buy'; allowed: only before a part"),
    ("payment]", "payment 5 ms]", 6, f"a time stands behind 'payment', which is outside; {OUTSIDE}"),
    ("payment]", "later payment]", 6, f"'later' stands before 'payment', which is outside; {OUTSIDE}"),
    ("buy = web", "browse = web", 6, f"there is a part or route 'browse' already; {ONCE}"),
    ("buy = web", "web = web", 6, f"there is a part or route 'web' already; {ONCE}"),
    (
        "buy =",
        "other = web 1 ms\nbuy =",
        6,
        "no request takes the route 'other'; name it in the load or in another route",
    ),
    # faults and calls
    ("browse =", "fault web: crash\nbrowse =", 5, f"'crash' is no fault; {FAULTS}"),
    ("browse =", "fault web: crash 0 s\nbrowse =", 5, f"the length is '0 s'; {TIME}"),
    (
        "browse =",
        "fault wbe: crash 5 s\nbrowse =",
        5,
        "'wbe' is no part; known: web, database, payment. Did you mean 'web'?",
    ),
    (
        "browse =",
        "fault web: slow x1 5 s\nbrowse =",
        5,
        "the factor is 1; allowed: a number above 1, such as slow x10 20 s",
    ),
    (
        "1 core, timeout 1 s\n",
        "1 core\nfault database: outage 5 s\n",
        4,
        "messages to 'database' would get lost, and nobody would notice; give the part a timeout, such as timeout 1 s",
    ),
    (
        "[database 1 ms]\n",
        "[later database 1 ms]\nfault database: outage 5 s\n",
        6,
        "'database' is asked later, and its messages wait in a queue; allowed: crash or slow",
    ),
    (
        "browse =",
        "part old: idle\nfault old: crash 5 s\nbrowse =",
        6,
        "no request asks 'old'; allowed: faults of parts that are asked",
    ),
    (
        "browse =",
        "calls: hop -1 ms\nbrowse =",
        5,
        "the hop is '-1 ms'; allowed: a number not below 0 with us, ms, s or min, such as 5 ms",
    ),
    (
        "browse =",
        "calls: jump 1 ms\nbrowse =",
        5,
        "'jump 1 ms' is no property; known: hop 0.25 ms, timeout 1 s, 2 retries.",
    ),
]


def error_of(text):
    with pytest.raises(ValueError, match=r".") as caught:
        describe(text)
    return str(caught.value)


def test_the_description_that_is_spoilt_here_can_be_read():
    assert describe(GOOD).limit_per_s > 0


@pytest.mark.parametrize(("good", "bad", "number", "words"), BAD, ids=[bad for _, bad, _, _ in BAD])
def test_a_bad_line_is_named_with_what_is_wrong_and_what_is_allowed(good, bad, number, words):
    assert good in GOOD
    text = GOOD.replace(good, bad, 1)
    line = " ".join(text.splitlines()[number - 1].split())
    assert error_of(text) == f"line {number}, {line!r}: {words}"


def test_a_description_may_have_thirty_lines_and_no_more():
    idle = "".join(f"part idle-{number}: idle\n" for number in range(24))
    assert len((GOOD + idle).splitlines()) == 30
    describe(f"# a comment\n\n{GOOD}{idle}")
    assert error_of(f"{GOOD}{idle}part one-more: idle") == (
        "line 31, 'part one-more: idle': this is one line more than 30; "
        "join parts that are alike, as in: part users, orders: 2 cores; comments do not count"
    )


def test_the_number_of_the_line_counts_comments_and_empty_lines():
    assert error_of(f"# two\n\n{GOOD.replace('2 cores', '0 cores')}").startswith("line 4, ")


def test_a_description_without_load_is_told_what_is_missing():
    assert error_of(GOOD.split("\n", 1)[1]).endswith(
        "no line says what the load is; needed: as in load 120 per second: browse 80 %, buy 20 %"
    )


@pytest.mark.parametrize("text", ["", "\n  \n", "# nothing but a comment"])
def test_an_empty_description_is_refused(text):
    assert error_of(text) == "text is ''; it must be a text of at least one character"


def test_what_is_no_text_is_refused():
    with pytest.raises(TypeError, match="text is 7; it must be a description"):
        describe(7)
