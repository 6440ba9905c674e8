"""A JupyterLab on this machine, as the course's own command starts it, for the time of the tests."""

import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TOKEN = "only-for-the-tests"
START_TIMEOUT_S = 120
SETTINGS = {"@jupyterlab/notebook-extension/tracker": {"windowingMode": "none"}}
"""Every cell is in the page, wherever the reader is."""


class LabServer:
    """A server whose files are in `folder`; its settings and its run-time files are in `own`."""

    def __init__(self, folder: Path, own: Path) -> None:
        self.folder, self.own = folder, own
        self.port = free_port()
        self.log = own / "server.log"

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start, and return when the server answers."""
        options = [
            "--no-browser",
            "--ip=127.0.0.1",
            f"--port={self.port}",
            "--ServerApp.port_retries=0",
            f"--ServerApp.root_dir={self.folder}",
            f"--IdentityProvider.token={TOKEN}",
            "--LabApp.expose_app_in_browser=True",
            f"--LabApp.workspaces_dir={self.own / 'workspaces'}",
            "--allow-root",
        ]
        self._write_settings()
        command = [sys.executable, "-m", "jupyterlab", *options]
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                command, cwd=self.folder, env=self._variables(), stdout=log, stderr=subprocess.STDOUT
            )
        self._wait_until_it_answers()

    def stop_kernels(self) -> None:
        """Stop every kernel, so that one test's notebooks do not weigh on the next."""
        with urllib.request.urlopen(f"{self.url}/api/kernels?token={TOKEN}", timeout=30) as answer:
            kernels = [kernel["id"] for kernel in json.load(answer)]
        for kernel in kernels:
            url = f"{self.url}/api/kernels/{kernel}?token={TOKEN}"
            urllib.request.urlopen(urllib.request.Request(url, method="DELETE"), timeout=30).close()

    def stop(self) -> None:
        """Stop the server and its kernels."""
        self.process.terminate()
        try:
            self.process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def _variables(self) -> dict[str, str]:
        """Nothing of the user's own settings, and the course's settings."""
        places = {
            "JUPYTER_CONFIG_DIR": "config",
            "JUPYTER_DATA_DIR": "data",
            "JUPYTER_RUNTIME_DIR": "runtime",
            "IPYTHONDIR": "ipython",
            "JUPYTERLAB_SETTINGS_DIR": "settings",
        }
        own = {name: str(self.own / place) for name, place in places.items()}
        python_path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
        settings = {"JUPYTER_CONFIG_PATH": str(ROOT / "lab_settings"), "PYTHONPATH": python_path}
        kept = {name: value for name, value in os.environ.items() if name != "MPLBACKEND"}
        return {**kept, **own, **settings}

    def _write_settings(self) -> None:
        for plugin, values in SETTINGS.items():
            path = self.own / "settings" / f"{plugin}.jupyterlab-settings"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(values), encoding="utf-8")

    def _wait_until_it_answers(self) -> None:
        until_s = time.monotonic() + START_TIMEOUT_S
        while time.monotonic() < until_s:
            if self.process.poll() is not None:
                break
            try:
                urllib.request.urlopen(f"{self.url}/api?token={TOKEN}", timeout=5).close()
            except (urllib.error.URLError, OSError):
                time.sleep(0.2)
            else:
                return
        self.stop()
        raise RuntimeError(f"JupyterLab did not start:\n{self.log.read_text(errors='replace')[-2000:]}")


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
