"""Use case: one ranked list of the suggestions of every road, street and mast, and what was decided on them."""

import unicodedata
from typing import Any, Final

import geopandas as gpd
import pandas as pd

from hatang.data.contracts import AUTHORITY, MAP_CRS, Choice, MissingError
from hatang.data.decisions import Decision, Subject, standing
from hatang.data.decisions import decide as decide_row
from hatang.data.decisions import decisions as rows
from hatang.data.results import load_table
from hatang.data.settings import Settings
from hatang.data.store import Store
from hatang.pipeline.decidable import DECIDABLE, MASTS, load_decidable
from hatang.pipeline.runs import run_manifests, runs_folder, with_decisions

_OF_RUN: Final = ("run_id", "as_of", "synthetic", "ward_name", "shares")
"""Columns of `all_suggestions` beside those of the contract."""


def list_decisions(settings: Settings, suggestion_id: str | None = None) -> list[Decision]:
    """Return every decision, of one suggestion or of all, in the order they were made."""
    with Store.open(settings) as store, store.looking() as session:
        return rows(session, suggestion_id)


def decide(settings: Settings, suggestion_id: str, choice: Choice, *, reason: str | None = None, party: str | None = None) -> Decision:
    """Accept, refuse or reopen a suggestion; it holds for the same suggestion in every answer.

    Raises
    ------
    MissingError
        Where no run holds that suggestion.
    ParameterError
        Where a refusal has no reason, the reason is too long, there is nothing to reopen, or `party` takes no part in joining works.
    """
    found = _newest(settings, suggestion_id)
    said = None if reason is None else _words(reason)
    with Store.open(settings) as store, store.changing() as (session, actor):
        return decide_row(session, found, choice, reason=said, organisation=AUTHORITY, actor=actor, party=party)


def road_runs(settings: Settings, table: str = "suggestions") -> list[dict[str, Any]]:
    """Return the manifests of the runs that answer for a road and hold a table, the newest first."""
    return [manifest for manifest in run_manifests(settings) if "corridor" in manifest["totals"] and table in manifest["totals"]]


def decidable_runs(settings: Settings) -> list[tuple[dict[str, Any], tuple[str, ...]]]:
    """Return each run's manifest, the newest first, with its tables to decide on: of roads, of streets, and of the newest run its masts."""
    found: list[tuple[dict[str, Any], tuple[str, ...]]] = []
    masts = False
    for manifest in run_manifests(settings):
        there = set(manifest["totals"]) - ({"suggestions"} if "corridor" not in manifest["totals"] else set())
        tables = tuple(table for table in DECIDABLE if table in there and not (table == MASTS and masts))
        masts = masts or MASTS in tables
        found += [(manifest, tables)] if tables else []
    return found


def all_suggestions(settings: Settings) -> gpd.GeoDataFrame:
    """Return the suggestions of every road with what was decided on them: `decided` over `listed_suggestions`."""
    return decided(listed_suggestions(settings), settings)


def decided(suggestions: gpd.GeoDataFrame, settings: Settings) -> gpd.GeoDataFrame:
    """Return suggestions with `decision` and `reason` as they hold now."""
    with Store.open(settings) as store, store.looking() as session:
        return gpd.GeoDataFrame(with_decisions(suggestions, standing(session)), geometry="geometry", crs=suggestions.crs)


def listed_suggestions(settings: Settings) -> gpd.GeoDataFrame:
    """Return the suggestions of every road, street and mast as one list, each as its newest run has it, the same until a run is added.

    Returns
    -------
    GeoDataFrame
        Columns of SUGGESTIONS (EPSG:4326, masts are points) by metres not dug, then money, ranked anew; `run_id`, `as_of`,
        `synthetic`, `ward_name`, the wards it runs through with commas between, and `shares`, what each firm pays (`_shares_of`).
    """
    parts, seen = [], set[str]()
    for manifest, table in ((manifest, table) for manifest, tables in decidable_runs(settings) for table in tables):
        folder = runs_folder(settings) / manifest["run_id"]
        frame = load_decidable(folder, table)
        new = gpd.GeoDataFrame(frame[~frame["suggestion_id"].isin(seen)])
        if new.empty:
            continue
        seen |= set(new["suggestion_id"])
        wards = _wards_of(new, gpd.GeoDataFrame(load_table(folder, "wards")))
        paid = (
            _shares_of(new, load_table(folder, "shares"))
            if "shares" in manifest["totals"] and table == "suggestions"
            else [None] * len(new)
        )
        shares = pd.Series(paid, index=new.index, dtype=object)
        known = {"run_id": manifest["run_id"], "as_of": manifest["as_of"], "synthetic": manifest["synthetic"]}
        parts.append(new.assign(**known, ward_name=wards, shares=shares))
    if not parts:
        return gpd.GeoDataFrame({"suggestion_id": [], **{name: [] for name in _OF_RUN}, "geometry": []}, geometry="geometry", crs=MAP_CRS)
    every = pd.concat(parts, ignore_index=True)
    every = every.sort_values(
        ["dig_m_saved", "saving_vnd", "suggestion_id"], ascending=[False, False, True], na_position="last", ignore_index=True
    )
    return gpd.GeoDataFrame(every.assign(rank=range(1, len(every) + 1)), geometry="geometry", crs=MAP_CRS)


def _wards_of(suggestions: gpd.GeoDataFrame, wards: gpd.GeoDataFrame) -> list[str]:
    """Return the names of the wards that each suggestion runs through, in their order."""
    named = wards["ward_name"].to_numpy()
    lines, hits = wards.sindex.query(suggestions.geometry.to_numpy(), predicate="intersects")
    found = pd.Series(named[hits], dtype=object).groupby(lines).agg(lambda names: ", ".join(sorted(names)))
    return [str(name) for name in found.reindex(range(len(suggestions)), fill_value="")]


def _shares_of(suggestions: pd.DataFrame, shares: pd.DataFrame) -> list[tuple[tuple[str, float, str], ...] | None]:
    """Return for each suggestion (firm, amount, unit) of all who pay, in VND where known, else in metres; None where nobody shares."""
    best = shares.assign(money=shares["unit"] == "VND").sort_values(["money", "firm"], ascending=[False, True], kind="stable")
    best = best.drop_duplicates(["suggestion_id", "firm"])
    paid = best["capped"].where(best["capped"].notna(), best["shapley"])
    found: dict[str, tuple[tuple[str, float, str], ...]] = {}
    for name, firm, amount, unit in zip(best["suggestion_id"], best["firm"], paid, best["unit"], strict=True):
        found[str(name)] = (*found.get(str(name), ()), (str(firm), float(amount), str(unit)))
    return [found.get(str(name)) for name in suggestions["suggestion_id"]]


def _newest(settings: Settings, suggestion_id: str) -> Subject:
    for manifest, table in ((manifest, table) for manifest, tables in decidable_runs(settings) for table in tables):
        frame = load_decidable(runs_folder(settings) / manifest["run_id"], table)
        for row in frame[frame["suggestion_id"] == suggestion_id].to_dict("records"):
            return Subject(
                suggestion_id,
                manifest["run_id"],
                str(row["kind"]),
                str(row["road_id"]),
                str(row["owner"]),
                tuple(str(row["assets"]).split(", ")),
                None if pd.isna(row["spare"]) else int(row["spare"]),
                () if pd.isna(row.get("members")) else tuple(str(row["members"]).split(", ")),
                None if pd.isna(row.get("ways")) else int(row["ways"]),
            )
    raise MissingError("error.suggestion.missing", suggestion=suggestion_id)


def _words(text: str) -> str:
    """Return text as it is stored: one form of each letter, no signs that a database or a page cannot hold."""
    kept = "".join(sign for sign in text if sign in "\n\t" or unicodedata.category(sign) not in ("Cc", "Cs"))
    return unicodedata.normalize("NFC", kept).strip()
