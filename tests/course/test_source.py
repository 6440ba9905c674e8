"""What a notebook shows of the code is the code."""

import subprocess
import sys
from collections import OrderedDict
from html.parser import HTMLParser
from pathlib import Path

import pytest
from pygments.styles import get_style_by_name

from archlab.course import quantity
from archlab.course.claims.claim import Claim, claims_of
from archlab.course.source import STYLE, show_source, without_docstrings
from archlab.course.style import contrast

ROOT = Path(quantity.__file__).parents[2]


class Text(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__()
        self.words, self.links = "", []
        self.feed(html)

    def handle_data(self, data: str) -> None:
        self.words += data

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.links += [value for key, value in attrs if key == "href"]


def test_it_shows_the_lines_of_the_file():
    source = show_source(quantity.describe)
    file, code = source.pieces[0]
    assert file == "archlab/course/quantity.py"
    assert code in (ROOT / file).read_text(encoding="utf-8")
    assert code.startswith("def describe(")


def test_the_page_holds_the_same_code_as_the_text():
    html = show_source(Claim, claims_of)._repr_mimebundle_()["text/html"]
    for _, code in show_source(Claim, claims_of).pieces:
        assert code in Text(html).words


def test_the_link_leads_to_the_file_from_the_notebooks_folder(monkeypatch):
    monkeypatch.chdir(ROOT / "tests" / "course")
    (link,) = Text(show_source(Claim)._repr_mimebundle_()["text/html"]).links
    assert link == "../../archlab/course/claims/claim.py"
    assert Path(link).is_file()


def test_docstrings_can_be_left_out_and_the_rest_stays():
    code = show_source(claims_of, docstrings=False).pieces[0][1]
    assert '"""' not in code
    assert compile(code, "piece", "exec")
    kept = [line for line in show_source(claims_of).pieces[0][1].splitlines() if line in code.splitlines()]
    assert kept == code.splitlines()


def test_a_function_of_nothing_but_a_docstring_stays_valid():
    code = 'class A:\n    """Doc.\n\n    More.\n    """\n\n    x = 1  # kept\n\n    def f(self):\n        """Only."""'
    assert without_docstrings(code) == "class A:\n    x = 1  # kept\n\n    def f(self):\n        ..."


def test_another_process_shows_the_same():
    lines = "from archlab.course.source import show_source; from archlab.course.claims.claim import Claim"
    script = f"{lines}; print(show_source(Claim)._repr_mimebundle_()['text/html'])"
    elsewhere = subprocess.check_output([sys.executable, "-c", script], text=True, encoding="utf-8")
    assert elsewhere.strip() == show_source(Claim)._repr_mimebundle_()["text/html"].strip()


@pytest.mark.parametrize("thing", [OrderedDict, len, 3, "text"])
def test_only_code_of_this_project_is_shown(thing):
    with pytest.raises(ValueError, match="it must be a function or a class of this project"):
        show_source(thing)


def test_asking_for_nothing_is_refused():
    with pytest.raises(ValueError, match="objects is empty"):
        show_source()


def test_every_colour_of_the_code_can_be_read():
    colours = {f"#{look['color']}" for _, look in get_style_by_name(STYLE) if look["color"]}
    assert min(contrast(colour, "white") for colour in colours) >= 4.5
