"""A notebook in a real browser: open it, run it, look at what it shows.

No command of JupyterLab is awaited in the page: such a wait has no time-out.
"""

import json
from importlib.resources import files
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Locator, Page

from tests.browser.jupyter_lab import TOKEN, LabServer

OPEN_TIMEOUT_MS = 300_000
CONNECTED = """() => {
  const kernel = window.jupyterapp?.shell?.currentWidget?.sessionContext?.session?.kernel;
  return kernel?.connectionStatus === "connected" && kernel?.status === "idle";
}"""
CELLS = """() => window.jupyterapp.shell.currentWidget.content.widgets
  .filter(cell => cell.model.type === "code" && cell.model.sharedModel.getSource().trim())
  .map(cell => ({
    count: cell.model.executionCount,
    ran: cell.model.trusted,
    hidden: cell.outputHidden,
    folded: cell.inputHidden,
    tags: cell.model.sharedModel.getMetadata("tags") ?? [],
    source: cell.model.sharedModel.getSource().split("\\n")[0],
    errors: cell.model.outputs.toJSON().filter(output => output.output_type === "error")
      .map(output => output.ename + ": " + output.evalue),
  }))"""
GO_TO = """number => {
  const notebook = window.jupyterapp.shell.currentWidget.content;
  const cell = notebook.widgets.filter(cell => cell.model.type === "code")[number];
  cell.model.executionCount = null;
  notebook.activeCellIndex = notebook.widgets.indexOf(cell);
  notebook.mode = "command";
  notebook.activate();
}"""
LOCAL = {"127.0.0.1", "localhost"}


class NotebookPage:
    """A page that shows one notebook. `outside` collects what was asked of other machines."""

    def __init__(self, page: Page, server: LabServer) -> None:
        self.page, self.server = page, server
        self.outside: list[str] = []
        page.on("request", lambda request: self._note(request.url))
        page.on("websocket", lambda socket: self._note(socket.url))

    def open(self, name: str) -> None:
        """Open a notebook of the server's folder, and wait until its kernel is connected and idle."""
        self.page.goto(f"{self.server.url}/lab/tree/{name}?reset&token={TOKEN}", timeout=OPEN_TIMEOUT_MS)
        self.page.wait_for_selector(".jp-Notebook", timeout=OPEN_TIMEOUT_MS)
        self.page.wait_for_function(CONNECTED, timeout=OPEN_TIMEOUT_MS)

    def run_all(self, timeout_s: float = 600) -> None:
        """Run every cell, and wait until every one has run, or one has failed, and the kernel is idle."""
        self.page.evaluate("() => { window.jupyterapp.commands.execute('notebook:run-all-cells'); }")
        ended = f"(cells => cells.every(c => c.count) || cells.some(c => c.errors.length))(({CELLS})())"
        done = f"() => {ended} && ({CONNECTED})()"
        self.page.wait_for_function(done, timeout=1000 * timeout_s)

    def run_cell(self, number: int, timeout_s: float = 300) -> None:
        """Go to code cell `number`, from 0, run it with Shift and Enter, and wait until it has run."""
        self.page.evaluate(GO_TO, number)
        self.page.keyboard.press("Shift+Enter")
        ran = f"() => ({CELLS})()[{number}].count && ({CONNECTED})()"
        self.page.wait_for_function(ran, timeout=1000 * timeout_s)

    def save(self) -> None:
        """Save, and wait until it is done; a question of JupyterLab about a changed file is a failure."""
        self.page.evaluate("() => { window.jupyterapp.commands.execute('docmanager:save'); }")
        self.page.wait_for_function("() => !window.jupyterapp.shell.currentWidget.context.model.dirty")
        self.page.wait_for_timeout(500)
        assert self.page.locator(".jp-Dialog").all_inner_texts() == []

    def cells(self) -> list[dict[str, Any]]:
        """The code cells: first line, execution count, errors; whether output and source are folded away; tags."""
        return list(self.page.evaluate(CELLS))

    def output(self, number: int) -> Locator:
        """The output area of code cell `number`, from 0, scrolled into sight."""
        cell = self.page.locator(".jp-CodeCell").nth(number)
        cell.scroll_into_view_if_needed()
        return cell.locator(".jp-OutputArea").first

    def violations(self, selector: str) -> list[str]:
        """What axe finds wrong inside the elements that the selector matches."""
        self.page.evaluate((files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8"))
        result = self.page.evaluate(f"() => axe.run({json.dumps(selector)})")
        return [
            f"{found['id']}: {found['help']} {[node['html'][:200] for node in found['nodes']]}"
            for found in result["violations"]
        ]

    def _note(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("data", "blob") and parts.hostname not in LOCAL:
            self.outside.append(url)
