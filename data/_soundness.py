"""Whether stored files are what the catalogue says, byte for byte and row for row; public through `hatang.data.store`."""

from collections.abc import Iterator
from pathlib import Path

from hatang.data._entries import Dataset
from hatang.data._storedfiles import StoredFiles
from hatang.data.atomic import file_hash
from hatang.data.contracts import Fault, Severity
from hatang.data.results import table_hash
from hatang.data.tablefile import read_table


def unsound(files: StoredFiles, dataset: Dataset) -> Iterator[Fault]:
    """Yield a fault for an entry's original and for its table where they are not what the catalogue says."""
    original, table = files.original(dataset.original_sha256), files.table(dataset.sha256)
    for path, stored in ((original, dataset.original_sha256), (table, dataset.file_sha256)):
        name, expected = files.name(path), stored or dataset.sha256
        try:
            found = file_hash(path)
            if stored is None or (found == stored and path == table):  # the bytes are sound: are they of this table?
                found, expected = table_hash(read_table(path)), dataset.sha256
        except FileNotFoundError:
            yield Fault("stored_file_missing", name, fields={"dataset": dataset.id})
            continue
        except Exception as error:  # noqa: BLE001 - whatever a damaged file makes of its reader is what was found
            found = first_line(error)
        if found != expected:
            yield Fault("stored_file_damaged", name, found=found, fields={"dataset": dataset.id})


def unnamed(files: StoredFiles, named: set[Path]) -> Iterator[Fault]:
    """Yield a fault for each stored file that no entry names."""
    for path in files.stored():
        if path not in named:
            yield Fault("stored_file_unnamed", files.name(path), Severity.WARNING)


def first_line(error: Exception) -> str:
    return (str(error) or type(error).__name__).splitlines()[0]
