"""Topology of a register: each finding by hand on ducts and spans of 100 m, and two published samples."""

import datetime as dt
import re
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from hatang.data.contracts import FINDINGS, HUE_CRS, ParameterError
from hatang.data.language import message_ids
from hatang.data.limits import Limits
from hatang.data.registerfile import read_register, register_geopackage
from hatang.pipeline.progress import Quiet
from hatang.pipeline.register import check_register
from hatang.sharing.topology import TopologyTolerances, topology_findings

ROOT = Path(__file__).resolve().parent.parent
X, Y = 561_000.0, 1_821_000.0


def points(**places: float) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame({"asset_id": list(places)}, geometry=[shapely.Point(X + x, Y) for x in places.values()], crs=HUE_CRS)


def line(
    name: str, start: float, stop: float, begin: str | None, end: str | None, length: float | None = None, ways: int | None = None
) -> gpd.GeoDataFrame:
    shape = shapely.LineString([(X + start, Y), (X + stop, Y)])
    columns = {"asset_id": [name], "from_id": [begin], "to_id": [end], "length_m": [length], "ways": [ways]}
    return gpd.GeoDataFrame(columns, geometry=[shape], crs=HUE_CRS)


def ways(*rows: tuple[str, str | None, str | None]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["way_id", "section_id", "parent_way_id"], dtype=object)


def found(**register: pd.DataFrame) -> list[tuple[object, ...]]:
    table = topology_findings(register)
    assert list(table) == FINDINGS.names
    assert (table["severity"] == "warning").all()
    return [
        tuple(None if pd.isna(value) else round(value, 3) if isinstance(value, float) else value for value in row)
        for row in table[["finding", "asset_id", "other_id", "measured", "needed"]].itertuples(index=False)
    ]


def test_what_hangs_together_has_no_findings() -> None:
    section = line("D", 0, 100, "B1", "B2", 100.0, 2)
    described = ways(("1", "D", None), ("2", "D", None), ("2a", "D", "2"))
    assert found(chambers=points(B1=0, B2=101), duct_sections=section, duct_ways=described) == []
    assert found(poles=points(C1=0, C2=100), spans=line("S", 0, 100, "C1", "C2")) == []
    assert found() == []


def test_ducts_end_in_chambers() -> None:
    chambers = points(B1=0, B2=105)
    assert found(chambers=chambers, duct_sections=line("D", 0, 100, "B1", "B2")) == [("end_far", "D", "B2", 5.0, 2.0)]
    assert found(chambers=chambers, duct_sections=line("D", 0, 100, "B9", None)) == [
        ("end_not_found", "D", "B9", None, None),
        ("end_open", "D", None, 5.0, 2.0),
    ]
    assert found(chambers=chambers, duct_sections=line("D", 0, 103, None, None)) == []  # 2.0 m: the tolerance itself is near
    assert found(poles=points(C1=0, C2=100), duct_sections=line("D", 0, 100, "C1", None)) == [
        ("end_not_found", "D", "C1", None, None),
        ("end_open", "D", None, None, 2.0),
    ]


def test_spans_end_on_poles_and_anything_may_end_in_a_station_house() -> None:
    houses = points(N=100)
    assert found(poles=points(C1=0), station_houses=houses, spans=line("S", 0, 100, "C1", "N")) == []
    assert found(chambers=points(C1=0), spans=line("S", 0, 100, "C1", None), poles=points(C2=50))[0] == (
        "end_not_found",
        "S",
        "C1",
        None,
        None,
    )


@pytest.mark.parametrize(("stated", "differs"), [(105.0, False), (95.0, False), (105.1, True), (None, False)])
def test_lengths_agree(stated: float | None, differs: bool) -> None:
    answer = found(chambers=points(B1=0, B2=100), duct_sections=line("D", 0, 100, "B1", "B2", stated))
    assert answer == ([("length_differs", "D", None, 5.1, 5.0)] if differs else [])


def test_a_metre_is_no_difference_of_short_lines() -> None:
    short = {"chambers": points(B1=0, B2=5)}
    assert found(**short, duct_sections=line("D", 0, 5, "B1", "B2", 6.0)) == []
    assert found(**short, duct_sections=line("D", 0, 5, "B1", "B2", 6.5)) == [("length_differs", "D", None, 1.5, 1.0)]


def test_ways_belong_to_sections_and_to_parents() -> None:
    section = line("D", 0, 100, None, None, None, 1)
    register = {"chambers": points(B1=0, B2=100), "duct_sections": section}
    described = ways(("1", "D", None), ("2", "D", None), ("3", "Z", None), ("4", "D", "9"), ("5", None, "6"), ("6", None, "5"))
    assert found(**register, duct_ways=described) == [
        ("ways_above_section", "D", None, 3.0, 1.0),
        ("section_not_found", "3", "Z", None, None),
        ("parent_not_found", "4", "9", None, None),
        ("parent_circle", "5", "6", None, None),
        ("parent_circle", "6", "5", None, None),
    ]
    full = ways(("1", "D", None)).assign(inner_mm=20.0, cable_area_mm2=[400.0])
    assert found(**register, duct_ways=full) == [("fill_above_way", "1", None, 400.0, 314.159)]


def test_findings_lie_where_the_fault_is() -> None:
    table = topology_findings({"chambers": points(B1=0, B2=105), "duct_sections": line("D", 0, 100, "B1", "B2")})
    assert table.geometry.iloc[0].equals(shapely.Point(X + 100, Y))
    assert table.crs == HUE_CRS


def test_every_finding_has_a_sentence_in_both_languages() -> None:
    source = "".join(
        (ROOT / name).read_text("utf-8") for name in ("sharing/topology.py", "data/_registerchecks.py", "data/_openfibre_register.py")
    )
    codes = set(re.findall(r'(?:"finding": |finding=)"(\w+)"', source)) | set(
        re.findall(r'checked\.(?:leave_out|name)\(.*?, "(\w+)"', source, re.DOTALL)
    )
    assert len(codes) == 20
    assert {f"finding.{code}" for code in codes} <= message_ids("vi") & message_ids("en")


def test_tolerances_are_not_negative() -> None:
    for name in ("end_m", "length_share", "length_m"):
        with pytest.raises(ParameterError):
            TopologyTolerances(**{name: -0.1})


def test_a_file_is_looked_through_under_the_rules_of_its_day(tmp_path: Path) -> None:
    """The reserve of 10 % in new trenches is in force from July 2024 on; before, no rule says what to keep."""
    section = line("D", 0, 100, "B1", "B2", 106.0, 2).assign(status="planned", owner="VNPT")
    register = {"chambers": points(B1=0, B2=100).assign(owner="VNPT"), "duct_sections": section}
    described = ways(("1", "D", None), ("2", "D", None)).assign(use="empty")
    path = tmp_path / "register.gpkg"
    path.write_bytes(register_geopackage({**register, "duct_ways": described}))
    checked = check_register(path, Limits(), as_of=dt.date(2026, 11, 25), progress=Quiet())
    assert checked.findings["finding"].tolist() == ["length_differs"]
    assert checked.findings["measured"].iloc[0] == pytest.approx(6, abs=0.01)
    ducts = checked.assets[checked.assets["asset_class"] == "duct_section"]
    assert ducts[["capacity", "reserve", "spare", "action"]].to_numpy().tolist() == [[2, 1, 1, "closed"]]
    assert len(checked.tables["chambers"]) == 2


@pytest.mark.reference
def test_published_samples(reference: Path) -> None:
    """GraceTHD's lengths agree with its lines; FiberQ measures on the ellipsoid and its demo stretches one route to 210 m by hand."""
    register, _ = read_register(reference / "registers/gracethd_v2", Limits())
    table = topology_findings(register, metric_crs="EPSG:2154")
    assert "length_differs" not in set(table["finding"])
    assert "section_not_found" not in set(table["finding"])
    unnamed = register["duct_sections"][["from_id", "to_id"]].isna().sum().sum()
    assert (table["finding"] == "end_open").sum() <= unnamed
    project, _ = read_register(reference / "registers/fiberq_demo.gpkg", Limits())
    differing = topology_findings(project, metric_crs="EPSG:32633")
    assert differing[differing["finding"] == "length_differs"]["table"].tolist() == ["spans"]
    span = differing[differing["finding"] == "length_differs"].iloc[0]
    assert span["measured"] == pytest.approx(210 - 144.9, abs=1)
    assert np.isfinite(differing["measured"].dropna()).all()
