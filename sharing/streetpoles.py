"""New shared poles along a road where ducts cannot be built, and never where cable poles stand already."""

from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from hatang.data.contracts import HUE_CRS, NEW_POLES
from hatang.sharing.beside import parallel_line
from hatang.sharing.streetrules import Side, StreetRules


def new_poles(
    axis: shapely.LineString, *, cable_poles: int, rules: StreetRules, width_m: float | None = None, side: Side = "right", name: str = "R"
) -> gpd.GeoDataFrame:
    """Return a line of new shared poles along the edge of a road (NEW_POLES contract, EPSG:9214), evenly spaced, one at each end.

    Parameters
    ----------
    axis
        One line, EPSG:9214.
    cable_poles
        Cable poles that stand on the road already; where there are any, the answer is empty.
    width_m
        Of the road; None where not known.

    References
    ----------
    QCVN 33:2019/BTTTT: no new poles on a road that already has cable poles.
    """
    rows: list[dict[str, Any]] = []
    if not cable_poles:
        half = (rules.width_m if width_m is None else width_m) / 2
        line = parallel_line(axis, half if side == "left" else -half)
        count = int(np.ceil(line.length / rules.pole_span_m - 1e-9)) + 1
        for number, at in enumerate(np.linspace(0, line.length, count).tolist(), 1):
            rows.append({"feature_id": f"{name}-C{number:03d}", "side": side, "chainage_m": at, "geometry": line.interpolate(at)})
    return _framed(rows)


def empty_poles() -> gpd.GeoDataFrame:
    """Return no poles (NEW_POLES contract, EPSG:9214)."""
    return _framed([])


def _framed(rows: list[dict[str, Any]]) -> gpd.GeoDataFrame:
    frame = NEW_POLES.conform(pd.DataFrame(rows, columns=NEW_POLES.names))
    return gpd.GeoDataFrame(frame, geometry="geometry", crs=HUE_CRS)
