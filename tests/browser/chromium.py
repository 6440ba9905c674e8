"""A Chromium without a screen: how it is started, and what is said when there is none."""

import os

from runner.browser import find_chromium

__all__ = ["ARGUMENTS", "MISSING", "find_chromium", "must_be_there"]

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


def must_be_there() -> bool:
    """Whether a missing browser is a failure: where every check has to be made."""
    return os.environ.get("CI", "").lower() == "true"
