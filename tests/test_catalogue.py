"""The catalogue's use cases."""

from pathlib import Path

import pandas as pd
import pytest

from hatang.data.contracts import FIXED, Fault, Kind, MissingError, Severity
from hatang.data.settings import Settings
from hatang.data.store import Dataset, Filing, Store
from hatang.pipeline.catalogue import list_datasets, show_dataset, upgrade_database, verify_catalogue, withdraw_dataset
from hatang.pipeline.progress import Quiet

pytestmark = pytest.mark.databases("sqlite", "postgresql")


@pytest.fixture
def dataset(settings: Settings, tmp_path: Path) -> Dataset:
    file = tmp_path / "fixed.csv"
    file.write_text("as filed")
    rows = {"ward_code": ["19774"], "ward_name": ["A"], "operator": ["vnpt"], "households": [10], "households_served": [9]}
    fault = Fault("cell_missing", "fixed.csv", Severity.REFUSED, row=3, field="households")
    filing = Filing(Kind.FIXED, "so-khcn", 2, 1, 1, faults=(fault,))
    with Store.open(settings) as store, store.receive(file) as received:
        return store.add(received, FIXED.conform(pd.DataFrame(rows)), filing)[0]


def test_an_empty_home_has_an_empty_catalogue(settings: Settings) -> None:
    assert list_datasets(settings) == []
    assert verify_catalogue(settings, Quiet()).datasets == 0


def test_entries_are_listed_and_shown(settings: Settings, dataset: Dataset) -> None:
    assert list_datasets(settings, kind=Kind.FIXED) == [dataset]
    assert list_datasets(settings, kind=Kind.CLAIMS) == []
    shown, faults = show_dataset(dataset.id[:6], settings)
    assert (shown, [fault.row for fault in faults]) == (dataset, [3])
    with pytest.raises(MissingError, match=r"error\.dataset\.missing"):
        show_dataset("none", settings)


def test_withdrawal_and_its_undoing(settings: Settings, dataset: Dataset) -> None:
    withdrawn = withdraw_dataset(dataset.id, settings)
    assert list_datasets(settings) == []
    assert list_datasets(settings, include_withdrawn=True) == [withdrawn]
    assert withdraw_dataset(dataset.id, settings, undo=True) == dataset


def test_verification_counts_and_names(settings: Settings, dataset: Dataset) -> None:
    assert verify_catalogue(settings, Quiet()).faults == ()
    (settings.home / "originals" / dataset.original_sha256[:2] / dataset.original_sha256).unlink()
    found = verify_catalogue(settings, Quiet())
    assert (found.datasets, [fault.code for fault in found.faults]) == (1, ["stored_file_missing"])


def test_the_database_is_brought_up_to_date(settings: Settings) -> None:
    assert upgrade_database(settings) == "0004"
