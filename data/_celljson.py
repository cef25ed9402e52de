"""Cells as the area query of OpenCelliD answers them: JSON, one object a cell, to rows of text."""

import hashlib
import json
from typing import Final

import numpy as np
import pyarrow as pa

from hatang.data._filetype import Member, refused
from hatang.data._sourcetable import SourceTable, distinct_names

_KEYS: Final = 100
"""More kinds of member than this nobody publishes of a cell."""


def read_cell_list(file: str, member: Member, limit: int | None = None) -> SourceTable:
    """Return one row a cell, a column for each member that any cell has, numbers as they are written.

    Parameters
    ----------
    file : str
        Name of the file that was handed in, for faults.
    member : Member
        `{"count": 2, "cells": [{"lat": …, "lon": …, "mcc": …, "mnc": …, "radio": …}, …]}`; degrees of WGS 84.
    limit : int, optional
        Return so many rows only.

    Raises
    ------
    RefusedError
        Where the file is no JSON of that form, or lists no cell.
    """
    content = member.path.read_bytes()
    try:
        cells = json.loads(content, parse_int=str, parse_float=str, parse_constant=str)["cells"]
        names = list(dict.fromkeys(name for cell in cells for name in cell))
        rows = [[_text(cell.get(name)) for name in names] for cell in cells[:limit]]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise refused(member.name, "file_malformed", found=(str(error).splitlines() or [""])[0]) from error
    if not rows:
        raise refused(member.name, "file_empty")
    if len(names) > _KEYS:
        raise refused(member.name, "file_columns_many", found=f"{len(names):,}", limit=f"{_KEYS:,}")
    columns = {name: pa.array(column, pa.string()) for name, column in zip(distinct_names(names), zip(*rows, strict=True), strict=True)}
    count = len(rows)
    digest = hashlib.sha256(content).hexdigest()
    return SourceTable(file, pa.table(columns), np.arange(1, count + 1), np.zeros(count, np.int32), (member.name,), (digest,))


def _text(value: object) -> str | None:
    """Return a plain value as a cell of text; a nested one says nothing here."""
    if isinstance(value, bool):
        return "1" if value else "0"
    return value if isinstance(value, str) else None
