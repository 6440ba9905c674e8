"""Files that nobody handed in on purpose: hidden ones, and what operating systems and platforms leave behind.

>>> is_clutter("__MACOSX"), is_clutter(".venv"), is_clutter("lab.ipynb")
(True, True, False)
"""

NAMES = ("__macosx", "desktop.ini", "icon\r", "index.html", "thumbs.db", "timestamp.txt")


def is_clutter(name: str) -> bool:
    """Whether a file or folder is hidden, or something that nobody handed in on purpose."""
    return name.startswith((".", "~$")) or name.lower() in NAMES
