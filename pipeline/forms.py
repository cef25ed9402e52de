"""Use case: forms out. Blank templates for the firms and departments, and what they filed with its faults marked."""

from collections.abc import Sequence
from pathlib import Path

from hatang.data.annotated import annotated
from hatang.data.atomic import replacing
from hatang.data.contracts import Fault, Kind, MissingError, RefusedError, Severity
from hatang.data.language import Language
from hatang.data.reading import ReadOptions
from hatang.data.settings import Settings
from hatang.data.templates import TEMPLATE_KINDS, template

__all__ = ["TEMPLATE_KINDS", "annotated_copy", "template", "write_annotated", "write_template"]


def write_template(kind: Kind, target: Path, language: Language) -> None:
    """Write the blank template of a kind to `target`.

    Raises
    ------
    MissingError
        Where the kind has no template.
    StoreError
        Where the disk refuses.
    """
    _write(template(kind, language), target)


def annotated_copy(
    file: Path, faults: Sequence[Fault], language: Language, settings: Settings, *, mapping: Path | None = None
) -> bytes | None:
    """Return a file as a workbook with its faults marked, to correct and send again; None where nothing refuses it or it is no table."""
    if not any(fault.severity is Severity.REFUSED for fault in faults):
        return None
    try:
        return annotated(file, faults, language, ReadOptions(mapping=mapping, limits=settings.limits))
    except (MissingError, RefusedError):
        return None


def write_annotated(
    file: Path, faults: Sequence[Fault], target: Path, language: Language, settings: Settings, *, mapping: Path | None = None
) -> bool:
    """Write the annotated copy of a file to `target`; return whether there was one to write.

    Raises
    ------
    StoreError
        Where the disk refuses.
    """
    content = annotated_copy(file, faults, language, settings, mapping=mapping)
    if content is not None:
        _write(content, target)
    return content is not None


def _write(content: bytes, target: Path) -> None:
    """Put content in its place at once."""
    with replacing(target) as temporary:
        temporary.write_bytes(content)
