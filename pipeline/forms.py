"""Use case: forms out. Blank templates for the firms and departments, and what they filed with its faults marked."""

from pathlib import Path

from hatang.data.atomic import replacing
from hatang.data.contracts import Kind
from hatang.data.language import Language
from hatang.data.templates import TEMPLATE_KINDS, template

__all__ = ["TEMPLATE_KINDS", "template", "write_template"]


def write_template(kind: Kind, target: Path, language: Language) -> None:
    """Write the blank template of a kind to `target`.

    Raises
    ------
    MissingError
        Where the kind has no template.
    StoreError
        Where the disk refuses.
    """
    content = template(kind, language)
    with replacing(target) as temporary:
        temporary.write_bytes(content)
