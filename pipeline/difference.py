"""Use case: what changed between two data sets of one kind, row by row and, for claims, ward by ward and village by village."""

import json
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import pandas as pd

from hatang.coverage.difference import RowChanges, area_changes, row_changes, village_changes
from hatang.coverage.locate import WardIndex
from hatang.data.contracts import INPUT_TABLES, Kind, ParameterError
from hatang.data.settings import Settings
from hatang.data.store import Dataset, Store
from hatang.data.wards import load_boundaries
from hatang.pipeline.inputs import layer
from hatang.pipeline.progress import Progress

_ANY_PERIOD = "9999Q4"
"""After every period, so that villages of all filings count."""


@dataclass(frozen=True)
class Comparison:
    """Two data sets of one kind and how they differ; `areas` and `villages` are those of claims, else None."""

    before: Dataset
    after: Dataset
    rows: RowChanges
    areas: pd.DataFrame | None
    villages: pd.DataFrame | None
    boundary_source: str | None

    def as_dict(self) -> dict[str, Any]:
        """Return the comparison as plain values, for JSON; empty means not known."""
        return {
            "kind": str(self.before.kind),
            "before": self.before.as_dict(),
            "after": self.after.as_dict(),
            "rows": {"added": self.rows.added, "removed": self.rows.removed, "changed": self.rows.changed},
            "changes": _records(self.rows.rows),
            "areas": None if self.areas is None else _records(self.areas),
            "villages": None if self.villages is None else _records(self.villages),
            "boundary_source": self.boundary_source,
        }


def compare_datasets(before: str, after: str, settings: Settings, progress: Progress) -> Comparison:
    """Return how two data sets of one kind differ; withdrawn ones may be compared too.

    Areas are geodesic and by the wards in use; villages are those in force now.

    Parameters
    ----------
    before, after
        Ids or how they begin, the earlier version first.

    Raises
    ------
    MissingError
        Where no id, or more than one, begins so.
    ParameterError
        Where their kinds differ.
    StoreError
        Where a table is missing or damaged.
    """
    with Store.open(settings) as store:
        old, new = store.dataset(before), store.dataset(after)
        if old.kind is not new.kind:
            raise ParameterError("error.dataset.kinds", before=old.id, after=new.id)
        progress.step("catalogue.comparing", total=3)
        left, right = store.read(old), store.read(new)
        rows = row_changes(INPUT_TABLES[str(old.kind)], left, right)
        progress.advance()
        if old.kind is not Kind.CLAIMS:
            return Comparison(old, new, rows, None, None, None)
        boundaries = load_boundaries(settings)
        claims = gpd.GeoDataFrame(left), gpd.GeoDataFrame(right)
        areas = area_changes(boundaries.frame, *claims)
        progress.advance()
        villages, _ = layer(store, Kind.VILLAGES, _ANY_PERIOD)
        index = WardIndex.cached(boundaries.frame, store.home / "engine")
        changed = village_changes(gpd.GeoDataFrame(villages), index, *claims)
        progress.advance()
        return Comparison(old, new, rows, areas, changed, str(boundaries.source))


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Return rows as JSON has them: numbers in full, missing as null."""
    return list(json.loads(frame.to_json(orient="records", double_precision=15)))
