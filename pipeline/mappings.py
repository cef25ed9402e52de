"""Use case: mappings that are kept, looked at and forgotten."""

from hatang.data import mappingmemory
from hatang.data.mappingmemory import Remembered
from hatang.data.settings import Settings

__all__ = ["Remembered", "forget_mapping", "list_mappings", "show_mapping"]


def list_mappings(settings: Settings) -> tuple[Remembered, ...]:
    """Return every mapping that is kept, by organisation, kind and time."""
    return mappingmemory.all_remembered(settings.home)


def show_mapping(mapping_id: str, settings: Settings) -> tuple[Remembered, str]:
    """Return a mapping that is kept, by its id or how that begins, and its text.

    Raises
    ------
    MissingError
        Where none has that id, or several begin so.
    """
    found = mappingmemory.find(settings.home, mapping_id)
    return found, mappingmemory.kept_text(found)


def forget_mapping(mapping_id: str, settings: Settings) -> Remembered:
    """Keep a mapping no longer, and return what it was.

    Raises
    ------
    MissingError
        As `show_mapping`.
    StoreError
        Where the disk refuses.
    """
    return mappingmemory.forget(settings.home, mapping_id)
