"""Boundaries in use: sources in order, checks, and the city's own file."""

import hashlib
import json
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
import pytest
import shapely
from typer.testing import CliRunner

from hatang.commands.main import app
from hatang.data import wards as wards_module
from hatang.data.contracts import BoundarySource, MissingError, ParameterError, RefusedError, StoreError
from hatang.data.facts import boundary_sources, ward_facts
from hatang.data.geodesy import geodesic_area_m2
from hatang.data.language import LANGUAGES, fault_text
from hatang.data.settings import Settings
from hatang.data.wardfile import read_boundaries
from hatang.data.wards import load_boundaries
from hatang.pipeline.wards import describe_ward, export_wards, load_city_boundaries, unload_city_boundaries


def boxes() -> gpd.GeoDataFrame:
    """Return 40 squares with the real codes: a valid coverage with areas of its own."""
    facts = ward_facts()
    rows, columns = np.divmod(np.arange(40), 8)
    shapes = shapely.box(107 + columns / 8, 16 + rows / 8, 107 + (columns + 1) / 8, 16 + (rows + 1) / 8)
    return gpd.GeoDataFrame(facts[["ward_code", "ward_name"]], geometry=shapes, crs="EPSG:4326")


def saved(frame: gpd.GeoDataFrame, folder: Path, name: str = "city.gpkg") -> Path:
    path = folder / name
    frame.to_file(path, engine="pyogrio")
    return path


def codes_of(caught: pytest.ExceptionInfo[RefusedError]) -> list[str]:
    return [fault.code for fault in caught.value.faults]


def test_without_a_file_the_approximate_map_is_used_and_kept(settings: Settings) -> None:
    first = load_boundaries(settings)
    assert first.source is BoundarySource.APPROXIMATE
    assert first.version.startswith("approximate-")
    assert len(first.frame) == 40
    assert first.faults == ()
    assert len(list((settings.home / "boundaries").iterdir())) == 1
    assert load_boundaries(settings).version == first.version


def test_the_city_file_outranks_everything(settings: Settings, tmp_path: Path) -> None:
    chosen = settings.model_copy(update={"boundaries": saved(boxes(), tmp_path)})
    boundaries = load_boundaries(chosen)
    assert boundaries.source is BoundarySource.CITY
    assert list(boundaries.frame["ward_code"]) == sorted(ward_facts()["ward_code"])
    assert [fault.code for fault in boundaries.faults] == ["boundaries_area"]


def test_equal_shapes_have_one_version_whatever_the_format(tmp_path: Path) -> None:
    versions = {
        wards_module.load_boundaries(Settings(home=tmp_path, offline=True, boundaries=saved(boxes(), tmp_path, name))).version
        for name in ("a.gpkg", "b.fgb")
    }
    assert len(versions) == 1


def test_names_join_where_there_are_no_codes(tmp_path: Path) -> None:
    frame = boxes().drop(columns="ward_code").rename(columns={"ward_name": "TEN_XA"})
    wards, _ = read_boundaries(saved(frame, tmp_path))
    assert list(wards["ward_code"]) == sorted(ward_facts()["ward_code"])


@pytest.mark.parametrize(
    ("spoil", "code"),
    [
        (lambda f: f.iloc[:0], "boundaries_empty"),
        (lambda f: f.set_crs(None, allow_override=True), "boundaries_crs"),
        (lambda f: f.drop(columns=["ward_code", "ward_name"]).assign(x=1), "boundaries_columns"),
        (lambda f: f.assign(ward_code="19753"), "boundaries_twice"),
        (lambda f: f.assign(ward_code="abc"), "boundaries_code"),
        (lambda f: f.drop(columns="ward_code").assign(ward_name="Hà Nội"), "boundaries_name"),
        (lambda f: f.set_geometry(shapely.linestrings(np.tile([[107.0, 16.0], [107.1, 16.0]], (40, 1, 1)))), "boundaries_area_none"),
    ],
)
def test_faulty_files_are_refused_by_name(spoil: object, code: str, tmp_path: Path) -> None:
    path = tmp_path / "city.parquet"
    spoil(boxes()).to_parquet(path)  # type: ignore[operator]
    with pytest.raises(RefusedError, match=r"error\.boundaries\.refused") as caught:
        read_boundaries(path)
    assert codes_of(caught) == [code]


@pytest.mark.parametrize("content", [b"", b"not a map", b"PAR1 cut short"])
def test_damaged_files_are_refused(content: bytes, tmp_path: Path) -> None:
    for name in ("city.gpkg", "city.parquet"):
        path = tmp_path / name
        path.write_bytes(content)
        with pytest.raises(RefusedError) as caught:
            read_boundaries(path)
        assert codes_of(caught) == ["boundaries_unreadable"]


def test_a_folder_or_a_missing_file_is_refused(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "none.gpkg"):
        with pytest.raises(RefusedError) as caught:
            read_boundaries(path)
        assert codes_of(caught) == ["boundaries_no_file"]


def test_swapped_axes_are_put_right_and_said(tmp_path: Path) -> None:
    frame = boxes()
    swapped = frame.set_geometry(shapely.transform(frame.geometry.to_numpy(), lambda xy: xy[:, ::-1]), crs="EPSG:4326")
    wards, faults = read_boundaries(saved(swapped, tmp_path))
    assert wards.total_bounds[0] == pytest.approx(107.0)
    assert "boundaries_swapped" in [fault.code for fault in faults]


def test_a_lost_datum_is_refused_and_a_misspelt_one_understood(tmp_path: Path) -> None:
    """Borders moved by 225 m would put people into the wrong ward; PROJ reports an accuracy of 0 m for them."""
    planar = boxes().to_crs("EPSG:9214")
    lost = planar.set_crs("+proj=tmerc +lon_0=107 +k=0.9999 +x_0=500000 +datum=WGS84", allow_override=True)
    with pytest.raises(RefusedError) as caught:
        read_boundaries(saved(lost, tmp_path, "lost.gpkg"))
    (fault,) = caught.value.faults
    assert fault.code == "boundaries_datum"
    assert fault.fields["candidates"][0]["crs"] == "EPSG:9214"
    for language in LANGUAGES:
        assert "EPSG:9214" in fault_text(fault, language)
    planar.to_file(tmp_path / "city.tab", driver="MapInfo File", engine="pyogrio")
    with pytest.raises(RefusedError) as caught:
        read_boundaries(tmp_path / "city.tab")
    assert codes_of(caught) == ["boundaries_datum"]
    own = pyproj.CRS(9214).to_wkt("WKT1_GDAL").replace('"Vietnam_2000"', '"VN2000"').split(',AUTHORITY["EPSG","9214"]')[0] + "]"
    wards, _ = read_boundaries(saved(planar.set_crs(own, allow_override=True), tmp_path, "own.gpkg"))
    right, _ = read_boundaries(saved(planar, tmp_path, "right.gpkg"))
    assert shapely.equals_exact(wards.geometry.to_numpy(), right.geometry.to_numpy(), tolerance=1e-9).all()


def test_invalid_rings_overlaps_and_missing_units_are_named(tmp_path: Path) -> None:
    frame = boxes().iloc[1:].reset_index(drop=True)
    shapes = frame.geometry.to_numpy().copy()
    bow = shapely.Polygon([(108.5, 16.0), (108.6, 16.1), (108.6, 16.0), (108.5, 16.1)])
    shapes[0], shapes[5] = bow, shapely.buffer(shapes[5], 0.01, cap_style="square", join_style="mitre")
    path = tmp_path / "dirty.parquet"
    frame.set_geometry(shapes, crs="EPSG:4326").to_parquet(path)
    _, faults = read_boundaries(path)
    found = {fault.code: fault for fault in faults}
    assert set(found) == {"boundaries_rings", "boundaries_missing", "boundaries_area", "boundaries_coverage"}
    assert found["boundaries_missing"].found == ward_facts()["ward_code"][0]
    assert frame["ward_code"][5] in str(found["boundaries_coverage"].found)


def test_a_download_is_held_against_its_hash(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    online = settings.model_copy(update={"offline": False})
    monkeypatch.setattr(wards_module, "_fetch", lambda _url: b"something else")
    boundaries = load_boundaries(online)
    assert boundaries.source is BoundarySource.APPROXIMATE
    assert boundaries.faults[0].code == "boundaries_hash"


def test_a_failed_download_falls_back_and_says_so(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    def unreachable(_url: str) -> bytes:
        raise OSError("no route")

    monkeypatch.setattr(wards_module, "_fetch", unreachable)
    boundaries = load_boundaries(settings.model_copy(update={"offline": False}))
    assert (boundaries.source, boundaries.faults[0].code) == (BoundarySource.APPROXIMATE, "boundaries_download")


def test_a_good_download_is_kept(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    frame = boxes().set_index("ward_code")
    sources = boundary_sources()
    content = {
        url: frame.loc[[Path(path).name[:5]]].reset_index().to_json().encode() if "/wards/" in path else b""
        for path, url in zip(sources["path"], sources["url"], strict=True)
    }
    pinned = sources.assign(sha256=[hashlib.sha256(content[url]).hexdigest() for url in sources["url"]])
    monkeypatch.setattr(wards_module, "boundary_sources", lambda: pinned)
    monkeypatch.setattr(wards_module, "_fetch", content.__getitem__)
    online = settings.model_copy(update={"offline": False})
    first, second = load_boundaries(online), load_boundaries(settings)
    assert (first.source, second.source) == (BoundarySource.DOWNLOAD, BoundarySource.CACHE)
    assert first.version == second.version
    assert first.version.startswith("public-")


def test_a_city_file_is_loaded_used_and_unloaded(settings: Settings, tmp_path: Path) -> None:
    load_city_boundaries(saved(boxes(), tmp_path), settings)
    assert load_boundaries(settings).source is BoundarySource.CITY
    assert unload_city_boundaries(settings)
    assert not unload_city_boundaries(settings)
    assert load_boundaries(settings).source is BoundarySource.APPROXIMATE


def test_a_city_file_that_lacks_units_is_refused(settings: Settings, tmp_path: Path) -> None:
    with pytest.raises(RefusedError) as caught:
        load_city_boundaries(saved(boxes().iloc[3:], tmp_path), settings)
    assert codes_of(caught) == ["boundaries_missing"]
    assert load_boundaries(settings).source is BoundarySource.APPROXIMATE


def test_a_home_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StoreError, match=r"error\.store\.write"):
        load_boundaries(Settings(home=tmp_path / "file", offline=True))


@pytest.mark.parametrize("suffix", [".gpkg", ".geojson", ".parquet", ".fgb"])
def test_export_reads_back(suffix: str, settings: Settings, tmp_path: Path) -> None:
    file = tmp_path / f"wards{suffix}"
    export_wards(file, settings)
    frame = gpd.read_parquet(file) if suffix == ".parquet" else gpd.read_file(file)
    assert {"ward_code", "ward_name", "boundary_source"} <= set(frame)
    assert set(frame["boundary_source"]) == {"approximate"}
    assert len(frame) == 40
    assert [path.name for path in tmp_path.glob("*wards*")] == [file.name]


def test_the_approximate_map_never_becomes_the_city_s_own(settings: Settings, tmp_path: Path) -> None:
    file = tmp_path / "wards.gpkg"
    export_wards(file, settings)
    with pytest.raises(RefusedError) as refusal:
        load_city_boundaries(file, settings)
    assert [fault.code for fault in refusal.value.faults] == ["boundaries_approximate"]


def test_export_names_what_it_cannot_do(settings: Settings, tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match=r"error\.wards\.format"):
        export_wards(tmp_path / "wards.xyz", settings)
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    with pytest.raises(StoreError, match=r"error\.store\.write"):
        export_wards(blocked / "wards.gpkg", settings)


def test_a_ward_is_described_by_code_or_name(settings: Settings) -> None:
    assert describe_ward("19753", settings) == describe_ward("phu xuan", settings)
    with pytest.raises(MissingError, match=r"error\.ward\.unknown"):
        describe_ward("00000", settings)


def test_commands(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HATANG_OFFLINE", "1")
    call = ["--home", str(settings.home), "--json", "wards"]
    shown = CliRunner().invoke(app, [*call, "show", "19753"])
    assert json.loads(shown.stdout)["ward_name"] == "Phường Phú Xuân"
    exported = CliRunner().invoke(app, [*call, "export", str(tmp_path / "w.geojson")])
    assert json.loads(exported.stdout)["boundary_source"] == "approximate"
    unknown = CliRunner().invoke(app, [*call, "show", "99999"])
    assert (unknown.exit_code, json.loads(unknown.stdout)["code"]) == (1, "error.ward.unknown")
    loaded = CliRunner().invoke(app, [*call, "load", str(saved(boxes(), tmp_path))])
    assert json.loads(loaded.stdout)["wards"] == 40
    assert json.loads(CliRunner().invoke(app, [*call, "unload"]).stdout) == {"unloaded": True}
    words = CliRunner().invoke(app, ["--home", str(settings.home), "wards", "show", "19753"])
    assert "130.247 người" in words.stdout


@pytest.mark.reference
def test_real_wards_and_bus_stops(settings: Settings, reference: Path) -> None:
    real = settings.model_copy(update={"boundaries": reference / "boundaries/hue_wards_2025.parquet"})
    boundaries = load_boundaries(real)
    assert boundaries.faults == ()
    assert geodesic_area_m2(boundaries.frame.geometry).sum() / 1e6 == pytest.approx(4946.28, abs=0.005)
    stops = pd.read_csv(reference / "boundaries/hue_bus_stops_sample24.csv")
    points = gpd.GeoDataFrame(stops, geometry=gpd.points_from_xy(stops["lon"], stops["lat"]), crs="EPSG:4326")
    joined = gpd.sjoin(points, boundaries.frame, predicate="intersects")
    assert len(joined) == 24
    assert (joined["ward_name"].str.replace(r"^(Phường|Xã) ", "", regex=True) == joined["ward"]).all()


@pytest.mark.reference
def test_the_dirty_country_loads_with_its_units_named(reference: Path) -> None:
    wards, faults = read_boundaries(reference / "boundaries/vn_wards_2025_simplified30m.parquet")
    found = {fault.code: fault for fault in faults}
    assert len(wards) == 3321
    assert found["boundaries_area"].fields["units"] == 189
    assert found["boundaries_coverage"].fields["units"] > 300
