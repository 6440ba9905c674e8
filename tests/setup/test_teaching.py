"""The teacher's pack: plans add up, links and headings are there, and what it says will be seen is seen."""

import contextlib
import io
import json
import re
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from urllib.parse import unquote

import pytest

from archlab.course.labs.anatomy import bound_names, free_names
from archlab.course.labs.lab import all_labs
from archlab.course.progress import collect, line
from archlab.course.progress.saved import saved
from runner.commands import COMMANDS

ROOT = Path(__file__).resolve().parents[2]
PAGES = {path.name: path.read_text(encoding="utf-8") for path in sorted((ROOT / "teaching").glob("*.md"))}
PLANS = {name: text for name, text in PAGES.items() if name.startswith("workshop_")}
LINK = re.compile(r"\[([^\]]+)\]\(([^)\s]+)\)")
ROW = re.compile(r"^\| (\d):(\d\d) \| (\d+) \| (.*?) \|(.*)\| (.*?) \|$", re.MULTILINE)
HEADING = re.compile(r"^(#{1,6}) (.+)$")
SEEN = re.compile(r"`((?:measured|answer): [^`]+)`")
LENGTHS_MIN = {"workshop_90_minutes.md": 90, "workshop_half_day.md": 240, "workshop_day.md": 480}

WORDS_PER_MIN = 150
"""Slow reading, in a language that may not be one's own. An assumption, as the next two."""
GUESS_MIN = 1.0
LINE_OF_CODE_MIN = 0.08

Section = list[dict]


def source_of(cell: dict) -> str:
    return "".join(cell["source"])


@cache
def sections(path: Path) -> dict[str, Section]:
    """The cells of a notebook by the heading that they stand under; "" for those above the first `##`.

    A text cell with several headings is cut into parts.
    """
    found: dict[str, Section] = {"": []}
    heading = ""
    for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
        if cell["cell_type"] != "markdown":
            found[heading].append(cell)
            continue
        for part in re.split(r"(?m)^(?=#{1,6} )", source_of(cell)):
            title = HEADING.match(part.split("\n", 1)[0])
            if title and len(title[1]) > 1:
                heading = title[2]
                found.setdefault(heading, [])
            elif title:
                found[title[2]] = found[""]
            found[heading].append({"cell_type": "markdown", "source": part})
    return found


def headings(page: str) -> set[str]:
    """The names by which GitHub links to the headings of a page."""
    titles = re.findall(r"(?m)^#{1,6} (.+)$", PAGES[page])
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def notebook_links(text: str) -> Iterator[tuple[str, Path, str]]:
    """The words, the notebook and the heading of each link into a notebook."""
    for words, target in LINK.findall(text):
        path, _, anchor = target.partition("#")
        if path.endswith(".ipynb") and anchor:
            yield words, (ROOT / "teaching" / path).resolve(), unquote(anchor)


def minutes_to_read(section: Section) -> float:
    """How long a section takes at least: its words, a minute a guess, and the lines of code that are shown."""
    words = guesses = lines = 0
    for cell in section:
        if cell["cell_type"] == "markdown":
            words += len(source_of(cell).split())
            continue
        guesses += len(re.findall(r"\bguess\(", source_of(cell)))
        folded = cell["metadata"].get("jupyter", {}).get("source_hidden", False)
        lines += 0 if folded else sum(1 for row in source_of(cell).splitlines() if row.strip())
    return words / WORDS_PER_MIN + guesses * GUESS_MIN + lines * LINE_OF_CODE_MIN


def printed(section: Section) -> str:
    """All that the cells of a section show, as text."""
    outputs = [output for cell in section for output in cell.get("outputs", [])]
    texts = [output.get("text") or output.get("data", {}).get("text/plain", "") for output in outputs]
    return "\n".join("".join(text) for text in texts)


# Links and commands --------------------------------------------------------------------------------------


@pytest.mark.parametrize("page", PAGES)
def test_every_link_leads_somewhere(page: str):
    for _, target in LINK.findall(PAGES[page]):
        path, _, anchor = target.partition("#")
        if re.match(r"https?:", target):
            continue
        assert not path or (ROOT / "teaching" / path).exists(), target
        if anchor and not path.endswith(".ipynb"):
            assert anchor in headings(path or page), target


@pytest.mark.parametrize("page", PAGES)
def test_a_link_into_a_notebook_says_the_exact_heading(page: str):
    for words, path, anchor in notebook_links(PAGES[page]):
        assert words in sections(path), words
        assert anchor == words.replace(" ", "-")


@pytest.mark.parametrize("page", PAGES)
def test_every_command_it_names_is_there(page: str):
    named = set(re.findall(r"(?:python3?|py) run\.py (\w+)", PAGES[page]))
    assert named <= set(COMMANDS)


@pytest.mark.parametrize("page", PAGES)
def test_every_file_it_names_is_there(page: str):
    for name in re.findall(
        r"`((?:data|solutions|labs|notebooks|archlab|teaching)/(?!\.)[\w./]*)`", PAGES[page]
    ):
        assert (ROOT / name).exists(), name


def test_every_page_can_be_reached_from_the_first_one():
    assert {target for _, target in LINK.findall(PAGES["README.md"])} >= set(PAGES) - {"README.md"}


# The plans -----------------------------------------------------------------------------------------------


def test_there_is_a_plan_of_each_length():
    assert set(PLANS) == set(LENGTHS_MIN)


@pytest.mark.parametrize("plan", PLANS)
def test_the_minutes_of_a_plan_add_up(plan: str):
    rows = ROW.findall(PLANS[plan])
    so_far = 0
    for hours, minutes, length, *_ in rows:
        assert int(hours) * 60 + int(minutes) == so_far
        so_far += int(length)
    assert so_far == LENGTHS_MIN[plan]
    assert f"**{so_far}**" in PLANS[plan]
    assert len(rows) == sum(bool(re.match(r"\| \d", row)) for row in PLANS[plan].splitlines())


@pytest.mark.parametrize("plan", PLANS)
def test_nobody_sits_for_two_hours_without_a_break(plan: str):
    since_break = 0
    for _, _, length, what, *_ in ROW.findall(PLANS[plan]):
        since_break = 0 if what in ("Break", "Lunch") else since_break + int(length)
        assert since_break <= 110, what


@pytest.mark.parametrize("plan", PLANS)
def test_every_row_has_time_to_read_guess_and_talk(plan: str):
    """At least half of the minutes of a row are for the talk."""
    for _, _, length, what, where, _ in ROW.findall(PLANS[plan]):
        links = [link for link in notebook_links(where) if "labs" not in link[1].parts]
        needed = sum(minutes_to_read(sections(path)[words]) for words, path, _ in links)
        assert 2 * needed <= int(length), f"{what}: {needed:.1f} minutes of reading and guessing in {length}"
        assert not links or int(length) <= 25, what


@pytest.mark.parametrize("plan", PLANS)
def test_a_lab_has_the_time_that_it_asks_for(plan: str):
    for _, _, length, _, where, _ in ROW.findall(PLANS[plan]):
        links = [link for link in notebook_links(where) if "labs" in link[1].parts]
        if not links:
            continue
        lab = sections(links[0][1])
        asked = re.search(r"(\d+) to (\d+) minutes", printed_text(lab[""]))
        assert asked, "the lab says how long it takes"
        tasks = sum(heading.startswith("Task ") for heading in lab)
        share = len(links) / tasks
        assert int(asked[1]) * share <= int(length) <= 2 * int(asked[2]) * share


def printed_text(section: Section) -> str:
    return "\n".join(source_of(cell) for cell in section if cell["cell_type"] == "markdown")


def test_each_table_has_as_long_to_talk_about_its_own_pattern_as_to_read_it():
    day = PLANS["workshop_day.md"]
    (length,) = [int(row[2]) for row in ROW.findall(day) if "#a-pattern-for-each-table" in row[3]]
    chapters = re.findall(r"^\| \[0[3-6]\].*$", day, re.MULTILINE)
    assert len(chapters) == 4
    for row in chapters:
        needed = sum(minutes_to_read(sections(path)[words]) for words, path, _ in notebook_links(row))
        assert needed <= length / 2, row


@pytest.mark.parametrize("plan", PLANS)
def test_every_row_of_a_plan_but_breaks_is_described(plan: str):
    for _, _, _, what, *_ in ROW.findall(PLANS[plan]):
        assert what in ("Break", "Lunch") or LINK.fullmatch(what), what


@pytest.mark.parametrize("plan", PLANS)
def test_the_rows_of_a_plan_link_to_the_block_of_the_same_name(plan: str):
    for _, _, _, what, *_ in ROW.findall(PLANS[plan]):
        for words, target in LINK.findall(what):
            assert target.partition("#")[2] == words.lower().replace(" ", "-")


def blocks(page: str) -> dict[str, str]:
    """The blocks of a plan, by their headings."""
    parts = re.split(r"(?m)^### ", page.split("## The blocks", 1)[1])[1:]
    return {part.split("\n", 1)[0]: part for part in parts}


ALL_BLOCKS = [(plan, name, text) for plan, page in PLANS.items() for name, text in blocks(page).items()]


@pytest.mark.parametrize(("plan", "name", "text"), ALL_BLOCKS, ids=lambda value: str(value)[:30])
def test_what_a_block_says_will_be_seen_is_what_its_section_shows(plan: str, name: str, text: str):
    shown = [
        shows
        for _, path, anchor in notebook_links(text)
        for shows in [sections(path)[anchor_heading(path, anchor)]]
    ]
    seen = "\n".join(printed(section) for section in shown).splitlines()
    for said in SEEN.findall(text):
        assert said in seen, said


def anchor_heading(path: Path, anchor: str) -> str:
    return next(heading for heading in sections(path) if heading.replace(" ", "-") == anchor)


@pytest.mark.parametrize(("plan", "name", "text"), ALL_BLOCKS, ids=lambda value: str(value)[:30])
def test_a_block_with_a_question_has_a_guess_that_is_expected_and_what_to_show(
    plan: str, name: str, text: str
):
    if "**It shows.**" in text:
        assert "**Ask.**" in text
        assert "**We expect.**" in text
        assert "**Then show.**" in text


def test_a_recorded_misconception_is_recorded():
    recorded = {
        wrong["misconception"]
        for path in (ROOT / "solutions").glob("*/answers.toml")
        for wrong in tomllib.loads(path.read_text(encoding="utf-8"))["wrong"]
    }
    said = [
        " ".join(quote.split())
        for _, _, text in ALL_BLOCKS
        for entry in re.findall(r"\*\*Recorded\.\*\*(.*?)(?=\n- \*\*|\Z)", text, re.DOTALL)
        for quote in re.findall(r'"([^"]+)"', entry)
    ]
    assert len(said) == 9
    assert set(said) <= recorded


def test_there_are_as_many_recorded_wrong_answers_as_it_says():
    for folder in sorted((ROOT / "solutions").glob("0[3-6]_*")):
        wrong = tomllib.loads((folder / "answers.toml").read_text(encoding="utf-8"))["wrong"]
        tasks = [answer["task"] for answer in wrong]
        assert min(tasks.count(task) for task in set(tasks)) >= 16
    assert "Labs 03 to 06 have sixteen or more for each task" in PAGES["README.md"]


@pytest.mark.parametrize("plan", PLANS)
def test_the_sections_of_a_plan_run_without_the_rest_of_the_chapter(plan: str):
    """Names that a section uses come from the cells at the top of its notebook, or from sections before it."""
    known: dict[Path, set[str]] = {}
    for _, path, anchor in notebook_links(PLANS[plan]):
        if "labs" in path.parts:
            continue
        names = known.setdefault(path, names_of(sections(path)[""]) | {"display"})
        cells = [cell for cell in sections(path)[anchor_heading(path, anchor)] if cell["cell_type"] == "code"]
        for cell in cells:
            missing = set(free_names(source_of(cell))) - names
            assert not missing, f"{anchor}: {missing}"
            names |= set(bound_names(source_of(cell)))


def names_of(section: Section) -> set[str]:
    code = [source_of(cell) for cell in section if cell["cell_type"] == "code"]
    return {name for source in code for name in bound_names(source)}


# The other pages -----------------------------------------------------------------------------------------


def test_what_the_checklist_quotes_is_what_the_set_up_says():
    sources = "".join(
        path.read_text(encoding="utf-8") for path in [ROOT / "run.py", *(ROOT / "runner").glob("*.py")]
    )
    rows = re.findall(r"^\| `([^`]+)` \|", PAGES["checklist.md"], re.MULTILINE)
    assert len(rows) == 11
    for message in rows:
        assert message in sources, message


def test_the_worked_example_prints_what_the_page_says():
    fences = re.findall(r"```(\w*)\n(.*?)```", PAGES["your_numbers.md"], re.DOTALL)
    names: dict[str, object] = {}
    told, expected = io.StringIO(), ""
    for language, content in fences:
        if language == "python":
            with contextlib.redirect_stdout(told):
                exec(compile(content, "your_numbers.md", "exec"), names)
        else:
            expected += content
    assert told.getvalue() == expected


def test_the_line_and_the_table_of_the_first_page_are_those_of_the_command():
    lab, tasks = "01_monolithic", all_labs()["01_monolithic"].checks
    lines = [
        f"Table {number}: {line({lab: dict(zip(tasks, marks, strict=True))})}"
        for number, marks in enumerate(["pptooo", "pptooo", "ptoooo"], 1)
    ]
    page = PAGES["README.md"]
    assert lines[0].removeprefix("Table 1: ") in page
    told = collect(lines, saved().labs).told()
    assert "\n".join(f"   {row}" for row in told.splitlines()) in page


IN_PROSE = [
    ("workshop_90_minutes.md", "77 %", "00_start_here", "77 % of a short queue"),
    ("workshop_90_minutes.md", "2 at 50 % and 20 at 95 %", "00_start_here", "2 at 50 %, 20 at 95 %"),
    (
        "workshop_90_minutes.md",
        "14 of 16 at five times, 28 at ten",
        "01_monolithic",
        "14 of 16 at five times, 28 at ten",
    ),
    ("workshop_90_minutes.md", "80 minutes in all", "01_monolithic", "|**in all**|**80**|"),
    (
        "workshop_half_day.md",
        "16 places in the gateway",
        "02_microservices",
        "with 16 places in the gateway 8 % come",
    ),
    ("workshop_half_day.md", "says so under the picture: 14", "02_microservices", "106 ms, 14 messages"),
    (
        "workshop_day.md",
        "needs fourteen hops where a page needs four",
        "02_microservices",
        "A page needs four of them, an order fourteen.",
    ),
]


@pytest.mark.parametrize(("page", "said", "chapter", "there"), IN_PROSE)
def test_a_number_in_a_plan_s_prose_stands_in_the_chapter(page: str, said: str, chapter: str, there: str):
    notebook = sections(ROOT / "notebooks" / f"{chapter}.ipynb")
    text = "\n".join(printed(cells) + printed_text(cells) for cells in notebook.values())
    assert said in " ".join(PAGES[page].split())
    assert there in text
