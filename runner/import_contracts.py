"""The import contracts of pyproject.toml, checked: which part of the package may import which.

The linter's own module ends well without a look at anything when Python is asked to run it, so this one calls it.
"""

from __future__ import annotations

from importlinter.cli import lint_imports_command

if __name__ == "__main__":
    lint_imports_command(["--no-cache", "--no-logo"])
