"""What counts in a period: data sets gathered from the store, the later filing before the earlier one."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import geopandas as gpd
import pandas as pd

from hatang.data.contracts import INPUT_TABLES, MAP_CRS, Kind, Table
from hatang.data.store import Dataset, Store
from hatang.pipeline.living import in_force

_DATED: Final = (Kind.MEASUREMENTS, Kind.CLAIMS, Kind.FIXED)
"""Kinds whose latest period is the default period of an assessment."""


@dataclass(frozen=True)
class Inputs:
    """Frames by kind (contract of the kind, EPSG:4326; empty where nothing counts) and the data sets they came from."""

    frames: Mapping[str, pd.DataFrame]
    datasets: tuple[Dataset, ...]

    def __getitem__(self, kind: Kind) -> pd.DataFrame:
        """Return the frame of a kind."""
        return self.frames[str(kind)]

    def listed(self) -> tuple[dict[str, Any], ...]:
        """Return the data sets as a manifest lists them."""
        names = (
            "id",
            "sha256",
            "kind",
            "organisation",
            "operator",
            "technology",
            "period",
            "rows_in",
            "rows_kept",
            "rows_refused",
            "source",
            "licence",
            "synthetic",
        )
        return tuple(
            {
                **{name: getattr(entry, name) for name in names},
                "kind": str(entry.kind),
                "file": entry.file_name,
                "repairs": dict(entry.repairs),
            }
            for entry in self.datasets
        )

    @property
    def synthetic(self) -> bool:
        """Whether any of it is synthetic: one synthetic input makes a result synthetic."""
        return any(entry.synthetic for entry in self.datasets)


def latest_period(store: Store) -> str | None:
    """Return the latest period that tests, claims or served counts were filed for."""
    return max((entry.period for entry in store.datasets() if entry.kind in _DATED and entry.period), default=None)


def gather(store: Store, period: str) -> Inputs:
    """Return what counts in `period`.

    Tests: every data set of that period. Claims: per operator × technology × environment the latest accepted filing of that period or
    before. Every other kind: all filings without a period, of that period or before; of several rows of one key the latest accepted.
    """
    chosen: list[Dataset] = []
    frames: dict[str, pd.DataFrame] = {}
    for kind in INPUT_TABLES:
        frames[kind], used = layer(store, Kind(kind), period)
        chosen += used
    return Inputs(frames, tuple(chosen))


def layer(store: Store, kind: Kind, period: str) -> tuple[pd.DataFrame, list[Dataset]]:
    """Return what of one kind counts in `period` (as `gather`), and the data sets it came from."""
    table = INPUT_TABLES[str(kind)]
    entries = [entry for entry in store.datasets(kind) if _counts(entry, period)]
    joined = _joined(table, [store.read(entry).assign(_filing=place) for place, entry in enumerate(entries)])
    kept = _in_force(table, joined)
    used = set(kept["_filing"]) if len(kept) else set()
    frame = kept.drop(columns="_filing", errors="ignore").reset_index(drop=True)
    return frame, [entry for place, entry in enumerate(entries) if place in used]


def _counts(entry: Dataset, period: str) -> bool:
    if entry.kind is Kind.MEASUREMENTS:
        return entry.period in (None, period)
    return entry.period is None or entry.period <= period


def _joined(table: Table, parts: list[pd.DataFrame]) -> pd.DataFrame:
    """Return filings in one frame, in the order of acceptance."""
    if parts:
        joined = pd.concat(parts, ignore_index=True)
        return gpd.GeoDataFrame(joined, geometry="geometry", crs=MAP_CRS) if table.geometry else joined
    empty = table.conform(pd.DataFrame(columns=table.names))
    return gpd.GeoDataFrame(empty, geometry="geometry", crs=MAP_CRS) if table.geometry else empty


def _in_force(table: Table, joined: pd.DataFrame) -> pd.DataFrame:
    """Return the rows in force: of claims the latest filing of each claimant, else of each key the latest row."""
    if joined.empty or table.name == Kind.MEASUREMENTS:
        return joined
    if table.name == Kind.POPULATION:
        return in_force(joined)
    if table.name == Kind.CLAIMS:
        latest = joined.groupby(["operator", "technology", "environment"])["_filing"].transform("max")
        return joined[joined["_filing"] == latest]
    if table.key:
        return joined.drop_duplicates(list(table.key), keep="last")
    return joined
