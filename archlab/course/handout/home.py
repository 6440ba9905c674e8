"""The first page of the handout: what it is, how to read it, its chapters, and the indexes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from archlab.course.handout.chapter import Chapter
from archlab.course.handout.indexes import claims_index, systems_index, terms_index
from archlab.course.handout.page import COURSE, Link, link
from archlab.course.handout.terms import Explained

WITH_ANSWERS = """<p>Answers and code of figures are folded away: guess first, then open the fold.
Print a page, and its answers are on the paper.</p>"""
WITHOUT_ANSWERS = (
    """<p>This is the form for a class: the answers are left out, and in their place is room to write.</p>"""
)
HOW_TO_READ = """<ul>
<li>A question begins with <strong>Predict first</strong>. Write your guess on the line below it, then read on.</li>
<li>What moves in the course (sliders, buttons, replays) stands still here. Where a text says "run this cell" or
"change one number", open the notebook of the chapter: <code>python run.py lab</code>.</li>
<li>All times are simulated unless the text says that they were measured. A figure's title is its conclusion.</li>
<li>Nothing here is fetched from anywhere. Links to the web are for those who are online.</li>
</ul>"""
SECTIONS = {
    "Chapters": "chapters",
    "How to read it": "how-to-read",
    "Index of claims": "claims",
    "Index of terms": "terms",
    "Index of named systems": "systems",
}


def home(
    chapters: Sequence[Chapter], explained: Mapping[str, Sequence[Explained]], with_answers: bool
) -> str:
    """Return the content of the first page, with its one `h1`."""
    parts = {
        "Chapters": contents(chapters),
        "How to read it": (WITH_ANSWERS if with_answers else WITHOUT_ANSWERS) + HOW_TO_READ,
        "Index of claims": claims_index(chapters, with_answers),
        "Index of terms": terms_index(explained, chapters),
        "Index of named systems": systems_index(chapters),
    }
    told = "".join(f'<h2 id="{SECTIONS[name]}">{name}</h2>{html}' for name, html in parts.items())
    return f"<h1>{COURSE}</h1><p>One shop, built again and again, and measured each time.</p>{told}"


def sections_of_home() -> list[Link]:
    """The links to the parts of the first page."""
    return [(f"#{anchor}", name) for name, anchor in SECTIONS.items()]


def contents(chapters: Sequence[Chapter]) -> str:
    """The chapters, each with its sections."""
    items = []
    for chapter in chapters:
        sections = [
            link(f"{chapter.page}#{one.anchor}", one.title) for one in chapter.sections if one.level == 2
        ]
        items.append(f"<li>{link(chapter.page, chapter.title)}<p>{' · '.join(sections)}</p></li>")
    return f'<ol class="map">{"".join(items)}</ol>'
