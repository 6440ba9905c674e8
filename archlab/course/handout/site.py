"""The whole handout as files in memory: a page a chapter, the first page, the style sheet, the figures."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from archlab.course.handout.chapter import Chapter
from archlab.course.handout.forms import body, colours_of_code
from archlab.course.handout.home import home, sections_of_home
from archlab.course.handout.links import require_links
from archlab.course.handout.page import COURSE, HOME, STYLE_SHEET, Link, page
from archlab.course.handout.terms import Explained, mark
from archlab.course.handout.tidy import tidy

LOOK = Path(__file__).with_name(STYLE_SHEET)


def handout(chapters: Sequence[Chapter], with_answers: bool = True) -> dict[str, bytes]:
    """Return the files of a handout of these chapters, in this order, by their path in its folder.

    Raises:
        ValueError: when there is no chapter, or a link leads nowhere; the message names page and link.
    """
    if not chapters:
        raise ValueError("chapters is empty; it must have a chapter at least")
    files: dict[str, bytes] = {}
    explained: dict[str, list[Explained]] = {}
    names = {chapter.name for chapter in chapters}
    for chapter in chapters:
        soup = tidy(body(chapter.pieces, with_answers), chapter.name, names, files)
        explained[chapter.name] = mark(soup, chapter.name)
        around = neighbours(chapters, chapter)
        files[chapter.page] = page(chapter.title, str(soup), contents(chapter), around).encode()
    first = tidy(home(chapters, explained, with_answers), "index", names, files)
    files[HOME] = page(COURSE, str(first), sections_of_home()).encode()
    files[STYLE_SHEET] = f"{LOOK.read_text(encoding='utf-8')}\n{colours_of_code()}\n".encode()
    require_links(files)
    return files


def contents(chapter: Chapter) -> list[Link]:
    """The links to the sections of a chapter."""
    return [(f"#{section.anchor}", section.title) for section in chapter.sections if section.level == 2]


def neighbours(chapters: Sequence[Chapter], chapter: Chapter) -> list[Link]:
    """The links to the chapter before, the first page, and the chapter after."""
    place = chapters.index(chapter)
    before = [(one.page, f"Before: {one.title}") for one in chapters[max(place - 1, 0) : place]]
    after = [(one.page, f"Next: {one.title}") for one in chapters[place + 1 : place + 2]]
    return [*before, (HOME, "All chapters and the indexes"), *after]
