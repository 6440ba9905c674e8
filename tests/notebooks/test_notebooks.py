"""Every notebook is valid, was run, reads well without running, and leads somewhere."""

import json
import re
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import nbformat
import pytest
from nbformat import NotebookNode

from archlab.course.kept import chapter_notebooks, kept_notebooks

ROOT = Path(__file__).resolve().parents[2]
KEPT = kept_notebooks(ROOT)
LONGEST_CELL = 20
LONGEST_CHAPTER = {
    "00_start_here": (70, 2_700),
    "01_monolithic": (70, 2_800),
    "02_microservices": (85, 4_500),
    "03_event_driven": (65, 3_650),
    "04_layered": (60, 3_000),
    "05_serverless": (75, 3_500),
    "06_cqrs": (60, 3_000),
    "07_choosing": (64, 3_650),
}
"""Cells, and words in text cells."""
LONGEST_OTHER_CHAPTER = (65, 3_200)
PLACEHOLDER = re.compile(r"\b(TODO|FIXME|XXX|TBD|lorem ipsum|coming soon|solution here)\b", re.IGNORECASE)
CODE_IN_MARKDOWN = re.compile(r"```.*?```|`[^`]*`", re.DOTALL)
MARKDOWN_LINK = re.compile(r"(!?)\[([^\]]*)\]\(\s*<?([^)\s>]+)>?[^)]*\)")


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


every_kept_notebook = pytest.mark.parametrize("path", KEPT, ids=name_of)


def cells(path: Path, cell_type: str) -> list[tuple[int, NotebookNode]]:
    """The non-empty cells of one type, each with its number as a reader counts, from 1."""
    notebook = nbformat.read(path, as_version=4)
    numbered = enumerate(notebook.cells, 1)
    return [(n, cell) for n, cell in numbered if cell.cell_type == cell_type and cell.source.strip()]


def outputs(path: Path) -> list[tuple[int, NotebookNode]]:
    return [(number, output) for number, cell in cells(path, "code") for output in cell.outputs]


class Tags(HTMLParser):
    """The pictures and the links in a piece of HTML."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.pictures: list[dict[str, str | None]] = []
        self.links: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        if tag == "img":
            self.pictures.append(attributes)
        self.links += [attributes[key] or "" for key in ("href", "src") if key in attributes]


def pictures_have_text(html: str) -> bool:
    return all((picture.get("alt") or "").strip() for picture in Tags(html).pictures)


def output_has_text(output: NotebookNode) -> bool:
    """Whether a reader who cannot see an output's picture is told what it shows."""
    data = output.get("data", {})
    html = data.get("text/html", "")
    if any(kind.startswith("image/") for kind in data):
        return bool(Tags(html).pictures) and pictures_have_text(html)
    return pictures_have_text(html)


def local_links(markdown: str) -> list[str]:
    """The paths that a text cell links to or shows; not the web, and not places in the same notebook."""
    prose = CODE_IN_MARKDOWN.sub("", markdown)
    links = [match.group(3) for match in MARKDOWN_LINK.finditer(prose)] + Tags(prose).links
    parts = [urlsplit(link) for link in links]
    return [unquote(part.path) for part in parts if not part.scheme and part.path]


def test_the_course_has_chapters():
    assert [path for path in KEPT if path.parent.name == "notebooks"]


@every_kept_notebook
def test_a_notebook_is_valid_in_the_format_that_gives_every_cell_an_id(path: Path):
    content = json.loads(path.read_text(encoding="utf-8"))
    nbformat.validate(content)
    assert (content["nbformat"], content["nbformat_minor"]) >= (4, 5)
    ids = [cell["id"] for cell in content["cells"]]
    assert len(ids) == len(set(ids))


@every_kept_notebook
def test_every_cell_was_run_once_from_top_to_bottom(path: Path):
    code = cells(path, "code")
    counts = [cell.execution_count for _, cell in code]
    assert counts == list(range(1, len(code) + 1))


@every_kept_notebook
def test_no_cell_is_saved_with_an_error_or_a_warning(path: Path):
    bad = [n for n, output in outputs(path) if "error" in (output.output_type, output.get("name"))]
    warned = [n for n, output in outputs(path) if output.get("name") == "stderr"]
    assert (bad, warned) == ([], [])


@every_kept_notebook
def test_no_code_cell_is_longer_than_a_reader_takes_in_at_once(path: Path):
    lines = {
        n: [line for line in cell.source.splitlines() if line.strip()] for n, cell in cells(path, "code")
    }
    assert {n: len(lines[n]) for n in lines if len(lines[n]) > LONGEST_CELL} == {}


@pytest.mark.parametrize("path", chapter_notebooks(ROOT), ids=name_of)
def test_a_chapter_is_no_longer_than_its_reader_can_bear(path: Path):
    most_cells, most_words = LONGEST_CHAPTER.get(path.stem, LONGEST_OTHER_CHAPTER)
    texts = cells(path, "markdown")
    assert len(texts) + len(cells(path, "code")) <= most_cells
    assert sum(len(cell.source.split()) for _, cell in texts) <= most_words


@every_kept_notebook
def test_nothing_is_left_to_be_written(path: Path):
    everything = cells(path, "code") + cells(path, "markdown")
    assert [(n, m.group()) for n, cell in everything for m in [PLACEHOLDER.search(cell.source)] if m] == []


@every_kept_notebook
def test_every_link_to_a_file_leads_to_one(path: Path):
    links = [(n, link) for n, cell in cells(path, "markdown") for link in local_links(cell.source)]
    assert [(n, link) for n, link in links if not (path.parent / link).exists()] == []


@every_kept_notebook
def test_every_picture_says_in_words_what_it_shows(path: Path):
    silent = [n for n, output in outputs(path) if not output_has_text(output)]
    for n, cell in cells(path, "markdown"):
        markdown_pictures = [m for m in MARKDOWN_LINK.finditer(cell.source) if m.group(1)]
        if not all(m.group(2).strip() for m in markdown_pictures) or not pictures_have_text(cell.source):
            silent.append(n)
    assert silent == []


@pytest.mark.parametrize(
    ("data", "told"),
    [
        ({"image/png": "AAAA"}, False),
        ({"image/png": "AAAA", "text/html": "<p>no picture</p>"}, False),
        ({"text/html": '<img src="data:image/png;base64,AAAA">'}, False),
        ({"text/html": '<img alt=" " src="data:image/png;base64,AAAA">'}, False),
        ({"text/html": '<img alt="p99 over load" src="data:image/png;base64,AAAA">'}, True),
        ({"image/png": "AAAA", "text/html": '<img alt="p99 > 1 s" src="x.png">'}, True),
        ({"text/plain": "42"}, True),
    ],
)
def test_a_picture_without_words_is_noticed(data: dict[str, str], told: bool):
    assert output_has_text(NotebookNode(output_type="display_data", data=data)) is told


def test_links_are_found_in_markdown_and_html_and_not_in_code():
    text = "[a](a.ipynb#part) ![b](<b.png>) <img src='c.png'> [web](https://x.org) [here](#top) `[d](d.md)`"
    assert local_links(text) == ["a.ipynb", "b.png", "c.png"]
