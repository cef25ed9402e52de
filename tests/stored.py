"""What tests of the store file: a claim, counts of homes, and how they are filed."""

from pathlib import Path

import geopandas as gpd
import pandas as pd
import shapely

from hatang.data.contracts import CLAIMS, FIXED, Fault, Kind, Severity
from hatang.data.settings import Settings
from hatang.data.store import Dataset, Filing, Store


def claims(width: float = 0.1) -> gpd.GeoDataFrame:
    frame = gpd.GeoDataFrame(
        {
            "operator": ["viettel"],
            "technology": ["4g"],
            "environment": ["outdoor"],
            "geometry": [shapely.box(107.5, 16.4, 107.5 + width, 16.5)],
        },
        crs="EPSG:4326",
    )
    return gpd.GeoDataFrame(CLAIMS.conform(frame), crs="EPSG:4326")


def served() -> pd.DataFrame:
    rows = {
        "ward_code": ["19774", "19777"],
        "ward_name": ["A", "B"],
        "operator": ["vnpt"] * 2,
        "households": [10, 20],
        "households_served": [9, 0],
    }
    return FIXED.conform(pd.DataFrame(rows).assign(households_connected=pd.array([5, None], dtype="Int64")))


def filing(kind: Kind = Kind.CLAIMS, **changed: object) -> Filing:
    values: dict[str, object] = {
        "organisation": "viettel",
        "operator": "viettel",
        "technology": "4g",
        "environment": "outdoor",
        "period": "2026Q3",
        "rows_in": 3,
        "rows_kept": 1,
        "rows_refused": 2,
        "repairs": {"rings": 1},
        "faults": (Fault("rings", "claims.gpkg", Severity.REPAIRED, row=3, field="geometry", fields={"rings": 2}),),
        "options": {"kind": "auto"},
    }
    return Filing(kind=kind, **{**values, **changed})  # type: ignore[arg-type]


def add(store: Store, original: Path, frame: pd.DataFrame | None = None, what: Filing | None = None) -> tuple[Dataset, bool]:
    with store.receive(original) as received:
        return store.add(received, claims() if frame is None else frame, what or filing())


def files(settings: Settings) -> list[str]:
    folders = (settings.home / name for name in ("datasets", "incoming", "originals"))
    return [path.relative_to(settings.home).as_posix() for folder in folders for path in sorted(folder.rglob("*")) if path.is_file()]
