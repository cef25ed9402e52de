"""Networks in the Open Fibre Data Standard as a register: sites, poles, chambers and masts of its nodes, ducts and spans of its spans.

The standard describes fibre, not what carries it: how many ways a route has, and which are free, it does not say, and stays unknown. Its
lengths are those of fibre and are not taken. A span that is not said to run below or above ground is kept with the ducts and named; a
node that is not said to be a thing of the register is left out and named.
"""

from collections.abc import Mapping
from typing import Any, Final

import geopandas as gpd
import pandas as pd

from hatang.data.contracts import FINDINGS, MAP_CRS
from hatang.data.openfibre import BELOW_GROUND, TABLE_OF_DEPLOYMENT, TABLE_OF_NODE

_COLUMNS: Final = ("asset_id", "ext_id", "owner", "manager", "status", "source", "geometry")
_ENDS: Final = ("from_id", "to_id")


def openfibre_register(nodes: gpd.GeoDataFrame, spans: gpd.GeoDataFrame) -> dict[str, pd.DataFrame]:
    """Return the register's tables, not yet held to their contracts, with `findings` (FINDINGS contract) of what has no table.

    Ids stay as they are where they name one thing; where networks, or nodes and spans, share ids, each is told apart by its network.

    Parameters
    ----------
    nodes, spans
        As `hatang.data.openfibre.read_openfibre` returns them.
    """
    points, lines = _named(nodes, spans)
    tables: dict[str, pd.DataFrame] = {}
    types = points["kind"].map(lambda kinds: _first(TABLE_OF_NODE, kinds))
    for table in dict.fromkeys(TABLE_OF_NODE.values()):
        tables[table] = points.loc[types == table, list(_COLUMNS)]
    stated = lines["deployment"].map(lambda words: TABLE_OF_DEPLOYMENT.get(words) if isinstance(words, str) else None)
    for table in TABLE_OF_DEPLOYMENT.values():
        own = (stated == table) | (stated.isna() if table == TABLE_OF_DEPLOYMENT[BELOW_GROUND] else False)
        tables[table] = lines.loc[own, [*_COLUMNS, *_ENDS]]
    lost = points[types.isna()].assign(finding="node_kind_unknown", table="station_houses", severity="left_out")
    unsaid = lines[stated.isna()].assign(finding="deployment_unknown", table=TABLE_OF_DEPLOYMENT[BELOW_GROUND], severity="warning")
    named = [lost.assign(other_id=lost["kind"]), unsaid.assign(other_id=unsaid["deployment"])]
    found = pd.concat(
        [part.reindex(columns=FINDINGS.names).astype(object) for part in named if len(part)] or [pd.DataFrame(columns=FINDINGS.names)]
    )
    return {**tables, FINDINGS.name: gpd.GeoDataFrame(found.reset_index(drop=True), geometry="geometry", crs=MAP_CRS)}


def _named(nodes: gpd.GeoDataFrame, spans: gpd.GeoDataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return nodes and spans with `asset_id`, `ext_id` (the name, where it is not the id), `manager`, `source`; ends under new ids."""
    points = pd.DataFrame(nodes).assign(id=nodes["node_id"]).drop_duplicates(["network_id", "node_id"])
    lines = pd.DataFrame(spans).assign(id=spans["span_id"])
    shared = pd.concat([points["id"], lines.drop_duplicates(["network_id", "id"])["id"]]).duplicated().any()

    def told(network: Any, kind: str, own: Any) -> Any:
        return f"{network}/{kind}/{own}" if shared and not pd.isna(own) else own

    ends = {end: [told(n, "node", i) for n, i in zip(lines["network_id"], lines[end], strict=True)] for end in _ENDS}
    frames = []
    for frame, kind in ((points, "node"), (lines.assign(**ends), "span")):
        ids = [told(network, kind, own) for network, own in zip(frame["network_id"], frame["id"], strict=True)]
        names = frame["name"].astype(object).where(frame["name"] != frame["id"], None)
        frames.append(frame.assign(asset_id=ids, ext_id=names, manager=frame["provider"], source=frame["network"]))
    return frames[0], frames[1]


def _first(tables: Mapping[str, str], kinds: Any) -> str | None:
    """Return the table of the first kind of a node that has one."""
    return next((tables[kind] for kind in str(kinds).split(";") if kind in tables), None)
