"""The two forms of a page: with the answers folded away, and with room to write in their place.

>>> from archlab.course.handout.chapter import Piece
>>> pieces = [Piece("text", "<p>How much?</p>"), Piece("output", "<p>42</p>", answer=True)]
>>> print(body(pieces, with_answers=False))
<p>How much?</p>
<div class="write" role="group" aria-label="Room to write"><p>What came out, and why:</p></div>
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import cache
from html import escape
from itertools import groupby

from pygments import highlight  # type: ignore[import-untyped]
from pygments.formatters import HtmlFormatter  # type: ignore[import-untyped]
from pygments.lexers import PythonLexer  # type: ignore[import-untyped]

from archlab.course.claims.claim import Claim, all_claims
from archlab.course.handout.chapter import Piece
from archlab.course.handout.outputs import LINE
from archlab.course.source import STYLE

COMMENT = re.compile(r"\A\s*#\s*(.+)")


def body(pieces: Sequence[Piece], with_answers: bool) -> str:
    """Return the pieces of a chapter as the HTML of a page, answers folded away or left out."""
    seen: set[str] = set()
    parts: list[str] = []
    for is_answer, group in groupby(pieces, key=lambda piece: piece.answer):
        together = list(group)
        if not is_answer:
            parts += [shown(piece) for piece in together if with_answers or not _is_folded_code(piece)]
        elif with_answers:
            parts += folded(together, seen)
        else:
            parts.append(room_to_write(together, seen))
    return "\n".join(parts)


def shown(piece: Piece) -> str:
    """A piece that is no answer."""
    if piece.kind != "code":
        return piece.html
    return fold("code", f"Code: {about(piece)}", code(piece.html)) if piece.folded else code(piece.html)


def folded(answers: Iterable[Piece], seen: set[str]) -> list[str]:
    """Answers, folded away: what a cell shows and then its code; a text under its own words."""
    parts: list[str] = []
    for piece, outputs in _cells(answers):
        if piece.kind == "text":
            parts.append(fold("answer", piece.summary, piece.html))
            continue
        said = "".join(anchored(output, seen) for output in outputs)
        parts.append(fold("answer", f"Answer: {about(piece)}", said + fold("code", "Code", code(piece.html))))
    return parts


def _cells(pieces: Iterable[Piece]) -> Iterable[tuple[Piece, list[Piece]]]:
    """Each text, and each code with its outputs."""
    found: list[tuple[Piece, list[Piece]]] = []
    for piece in pieces:
        if piece.kind in ("text", "code") or not found:
            found.append((piece, []))
        else:
            found[-1][1].append(piece)
    return found


def room_to_write(answers: Sequence[Piece], seen: set[str]) -> str:
    """A box in the place of answers, with a line for the verdict on each claim whose card stood here."""
    cards = [line_for_verdict(known()[claim], seen) for piece in answers for claim in _own(piece)]
    tables = [table_for_verdicts(piece.claims) for piece in answers if piece.kind == "scorecard"]
    label = "" if tables else "<p>What came out, and why:</p>"
    return (
        f'<div class="write" role="group" aria-label="Room to write">{label}{"".join(cards + tables)}</div>'
    )


def _own(piece: Piece) -> tuple[str, ...]:
    return piece.claims if piece.kind == "card" else ()


def line_for_verdict(claim: Claim, seen: set[str]) -> str:
    """A claim, and a line for the reader's verdict."""
    return (
        f"<p{address(claim.id, seen)}>Claim ({claim.section}): {escape(claim.text)}. Your verdict: {LINE}</p>"
    )


def table_for_verdicts(claims: Iterable[str]) -> str:
    """A scorecard to fill in."""
    rows = "".join(
        f"<tr><th scope='row'>{escape(known()[claim].text)}</th><td></td></tr>" for claim in claims
    )
    heads = "<tr><th scope='col'>Claim</th><th scope='col'>Your verdict</th></tr>"
    return f"<table class='verdicts'><thead>{heads}</thead><tbody>{rows}</tbody></table>"


def anchored(piece: Piece, seen: set[str]) -> str:
    """An output; the card of a claim has the claim's address, once on a page."""
    return f"<div{address(piece.claims[0], seen)}>{piece.html}</div>" if piece.kind == "card" else piece.html


def address(claim: str, seen: set[str]) -> str:
    """The attribute that gives a claim's address, where it has none yet."""
    if claim in seen:
        return ""
    seen.add(claim)
    return f' id="claim.{claim}"'


def fold(kind: str, summary: str, html: str) -> str:
    """A fold that opens without a script."""
    return f'<details class="{kind}"><summary>{escape(summary)}</summary>\n{html}\n</details>'


def about(piece: Piece) -> str:
    """What a cell is about, as its first comment says."""
    found = COMMENT.match(piece.html) if piece.kind == "code" else None
    return found[1] if found else "what this cell shows"


def code(source: str) -> str:
    """Source code with coloured words; the colours are in the style sheet."""
    return str(highlight(source, PythonLexer(), HtmlFormatter(style=STYLE, cssclass="code")))


def colours_of_code() -> str:
    """The style sheet of `code`."""
    return str(HtmlFormatter(style=STYLE, cssclass="code").get_style_defs(".code"))


@cache
def known() -> dict[str, Claim]:
    """The claims of the course by id."""
    return {claim.id: claim for claim in all_claims()}


def _is_folded_code(piece: Piece) -> bool:
    return piece.kind == "code" and piece.folded
