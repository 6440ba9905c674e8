"""Of the settings of pip and uv, those count that say where packages come from, and no others.

People and companies set up pip for other work: `user = true`, a target folder, no work outside an environment.
None of that may reach the course's own environment. A mirror, a proxy or a certificate must.

>>> kept({"global.index-url": "mirror", "install.user": "true", ":env:.index-url": "nearer"})
{'index-url': 'nearer'}
"""

from __future__ import annotations

import ast
import os
import re
from collections.abc import Mapping
from pathlib import Path

from runner.interpreter import run_quietly

WHERE_FROM = {
    "index-url", "extra-index-url", "find-links", "no-index", "trusted-host",
    "cert", "client-cert", "proxy", "keyring-provider", "use-feature", "use-deprecated",
    "timeout", "default-timeout", "retries", "cache-dir", "no-cache-dir",
}  # fmt: skip
UV_WHERE_FROM = (
    "UV_INDEX", "UV_DEFAULT_INDEX", "UV_EXTRA_INDEX", "UV_FIND_LINKS", "UV_INSECURE_HOST", "UV_KEYRING_PROVIDER",
    "UV_NATIVE_TLS", "UV_SYSTEM_CERTS", "UV_HTTP", "UV_CONFIG_FILE", "UV_CACHE_DIR", "UV_LINK_MODE", "UV_CONCURRENT",
)  # fmt: skip
OF_ANOTHER_PYTHON = {"PYTHONHOME", "PYTHONPATH", "__PYVENV_LAUNCHER__"}
SECTIONS = ("global", "download", "install", ":env:")  # each overrides those before it


def without_another_python(variables: Mapping[str, str]) -> dict[str, str]:
    """Variables for a program of the environment: none that makes it import what belongs to another Python."""
    return {name: value for name, value in variables.items() if name not in OF_ANOTHER_PYTHON}


def settings_of_pip(python: Path) -> dict[str, str]:
    """Where pip fetches packages from, by its variables and all its files; empty when it cannot say."""
    command = [str(python), "-m", "pip", "config", "list"]
    said = run_quietly(command, python.parent, without_another_python(os.environ)).stdout
    lines = re.findall(r"^([^=\s]+)=('.*'|\".*\")$", said, re.MULTILINE)
    return kept({name: ast.literal_eval(value) for name, value in lines})


def kept(settings: Mapping[str, str]) -> dict[str, str]:
    """Of pip's settings, named `section.name`, those that say where packages come from, without the section."""
    found = {}
    for section in SECTIONS:
        for full_name, value in settings.items():
            where, _, name = full_name.rpartition(".")
            if where == section and name in WHERE_FROM:
                found[name] = value
    return found


def pip_variables(settings: Mapping[str, str]) -> dict[str, str]:
    """The variables for a pip that knows these settings and no others, and asks nobody for a password."""
    clean = {n: v for n, v in without_another_python(os.environ).items() if not n.upper().startswith("PIP_")}
    chosen = {f"PIP_{name.upper().replace('-', '_')}": value for name, value in settings.items()}
    return {
        **clean,
        **chosen,
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_NO_INPUT": "1",
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    }


def uv_variables() -> dict[str, str]:
    """The variables for uv: of its own, those that say where packages come from."""
    variables = without_another_python(os.environ)
    others = [
        name
        for name in variables
        if name.upper().startswith("UV_") and not name.upper().startswith(UV_WHERE_FROM)
    ]
    return {name: value for name, value in variables.items() if name not in others}


def only_pip_knows_the_mirror(settings: Mapping[str, str]) -> bool:
    """Whether pip was given another source than the public one, and uv was not: uv would then ask the public one."""
    told_uv = any(
        name.upper().startswith(("UV_INDEX", "UV_DEFAULT_INDEX", "UV_CONFIG_FILE")) for name in os.environ
    )
    return not told_uv and bool({"index-url", "no-index"} & settings.keys())
