"""The three indexes of the handout: claims, terms, and named systems. Each entry leads to a place in a chapter."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

from archlab.course.claims.claim import Claim, all_claims
from archlab.course.claims.rule import Evidence
from archlab.course.claims.settled import BUILT_SO
from archlab.course.claims.verdict import SYMBOLS, Outcome
from archlab.course.handout.chapter import Chapter
from archlab.course.handout.page import link
from archlab.course.handout.systems import Place, named_systems, whereabouts
from archlab.course.handout.terms import Explained

NEVER = "Named by the document behind the course. Never measured here."


def claims_index(chapters: Sequence[Chapter], with_answers: bool) -> str:
    """Return the table of all claims that have a card in these chapters; its verdicts only in the form with answers."""
    where = cards(chapters)
    heads = ["Claim", "Verdict", "Chapter"] if with_answers else ["Claim", "Chapter"]
    rows: dict[str, list[list[str]]] = {}
    for claim in all_claims():
        if claim.id in where:
            rows.setdefault(claim.pattern, []).append(_row(claim, where[claim.id], with_answers))
    return "".join(f"<h3>About the pattern: {escape(name)}</h3>{table(heads, rows[name])}" for name in rows)


def _row(claim: Claim, chapter: Chapter, with_answers: bool) -> list[str]:
    card = link(f"{chapter.page}#claim.{claim.id}", claim.text) + f" ({escape(claim.section)})"
    verdict = [verdict_of(chapter, claim.id)] if with_answers else []
    return [card, *verdict, escape(chapter.title.split(":")[0])]


def cards(chapters: Sequence[Chapter]) -> dict[str, Chapter]:
    """Return the first chapter with a card of each claim, by the claim's id."""
    found: dict[str, Chapter] = {}
    for chapter in chapters:
        for piece in chapter.pieces:
            if piece.kind == "card":
                found.setdefault(piece.claims[0], chapter)
    return found


def verdict_of(chapter: Chapter, claim: str) -> str:
    """What a chapter's scorecard says of a claim, with its condition."""
    row = chapter.settled.get(claim)
    if row is None:
        return "see its card"
    built = row["evidence"] == Evidence.BY_CONSTRUCTION and row["verdict"] != Outcome.DOES_NOT_HOLD
    sign = BUILT_SO if built else SYMBOLS[Outcome(row["verdict"])]
    words = ": ".join(filter(None, [row["verdict"], row["detail"]])) + (
        " (true by construction)" if built else ""
    )
    return f'<span aria-hidden="true">{sign}</span> {escape(words)}'


def terms_index(explained: Mapping[str, Sequence[Explained]], chapters: Sequence[Chapter]) -> str:
    """Return the list of terms in the order of the alphabet, each with the places that explain it."""
    places: dict[str, list[str]] = {}
    for chapter in chapters:
        for one in explained[chapter.name]:
            places.setdefault(one.term, []).append(
                link(f"{chapter.page}#{one.anchor}", chapter.title.split(":")[0])
            )
    items = [
        f"<li>{escape(term)}: {', '.join(places[term])}</li>" for term in sorted(places, key=str.casefold)
    ]
    return f'<ul class="terms">{"".join(items)}</ul>'


def systems_index(chapters: Sequence[Chapter]) -> str:
    """Return the table of the named systems: the claims about each, where it is measured, where it is only named."""
    where = cards(chapters)
    rows = []
    for system in named_systems():
        found = whereabouts(system, chapters)
        settled = [
            link(f"{where[claim.id].page}#claim.{claim.id}", claim.text)
            for claim in all_claims()
            if claim.id in system.claims and claim.id in where
        ]
        measured = _links(found.measured) if found.measured else NEVER
        rows.append(
            [escape(system.name), escape(system.kind), "<br>".join(settled), measured, _links(found.named)]
        )
    return table(["System", "Kind", "Claims about it", "Measured in", "Also named in"], rows)


def _links(places: Sequence[Place]) -> str:
    return "<br>".join(
        link(f"{chapter.page}#{section.anchor}", f"{chapter.title.split()[0]} {section.title}")
        for chapter, section in places
    )


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table of HTML; the first cell of each row is its header."""
    head = "".join(f'<th scope="col">{name}</th>' for name in heads)
    body = "".join(
        f'<tr><th scope="row">{first}</th>{"".join(f"<td>{cell}</td>" for cell in rest)}</tr>'
        for first, *rest in rows
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
