"""A page of the handout: the HTML around its content. It asks nothing of any other machine.

It can be read without a script; the small one opens folds where a browser does not.

>>> "<h1>" in page("Sums", "<h1>Sums</h1>")
True
"""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

COURSE = "System Architecture Patterns"
HOME = "index.html"
STYLE_SHEET = "handout.css"
OPEN_FOLDS = """<script>
// For browsers that do not do so themselves: open what is printed, and the folds around the place that a link leads to.
let opened = [];
addEventListener("beforeprint", () => {
  opened = [...document.querySelectorAll("details.answer:not([open])")];
  opened.forEach(fold => { fold.open = true; });
});
addEventListener("afterprint", () => { opened.forEach(fold => { fold.open = false; }); });
function openAround() {
  const place = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
  const folds = [...document.querySelectorAll("details:not([open])")];
  const closed = folds.filter(fold => place && fold.contains(place));
  closed.forEach(fold => { fold.open = true; });
  if (closed.length) place.scrollIntoView();
}
addEventListener("hashchange", openAround);
openAround();
</script>"""

Link = tuple[str, str]
"""An address and its words."""


def page(title: str, main: str, contents: Iterable[Link] = (), around: Iterable[Link] = ()) -> str:
    """Return a whole page.

    Args:
        title: of the window.
        main: the content, with its one `h1`.
        contents: the links of the list of contents, if it has one.
        around: the links to the pages before and after.
    """
    whole = title if title == COURSE else f"{title} | {COURSE}"
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(whole)}</title>
<link rel="stylesheet" href="{STYLE_SHEET}">
</head>
<body>
<a class="skip" href="#main">To the text</a>
<header><a href="{HOME}">{COURSE}</a></header>
{navigation("Contents", contents)}<main id="main" tabindex="-1">
{main}
</main>
{navigation("Chapters", around)}{OPEN_FOLDS}
</body>
</html>
"""


def navigation(label: str, links: Iterable[Link]) -> str:
    """A list of links that a reader can jump to and over; empty without links."""
    items = "".join(f"<li>{link(*one)}</li>" for one in links)
    name = label.lower()
    return f'<nav class="{name}" aria-label="{label}"><ul>{items}</ul></nav>\n' if items else ""


def link(address: str, words: str) -> str:
    """A link; both its parts are escaped.

    >>> link("a.html#b", "B & C")
    '<a href="a.html#b">B &amp; C</a>'
    """
    return f'<a href="{escape(address, quote=True)}">{escape(words)}</a>'
