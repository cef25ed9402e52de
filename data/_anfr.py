"""The register of masts and stations that France's ANFR publishes: tables of one archive, joined to a row a station and support."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from pathlib import PurePosixPath
from typing import Final

import numpy as np
import pyarrow as pa

from hatang.data._filetype import Form, Member
from hatang.data._sourcetable import SourceTable
from hatang.data._vocabulary import fold
from hatang.data.mapping import FileMapping
from hatang.data.tabular import read_tabular

SUPPORT: Final = "sup_support"
_GENERATIONS: Final = (("2g", "gsm"), ("3g", "umts"), ("4g", "lte"), ("5g", "5g"))
"""How the name of a system begins (`LTE 700`, `5G NR 3500`); radio links and broadcasting are none of them."""


def read_supports(file: str, members: Sequence[Member], mapping: FileMapping, limit: int | None = None) -> SourceTable | None:
    """Return the supports of an archive of ANFR with what its other tables say of them, None where it is no such archive.

    Columns are added to those of SUP_SUPPORT: `exploitant` (the firm that runs the station, by name where the archive has the table of
    names, else its code) and `systemes` (`4g;5g`, of the station's emitters). Rows keep their number in SUP_SUPPORT; a table that is not
    there leaves its column empty.

    Parameters
    ----------
    file
        Name of the archive, for faults.
    members
        What it holds.
    mapping
        Delimiter and encoding where they are stated.
    limit : int, optional
        Read about that many supports only, and none of the other tables.

    Raises
    ------
    RefusedError
        Where a table cannot be split into columns.
    """
    tables = {fold(PurePosixPath(member.name).stem): member for member in members if member.form is Form.CSV}
    if SUPPORT not in tables or len(tables) < 2:
        return None
    support = read_tabular(file, [tables[SUPPORT]], mapping, limit=limit)
    others = {} if limit else {name: read_tabular(file, [tables[name]], mapping) for name in _JOINED if name in tables}
    stations = _column(support, "sta_nm_anfr")
    runs, named = (_pairs(others.get(name), *keys) for name, keys in _KEYS.items())
    systems = _systems(others.get("sup_emetteur"))
    codes = [runs.get(station) for station in stations]
    cells = support.cells
    for name, values in (
        ("exploitant", [None if code is None else named.get(code, code) for code in codes]),
        ("systemes", [systems.get(station) for station in stations]),
    ):
        cells = cells.append_column(name, pa.array(values, pa.string()))
    return replace(support, cells=cells)


_KEYS: Final = {"sup_station": ("sta_nm_anfr", "adm_id"), "sup_exploitant": ("adm_id", "adm_lb_nom")}
_JOINED: Final = (*_KEYS, "sup_emetteur")


def _column(table: SourceTable, name: str) -> np.ndarray:
    """Return the trimmed texts of a column by its folded name (object array, None where empty or where there is none)."""
    own = next((column for column in table.columns if fold(column) == name), None)
    if own is None:
        return np.full(len(table.rows), None, dtype=object)
    texts = [None if text is None else text.strip() or None for text in table.cells.column(own).to_pylist()]
    return np.array(texts, dtype=object)


def _pairs(table: SourceTable | None, key: str, value: str) -> dict[str, str]:
    """Return key → value of a table of two columns, the last one where a key comes twice."""
    if table is None:
        return {}
    return {k: v for k, v in zip(_column(table, key), _column(table, value), strict=True) if k is not None and v is not None}


def _systems(emitters: SourceTable | None) -> dict[str, str]:
    """Return the generations of each station's emitters: `4g;5g`."""
    found: defaultdict[str, set[str]] = defaultdict(set)
    if emitters is not None:
        for station, system in zip(_column(emitters, "sta_nm_anfr"), _column(emitters, "emr_lb_systeme"), strict=True):
            generation = None if system is None else next((g for g, word in _GENERATIONS if fold(system).startswith(word)), None)
            if station is not None and generation is not None:
                found[station].add(generation)
    return {station: ";".join(sorted(generations)) for station, generations in found.items()}
