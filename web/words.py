"""Names of codes as people read them: operators, technologies, assets, verdicts."""

from collections.abc import Iterable

from hatang.data.contracts import ALL, ANY, OPERATOR_LABELS, AssetClass
from hatang.data.figures import MISSING, is_missing
from hatang.data.language import Language, text


def operator_name(code: object, language: Language) -> str:
    """Return an operator's proper name, the words for `any` and `all`, or the code itself where it is not known.

    Examples
    --------
    >>> operator_name("vnpt", "vi"), operator_name("any", "vi")
    ('VNPT', 'ít nhất một doanh nghiệp')
    """
    if code in (ANY, ALL):
        return text(f"operator.{code}", language)
    return MISSING if is_missing(code) else OPERATOR_LABELS.get(str(code), str(code))


def party_names(cell: object, language: Language) -> str:
    """Return operators with commas between by their proper names; others as they stand.

    Examples
    --------
    >>> party_names("vnpt, Ban QLDA", "vi")
    'VNPT, Ban QLDA'
    """
    return MISSING if is_missing(cell) else ", ".join(operator_name(name, language) for name in str(cell).split(", "))


def technology_name(code: object, language: Language) -> str:
    """Return a technology as people call it."""
    return text(f"technology.{code}", language)


def environment_name(code: object, language: Language) -> str:
    """Return where the service is used, in words."""
    return text(f"environment.{code}", language)


def verdict_name(code: object, language: Language) -> str:
    """Return a verdict in words; a ward that was not assessed at all counts as having too little evidence."""
    return text(f"verdict.{'insufficient' if is_missing(code) else code}", language)


def asset_name(code: object, language: Language) -> str:
    """Return a class of asset in words."""
    return text(f"asset.{code}", language) if code in set(AssetClass) else str(code)


def known(value: object) -> str:
    """Return words as filed, or the sign for what is missing."""
    return MISSING if is_missing(value) or value == "" else str(value)


def listed(values: Iterable[object]) -> str:
    """Return distinct known words, in order, with commas between them."""
    return ", ".join(dict.fromkeys(str(value) for value in values if not is_missing(value) and value != "")) or MISSING
