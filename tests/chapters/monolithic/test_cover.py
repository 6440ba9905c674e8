"""The picture on the cover shows what the model gives today."""

from pathlib import Path

from archlab.chapters.monolithic.cover import FILE, cover

README = Path(__file__).resolve().parents[3] / "README.md"


def test_the_words_of_the_cover_are_those_of_the_figure():
    assert f"![{cover().alt}](images/cover.png)" in README.read_text(encoding="utf-8")


def test_the_cover_is_a_picture():
    assert FILE.read_bytes().startswith(b"\x89PNG")
