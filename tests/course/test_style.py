"""The six looks can be told apart on white, by colour-blind readers, and without any colour."""

from itertools import combinations

import numpy as np
import pytest
from matplotlib.colors import to_rgb

from archlab.course.style import (
    ARCHITECTURES,
    GREY,
    INK,
    contrast,
    for_text,
    look_of,
    looks,
    shades,
    variants,
)

# Machado, Oliveira and Fernandes 2009, severity 1.0: what is left of linear red, green and blue.
VISION = {
    "full": np.eye(3),
    "deuteranopia": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
    "protanopia": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
}
TO_XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
CLEARLY_DIFFERENT = 15
"""CIELAB distance; about 2.3 is the smallest that can be seen."""


def lab(colour: str, vision: np.ndarray) -> np.ndarray:
    """CIELAB coordinates of a colour as seen with this vision."""
    values = np.array(to_rgb(colour))
    linear = np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)
    xyz = TO_XYZ @ np.clip(vision @ linear, 0, 1) / (TO_XYZ @ np.ones(3))
    x, y, z = np.where(xyz > 216 / 24389, np.cbrt(xyz), (24389 / 27 * xyz + 16) / 116)
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


def test_contrast_is_that_of_known_pairs():
    assert contrast("white", "black") == pytest.approx(21)
    assert contrast("#777777", "white") == pytest.approx(4.48, abs=0.005)
    assert contrast("red", "red") == 1


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_every_architecture_has_a_contrast_of_3_on_white(name):
    assert contrast(ARCHITECTURES[name].colour, "white") >= 3


@pytest.mark.parametrize("vision", VISION)
def test_every_two_architectures_are_clearly_different(vision):
    seen = {name: lab(look.colour, VISION[vision]) for name, look in ARCHITECTURES.items()}
    for one, other in combinations(seen, 2):
        assert np.linalg.norm(seen[one] - seen[other]) > CLEARLY_DIFFERENT, (one, other)


def test_dash_and_marker_tell_architectures_apart_without_colour():
    assert len({str(look.dash) for look in ARCHITECTURES.values()}) == 6
    assert len({look.marker for look in ARCHITECTURES.values()}) == 6


def test_text_is_darkened_until_it_can_be_read():
    for colour in [look.colour for look in ARCHITECTURES.values()] + [GREY, INK]:
        assert contrast(for_text(colour), "white") >= 4.5
    assert for_text("#0072B2") == "#0072B2"


def test_an_architecture_has_one_look_by_pattern_and_by_module():
    assert look_of("event_driven") == look_of("event-driven") == ARCHITECTURES["event-driven"]
    assert looks(["serverless", "anything"])["serverless"] == ARCHITECTURES["serverless"]


def test_other_names_never_get_the_colour_of_an_architecture():
    colours = {look.colour for look in ARCHITECTURES.values()}
    assert {look.colour for look in looks(["a", "b", "c"]).values()}.isdisjoint(colours)


def test_four_variants_differ_and_keep_to_their_architecture():
    four = variants("monolithic", ["a", "b", "c", "d"])
    for things in (look.colour for look in four.values()), (look.dash for look in four.values()):
        assert len(set(things)) == 4
    assert four["a"].colour == "#0072B2"
    assert [variants("monolithic", "ab")[name].colour for name in "ab"] == [four[n].colour for n in "ab"]
    with pytest.raises(ValueError, match="architecture is 'monolith'; it must be one of monolithic"):
        variants("monolith", ["a"])


@pytest.mark.parametrize("vision", VISION)
@pytest.mark.parametrize("name", ARCHITECTURES)
def test_three_shades_of_an_architecture_are_clearly_different_and_can_be_seen(name, vision):
    three = shades(ARCHITECTURES[name].colour, 3)
    assert min(contrast(shade, "white") for shade in three) >= 3
    for one, other in combinations(three, 2):
        assert np.linalg.norm(lab(one, VISION[vision]) - lab(other, VISION[vision])) > CLEARLY_DIFFERENT


def test_more_variants_than_shades_take_them_in_turn():
    six = list(variants("serverless", "abcdef").values())
    assert six[0].colour == six[4].colour
    assert len({look.colour for look in six}) == 4
