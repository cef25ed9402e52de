"""Contracts of the tables that grids become; public through `hatang.data.contracts`."""

from hatang.data._tables import Column, Table

POPULATION = Table(
    "population",
    (
        Column("population", "float", "people", required=True, low=0, synonyms=("dan_so", "pop")),
        Column("x", "float", "unit of crs", required=True),
        Column("y", "float", "unit of crs", required=True),
        Column("pixel_width", "float", "unit of crs", required=True, low=0),
        Column("pixel_height", "float", "unit of crs", required=True, low=0),
        Column("crs", required=True),
        Column("west", "float", "unit of crs", required=True),
        Column("south", "float", "unit of crs", required=True),
        Column("east", "float", "unit of crs", required=True),
        Column("north", "float", "unit of crs", required=True),
        Column("publisher"),
        Column("year", "int", low=1900, high=2100),
    ),
)
"""Pixels with people of a grid, those round the city: the middle of each in the grid's own CRS. West to north bound what the file knows
about: outside, nobody is counted, inside, a pixel that is left out is empty.
"""

TERRAIN = Table(
    "terrain",
    (
        Column("tile", required=True),
        Column("publisher"),
        Column("crs", required=True),
        Column("columns", "int", "cells", required=True, low=1),
        Column("rows", "int", "cells", required=True, low=1),
        Column("step_x", "float", "unit of crs", required=True, low=0),
        Column("step_y", "float", "unit of crs", required=True, low=0),
        Column("lowest_m", "float", "m"),
        Column("highest_m", "float", "m"),
        Column("void_share", "float", "share", low=0.0, high=1.0),
    ),
    key=("tile",),
    geometry="polygon",
)
"""Tiles of terrain: where each lies and what it holds; the heights stand in the original file."""
