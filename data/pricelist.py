"""Prices of items of work: the table shipped, which knows none that is not published, and the city's own over it, those filed over both.

The city's table is the CSV named by the setting `HATANG_PRICES`, with the columns `item,unit,vnd,from,source,verified`.
"""

import csv
import datetime as dt
import math
import tomllib
from collections.abc import Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

import pyarrow as pa

from hatang.data._cells import numbers, tidy
from hatang.data.contracts import Fault, Price, RefusedError
from hatang.data.figures import is_missing

_COLUMNS: Final = ("item", "unit", "vnd", "from", "source", "verified")


def prices_in_force(as_of: dt.date, own: Path | None = None, filed: Sequence[Mapping[Any, Any]] = ()) -> dict[str, Price]:
    """Return item → price in force on a day; prices filed count before the city's table, that before the one shipped, then the latest day.

    Parameters
    ----------
    filed
        Rows of prices that were filed (PRICES contract).

    Raises
    ------
    RefusedError
        Where the city's table cannot be read; every fault by its row.
    """
    shipped = [
        Price(entry["item"], entry["unit"], float(entry["vnd"]), entry["from"], entry["source"], entry["verified"])
        for entry in tomllib.loads(files("hatang.data").joinpath("rules/prices.toml").read_text("utf-8"))["price"]
    ]
    tables = [shipped, _own(own) if own else [], [_priced(row) for row in filed]]
    return {
        price.item: price
        for table in tables
        for price in sorted(table, key=lambda price: price.in_force_from)
        if price.in_force_from <= as_of
    }


def _priced(row: Mapping[Any, Any]) -> Price:
    """Return the price that a row of the contract PRICES holds; what nobody held against its document is not verified."""
    checked = not is_missing(row["verified"]) and bool(row["verified"])
    return Price(str(row["item"]), str(row["unit"]), float(row["price_vnd"]), row["valid_from"].date(), str(row["source"]), checked)


def _own(path: Path) -> list[Price]:
    faults: list[Fault] = []
    found: list[Price] = []
    try:
        with path.open(encoding="utf-8-sig", newline="") as source:
            for number, row in enumerate(csv.DictReader(source), 2):
                price = _price(row)
                if price is None:
                    faults.append(Fault("price_row", path.name, row=number, found=", ".join(str(row.get(name)) for name in _COLUMNS)))
                else:
                    found.append(price)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise RefusedError("error.prices", [Fault("price_file", path.name, found=str(error))], file=path.name) from error
    if faults:
        raise RefusedError("error.prices", faults, file=path.name)
    return found


def _price(row: dict[str, str]) -> Price | None:
    try:
        cells = tidy(pa.array([row["vnd"]], pa.string()))
        vnd, since = float(numbers(cells, money=True).values[0]), dt.date.fromisoformat(row["from"])
    except (KeyError, TypeError, ValueError):
        return None
    texts = [(row.get(name) or "").strip() for name in ("item", "unit", "source", "verified")]
    if not math.isfinite(vnd) or vnd < 0 or not all(texts) or texts[3].casefold() not in ("yes", "no", "true", "false", "1", "0"):
        return None
    return Price(texts[0], texts[1], vnd, since, texts[2], texts[3].casefold() in ("yes", "true", "1"))
