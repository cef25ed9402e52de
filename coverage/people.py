"""Where people live within a ward: by a raster that knows the whole ward, else evenly over it.

The raster says where, the official figure of the ward how many: its people are those of the raster times official over raster, so that
wards add up to the official totals whatever the year of the raster.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from hatang.coverage.cells import cell_polygons
from hatang.coverage.integrate import integrate, polygon_sums
from hatang.coverage.raster import RasterSource
from hatang.data.contracts import HUE_CRS


@dataclass(frozen=True, slots=True, eq=False)
class People:
    """A raster of people, and the wards that it knows whole.

    Attributes
    ----------
    raster
        People a pixel.
    source
        Who made it and for which year, as people read it.
    wards
        People of the raster in each ward that it knows whole and that it has anybody in, by `ward_code`.
    """

    raster: RasterSource
    source: str
    wards: pd.Series

    @classmethod
    def of(cls, wards: gpd.GeoDataFrame, raster: RasterSource, extent: shapely.Geometry, source: str) -> "People":
        """Return the people of a raster in wards (any CRS); `extent`, in the CRS of the raster, is what it knows about."""
        shapes = wards.geometry.to_crs(raster.crs)
        shapely.prepare(extent)
        known = shapely.covers(extent, np.asarray(shapes.to_numpy(), object))
        sums = polygon_sums(wards.to_crs(HUE_CRS).geometry, raster=raster)["population"].to_numpy()
        counted = known & (sums > 0)
        return cls(raster, source, pd.Series(sums[counted], index=pd.Index(wards["ward_code"].to_numpy()[counted], name="ward_code")))

    def spread(self, ward_code: pd.Series) -> pd.DataFrame:
        """Return `population_spread` and `population_source` of rows by their ward."""
        known = ward_code.isin(self.wards.index)
        source = pd.Series(self.source, index=ward_code.index, dtype=object).where(known, None)
        return pd.DataFrame({"population_spread": known.map({True: "raster", False: "even"}), "population_source": source})

    def claimed(self, wards: gpd.GeoDataFrame, claimed: gpd.GeoDataFrame, by: Sequence[str]) -> pd.DataFrame:
        """Return `people_share`, the share of each ward's people inside each claim, by `ward_code` and `by`, for the wards known whole."""
        mine = wards[wards["ward_code"].isin(self.wards.index)]
        covered = integrate(mine.to_crs(HUE_CRS), claimed, by=by, raster=self.raster)
        share = (covered["covered_population"] / covered["population"]).clip(0, 1)
        return covered.assign(people_share=share)[["ward_code", *by, "people_share"]]

    def in_cells(self, wards: gpd.GeoDataFrame, parts: pd.DataFrame) -> npt.NDArray[np.float64]:
        """Return the people of the raster in each part of an H3 cell in a ward (`ward_code`, `cell`); NaN where it knows no ward."""
        people = np.full(len(parts), np.nan)
        known = parts["ward_code"].isin(self.wards.index).to_numpy()
        if known.any():
            shapes = wards.set_index("ward_code").to_crs(HUE_CRS).geometry
            chosen = parts[known]
            hexagons = cell_polygons(chosen["cell"].unique()).to_crs(HUE_CRS)
            cut = shapely.intersection(
                np.asarray(shapes.loc[list(chosen["ward_code"])], object), np.asarray(hexagons.loc[list(chosen["cell"])], object)
            )
            people[known] = polygon_sums(gpd.GeoSeries(cut, crs=HUE_CRS), raster=self.raster)["population"].to_numpy()
        return people

    def of_official(self, shapes: gpd.GeoSeries, ward_code: pd.Series, official: pd.Series) -> npt.NDArray[np.float64]:
        """Return the people of shapes, each within a ward: its share of the raster's people there times `official`; NaN where not known.

        Where a ward has no official figure its people are those of the raster.
        """
        within = polygon_sums(shapes, raster=self.raster)["population"].to_numpy()
        counted = ward_code.map(self.wards).to_numpy(float)
        total = ward_code.map(official).to_numpy(float)
        return np.asarray(within * np.where(np.isnan(total), 1.0, total / counted) + 0.0 * counted, float)
