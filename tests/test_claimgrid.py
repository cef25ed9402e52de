"""Grids of signal: the claim is exactly the pixels at or above the level, in every form, in strips, and nothing but dBm is taken."""

import struct
import zipfile
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pyarrow as pa
import pyproj
import pytest
import rasterio
import shapely

from hatang.data import _claimgrid
from hatang.data._classgrid import levels_in
from hatang.data.contracts import HUE_CRS, MAP_CRS, Kind, RefusedError
from hatang.data.limits import Limits
from hatang.data.reading import ReadOptions, ReadOutcome, read, recognise
from hatang.data.sandbox import Cost, read_apart
from hatang.data.settings import Settings
from hatang.data.store import Store
from hatang.pipeline.ingest import IngestOptions, ingest
from hatang.pipeline.progress import Quiet

WEST, NORTH, SIDE = 560_000.0, 1_822_000.0, 50.0
TRANSFORM = rasterio.Affine(SIDE, 0, WEST, 0, -SIDE, NORTH)
LEVELS = np.array([[-80, -111, -90], [-110, -120, -200], [-130, -100, -105]], dtype=np.float32)
"""Reached at −110: five pixels; −200 is a sign for none."""


def grid(path: Path, values: np.ndarray, driver: str = "GTiff", **profile: Any) -> Path:
    settings = {"crs": HUE_CRS, "transform": TRANSFORM, "dtype": values.dtype.name, **profile}
    with rasterio.open(path, "w", driver=driver, count=1, height=values.shape[0], width=values.shape[1], **settings) as target:
        target.write(values, 1)
    return path


def run(path: Path, mapping: str | None = None, kind: Kind = Kind.AUTO, **options: str) -> tuple[ReadOutcome, Any]:
    """Return the outcome and the claimed area in EPSG:9214."""
    chosen = ReadOptions(**{"operator": "viettel", **options})
    if mapping is not None:
        (path.parent / "m.yaml").write_text(mapping)
        chosen = ReadOptions(mapping=path.parent / "m.yaml", **{"operator": "viettel", **options})
    outcome = read(path, path.parent / "out.arrow", kind, chosen)
    frame = pa.ipc.open_file(path.parent / "out.arrow").read_all().to_pandas()
    assert len(frame) == 1
    return outcome, gpd.GeoSeries.from_wkb(frame["geometry"], crs=MAP_CRS).to_crs(HUE_CRS)[0]


def refusal(path: Path, mapping: str | None = None, **options: Any) -> str:
    with pytest.raises(RefusedError) as error:
        run(path, mapping, **options)
    return error.value.faults[0].code


def pixels(reached: np.ndarray) -> Any:
    """Return the union of the pixels that are True, by GEOS."""
    row, column = np.nonzero(reached)
    west, north = WEST + SIDE * column, NORTH - SIDE * row
    return shapely.union_all(shapely.box(west, north - SIDE, west + SIDE, north))


def packed(tmp_path: Path, form: str) -> Path:
    """Write the levels as a grid of a form and return the archive of its files."""
    folder = tmp_path / "f"
    folder.mkdir()
    if form == "asc":
        rows = "\n".join(" ".join(f"{value:g}" for value in row) for row in LEVELS)
        text = f"ncols 3\nnrows 3\nxllcorner {WEST}\nyllcorner {NORTH - 3 * SIDE}\ncellsize {SIDE}\nNODATA_value -9999\n{rows}\n"
        (folder / "rsrp.asc").write_text(text)
        (folder / "rsrp.prj").write_text(pyproj.CRS(HUE_CRS).to_wkt("WKT1_ESRI"))
    else:
        grid(folder / f"rsrp.{form}", LEVELS, {"tif": "GTiff", "bil": "EHdr"}[form])
    path = tmp_path / "rsrp.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for part in sorted(folder.iterdir()):
            archive.write(part, f"giao/{part.name}")
    return path


@pytest.mark.parametrize("form", ["tif", "asc", "bil"])
def test_a_grid_claims_the_pixels_that_reach_the_level(tmp_path: Path, form: str) -> None:
    path = packed(tmp_path, form)
    assert recognise(path, ReadOptions()) is Kind.CLAIMS
    outcome, area = run(path, technology="4g")
    expected = pixels((LEVELS >= -110) & (LEVELS > -200))
    assert shapely.area(area.symmetric_difference(expected)) < 1e-4 * expected.area  # to degrees and back: 0.2 mm along the edges
    assert expected.area == 5 * SIDE**2
    assert outcome.repairs["environment_assumed"] == 1


@pytest.mark.parametrize("kind", ["float32", "int32", "int16"])
@pytest.mark.parametrize("order", ["I", "M"])
def test_a_bil_without_its_kind_of_pixels_is_told_by_them(tmp_path: Path, kind: str, order: str) -> None:
    """Without `PIXELTYPE` floats were taken for whole numbers, and the grid refused for its units (formats.md §3)."""
    cells = LEVELS.astype(kind)
    bits = cells.itemsize * 8
    head = f"BYTEORDER {order}\nLAYOUT BIL\nNROWS 3\nNCOLS 3\nNBANDS 1\nNBITS {bits}\n"
    head += f"ULXMAP {WEST + 25}\nULYMAP {NORTH - 25}\nXDIM 50\nYDIM 50\n"
    with zipfile.ZipFile(tmp_path / "rsrp.zip", "w") as archive:
        archive.writestr("RSRP.BIL", cells.astype(cells.dtype.newbyteorder("<" if order == "I" else ">")).tobytes())
        archive.writestr("RSRP.HDR", head)
        archive.writestr("RSRP.PRJ", pyproj.CRS(HUE_CRS).to_wkt("WKT1_ESRI"))
    _, area = run(tmp_path / "rsrp.zip", technology="4g")
    expected = pixels((LEVELS >= -110) & (LEVELS > -200))
    assert shapely.area(area.symmetric_difference(expected)) < 1e-4 * expected.area


@pytest.mark.parametrize("form", ["tif", "asc", "bil"])
def test_a_grid_is_read_apart_and_stored(tmp_path: Path, settings: Settings, form: str) -> None:
    outcome = ingest([packed(tmp_path, form)], IngestOptions(operator="viettel", technology="4g"), settings, Quiet())
    assert outcome.complete, outcome.faults
    (dataset,) = outcome.datasets
    assert (dataset.kind, dataset.rows_kept, dataset.technology) == (Kind.CLAIMS, 1, "4g")
    with Store.open(settings) as store:
        area = store.read(dataset).to_crs(HUE_CRS).geometry[0]
    assert round(area.area) == 5 * 2500


def test_vertical_mapper_keeps_its_values_in_the_fourth_band(tmp_path: Path) -> None:
    """Written from the publisher's layout: 1024 bytes of head, then 16 bits a pixel between the least and the greatest value."""
    values = np.array([[-80.0, -120.0], [-110.0, -90.0]])
    low, high = -120.0, -80.0
    head = bytearray(1024)
    head[:5] = b"HGPC1"
    struct.pack_into("<f", head, 5, 1.0)
    struct.pack_into("<HH", head, 9, 2, 2)
    struct.pack_into("<dddd", head, 13, 107.58, 107.58 + 0.001, 16.46, 16.46 + 0.001)
    struct.pack_into("<fff", head, 45, low, high, (low + high) / 2)
    coordsys = b"CoordSys Earth Projection 1, 104"
    head[256 : 256 + len(coordsys)] = coordsys
    struct.pack_into("<H", head, 516, 16)
    scaled = (1 + np.round((values - low) / (high - low) * 65534)).astype("<u2")
    path = tmp_path / "rsrp.grd"
    path.write_bytes(bytes(head) + scaled.tobytes())
    with rasterio.open(path, driver="NWT_GRD") as opened:
        assert opened.count == 4
        np.testing.assert_allclose(opened.read(4), values, atol=1e-3)
    _, area = run(path, "constants: {level_dbm: -111}\n", technology="4g")
    degrees = gpd.GeoSeries([area], crs=HUE_CRS).to_crs(MAP_CRS)[0]
    box = degrees.bounds
    assert degrees.area == pytest.approx(0.75 * (box[2] - box[0]) * (box[3] - box[1]), rel=1e-3)


def test_vertical_mapper_says_its_coordinate_system_at_byte_256(tmp_path: Path) -> None:
    """VN-2000 with the official seven parameters as MapInfo writes them: taken as the official zone, a pixel of no value as none."""
    head = bytearray(1024)
    head[:5] = b"HGPC1"
    struct.pack_into("<f", head, 5, 1.2)
    struct.pack_into("<HH", head, 9, 3, 2)
    struct.pack_into("<dddd", head, 13, WEST + 25, WEST + 125, NORTH - 75, NORTH - 25)
    struct.pack_into("<ffff", head, 45, -120.0, -80.0, -120.0, -80.0)
    head[61:65], head[93:96] = b"RSRP", b"dBm"
    datum = "9999, 28, -191.90441429, -39.30318279, -111.45032835, 0.00928836, -0.01975479, 0.00427372, 0.252906278, 0"
    system = f'CoordSys Earth Projection 8, {datum}, "m", 107, 0, 0.9999, 500000, 0'.encode()
    head[256 : 256 + len(system)] = system
    levels = np.array([[-80, -120, np.nan], [-110, -90, -100]])
    scaled = np.where(np.isnan(levels), 0, 1 + np.round((levels + 120) / 40 * 65534)).astype("<u2")
    path = tmp_path / "rsrp.grd"
    path.write_bytes(bytes(head) + scaled.tobytes())
    _, area = run(path, "constants: {level_dbm: -111}\n", technology="4g")
    expected = pixels(np.nan_to_num(levels, nan=-999) >= -111)
    assert shapely.area(area.symmetric_difference(expected)) < 1e-3 * expected.area


CLASSES = ("< -110 dBm", "-110 to -95 dBm", "-95 đến -75 dBm", ">= -75 dBm")


def class_grid(path: Path, names: tuple[str, ...] = CLASSES, *, bits: int = 8, encoding: str = "utf-8", cut: int = 0) -> Path:
    """Write a grid of classes by the publisher's layout: 1024 bytes of head, 3 × 2 pixels, then the names of the classes."""
    head = bytearray(1024)
    head[:5] = b"HGPC8"
    struct.pack_into("<f", head, 5, 1.0)
    struct.pack_into("<HH", head, 9, 3, 2)
    struct.pack_into("<dddd", head, 13, 107.58, 107.582, 16.46, 16.461)
    head[1023] = bits // 4
    pixels = np.array([[0, 1, 2], [3, 4, 2]], f"<u{bits // 8}").tobytes()
    dictionary = struct.pack("<H", len(names))
    for number, name in enumerate(names, 1):
        dictionary += struct.pack("<HBBBBBH", number, 0, 255, 0, 0, 0, len(name.encode(encoding))) + name.encode(encoding)
    content = bytes(head) + pixels + dictionary
    path.write_bytes(content[: len(content) - cut])
    return path


@pytest.mark.parametrize(("bits", "encoding"), [(8, "utf-8"), (16, "utf-8"), (8, "cp1258")])
@pytest.mark.parametrize(("level", "reached"), [(-110, 4), (-95, 2), (-75, 1)])
def test_classes_named_in_dbm_are_taken_from_a_border_on(tmp_path: Path, bits: int, encoding: str, level: int, reached: int) -> None:
    names = tuple(name.replace("ế", "ê\u0301") for name in CLASSES)  # the code page has tone marks apart
    path = class_grid(tmp_path / "vung-phu.grc", names, bits=bits, encoding=encoding)
    with rasterio.open(path, driver="NWT_GRC") as opened:
        assert opened.read(1).tolist() == [[0, 1, 2], [3, 4, 2]]
    _, area = run(path, f"constants: {{level_dbm: {level}}}\ncrs: EPSG:4326\n", technology="4g")
    degrees = gpd.GeoSeries([area], crs=HUE_CRS).to_crs(MAP_CRS)[0]
    assert degrees.area == pytest.approx(reached * 0.001**2, rel=1e-6)


def test_the_claim_of_classes_is_the_same_in_a_process_apart(tmp_path: Path) -> None:
    path = class_grid(tmp_path / "vung-phu.grc")
    (tmp_path / "m.yaml").write_text("crs: EPSG:4326\n")
    options = ReadOptions(operator="viettel", technology="4g", mapping=tmp_path / "m.yaml")
    here = read(path, tmp_path / "here.arrow", Kind.CLAIMS, options)
    assert read_apart(path, tmp_path / "apart.arrow", Kind.CLAIMS, options) == here
    assert (tmp_path / "apart.arrow").read_bytes() == (tmp_path / "here.arrow").read_bytes()


@pytest.mark.parametrize(
    ("names", "cut", "code"),
    [
        (("Tram A", "Tram B", "Tram C", "Tram D"), 0, "raster_classes"),
        (("2 to 5 Mbps", *CLASSES[1:]), 0, "raster_classes"),
        (("< -105 dBm", "-105 to -95 dBm", *CLASSES[2:]), 0, "raster_class_split"),
        (CLASSES[:3], 0, "raster_classes"),  # pixels of a fourth class that has no name
        (CLASSES, 3, "raster_classes"),
        ((), 2, "raster_classes"),
    ],
)
def test_classes_that_say_no_level_are_refused(tmp_path: Path, names: tuple[str, ...], cut: int, code: str) -> None:
    path = class_grid(tmp_path / "vung-phu.grc", names, cut=cut)
    assert refusal(path, "crs: EPSG:4326\n", technology="4g") == code


@pytest.mark.parametrize(
    ("name", "levels"),
    [
        ("-95 to -85", (-95, -85)), ("-85 to -95 dBm", (-95, -85)), ("-95--85", (-95, -85)), ("-95 dBm - -85 dBm", (-95, -85)),
        ("−95 … ", None), ("RSRP: -95..-85 dBm", (-95, -85)), ("[-95,5; -85)", (-95.5, -85)), ("(-95, -85] dBm", (-95, -85)),
        ("-95 <= RSRP < -85", (-95, -85)), ("> -75", (-75, np.inf)), ("trên -75 dBm", (-75, np.inf)), ("từ -75 dBm trở lên", (-75, np.inf)),
        ("−110 dBm trở lên", (-110, np.inf)), ("dưới -110", (-np.inf, -110)), ("≤ -110 dBm", (-np.inf, -110)), ("-95", None),
        ("-95 to -95", None), ("95 to 85", None), ("-20 to -3 dB", None), ("Excellent", None), ("Cell -95 to -85", None),
    ],
)  # fmt: skip
def test_names_of_classes(name: str, levels: tuple[float, float] | None) -> None:
    assert levels_in(name) == levels


@pytest.mark.parametrize("strip", [1, 40, 333, 10_000])
def test_strips_give_the_same_area_as_the_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, strip: int) -> None:
    monkeypatch.setattr(_claimgrid, "_WINDOW_PIXELS", strip)
    levels = np.random.default_rng(5).uniform(-130, -90, (40, 37)).astype(np.float32)
    _, area = run(grid(tmp_path / "a.tif", levels), "constants: {level_dbm: -112.5}\n", technology="5g")
    expected = pixels(levels >= -112.5)
    assert shapely.area(area.symmetric_difference(expected)) < 1e-4 * expected.area


def test_the_level_is_the_rule_of_the_technology_or_the_mappings(tmp_path: Path) -> None:
    path = grid(tmp_path / "a.tif", LEVELS)
    assert refusal(path) == "raster_technology"
    _, rule = run(path, technology="4g")
    _, stated = run(path, "constants: {level_dbm: -100}\n", technology="4g")
    assert (round(rule.area), round(stated.area)) == (5 * 2500, 3 * 2500)


@pytest.mark.parametrize("values", [[[1, 2], [3, 7]], [[-95, 12], [-80, -70]], [[-1500, -80], [-90, -70]]])
def test_what_is_no_level_is_refused(tmp_path: Path, values: list[list[int]]) -> None:
    """Classes, cells of best servers, megabits, tenths of dBm."""
    assert refusal(grid(tmp_path / "a.tif", np.array(values, np.int16)), technology="4g") == "raster_units"


def test_pixels_scattered_without_end_are_refused_before_memory_runs_out(tmp_path: Path) -> None:
    """A chessboard of 20 by 20 pixels at level has some four hundred corners."""
    board = np.where(np.indices((20, 20)).sum(axis=0) % 2, -90, -150).astype(np.float32)
    path = grid(tmp_path / "a.tif", board)
    chosen = ReadOptions(operator="viettel", technology="4g", limits=Limits(corners=400))
    with pytest.raises(RefusedError) as error:
        read(path, tmp_path / "out.arrow", Kind.CLAIMS, chosen)
    (fault,) = error.value.faults
    assert (fault.code, fault.found, fault.fields["most"]) == ("raster_corners", "> 400", 400)
    assert read(path, tmp_path / "out.arrow", Kind.CLAIMS, ReadOptions(operator="viettel", technology="4g")).rows_kept == 1


def test_grids_that_cannot_count_are_refused(tmp_path: Path) -> None:
    assert refusal(grid(tmp_path / "a.tif", np.full((2, 2), -130, np.float32)), technology="4g") == "raster_level"
    assert refusal(grid(tmp_path / "b.tif", LEVELS, crs=None), technology="4g") == "crs_unstated"
    whole = grid(tmp_path / "c.tif", np.full((200, 200), -90, np.float32))
    (tmp_path / "d.tif").write_bytes(whole.read_bytes()[:2000])
    assert refusal(tmp_path / "d.tif", technology="4g") == "file_malformed"
    (tmp_path / "e.tif").write_bytes(b"II*\x00" + b"\xff" * 50)
    assert refusal(tmp_path / "e.tif", technology="4g") == "file_malformed"
    assert refusal(whole, kind=Kind.SITES) == "file_format"


def test_a_head_that_claims_a_billion_billion_pixels_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    with rasterio.open(
        path, "w", driver="GTiff", count=1, height=1_000_000, width=1_000_000, dtype="uint8", crs=HUE_CRS, transform=TRANSFORM,
        sparse_ok=True, tiled=True, blockxsize=4096, blockysize=4096, BIGTIFF="YES",
    ):  # fmt: skip
        pass
    assert refusal(path, technology="4g") == "file_too_large"


def test_pixels_without_a_stated_value_for_none_do_not_count(tmp_path: Path) -> None:
    levels = LEVELS.copy()
    levels[0, 0] = -9999
    _, area = run(grid(tmp_path / "a.tif", levels), technology="4g")
    assert round(area.area) == 4 * 2500
    _, area = run(grid(tmp_path / "b.tif", LEVELS, nodata=-80), technology="4g")
    assert round(area.area) == 4 * 2500


@pytest.mark.parametrize("tiled", [False, True])
def test_memory_does_not_grow_with_the_height(tmp_path: Path, tiled: bool) -> None:
    """Six times the rows below the same landscape: 12 MB and 72 MB as 32-bit numbers."""
    levels = np.random.default_rng(1).uniform(-125, -95, (1_000, 3_000)).astype(np.float32)
    peaks = []
    for height in (1_000, 6_000):
        path = tmp_path / f"{height}.tif"
        block = {"tiled": True, "blockxsize": 256, "blockysize": 256} if tiled else {}
        values = np.vstack([levels, np.full((height - 1_000, 3_000), -130, np.float32)])
        values[:, ::2] = -130  # leaves 1.5 million pixels, a good part of which reach the level
        values[::2] = -130
        grid(path, values, **block)
        costs: list[Cost] = []
        options = ReadOptions(operator="viettel", technology="4g")
        read_apart(path, tmp_path / "out.arrow", Kind.CLAIMS, options, note=costs.append)
        peaks.append(costs[0].peak_mb)
    assert peaks[1] < peaks[0] + 15
