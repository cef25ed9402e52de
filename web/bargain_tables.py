"""Tables of a road's answer about who does what together: variants, shares, what holds if one leaves, rent or build."""

from collections.abc import Callable
from functools import partial

import pandas as pd
from pandas.io.formats.style import Styler

from hatang.data.figures import is_missing
from hatang.data.language import Language, text
from hatang.reports.bargain_sheets import ranked
from hatang.web.listing import Shower, figure, styled
from hatang.web.words import known, party_names


def variant_list(variants: pd.DataFrame, language: Language) -> Styler:
    """Return the variants side by side, A to C."""
    columns: dict[str, tuple[str, Shower]] = {
        "road_id": ("road", known),
        "variant": ("variant", _coded("sharing.variant", language)),
        "dug_m": ("dug", figure("m", language)),
        "saved_m": ("saved_c", figure("m", language)),
        "reused_m": ("reused", figure("m", language)),
        "cost_vnd": ("cost", figure("VND", language)),
        "saving_vnd": ("saving_c", figure("VND", language)),
        "rent_vnd_year": ("rent_year", figure("VND", language)),
        "firms": ("firms", figure("assets", language)),
        "firms_in_time": ("in_time", figure("assets", language)),
    }
    return styled(variants.sort_values(["road_id", "variant"]), columns, language)


def share_list(shares: pd.DataFrame, suggestions: pd.DataFrame, language: Language) -> Styler:
    """Return what each firm pays, by the rank of what is built together; metres, then money."""
    columns: dict[str, tuple[str, Shower]] = {
        "rank": ("rank", figure("wards", language)),
        "kind": ("suggestion", _coded("web.suggestion", language)),
        "firm": ("firm", partial(party_names, language=language)),
        "unit": ("unit", _coded("unit", language)),
        "alone": ("alone", figure("m", language)),
        "capped": ("pays", figure("m", language)),
        "saving": ("saves", figure("m", language)),
        "statutory_in_core": ("stable", _flag(language)),
        "shapley": ("fair", figure("m", language)),
    }
    return styled(ranked(shares, suggestions), columns, language)


def leaving_list(leaving: pd.DataFrame, suggestions: pd.DataFrame, language: Language) -> Styler:
    """Return what each of the others pays once a firm has left."""
    columns: dict[str, tuple[str, Shower]] = {
        "rank": ("rank", figure("wards", language)),
        "leaver": ("leaver", partial(party_names, language=language)),
        "firm": ("firm", partial(party_names, language=language)),
        "unit": ("unit", _coded("unit", language)),
        "pays_before": ("pays", figure("m", language)),
        "pays_after": ("pays_after", figure("m", language)),
        "alone": ("alone", figure("m", language)),
        "still_saves": ("still_saves", _flag(language)),
        "rest_dug_m": ("rest_dug", figure("m", language)),
    }
    return styled(ranked(leaving, suggestions), columns, language)


def rent_list(rent: pd.DataFrame, language: Language) -> Styler:
    """Return the rent of each owner's ways against building, firm by firm."""
    columns: dict[str, tuple[str, Shower]] = {
        "firm": ("firm", partial(party_names, language=language)),
        "owner": ("owner", partial(party_names, language=language)),
        "reuse_m": ("rentable", figure("m", language)),
        "ways": ("ways", figure("ways", language)),
        "rent_vnd_year": ("rent_year", figure("VND", language)),
        "build_vnd": ("build", figure("VND", language)),
        "break_even_years": ("break_even", figure("years", language)),
        "rent_source": ("rent_source", known),
    }
    return styled(rent.sort_values(["firm", "reuse_m", "owner"], ascending=[True, False, True]), columns, language)


def _coded(prefix: str, language: Language) -> Callable[[object], str]:
    return lambda code: text(f"{prefix}.{code}", language)


def _flag(language: Language) -> Callable[[object], str]:
    return lambda value: known(None if is_missing(value) else text("sharing.yes" if value else "sharing.no", language))
