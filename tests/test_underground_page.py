"""The page of undergrounding: nothing filed is said, a street by name is worked out, what nobody counted has no number."""

import geopandas as gpd
import pytest
import shapely
from streamlit.testing.v1 import AppTest

from hatang.data.contracts import HUE_CRS, MAP_CRS
from hatang.data.settings import Settings
from hatang.pipeline.assess import assess
from hatang.pipeline.ingest import IngestOptions, ingest
from hatang.pipeline.progress import Quiet

PAGE = "from hatang.web import underground_page\nunderground_page.show()"
X, Y = 563_000.0, 1_820_000.0


@pytest.fixture
def street(settings: Settings, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Return settings of a store with a road, and beside it a pole that was counted and one that was not; no programme."""
    monkeypatch.setenv("HATANG_HOME", str(settings.home))
    monkeypatch.setenv("HATANG_OFFLINE", "1")
    folder = tmp_path_factory.mktemp("files")
    poles = {"asset_id": ["<b>v1</b>", "f1"], "asset_class": "pole", "owner": ["viettel", "fpt"], "slots_used": [4, None]}
    shapes = [shapely.Point(X + 10, Y + 5), shapely.Point(X + 60, Y + 5)]
    gpd.GeoDataFrame(poles, geometry=shapes, crs=HUE_CRS).to_crs(MAP_CRS).to_file(folder / "p.gpkg", engine="pyogrio")
    line = shapely.LineString([(X, Y), (X + 200, Y)])
    road = gpd.GeoDataFrame({"road_id": ["R1"], "road_name": ["Phố Thử"], "width_m": [8.0]}, geometry=[line], crs=HUE_CRS)
    road.to_crs(MAP_CRS).to_file(folder / "r.gpkg", engine="pyogrio")
    assert ingest([folder / "p.gpkg", folder / "r.gpkg"], IngestOptions(), settings, Quiet()).complete
    assess(settings, progress=Quiet())
    return settings


@pytest.mark.usefixtures("street")
def test_a_street_by_name_is_worked_out_and_left_again() -> None:
    app = AppTest.from_string(PAGE, default_timeout=120).run()
    assert not app.exception
    assert "Chưa nạp chương trình" in app.info[0].value
    assert app.button(key="underground_programme").disabled
    app.text_input(key="underground_street").set_value("phố không có").run()
    app.button(key="underground_one").click().run()
    assert "phố không có" in app.error[0].value
    app.text_input(key="underground_street").set_value("PHỐ THỬ").run()
    app.button(key="underground_one").click().run()
    assert not app.exception
    assert not app.error
    assert [metric.value for metric in app.metric] == ["1", "200", "1", "1"]
    streets, order, proposed, owners, survey, fit = (frame.value for frame in app.dataframe)
    assert streets["Số ống dùng chung cần có"].tolist() == ["5"]
    assert streets["Cáp không sử dụng (m)"].tolist() == ["–"]
    assert order["Việc"].tolist()[:2] == ["xây cống bể dùng chung", "kéo cáp mới vào ống"]
    assert proposed.to_numpy().tolist() == [["Phố Thử", "ngầm hóa", "200", "m", "FPT, Viettel"]]
    assert owners["Số cáp đã biết"].tolist() == ["–", "4"]
    assert survey["Mã tài sản"].tolist() == ["f1"]
    assert set(fit["Kết quả"]) == {"chưa có dữ liệu"}
    app.button(key="underground_another").click().run()
    assert not app.metric
