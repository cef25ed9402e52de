"""Facts that ship with the software: wards, the crosswalk from former units, pinned boundary addresses, official declarations.

Each table has a card in `docs/data-cards.md`: source, licence, date, known gaps. Geometry is never shipped.
"""

from functools import cache
from importlib.resources import files

import pandas as pd

_TEXT = {"ward_code": str, "old_code": str, "date": str}


@cache
def _table(name: str) -> pd.DataFrame:
    with files("hatang.data").joinpath("gazette", name).open("rb") as source:
        return pd.read_csv(source, dtype=_TEXT)


def ward_facts() -> pd.DataFrame:
    """Return the 40 wards and communes since 1-7-2025, sorted by `ward_code`.

    Columns: `ward_code`, `ward_name`, `kind`, `area_km2_official` (km²), `population` (people, 2025), `label_lon`, `label_lat` (EPSG:4326),
    `seat`, `merged_from`, `decree`.

    Examples
    --------
    >>> facts = ward_facts()
    >>> len(facts), int(facts["population"].sum()), round(float(facts["area_km2_official"].sum()), 2)
    (40, 1432986, 4947.14)
    """
    return _table("wards.csv").sort_values("ward_code", ignore_index=True)


def crosswalk() -> pd.DataFrame:
    """Return the 133 former units with the code of the ward each went into: `old_code`, `old_name`, `old_district`, `ward_code`."""
    return _table("crosswalk.csv").copy()


def boundary_sources() -> pd.DataFrame:
    """Return the pinned addresses of the public boundary files: `path`, `bytes`, `sha256`, `url`."""
    return _table("boundary_sources.csv").copy()


def declarations() -> pd.DataFrame:
    """Return official figures already declared: `indicator`, `value`, `unit`, `date`, `source`, `definition`, `verified`."""
    return _table("declarations.csv").copy()
