"""A joint design in plain words: by how much it could be cheaper at most, and what was left out or assumed."""

import math
from typing import Final

import pandas as pd

from hatang.data.figures import shown
from hatang.data.language import Language, text
from hatang.data.results import ResultSet

WHOLE: Final = "hue"
"""What a note is about that is about the whole design."""


def certificate(results: ResultSet, language: Language) -> str:
    """Return the sentence that tells how much cheaper any design on the network could be; the per cent is rounded up, the bound down."""
    whole = results.tables["design_totals"].iloc[0]
    unit = str(whole["unit"])
    if whole["proven"]:  # the bound of a proof is the cost, but for the rounding of its units
        bound = shown(math.floor(float(whole["cost"])), unit, language)
        return text("share.design.proven", language, bound=bound, unit=text(f"share.design.unit.{unit}", language))
    bound = shown(math.floor(float(whole["bound"])), unit, language)
    percent = shown(math.ceil(float(whole["bound_pct"]) * 10) / 10, "%", language)
    return text("share.design.bound", language, pct=percent, bound=bound, unit=text(f"share.design.unit.{unit}", language))


def noted(results: ResultSet, language: Language) -> pd.DataFrame:
    """Return what was left out or assumed in words: `id` (of a plan or gap, or `all`) and `note`."""
    notes = results.tables["design_notes"]
    names = notes["id"].replace(WHOLE, text("sharing.part.all", language))
    return pd.DataFrame({"id": names, "note": [text(f"sharing.note.{code}", language) for code in notes["code"]]})
