"""H3 res-8 cells: the cell of a point, and the part of each cell that lies in each ward."""

import geopandas as gpd
import h3
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from hatang.data.contracts import H3_RESOLUTION, HUE_CRS, MAP_CRS


def cell_of(lon: npt.ArrayLike, lat: npt.ArrayLike) -> npt.NDArray[np.str_]:
    """Return the H3 index of each point (degrees, EPSG:4326), as text.

    Examples
    --------
    >>> list(map(str, cell_of([107.5791], [16.4676])))
    ['884160a569fffff']
    """
    pairs = zip(np.asarray(lat, float).tolist(), np.asarray(lon, float).tolist(), strict=True)
    return np.array([h3.latlng_to_cell(y, x, H3_RESOLUTION) for y, x in pairs], dtype="U15")


def cell_polygons(cells: npt.ArrayLike) -> gpd.GeoSeries:
    """Return the hexagons of H3 cells in EPSG:4326, indexed by cell."""
    names = np.asarray(cells, str)
    shapes = [shapely.Polygon([(x, y) for y, x in h3.cell_to_boundary(str(name))]) for name in names]
    return gpd.GeoSeries(shapes, index=pd.Index(names, name="cell"), crs=MAP_CRS)


def ward_cells(wards: gpd.GeoDataFrame) -> pd.DataFrame:
    """Return every part of an H3 cell in a ward: `ward_code`, `cell`, `area_m2` (planar, EPSG:9214; only its share of the ward is used).

    Parameters
    ----------
    wards
        WARDS contract, any CRS.
    """
    degrees = wards.to_crs(MAP_CRS)
    west, south, east, north = degrees.total_bounds
    margin = 0.02
    box = h3.LatLngPoly(
        [(south - margin, west - margin), (south - margin, east + margin), (north + margin, east + margin), (north + margin, west - margin)]
    )
    hexagons = cell_polygons(sorted(h3.polygon_to_cells(box, H3_RESOLUTION))).to_crs(HUE_CRS)
    metric = wards.to_crs(HUE_CRS).geometry.to_numpy()
    tree = shapely.STRtree(hexagons.to_numpy())
    ward, cell = tree.query(metric, predicate="intersects")
    shapely.prepare(metric)
    whole = shapely.contains_properly(metric[ward], hexagons.to_numpy()[cell])
    area = np.where(whole, shapely.area(hexagons.to_numpy()[cell]), 0.0)
    cut = ~whole
    area[cut] = shapely.area(shapely.intersection(metric[ward[cut]], hexagons.to_numpy()[cell[cut]]))
    frame = pd.DataFrame({"ward_code": wards["ward_code"].to_numpy()[ward], "cell": hexagons.index.to_numpy()[cell], "area_m2": area})
    return frame[frame["area_m2"] > 0].sort_values(["ward_code", "cell"], ignore_index=True)
