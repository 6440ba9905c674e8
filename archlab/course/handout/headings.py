"""Sections of a chapter: each heading gets the address that JupyterLab gives it, once on a page, and a level that
follows from the one above.

>>> headings = Headings()
>>> list(headings.split("<h2>Service mesh</h2><p>A proxy.</p><h4>Its price</h4>"))
['<h2 id="Service-mesh">Service mesh</h2><p>A proxy.</p>', '<h3 id="Its-price">Its price</h3>']
>>> headings.section
Section(anchor='Its-price', title='Its price', level=3)
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape, unescape

from archlab.course.handout.text import without_tags

HEADING = re.compile(r"<h([1-6])>(.*?)</h\1>", re.DOTALL)


@dataclass(frozen=True)
class Section:
    """A heading: its address on the page, its words, its level (1 is the title of the page)."""

    anchor: str
    title: str
    level: int


class Headings:
    """The headings of one page, in the order in which they come."""

    def __init__(self) -> None:
        self.sections: list[Section] = []

    @property
    def section(self) -> Section | None:
        """The heading under which the page now stands; None before the first."""
        return self.sections[-1] if self.sections else None

    def split(self, html: str) -> Iterator[str]:
        """Give the HTML in pieces, each with one heading at its beginning but perhaps the first, with addresses.

        When a piece is given, `section` is the heading that it stands under.
        """
        for piece in re.split(r"(?=<h[1-6]>)", html):
            if piece.strip():
                yield HEADING.sub(self._marked, piece)

    def _marked(self, heading: re.Match[str]) -> str:
        title = unescape(without_tags(heading[2]))
        level = self._level(int(heading[1]))
        section = Section(self._free(re.sub(r"\s", "-", title)), title, level)
        self.sections.append(section)
        return f'<h{level} id="{escape(section.anchor)}">{heading[2]}</h{level}>'

    def _level(self, wanted: int) -> int:
        """One title a page; and nothing is more than one level below what stands before it."""
        if self.section is None:
            return wanted
        return min(max(wanted, 2), self.section.level + 1)

    def _free(self, anchor: str) -> str:
        taken = {section.anchor for section in self.sections}
        names = [anchor, *(f"{anchor}-{number}" for number in range(2, len(taken) + 3))]
        return next(name for name in names if name not in taken)
