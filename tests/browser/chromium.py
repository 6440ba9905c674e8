"""A Chromium without a screen: where it is, and how it is started."""

import os
import shutil

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
MISSING = "there is no Chromium on this computer, so nothing is tried in a real browser"


def find_chromium() -> str | None:
    """The path of the first Chromium or Chrome on the path, or None."""
    return next(filter(None, map(shutil.which, NAMES)), None)


def must_be_there() -> bool:
    """Whether a missing browser is a failure: where every check has to be made."""
    return os.environ.get("CI", "").lower() == "true"
