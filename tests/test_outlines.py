"""Outlines of pixels: exact, valid, those that share a side one, whatever the rows come in."""

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from hatang.data._outlines import Outlines

PLAIN = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)


def outlined(pixels: np.ndarray, rows: int = 3) -> shapely.MultiPolygon:
    outlines = Outlines(pixels.shape[1])
    for first in range(0, len(pixels), rows):
        outlines.add(pixels[first : first + rows])
    return outlines.polygons(PLAIN)


def squares(pixels: np.ndarray) -> shapely.Geometry:
    """Return the union of the pixels that are in, by GEOS."""
    row, column = np.nonzero(pixels)
    return shapely.union_all(shapely.box(column, row, column + 1, row + 1))


def check(pixels: np.ndarray, rows: int) -> None:
    area = outlined(pixels, rows)
    assert area.is_valid, shapely.is_valid_reason(area)
    assert area.area == pixels.sum()
    assert area.symmetric_difference(squares(pixels)).area == 0
    assert len(area.geoms) == ndimage.label(pixels)[1]  # pixels that share a side are one polygon, corners alone do not join


@pytest.mark.parametrize(
    "text",
    [
        "#",
        "##.\n.#.",
        "#.\n.#",  # two that meet at a corner
        ".#\n#.",
        "###\n#.#\n###",  # a hole
        "####\n#.##\n##.#\n####",  # two holes that meet at a corner
        "##.\n#.#\n###",  # a hole that meets the outside at a corner
        ".##\n#.#\n###",
        "#####\n#...#\n#.#.#\n#...#\n#####",  # an island in a hole
        "#####\n##.##\n#.#.#\n##.##\n#####",  # four holes round a pixel that hangs on nothing but corners
        "#.#.#\n.#.#.\n#.#.#",
        "#######\n#.....#\n#.###.#\n#.#.#.#\n#.###.#\n#.....#\n#######",
    ],
)
def test_every_way_that_pixels_can_meet(text: str) -> None:
    pixels = np.array([[mark == "#" for mark in line] for line in text.splitlines()])
    for rows in (1, 2, 9):
        check(pixels, rows)


@given(st.data())
@settings(max_examples=150, deadline=None)
def test_any_grid_is_outlined_exactly(data: st.DataObject) -> None:
    height, width = data.draw(st.integers(1, 14)), data.draw(st.integers(1, 14))
    share = data.draw(st.sampled_from([0.2, 0.5, 0.6, 0.8]))
    pixels = np.random.default_rng(data.draw(st.integers(0, 10_000))).random((height, width)) < share
    check(pixels, data.draw(st.integers(1, 5)))


def test_nothing_in_is_an_empty_area() -> None:
    assert outlined(np.zeros((4, 5), bool)).is_empty


def test_a_turned_grid_is_turned() -> None:
    outlines = Outlines(2)
    outlines.add(np.array([[True, False]]))
    area = outlines.polygons((0.0, 10.0, 100.0, -10.0, 0.0, 200.0))
    assert area.equals(shapely.box(100, 190, 110, 200))


def test_a_large_field_is_outlined_exactly() -> None:
    field = ndimage.gaussian_filter(np.random.default_rng(4).normal(size=(600, 500)), 4)
    check(field > 0.01, 64)
