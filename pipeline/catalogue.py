"""Use case: the catalogue looked at, an entry withdrawn, every stored file checked, the database brought up to date."""

from dataclasses import dataclass

from hatang.data.audit import Head
from hatang.data.contracts import Fault, Kind
from hatang.data.settings import Settings
from hatang.data.store import Dataset, Store
from hatang.pipeline.progress import Progress


@dataclass(frozen=True, slots=True)
class Verification:
    """How many data sets were checked, withdrawn ones included, what is wrong with files and audit log, and the log's last record."""

    datasets: int
    faults: tuple[Fault, ...]
    head: Head


def list_datasets(settings: Settings, *, kind: Kind | None = None, include_withdrawn: bool = False) -> list[Dataset]:
    """Return the entries in order of acceptance."""
    with Store.open(settings) as store:
        return store.datasets(kind, include_withdrawn=include_withdrawn)


def show_dataset(id_or_prefix: str, settings: Settings) -> tuple[Dataset, tuple[Fault, ...]]:
    """Return one entry, and what was refused, repaired or warned about when its file was read.

    Raises
    ------
    MissingError
        Where no id, or more than one, begins so.
    """
    with Store.open(settings) as store:
        dataset = store.dataset(id_or_prefix)
        return dataset, store.faults(dataset)


def withdraw_dataset(id_or_prefix: str, settings: Settings, *, undo: bool = False) -> Dataset:
    """Let an entry count no longer, or again where `undo`.

    Raises
    ------
    MissingError
        Where no id, or more than one, begins so.
    ParameterError
        Where the same table was filed again meanwhile and would count twice.
    """
    with Store.open(settings) as store:
        return store.withdraw(id_or_prefix, undo=undo)


def verify_catalogue(settings: Settings, progress: Progress, *, anchor: str | None = None) -> Verification:
    """Hash every stored original and table anew and walk the audit log; name what is missing, damaged, unnamed or tampered with.

    `anchor` is the hash of an earlier head of the log, or how it begins: without one, records cut off at the end cannot be seen.
    """
    with Store.open(settings) as store:
        count = len(store.datasets(include_withdrawn=True))
        progress.step("catalogue.verifying", total=count)
        return Verification(count, tuple(store.verify(progress.advance, anchor=anchor)), store.audit_head())


def upgrade_database(settings: Settings) -> str:
    """Bring the catalogue database to the newest revision and return it."""
    with Store.open(settings) as store:
        return store.revision
