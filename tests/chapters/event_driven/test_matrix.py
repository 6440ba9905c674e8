"""A matrix tells each cell by a sign and, in its alternative text, by a word."""

import pandas as pd
import pytest

from archlab.chapters.event_driven.matrix import HOW_OFTEN, OUTCOMES, matrix

FRAME = pd.DataFrame(
    {"change": ["rename", "split"], "rebuild": ["breaks", "wrong"], "lifted": ["right", "wrong"]}
)
COLUMNS = {"rebuild": "old events,\nnew code", "lifted": "lifted"}


def test_every_cell_is_drawn_and_told():
    picture = matrix(FRAME, "A split is a guess", "change", COLUMNS, OUTCOMES)
    drawn = [text.get_text() for text in picture.figure.axes[0].texts]
    assert drawn == ["✖ breaks", "● right", "▲ wrong", "▲ wrong"]
    assert picture.alt.endswith("split: old events, new code wrong, lifted wrong.")


def test_a_value_without_a_sign_is_named():
    with pytest.raises(ValueError, match=r"frame has \['lost'\]"):
        matrix(FRAME.replace("right", "lost"), "A title", "change", COLUMNS, OUTCOMES)


def test_bare_signs_are_explained_and_signs_with_words_are_not():
    asked = pd.DataFrame({"question": ["who?"], "events": ["always"]})
    bare = matrix(asked, "Events tell", "question", {"events": "events"}, HOW_OFTEN)
    assert bare.figure.axes[0].get_xlabel() == "● always   ◐ sometimes   – never"
    assert matrix(FRAME, "A split", "change", COLUMNS, OUTCOMES).figure.axes[0].get_xlabel() == ""
