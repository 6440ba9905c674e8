"""What a page needs to be readable by everybody and anywhere: tables with marked headers, pictures as files beside it,
links that lead somewhere without a network.

>>> pictures = {}
>>> tidied = tidy('<p><a href="02_b.ipynb#Lag">b</a></p>', "01_a", {"02_b"}, pictures)
>>> str(tidied)
'<p><a href="02_b.html#Lag">b</a></p>'
"""

from __future__ import annotations

import base64
import struct
from pathlib import PurePosixPath
from urllib.parse import quote, unquote, urlsplit

from bs4 import BeautifulSoup, Tag

PNG = "data:image/png;base64,"
FOLDER = "figures"
ONLY_IN_JUPYTER = "Run this cell"
"""How a line begins that tells what to do with a cell in JupyterLab."""
MANY = 8
"""A table of more columns is set smaller on paper."""


def tidy(html: str, name: str, chapters: set[str], pictures: dict[str, bytes]) -> BeautifulSoup:
    """Return the content of page `name` made ready; its pictures go into `pictures`, by the name of their file.

    `chapters` are the names of the pages that there are. A link to another file of the course becomes words.
    """
    soup = BeautifulSoup(html, "html.parser")
    _drop(soup)
    for table in soup.find_all("table"):
        mark_headers(soup, table)
        _let_scroll(soup, table)
    for image in soup.find_all("img"):
        _move(image, name, pictures)
    for link in soup.find_all("a", href=True):
        _lead(link, chapters)
    return soup


def _drop(soup: BeautifulSoup) -> None:
    """Take out what only JupyterLab can use."""
    for tag in soup.find_all(["style", "script"]):
        tag.decompose()
    for tag in soup.find_all("i"):
        if tag.get_text().startswith(ONLY_IN_JUPYTER):
            (tag.parent if tag.parent and tag.parent.get_text() == tag.get_text() else tag).decompose()


def mark_headers(soup: BeautifulSoup, table: Tag) -> None:
    """Say of each header whether it stands above a column or before a row; an empty one is no header."""
    for attribute in ("border", "style"):
        del table[attribute]
    for cell in table.find_all("th"):
        if not cell.get_text(strip=True):
            cell.name = "td"
            del cell["scope"]
        elif not cell.get("scope"):
            cell["scope"] = "col" if cell.find_parent("thead") else "row"
        if cell.string and "_" in cell.string:
            cell.replace_with(_breakable(soup, cell))
    if max((len(row.find_all(["td", "th"])) for row in table.find_all("tr")), default=0) > MANY:
        table["class"] = "many"


def _let_scroll(soup: BeautifulSoup, table: Tag) -> None:
    """Let a table that is wider than the page be moved, by the keyboard, too."""
    if table.find_parent("div", attrs={"tabindex": "0"}) is None:
        caption = table.find("caption")
        label = caption.get_text(strip=True) if caption else "Table"
        table.wrap(
            soup.new_tag(
                "div", attrs={"class": "wide", "tabindex": "0", "role": "group", "aria-label": label}
            )
        )


def _breakable(soup: BeautifulSoup, cell: Tag) -> Tag:
    """A header in which a line may end after each underscore, so that the table fits on paper."""
    other = soup.new_tag(cell.name)
    other.attrs = cell.attrs
    first, *rest = str(cell.string).split("_")
    other.append(first)
    for word in rest:
        other.extend(["_", soup.new_tag("wbr"), word])
    return other


def _move(image: Tag, name: str, pictures: dict[str, bytes]) -> None:
    """Write a picture that stands in the page itself into a file, and tell its size, so that nothing jumps."""
    source = str(image.get("src", ""))
    del image["style"]
    if not source.startswith(PNG):
        return
    png = base64.b64decode(source.removeprefix(PNG))
    number = sum(file.startswith(f"{FOLDER}/{name}-") for file in pictures) + 1
    file = f"{FOLDER}/{name}-{number:02}.png"
    pictures[file] = png
    width, height = struct.unpack(">II", png[16:24]) if len(png) >= 24 else (0, 0)
    shown = int(str(image.get("width") or width))
    image["src"] = file
    if width:
        image["width"], image["height"] = str(shown), str(round(shown * height / width))


def _lead(link: Tag, chapters: set[str]) -> None:
    """Let a link lead to a page of the handout; what is elsewhere in the course becomes words, the web stays."""
    parts = urlsplit(str(link["href"]))
    if parts.scheme or parts.netloc or not parts.path:
        return
    path = PurePosixPath(unquote(parts.path))
    if path.suffix in (".ipynb", ".html") and path.stem in chapters:
        link["href"] = f"{quote(path.stem)}.html" + (f"#{parts.fragment}" if parts.fragment else "")
        return
    where = str(path).lstrip("./")
    link.name = "span"
    del link["href"]
    if link.get_text() != where:
        link.append(f" (in the course: {where})")
