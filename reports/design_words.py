"""A joint design's certificate in plain words: by how much it could be cheaper at most."""

import math

from hatang.data.figures import shown
from hatang.data.language import Language, text
from hatang.data.results import ResultSet


def certificate(results: ResultSet, language: Language) -> str:
    """Return the sentence that tells how much cheaper any design on the network could be; the per cent is rounded up, the bound down."""
    whole = results.tables["design_totals"].iloc[0]
    unit = str(whole["unit"])
    bound = shown(math.floor(float(whole["bound"])), unit, language)
    if whole["proven"]:
        return text("share.design.proven", language, bound=bound, unit=text(f"share.design.unit.{unit}", language))
    percent = shown(math.ceil(float(whole["bound_pct"]) * 10) / 10, "%", language)
    return text("share.design.bound", language, pct=percent, bound=bound, unit=text(f"share.design.unit.{unit}", language))
