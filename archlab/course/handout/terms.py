"""The index of terms: where the chapters explain them.

`data/terms.csv` lists them as they stand there in bold, or first in a row of a table of words. Where a word means
different things in two chapters, it names the chapter.

>>> soup = BeautifulSoup("<p>A <strong>clone</strong> is one more.</p>", "html.parser")
>>> mark(soup, "01_monolithic")
[Explained(term='clone', anchor='term.clone')]
>>> str(soup)
'<p>A <strong id="term.clone">clone</strong> is one more.</p>'
"""

from __future__ import annotations

from dataclasses import dataclass

from bs4 import BeautifulSoup, Tag

from archlab.data import load


@dataclass(frozen=True)
class Explained:
    """A term, and the address on a page of the place that explains it."""

    term: str
    anchor: str


def mark(soup: BeautifulSoup, chapter: str) -> list[Explained]:
    """Give the first place of each term on a chapter's page an address, in place; return them in the page's order."""
    known = terms_of(chapter)
    found: dict[str, Explained] = {}
    for tag in soup.find_all(["strong", "td"]):
        for words in _explained_words(tag):
            term = known.get(words)
            if term is not None and term not in found and not tag.get("id"):
                tag["id"] = f"term.{term.replace(' ', '-')}"
                found[term] = Explained(term, str(tag["id"]))
    return list(found.values())


def terms_of(chapter: str) -> dict[str, str]:
    """Return the terms that a chapter may explain, by their words there in small letters."""
    rows = load("terms").itertuples(index=False, name=None)
    return {
        str(words).casefold(): str(term)
        for term, words, where in rows
        if where == "any" or chapter.startswith(where)
    }


def _explained_words(tag: Tag) -> list[str]:
    """The words that a tag may explain; a cell of a table only where it comes first in its row, and shows no data."""
    if tag.name == "td" and (tag.find_previous_sibling(["td", "th"]) or tag.find_parent(class_="dataframe")):
        return []
    words = tag.get_text(strip=True).casefold()
    if tag.name == "strong":
        return [words]
    before_colon = words.split(":")[0]
    return list(dict.fromkeys([words, before_colon, *before_colon.split(", ")]))
