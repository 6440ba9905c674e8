"""Pictures, claims, scorecards and source keep steady in a notebook, and nbval sees what matters in them."""

import subprocess
import sys
from pathlib import Path

import nbformat
import pandas as pd
import pytest
from nbclient import NotebookClient

from archlab.course.claims.scorecard import gather

ROOT = Path(__file__).resolve().parents[2]
CELLS = (
    """
import pandas as pd
from archlab.course.claims.chapter import Chapter
from archlab.course.figures import comparison
from archlab.course.claims.rule import Evidence, settles
from archlab.course.source import show_source
from archlab.course.claims.verdict import cannot_be_shown, holds_if, holds_up_to

frame = pd.DataFrame({"design": ["one", "two"], "p99_ms": [180.0, 95.0]})
comparison(frame, "Two are quicker than one", value="p99_ms")
""",
    """
@settles("definition.separate-read-and-write-models", evidence=Evidence.MEASURED)
def separate(shared_tables: int):
    "Holds when they share no table."
    return holds_if(shared_tables == 0)

@settles("definition.optimize-each-independently", evidence=Evidence.SIMULATED)
def each(last_write_share_percent: float):
    "Holds up to some share of writes."
    return holds_up_to(last_write_share_percent, "% writes")

@settles("definition.eventual-consistency-between-models", evidence=Evidence.NONE)
def stale():
    "What would be needed are users."
    return cannot_be_shown("There are no users")

claims = Chapter("cqrs", [separate, each, stale])
claims.settle("definition.eventual-consistency-between-models", "Nobody reads.")
claims.settle("definition.separate-read-and-write-models", "Own tables.", shared_tables=0)
claims.settle("definition.optimize-each-independently", "Both are written.", last_write_share_percent=40)
""",
    "claims.scorecard()",
    "show_source(comparison, docstrings=False)",
)


@pytest.fixture(scope="module")
def notebook(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small notebook that was run and saved."""
    page = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell.strip()) for cell in CELLS])
    path = tmp_path_factory.mktemp("notebooks") / "shown.ipynb"
    NotebookClient(page, kernel_name="python3", resources={"metadata": {"path": str(path.parent)}}).execute()
    nbformat.write(page, path)
    return path


def nbval(path: Path) -> subprocess.CompletedProcess[str]:
    cleaner = ROOT / "tests" / "notebooks" / "sanitize.cfg"
    options = [
        "--nbval",
        "--nbval-current-env",
        f"--nbval-sanitize-with={cleaner}",
        "-p",
        "no:cacheprovider",
        "-q",
    ]
    command = [sys.executable, "-m", "pytest", *options, str(path)]
    return subprocess.run(command, cwd=path.parent, capture_output=True, text=True, check=False)


def changed(notebook: Path, old: str, new: str, count: int) -> Path:
    text = notebook.read_text(encoding="utf-8")
    assert text.count(old) >= 1
    path = notebook.with_name(f"changed{count}.ipynb")
    path.write_text(text.replace(old, new), encoding="utf-8")
    return path


def test_a_second_run_gives_the_same_whatever_the_bytes_of_the_picture(notebook):
    other_bytes = changed(notebook, "base64,iVBORw0KGgo", "base64,iVBORw0KGgoAAAA", 1)
    result = nbval(other_bytes)
    assert result.returncode == 0, result.stdout


def test_a_picture_whose_figures_differ_and_another_verdict_are_found(notebook):
    other_figure = changed(notebook, "one 180, two 95", "one 181, two 95", 2)
    text = other_figure.read_text(encoding="utf-8")
    other_figure.write_text(text.replace("up to 40 % writes", "up to 41 % writes"), encoding="utf-8")
    result = nbval(other_figure)
    assert "3 failed, 1 passed" in result.stdout, result.stdout


def test_the_claims_of_saved_notebooks_are_gathered(notebook):
    frame = gather([notebook])
    assert frame["claim"].str.startswith("cqrs.definition.").all()
    assert frame["verdict"].tolist() == ["Holds", "Holds when", "Cannot be shown here"]
    assert frame["flips_at"].tolist()[1] == 40
    assert pd.isna(frame["flips_at"][0])


def test_a_notebook_without_a_scorecard_cannot_be_gathered(tmp_path):
    path = tmp_path / "empty.ipynb"
    nbformat.write(nbformat.v4.new_notebook(), path)
    with pytest.raises(ValueError, match=r"notebook is empty.ipynb; it must hold a scorecard"):
        gather([path])
