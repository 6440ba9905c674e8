"""The index of the systems that the document behind the course names: where each is measured, and where only named.

>>> [system.name for system in named_systems()][:3]
['REST', 'gRPC', 'message queue']
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache

from archlab.course.claims.claim import all_claims
from archlab.course.handout.chapter import Chapter, Piece
from archlab.course.handout.headings import Section
from archlab.course.handout.text import without_tags
from archlab.data import load

Place = tuple[Chapter, Section]


@dataclass(frozen=True)
class System:
    """A system, protocol or part: its name, its kind, the words to find it by, the claims about it."""

    name: str
    kind: str
    words: str
    claims: tuple[str, ...]

    def is_named_in(self, text: str) -> bool:
        """Whether a text names it: as a word of its own, or its plural; a capital letter may begin a sentence."""
        first, rest = re.escape(self.words[0]), re.escape(self.words[1:])
        either = f"[{self.words[0]}{self.words[0].upper()}]" if self.words[0].isalpha() else first
        return re.search(rf"(?<![\w-]){either}{rest}s?(?![\w])", text) is not None


@dataclass(frozen=True)
class Whereabouts:
    """The sections whose experiments name a system, and the others that name it."""

    measured: tuple[Place, ...]
    named: tuple[Place, ...]


@cache
def named_systems() -> tuple[System, ...]:
    """Return the systems of `data/named_systems.csv`, with the claims whose id begins as its column `claims` says."""
    ids = [claim.id for claim in all_claims()]
    rows = load("named_systems").itertuples(index=False, name=None)
    return tuple(
        System(name, kind, words, tuple(claim for claim in ids if claim.startswith(start)))
        for name, kind, words, start in rows
    )


def whereabouts(system: System, chapters: Sequence[Chapter]) -> Whereabouts:
    """Return where these chapters measure a system: a result under the heading names it, or is a claim about it."""
    measured = _places(chapters, lambda piece: _is_result(piece) and _is_about(piece, system))
    named = _places(chapters, lambda piece: piece.kind == "text" and _is_about(piece, system))
    return Whereabouts(measured, tuple(place for place in named if place not in measured))


def _places(chapters: Iterable[Chapter], wanted: Callable[[Piece], bool]) -> tuple[Place, ...]:
    found = [
        (chapter, piece.section)
        for chapter in chapters
        for piece in chapter.pieces
        if piece.section is not None and piece.section.level > 1 and wanted(piece)
    ]
    return tuple(place for number, place in enumerate(found) if place not in found[:number])


def _is_result(piece: Piece) -> bool:
    """What an experiment showed; a scorecard only repeats it."""
    return piece.answer and piece.kind in ("output", "card")


def _is_about(piece: Piece, system: System) -> bool:
    words = without_tags(piece.html) if piece.kind == "text" else piece.words
    return system.is_named_in(words) or bool(set(piece.claims) & set(system.claims))
