"""A table of parts that shows itself in a notebook, with a caption.

>>> import pandas as pd
>>> print(PartsShown("a shop: 1 part", pd.DataFrame({"part": ["web"], "size": ["2 cores"]})))
a shop: 1 part
part    size
 web 2 cores
"""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import Any

import pandas as pd

from archlab.chapters.choosing.own_system.report import cells
from archlab.course.quantity import number

CELL = "text-align: left; vertical-align: top; padding: 0.1em 1em 0.1em 0"


@dataclass(frozen=True, eq=False)
class PartsShown:
    """A row a part, below a sentence about all of them."""

    caption: str
    parts: pd.DataFrame

    def __str__(self) -> str:
        return f"{self.caption}\n{self.parts.to_string(index=False, float_format=number, na_rep='')}"

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        heads, rows = cells(self.parts)
        head = "".join(f'<th scope="col" style="{CELL}">{escape(name)}</th>' for name in heads)
        lines = ["".join(f'<td style="{CELL}">{escape(text)}</td>' for text in row) for row in rows]
        body = "".join(f"<tr>{line}</tr>" for line in lines)
        caption = f"<caption>{escape(self.caption)}</caption>"
        html = f"<table>{caption}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
        return {"text/html": html, "text/plain": str(self)}
