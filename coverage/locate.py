"""Point → ward by one rule: a point belongs to the ward it intersects, of several to the one with the lowest code."""

from pathlib import Path
from typing import Self

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely

from hatang.data.contracts import SchemaError


class WardIndex:
    """Wards prepared for many look-ups.

    Coordinates are in the CRS of the wards that the index was built from. This first version asks GEOS about each ward's bounding box; its
    answers define what a faster one must return.
    """

    def __init__(self, wards: gpd.GeoDataFrame) -> None:
        self._wards = wards
        self._order = np.argsort(wards["ward_code"].to_numpy(str), kind="stable")[::-1]

    @classmethod
    def build(cls, wards: gpd.GeoDataFrame) -> Self:
        """Return the index of `wards`: a frame with `ward_code` and polygons, any CRS.

        Raises
        ------
        SchemaError
            Where there is no column `ward_code`.
        """
        if "ward_code" not in wards:
            raise SchemaError("error.locate.ward_code", columns=", ".join(map(str, wards.columns)))
        return cls(gpd.GeoDataFrame(wards[["ward_code", wards.geometry.name]].reset_index(drop=True)))

    def save(self, path: Path) -> None:
        """Write the index to `path`."""
        self._wards.to_parquet(path, index=False)

    @classmethod
    def load(cls, path: Path) -> Self:
        """Return the index written to `path`."""
        return cls(gpd.read_parquet(path))

    def locate(self, x: npt.ArrayLike, y: npt.ArrayLike, *, threads: int = 1) -> npt.NDArray[np.int32]:
        """Return the row position in `wards` of each point, -1 outside every ward or where a coordinate is NaN.

        `threads` never changes the answer; this version works on one.

        Examples
        --------
        >>> wards = gpd.GeoDataFrame({"ward_code": ["1", "2"]}, geometry=[shapely.box(0, 0, 1, 1), shapely.box(1, 0, 2, 1)])
        >>> WardIndex.build(wards).locate([0.5, 1.0, 1.5, 9.0, float("nan")], [0.5] * 5).tolist()
        [0, 0, 1, -1, -1]
        """
        del threads
        px, py = np.asarray(x, float), np.asarray(y, float)
        found = np.full(px.shape, -1, np.int32)
        shapes = self._wards.geometry.to_numpy()
        shapely.prepare(shapes)
        for row in self._order:  # lowest code last, so that it wins
            west, south, east, north = shapes[row].bounds
            near = np.flatnonzero((px >= west) & (px <= east) & (py >= south) & (py <= north))
            found[near[shapely.intersects_xy(shapes[row], px[near], py[near])]] = row
        return found
