"""One browser and one JupyterLab for all tests in the browser; a fresh page for each module."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.browser.chromium import ARGUMENTS, MISSING, find_chromium, must_be_there
from tests.browser.jupyter_lab import LabServer
from tests.browser.notebook_page import NotebookPage

LAPTOP = {"width": 1280, "height": 800}
TIMEOUT_MS = 300_000


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium; a skip where there is none, and a failure where there must be one.

    It ends with its module: while it runs, so does an event loop, and other tests could start none of their own.
    """
    executable = find_chromium()
    if executable is None:
        (pytest.fail if must_be_there() else pytest.skip)(MISSING)
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=executable, args=list(ARGUMENTS))
        yield running
        running.close()


@pytest.fixture(scope="module")
def server(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LabServer]:
    """JupyterLab on an empty folder: the notebooks are copied there, because JupyterLab saves by itself."""
    folder: Path = tmp_path_factory.mktemp("notebooks")
    running = LabServer(folder, tmp_path_factory.mktemp("lab"))
    running.start()
    yield running
    running.stop()


@pytest.fixture(scope="module")
def notebook_page(browser: Browser, server: LabServer) -> Iterator[NotebookPage]:
    """A page as large as a laptop's screen, for the tests of one module."""
    context = browser.new_context(viewport=LAPTOP, accept_downloads=True)
    page = context.new_page()
    page.set_default_timeout(TIMEOUT_MS)
    yield NotebookPage(page, server)
    context.close()
    server.stop_kernels()
