"""What an initialisation costs: by runtime, by what must be fetched, and on the reader's own machine.

The published times are those of `archlab.sim.functions.runtimes`. Beside them stands what a Python process takes on an
ordinary machine (`own_machine`).

>>> table = initialisations()
>>> bool(table.zip["Python 3.13"] < table["container image"]["Python 3.13"])
True
"""

import pandas as pd

from archlab.course.figures.bars import name_rows
from archlab.course.figures.canvas import canvas
from archlab.course.figures.picture import Picture
from archlab.course.quantity import number
from archlab.course.style import GREY, LAB, Size, variants
from archlab.sim.functions.runtimes import PACKAGES, SIZES, initialisations_ms, with_libraries_s

SHOWN = ("Rust", "Go", "Python 3.13", "Node 24", "Java 25", ".NET 10")


def initialisations() -> pd.DataFrame:
    """Return the medians in ms of functions that import nothing: a row for each of `SHOWN`, a column a package."""
    return pd.DataFrame(
        {"zip": initialisations_ms("zip").p50, "container image": initialisations_ms("container image").p50}
    ).loc[list(SHOWN)]


def slowest_ms() -> pd.Series:
    """Return the highest percentile that was published of a zip: the 99th, in ms."""
    return initialisations_ms().p99.loc[list(SHOWN)]


def sizes() -> pd.Series:
    """Return the median cold start in ms of a JavaScript zip by its size, in January 2021."""
    return pd.Series({size: 1000 * with_libraries_s(size) for size in SIZES})


def figure(title: str, size: Size = LAB) -> Picture:
    """Draw the medians and the 99th percentiles of `SHOWN`, and the three sizes of a package below them."""
    table, slowest, large = initialisations(), slowest_ms(), sizes()
    zips, images = variants("serverless", PACKAGES).values()
    names = [*SHOWN, *(f"JavaScript, {name}, 2021" for name in large.index)]
    with canvas(title, size, tall=True) as drawing:
        (panel,) = drawing.panels
        name_rows(panel, names)
        for place, name in enumerate(SHOWN):
            panel.plot([table.zip[name], slowest[name]], [place, place], color=zips.colour, linewidth=2)
            panel.plot(table.zip[name], place, "o", color=zips.colour, markersize=9)
            panel.plot(table["container image"][name], place, "D", color=images.colour, markersize=8)
        for place, (_, ms) in enumerate(large.items(), start=len(SHOWN)):
            panel.plot(ms, place, "o", color=GREY, markersize=9)
            panel.annotate(
                f"{number(round(ms))} ms", (ms, place), (0, 9), textcoords="offset points", ha="center"
            )
        panel.plot([], [], "-o", color=zips.colour, label="zip: median to 99th percentile")
        panel.plot([], [], "D", color=images.colour, label="container image: median")
        panel.plot([], [], "o", color=GREY, label="zip with libraries: median, another method")
        panel.legend(loc="upper right", frameon=False)
        panel.set_xscale("log")
        panel.set_xticks([20, 50, 100, 200, 500, 1000, 2000, 5000])
        panel.xaxis.set_major_formatter(lambda value, _: number(value))
        panel.minorticks_off()
        panel.set_xlabel("Initialisation [ms]")
    alt = ", ".join(f"{name} {table.zip[name]:.0f}" for name in SHOWN)
    alt += "; with libraries: " + ", ".join(f"{name} {ms:.0f}" for name, ms in large.items())
    return Picture(drawing.figure, f"{title}. Medians of a zip in ms: {alt}")
