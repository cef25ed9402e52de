"""The published formats that are read without a mapping, and how a table is told to be of one."""

import re
from collections.abc import Sequence
from typing import Final

from hatang.data._format import Format
from hatang.data._formats_of_claims import CLAIM_FORMATS, is_hexagon
from hatang.data._formats_of_roads import ROAD_FORMATS
from hatang.data._formats_of_sites import OPENCELLID_COLUMNS, OPENCELLID_RADIOS, SITE_FORMATS
from hatang.data._formats_of_speeds import SPEED_FORMATS
from hatang.data._formats_of_tests import TEST_FORMATS
from hatang.data._sourcetable import SourceTable
from hatang.data._vocabulary import fold

__all__ = ["FORMATS", "Format", "format_of", "names_of_headerless"]

FORMATS: Final[Sequence[Format]] = (*TEST_FORMATS, *SPEED_FORMATS, *SITE_FORMATS, *CLAIM_FORMATS, *ROAD_FORMATS)
"""Every format known by its columns, the first that fits counts."""
_KONTUR_COLUMNS: Final = ("h3", "population")
_COUNT: Final = re.compile(r"\d+(?:\.\d+)?")


def format_of(source: SourceTable) -> Format | None:
    """Return the published format that a table is of, by its columns alone, None where it is of none."""
    columns = frozenset(fold(column) for column in source.columns)
    return next((form for form in FORMATS if form.fits(columns)), None)


def names_of_headerless(cells: Sequence[str]) -> tuple[str, ...] | None:
    """Return the column names of a table whose first line is a row, where the cells give away what it is.

    Examples
    --------
    >>> names_of_headerless("LTE,452,4,4601,118303233,0,107.59,16.46,1000,1,1,1459813819,1459813819,0".split(","))[:4]
    ('radio', 'mcc', 'net', 'area')
    >>> names_of_headerless(["88415acb39fffff", "1204.5"])
    ('h3', 'population')
    >>> names_of_headerless(["radio", "mcc"]) is None
    True
    """
    if len(cells) == len(OPENCELLID_COLUMNS) and cells[0].strip() in OPENCELLID_RADIOS and cells[1].strip().isdigit():
        return OPENCELLID_COLUMNS
    if len(cells) == len(_KONTUR_COLUMNS) and is_hexagon(cells[0].strip()) and _COUNT.fullmatch(cells[1].strip()):
        return _KONTUR_COLUMNS
    return None
