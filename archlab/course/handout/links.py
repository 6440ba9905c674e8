"""Whether every link in a set of pages leads to a place that is there, and every picture is.

>>> dead_links({"a.html": b'<p id="x"><a href="#x">x</a> <a href="b.html">b</a></p>'})
['a.html: b.html']
"""

from __future__ import annotations

from collections.abc import Mapping
from html.parser import HTMLParser
from urllib.parse import unquote, urlsplit


class Places(HTMLParser):
    """The addresses on a page, and those that it asks for."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.wanted: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name == "id":
                self.ids.append(value or "")
            elif name in ("href", "src"):
                self.wanted.append(value or "")


def require_links(files: Mapping[str, bytes]) -> None:
    """Raise `ValueError` when a link in these files leads nowhere, or a page has an address twice."""
    dead = dead_links(files)
    if dead:
        raise ValueError(f"a link must lead to a place that is there; these do not: {'; '.join(dead)}")


def dead_links(files: Mapping[str, bytes]) -> list[str]:
    """Return `page: link` for each link to a file or place that is not among `files`, and `page: twice: id`."""
    pages = {name: Places(content.decode()) for name, content in files.items() if name.endswith(".html")}
    twice = [
        f"{name}: twice: {i}" for name, page in pages.items() for i in set(page.ids) if page.ids.count(i) > 1
    ]
    dead = [
        f"{name}: {to}"
        for name, page in pages.items()
        for to in page.wanted
        if not _leads(to, name, pages, files)
    ]
    return sorted(twice) + dead


def _leads(link: str, page: str, pages: Mapping[str, Places], files: Mapping[str, bytes]) -> bool:
    parts = urlsplit(link)
    if parts.scheme in ("http", "https", "data", "mailto"):
        return True
    target = unquote(parts.path) or page
    return target in files and (not parts.fragment or unquote(parts.fragment) in pages[target].ids)
