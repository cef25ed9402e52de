"""Registers in the models of others: counts of the published samples, what is wrong in rows, and the way through ingest."""

import shutil
import zipfile
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from hatang.data._registerchecks import checked_rows
from hatang.data.contracts import DUCT_SECTIONS, FINDINGS, MAP_CRS, POLES, REGISTER_TABLES, Kind, RefusedError
from hatang.data.limits import Limits
from hatang.data.reading import ReadOptions, read, recognise
from hatang.data.registerfile import read_register, register_geopackage
from hatang.data.sandbox import read_apart
from hatang.data.tablefile import arrow_table
from hatang.sharing.room import duct_room

PLACE = shapely.Point(107.59, 16.46)
LINE = shapely.LineString([(107.59, 16.46), (107.591, 16.46)])


def zipped(folder: Path, target: Path) -> Path:
    with zipfile.ZipFile(target, "w") as archive:
        for path in sorted(folder.iterdir()):
            archive.write(path, f"delivery/{path.name}")
    return target


def rows_of(*rows: dict[str, object]) -> pd.DataFrame:
    return pd.DataFrame([{"owner": "VNPT", "geometry": PLACE, **row} for row in rows])


def faults(found: pd.DataFrame) -> list[tuple[str, str, str]]:
    return [(row.finding, row.asset_id, row.severity) for row in found.itertuples()]


def test_faulty_rows_are_named_and_the_rest_is_kept() -> None:
    frame = rows_of(
        {"asset_id": "C1", "slots_total": 6, "slots_used": 2},
        {"asset_id": "C1"},
        {"asset_id": None},
        {"asset_id": "C2", "geometry": None},
        {"asset_id": "C3", "geometry": LINE},
        {"asset_id": "C4", "valid_from": "2027-05-01", "valid_to": "2026-05-01"},
        {"asset_id": "C5", "slots_total": 4, "slots_used": 5},
        {"asset_id": "C6", "owner": None},
        {"asset_id": "C7", "slots_total": -1, "height_m": "cao", "kind": "tre"},
    )
    kept, found = checked_rows(POLES, frame)
    assert kept["asset_id"].tolist() == ["C1", "C5", "C6", "C7"]
    assert faults(found) == [
        ("id_missing", "", "left_out"),
        ("duplicate", "C1", "left_out"),
        ("shape_missing", "C2", "left_out"),
        ("shape_missing", "C3", "left_out"),
        ("word_unknown", "C7", "emptied"),
        ("number_wrong", "C7", "emptied"),
        ("number_wrong", "C7", "emptied"),
        ("dates_reversed", "C4", "left_out"),
        ("above_capacity", "C5", "emptied"),
        ("owner_unknown", "C6", "warning"),
    ]
    over = found[found["finding"] == "above_capacity"].iloc[0]
    assert (over["measured"], over["needed"], over["unit"]) == (5, 4, "slots")
    held = POLES.conform(kept).set_index("asset_id")
    assert held["slots_used"].astype("float64").tolist()[0] == 2
    assert held.loc[["C5", "C7"], "slots_used"].isna().all()
    assert held.loc["C7", ["slots_total", "height_m", "kind"]].isna().all()


def test_a_duct_without_length_is_left_out() -> None:
    nought = shapely.LineString([(107.59, 16.46), (107.59, 16.46)])
    kept, found = checked_rows(DUCT_SECTIONS, rows_of({"asset_id": "D1", "geometry": LINE}, {"asset_id": "D2", "geometry": nought}))
    assert kept["asset_id"].tolist() == ["D1"]
    assert faults(found) == [("zero_length", "D2", "left_out")]


@pytest.mark.parametrize("table", REGISTER_TABLES.values(), ids=lambda table: table.name)
def test_an_empty_table_has_nothing_wrong(table: object) -> None:
    kept, found = checked_rows(table, pd.DataFrame(columns=table.names))  # type: ignore[arg-type, attr-defined]
    assert len(kept) == len(found) == 0
    assert list(found) == FINDINGS.names


def test_a_register_comes_back_from_its_geopackage(tmp_path: Path) -> None:
    poles = POLES.conform(rows_of({"asset_id": "C1", "slots_total": 6, "status": "in_service", "survey_date": pd.Timestamp("2026-08-15")}))
    ducts = DUCT_SECTIONS.conform(rows_of({"asset_id": "D1", "ways": 4, "geometry": LINE, "from_id": "B1"}))
    register = {
        name: gpd.GeoDataFrame(frame, geometry="geometry", crs=MAP_CRS) for name, frame in (("poles", poles), ("duct_sections", ducts))
    }
    ways = pd.DataFrame({"way_id": ["W1"], "section_id": ["D1"], "use": ["empty"], "occupancy": ["1.1"]})
    path = tmp_path / "register.gpkg"
    path.write_bytes(register_geopackage({**register, "duct_ways": ways}))
    back, found = read_register(path, Limits())
    assert found.empty
    for name, frame in register.items():
        pd.testing.assert_frame_equal(pd.DataFrame(back[name]), pd.DataFrame(frame), check_dtype=False)
    assert back["duct_ways"].loc[0, ["way_id", "section_id", "use", "occupancy"]].tolist() == ["W1", "D1", "empty", "1.1"]
    assert set(back) == set(REGISTER_TABLES)
    assert recognise(path, ReadOptions()) is Kind.ASSETS
    assert read(path, tmp_path / "out.arrow", Kind.ASSETS, ReadOptions()).rows_kept == 2


def test_other_files_are_no_register(tmp_path: Path) -> None:
    path = tmp_path / "roads.gpkg"
    gpd.GeoDataFrame({"road_id": ["R"]}, geometry=[LINE], crs=MAP_CRS).to_file(path, layer="roads")
    with pytest.raises(RefusedError) as caught:
        read_register(path, Limits())
    assert caught.value.faults[0].code == "file_no_register"
    assert recognise(path, ReadOptions()) is Kind.ROADS


@pytest.mark.reference
def test_a_delivery_of_gracethd_is_read_whole(reference: Path, tmp_path: Path) -> None:
    """Counts by `wc -l` and `cut` on the tables: 6 chambers, 3 poles, 25 ducts in 27 paths, 15 buried and 8 aerial of 25 paths."""
    folder = reference / "registers/gracethd_v2"
    register, found = read_register(folder, Limits())
    assert found.empty
    counts = {name: len(frame) for name, frame in register.items() if len(frame)}
    assert counts == {"poles": 3, "chambers": 6, "duct_sections": 15, "duct_ways": 27, "spans": 8, "attachments": 12, "station_houses": 2}
    chambers, ways, sections = register["chambers"].set_index("asset_id"), register["duct_ways"], register["duct_sections"]
    assert chambers["entries_total"].tolist() == [1, 7, 3, 6, 8, 12]
    assert (chambers["occupancy"] == "1.1").all()
    assert chambers["owner"].value_counts().to_dict() == {"ORANGE": 4, "SMO": 2}
    assert ways["way_id"].nunique() == 25
    assert ways["parent_way_id"].notna().sum() == 0  # the sample has the column and leaves it empty
    assert sorted(ways["fill_pct"].value_counts().to_dict().items()) == [(20, 5), (25, 21), (100, 1)]
    assert np.allclose(sections.to_crs("EPSG:2154").length, sections["length_m"], atol=0.11)
    room = duct_room(sections, ways)
    assert (room["spare"].dropna() == 0).all()  # every way that is described holds a cable; the others are not described
    other, _ = read_register(zipped(folder, tmp_path / "delivery.zip"), Limits())
    pd.testing.assert_frame_equal(pd.DataFrame(other["duct_ways"]), pd.DataFrame(ways))


@pytest.mark.reference
def test_a_delivery_goes_through_the_process_apart(reference: Path, tmp_path: Path) -> None:
    archive = zipped(reference / "registers/gracethd_v2", tmp_path / "delivery.zip")
    outcome = read_apart(archive, tmp_path / "out.arrow", Kind.AUTO, ReadOptions())
    assert (outcome.kind, outcome.rows_in, outcome.rows_kept) == (Kind.ASSETS, 24, 24)
    assets = arrow_table(tmp_path / "out.arrow", Kind.ASSETS)
    assert assets["asset_class"].value_counts().to_dict() == {"duct_section": 15, "chamber": 6, "pole": 3}
    assert assets["ways"].isna().all()  # how many ways a path has is not stated: unknown, never room


@pytest.mark.reference
def test_a_project_of_fiberq_is_read_whole(reference: Path, tmp_path: Path) -> None:
    """Counts by `ogrinfo`: 6 poles (one without a place, one that repeats an id), 2 manholes, 3 routes of which one is aerial."""
    file = reference / "registers/fiberq_demo.gpkg"
    register, found = read_register(file, Limits())
    assert {name: len(frame) for name, frame in register.items() if len(frame)} == {
        "poles": 4,
        "chambers": 2,
        "duct_sections": 2,
        "spans": 1,
    }
    assert found["finding"].value_counts().to_dict() == {"owner_unknown": 9, "duplicate": 1, "shape_missing": 1}
    assert register["duct_sections"]["ext_id"].tolist() == ["R-1", "R-2"]
    assert register["duct_sections"]["length_m"].tolist() == pytest.approx([86.936, 115.914], abs=1e-3)
    mapping = tmp_path / "owner.yaml"
    mapping.write_text("constants:\n  owner: VNPT\n")
    copy = Path(shutil.copy(file, tmp_path / "project.gpkg"))
    outcome = read_apart(copy, tmp_path / "out.arrow", Kind.AUTO, ReadOptions(mapping=mapping))
    assert (outcome.kind, outcome.rows_in, outcome.rows_kept) == (Kind.ASSETS, 10, 8)
    assert {fault.code for fault in outcome.faults} == {"duplicate_row", "geometry_missing", "register_beside"}
    assert next(fault.found for fault in outcome.faults if fault.code == "register_beside") == "spans (1)"


def test_a_register_of_masts_chambers_and_ways_gives_its_chambers_and_names_the_masts(tmp_path: Path) -> None:
    masts = gpd.GeoDataFrame(
        rows_of({"asset_id": "M1", "kind": "mast", "height_m": 45.0, "free_height_m": 12.0, "tenants": 2}), crs=MAP_CRS
    )
    chambers = gpd.GeoDataFrame(rows_of({"asset_id": "C1", "kind": "manhole"}, {"asset_id": "C2", "kind": "handhole"}), crs=MAP_CRS)
    ways = pd.DataFrame({"way_id": ["W1", "W2"], "section_id": ["D1", "D1"], "use": ["used", "empty"]})
    path = tmp_path / "ho-so.gpkg"
    path.write_bytes(register_geopackage({"masts": masts, "chambers": chambers, "duct_ways": ways}))
    outcome = read(path, tmp_path / "out.arrow", Kind.AUTO, ReadOptions())
    frame = arrow_table(tmp_path / "out.arrow", Kind.ASSETS)
    assert frame[["asset_id", "asset_class"]].to_numpy().tolist() == [["C1", "chamber"], ["C2", "chamber"]]
    assert [(fault.code, fault.found) for fault in outcome.faults] == [("register_beside", "masts (1)")]
    register, found = read_register(path, Limits())
    assert (register["masts"]["tenants"].tolist(), register["masts"]["free_height_m"].tolist(), len(found)) == ([2], [12.0], 0)
