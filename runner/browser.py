"""A Chromium on this computer, in which pages can be tried."""

import shutil

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")


def find_chromium() -> str | None:
    """The path of the first Chromium or Chrome on the path, or None."""
    return next(filter(None, map(shutil.which, NAMES)), None)
