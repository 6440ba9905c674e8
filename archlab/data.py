"""Published figures: measurements that other people made, kept as small CSV files in the folder `data`.

Each row says its source, year and address; `data/README.md` says what each file is.

>>> spec = load("spec_sdm91")
>>> int(spec.scripts_per_hour.idxmax()), float(spec.scripts_per_hour.max())
(3, 1853.2)
"""

from pathlib import Path

import pandas as pd

DATA = Path(__file__).resolve().parents[1] / "data"
"""The folder `data` of this project, wherever you work from."""


def names() -> list[str]:
    """Return the names that `load` knows, in alphabetical order."""
    return sorted(file.stem for file in DATA.glob("*.csv"))


def load(name: str) -> pd.DataFrame:
    """Return the table `data/<name>.csv`: a row for each published figure, units in the column names.

    Raises:
        ValueError: when there is no such table; the message lists those that exist.
    """
    if name not in names():
        raise ValueError(f"name is {name!r}; it must be one of {', '.join(names())}")
    return pd.read_csv(DATA / f"{name}.csv")
