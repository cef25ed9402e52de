"""Tests as filed: the engine's table is what pandas counts, its files are a cache, and it can be stopped."""

import datetime as dt
import shutil
from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd
import pytest

from hatang.coverage.locate import WardIndex
from hatang.data.contracts import CancelledError, Kind
from hatang.data.results import table_hash
from hatang.data.settings import Settings
from hatang.data.store import Store
from hatang.pipeline.assess import assess
from hatang.pipeline.demo import DemoOutcome
from hatang.pipeline.progress import Quiet


@pytest.fixture
def own_store(small_demo: DemoOutcome, tmp_path: Path) -> Settings:
    """Return a copy of the demo's store, to change at will."""
    shutil.copytree(small_demo.settings.home, tmp_path / "home")
    return small_demo.settings.model_copy(update={"home": tmp_path / "home"})


KEY = ["ward_code", "operator", "technology", "environment"]


def test_every_ward_counts_what_pandas_counts(small_demo: DemoOutcome) -> None:
    settings, results = small_demo.settings, small_demo.results
    with Store.open(settings) as store:
        rows = pd.concat([store.read(entry) for entry in store.datasets(Kind.MEASUREMENTS)], ignore_index=True)
    wards = results.tables["wards"]
    place = WardIndex.build(wards).locate(rows["lon"], rows["lat"])
    rows = rows.assign(ward_code=np.where(place >= 0, wards["ward_code"].to_numpy(object)[place], None))
    silent = rows["rsrp_dbm"].isna() & rows["no_service"].fillna(value=False).astype(bool)
    rows = rows.assign(silent=silent)[rows["ward_code"].notna() & (rows["rsrp_dbm"].notna() | silent)]
    grouped = rows.groupby(KEY, observed=True)
    level = grouped["rsrp_dbm"]
    expected = pd.DataFrame(
        {
            "tests": grouped.size(),
            "no_service": grouped["silent"].sum(),
            "devices": grouped["device_id"].nunique(),
            "median_rsrp_dbm": level.median(),
            "p10_rsrp_dbm": level.quantile(0.1),
            "p95_rsrp_dbm": level.quantile(0.95),
            "share_at_level": (rows["rsrp_dbm"] >= -110).groupby([rows[name] for name in KEY], observed=True).mean(),
        }
    ).reset_index()
    found = results.tables["raw_tests"]
    assert len(found) > 100
    assert found["no_service"].sum() > 0
    assert set(found["period"]) == {results.period}
    assert found[KEY].astype(str).to_numpy().tolist() == expected[KEY].astype(str).to_numpy().tolist()
    for name in expected.columns[4:]:
        np.testing.assert_allclose(found[name].astype(float), expected[name].astype(float), rtol=1e-12, err_msg=name)


def test_engine_files_may_be_deleted(small_demo: DemoOutcome, own_store: Settings) -> None:
    settings = own_store
    shutil.rmtree(settings.home / "engine")
    other = dt.date(2026, 9, 29)
    again = assess(settings, period=small_demo.results.period, as_of=other, progress=Quiet())
    assert table_hash(again.tables["raw_tests"]) == table_hash(small_demo.results.tables["raw_tests"])
    assert any((settings.home / "engine").iterdir())


def test_counting_can_be_stopped(small_demo: DemoOutcome, own_store: Settings) -> None:
    class Impatient(Quiet):
        def step(self, message_id: str, *, total: int | None = None, **fields: object) -> None:
            super().step(message_id, total=total, **fields)
            if message_id == "assess.raw":
                assert total is not None
                assert total > 0
                self.cancel()

    before = set((own_store.home / "results").iterdir())
    with pytest.raises(CancelledError):
        assess(own_store, period=small_demo.results.period, as_of=dt.date(2026, 9, 28), progress=Impatient())
    assert set((own_store.home / "results").iterdir()) == before


def test_the_workbook_holds_them_under_a_title(small_demo: DemoOutcome) -> None:
    sheet = openpyxl.load_workbook(small_demo.folder / "bang-so-lieu.xlsx")["Mau do tho"]
    rows = list(sheet.values)
    assert "trước khi làm sạch" in str(rows[0][0])
    assert len(rows) == 3 + len(small_demo.results.tables["raw_tests"])
