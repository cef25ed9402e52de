"""The lines of a road file: outside the city, partly outside, in parts that do not touch."""

import json
from pathlib import Path

import geopandas as gpd
import pytest
import shapely

from hatang.data.contracts import MAP_CRS, RefusedError, Severity
from hatang.data.settings import Settings
from hatang.pipeline.roadfile import read_road, road_lines

Place = tuple[float, float]


def written(folder: Path, *lines: list[Place]) -> Path:
    """Write lines of degrees as GeoJSON."""
    shapes = [{"type": "LineString", "coordinates": line} for line in lines]
    features = [{"type": "Feature", "properties": {"road_id": f"R{at}"}, "geometry": shape} for at, shape in enumerate(shapes)]
    path = folder / "duong.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}), "utf-8")
    return path


def test_a_road_of_another_city_is_refused(settings: Settings, tmp_path: Path) -> None:
    with pytest.raises(RefusedError) as error:
        read_road(written(tmp_path, [(105.8, 21.0), (105.82, 21.01)]), settings)
    (fault,) = error.value.faults
    assert (fault.code, fault.severity, fault.found) == ("road_outside", Severity.REFUSED, "105.80000, 21.00000")


def test_a_road_that_leaves_the_city_is_named_and_kept_whole(settings: Settings, tmp_path: Path) -> None:
    lines, faults = read_road(written(tmp_path, [(107.58, 16.46), (107.58, 18.0)]), settings)
    (fault,) = [fault for fault in faults if fault.code == "road_partly_outside"]
    assert fault.severity is Severity.WARNING
    outside = float(fault.fields["outside_m"])
    assert 100_000 < outside < float(fault.fields["road_m"])
    assert lines.geometry.iloc[0].length == pytest.approx(1.54)


def test_parts_that_do_not_touch_are_counted_with_their_distance(settings: Settings, tmp_path: Path) -> None:
    apart = [[(107.58, 16.46), (107.59, 16.46)], [(107.59, 16.46), (107.60, 16.46)], [(107.62, 16.46), (107.63, 16.46)]]
    lines, faults = read_road(written(tmp_path, *apart), settings)
    (fault,) = [fault for fault in faults if fault.code == "road_parts"]
    assert (len(lines), fault.found) == (3, "2")
    assert float(fault.fields["gap_m"]) == pytest.approx(2_135, abs=5)  # 0.02° of longitude at 16.46° N
    _, faults = read_road(written(tmp_path, *apart[:2]), settings)
    assert {"road_parts", "road_partly_outside"}.isdisjoint(fault.code for fault in faults)


def test_a_frame_keeps_its_coordinate_system(settings: Settings) -> None:
    frame = gpd.GeoDataFrame({"road_id": ["R"], "road_name": [None]}, geometry=[shapely.LineString([(0, 0), (1, 1)])], crs=MAP_CRS)
    assert road_lines(frame, settings).crs == frame.crs
