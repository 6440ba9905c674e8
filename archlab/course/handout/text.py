"""The text cells of a notebook as HTML: prose, the question, and the folded answers apart from the rest.

>>> parts = text_parts("Look.\\n\\n<details><summary><b>Why</b></summary>\\n\\nA *queue*.\\n\\n</details>")
>>> [(part.summary, part.html.strip()) for part in parts]
[('', '<p>Look.</p>'), ('Why', '<p>A <em>queue</em>.</p>')]
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import mistune

DETAILS = re.compile(r"<details[^>]*>\s*<summary>(.*?)</summary>(.*?)</details>", re.DOTALL | re.IGNORECASE)
TAG = re.compile(r"<[^>]+>")
_MARKDOWN = mistune.create_markdown(escape=False, plugins=["table", "strikethrough", "url"])


@dataclass(frozen=True)
class TextPart:
    """A piece of a text cell as HTML. With a `summary` it is a folded answer, and that is what stands on the fold."""

    html: str
    summary: str = ""


def text_parts(markdown: str) -> list[TextPart]:
    """Return the pieces of a text cell in their order; those without content are left out."""
    pieces: list[TextPart] = []
    start = 0
    for fold in DETAILS.finditer(markdown):
        pieces.append(TextPart(to_html(markdown[start : fold.start()])))
        pieces.append(TextPart(to_html(fold.group(2)), without_tags(fold.group(1))))
        start = fold.end()
    pieces.append(TextPart(to_html(markdown[start:])))
    return [piece for piece in pieces if piece.html.strip()]


def to_html(markdown: str) -> str:
    """Return Markdown as HTML. Tags in it are kept."""
    return str(_MARKDOWN(markdown.strip()))


def without_tags(html: str) -> str:
    """Return the words alone.

    >>> without_tags("<b>What you saw</b>")
    'What you saw'
    """
    return TAG.sub("", html).strip()


def first_sentence(words: str) -> str:
    """Return the words up to the first full stop that ends a sentence: a blank and a capital letter follow.

    >>> first_sentence("At 0.25 ms it is slower. Messages count, too.")
    'At 0.25 ms it is slower.'
    """
    return re.split(r"(?<=[.!?])\s+(?=[A-Z*\"'(])", words.strip(), maxsplit=1)[0]
