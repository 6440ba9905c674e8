"""The course's cover picture, in README.md: a slow payment provider takes browsing down with it.

`python -m archlab.chapters.monolithic.cover` draws `images/cover.png` again. A test holds the words in README.md
against it.
"""

from pathlib import Path

from archlab.chapters.monolithic.failure import slow_neighbour_day
from archlab.course.figures import Picture, incident
from archlab.course.style import SLIDES

FILE = Path(__file__).resolve().parents[3] / "images" / "cover.png"


def cover() -> Picture:
    """Return the incident of chapter 01, as those who browse see it."""
    result = slow_neighbour_day(seed=1).result
    return incident(
        result.requests[result.requests["kind"] == "browse"],
        result.samples,
        result.faults,
        title="A payment provider is slow for 15 s, and browsing dies of it",
        parts=["shop-1", "shop-1 cpu", "database"],
        size=SLIDES,
    )


def main() -> None:
    """Write the picture, and print the words that README.md needs for those who cannot see it."""
    picture = cover()
    FILE.parent.mkdir(exist_ok=True)
    FILE.write_bytes(picture.png)
    print(picture.alt)


if __name__ == "__main__":
    main()
