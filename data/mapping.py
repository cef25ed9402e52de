"""The mapping file (YAML): what a person says about a file that the file does not say itself."""

import codecs
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import pyproj
import yaml

from hatang.data._legacytext import FONTS
from hatang.data.contracts import Fault, RefusedError, Table
from hatang.data.crs import on_earth

KEYS: Final = ("crs", "delimiter", "decimal", "encoding", "layer", "columns", "units", "constants")
COORDINATES: Final = ("lon", "lat", "x", "y", "wkt")
"""Names by which a mapping may point at coordinates, beside the columns of the contract; `x`, `y` are in `crs`."""
_TAB_WORDS: Final = {"tab": "\t", "\\t": "\t"}

UNITS: Final[Mapping[str, Mapping[str, float]]] = {
    "Mbit/s": {"bit/s": 1e-6, "kbit/s": 1e-3, "mbit/s": 1.0, "gbit/s": 1e3, "kbps": 1e-3, "mbps": 1.0, "gbps": 1e3, "bps": 1e-6},
    "km/h": {"km/h": 1.0, "m/s": 3.6, "mph": 1.609344, "kn": 1.852},
    "m": {"mm": 1e-3, "cm": 1e-2, "m": 1.0, "km": 1e3, "ft": 0.3048},
    "mm": {"mm": 1.0, "cm": 10.0, "m": 1e3},
    "ms": {"ms": 1.0, "s": 1e3, "us": 1e-3},
    "m²": {"m2": 1.0, "m²": 1.0, "ha": 1e4, "km2": 1e6, "km²": 1e6},
    "VND": {"vnd": 1.0, "đồng": 1.0, "nghìn đồng": 1e3, "triệu đồng": 1e6, "tỷ đồng": 1e9},
    "dBm": {"dbm": 1.0},
    "dB": {"db": 1.0},
}
"""Contract unit → unit in a file (lower case) → factor."""


@dataclass(frozen=True)
class FileMapping:
    """A mapping file, read and checked; every part may be absent.

    `closed` is set by formats whose columns are all known: no other column counts, whatever it is called.
    """

    file: str = ""
    crs: pyproj.CRS | None = None
    delimiter: str | None = None
    decimal: str | None = None
    encoding: str | None = None
    layer: str | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    units: Mapping[str, str] = field(default_factory=dict)
    constants: Mapping[str, str] = field(default_factory=dict)
    closed: bool = False

    def factor(self, column: str, unit: str, heading: str | None = None) -> float:
        """Return by what to multiply the file's values of `column` to get the contract's `unit`.

        The unit is the one stated for the column, else the one in the column's `heading` where that is a unit of this quantity.
        """
        stated = self.units.get(column, heading or "")
        return UNITS.get(unit, {}).get(stated.strip().casefold(), 1.0)

    def check_against(self, table: Table) -> None:
        """Raise where the mapping names columns that `table` does not have, or units that do not fit them.

        Raises
        ------
        RefusedError
            With one fault a name.
        """
        known = {c.name for c in table.columns}
        faults = [
            Fault("mapping_column", self.file, field=part, found=name, fields={"known": ", ".join(sorted(known | set(COORDINATES)))})
            for part, names in (("columns", self.columns), ("units", self.units), ("constants", self.constants))
            for name in names
            if name not in known and not (part == "columns" and name in COORDINATES)
        ]
        for name, unit in self.units.items():
            factors = UNITS.get(table[name].unit, {}) if name in known else None
            if factors is not None and unit.strip().casefold() not in factors:
                faults.append(Fault("mapping_unit", self.file, field=name, found=unit, fields={"known": ", ".join(factors) or "–"}))
        if faults:
            raise RefusedError("error.reading.mapping", faults, file=self.file)


def load_mapping(path: Path) -> FileMapping:
    """Return the mapping file at `path`.

    Raises
    ------
    RefusedError
        Where it cannot be read, is no YAML table, or a part of it is wrong; all faults at once.
    """
    document = _document(path)
    faults: list[Fault] = []

    def wrong(code: str, key: str, found: object, **fields: object) -> None:
        faults.append(Fault(code, path.name, field=key, found=str(found), fields=fields))

    for key in document:
        if key not in KEYS:
            wrong("mapping_key", str(key), key, known=", ".join(KEYS))
    values: dict[str, Any] = {key: document[key] for key in KEYS if document.get(key) is not None}
    if "crs" in values:
        stated = _crs(values["crs"])
        if stated is None:
            wrong("mapping_crs", "crs", values.pop("crs"))
        else:
            values["crs"] = stated
    if "delimiter" in values:
        values["delimiter"] = _TAB_WORDS.get(str(values["delimiter"]), str(values["delimiter"]))
        if len(values["delimiter"]) != 1:
            wrong("mapping_value", "delimiter", values["delimiter"], known="; , | tab")
    if values.get("decimal", ".") not in (".", ","):
        wrong("mapping_value", "decimal", values["decimal"], known=". ,")
    if "encoding" in values:
        values["encoding"] = str(values["encoding"]).casefold()
        if values["encoding"] not in FONTS:
            try:
                codecs.lookup(values["encoding"])
            except LookupError:
                wrong("mapping_value", "encoding", values["encoding"], known=f"utf-8, utf-16, cp1258, latin-1, {', '.join(FONTS)}")
    if "layer" in values:
        values["layer"] = str(values["layer"])
    for part in ("columns", "units", "constants"):
        if part not in values:
            continue
        table = values[part]
        if not isinstance(table, dict) or any(isinstance(v, dict | list) or v is None for v in table.values()):
            wrong("mapping_table", part, table)
        else:
            values[part] = {str(name): _plain(value) for name, value in table.items()}
    if faults:
        raise RefusedError("error.reading.mapping", faults, file=path.name)
    return FileMapping(file=path.name, **values)


def stated_crs(code: str) -> pyproj.CRS:
    """Return the coordinate system that the option `--crs` names.

    Raises
    ------
    RefusedError
        Where there is none of that name on Earth.
    """
    found = _crs(code)
    if found is None:
        raise RefusedError("error.reading.options", [Fault("option_crs", "--crs", field="--crs", found=code)], file="--crs")
    return found


def _crs(code: Any) -> pyproj.CRS | None:
    """Return a coordinate system on Earth by its name, None where there is none."""
    try:
        found = pyproj.CRS.from_user_input(code)
    except (pyproj.exceptions.CRSError, TypeError):
        return None
    return found if on_earth(found) else None


def mapping_text(mapping: FileMapping) -> str:
    """Return a mapping as the text of a file that `load_mapping` reads back the same."""
    said: dict[str, Any] = {name: getattr(mapping, name) for name in KEYS if getattr(mapping, name)}
    said.update({name: dict(value) for name, value in said.items() if isinstance(value, Mapping)})
    if mapping.crs is not None:
        said["crs"] = mapping.crs.srs
    return yaml.safe_dump(said, allow_unicode=True, sort_keys=False, width=1_000)


def _document(path: Path) -> dict[Any, Any]:
    """Return the YAML table of a file."""
    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        fault = Fault("mapping_file", path.name, found=str(error).splitlines()[0][:200])
        raise RefusedError("error.reading.mapping", [fault], file=path.name) from error
    if not isinstance(document, dict):
        fault = Fault("mapping_file", path.name, found=type(document).__name__)
        raise RefusedError("error.reading.mapping", [fault], file=path.name)
    return document


def _plain(value: object) -> str:
    """Return a YAML scalar as a cell of a table would hold it."""
    return ("false", "true")[value] if isinstance(value, bool) else str(value)
