"""Open Fibre Data Standard 0.2: networks of nodes and spans, as JSON or as GeoJSON, to frames and back.

References
----------
Open Fibre Data Standard 0.2, https://open-fibre-data-standard.readthedocs.io/en/0.2/ (network schema, and the GeoJSON of spans and nodes).
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any, Final

import geopandas as gpd
import pandas as pd
import shapely
from shapely.geometry import mapping, shape

from hatang.data._filetype import refused
from hatang.data.contracts import MAP_CRS

_CRS: Final = {"name": "urn:ogc:def:crs:OGC::CRS84", "uri": "http://www.opengis.net/def/crs/OGC/1.3/CRS84"}
_SCHEMA: Final = "https://raw.githubusercontent.com/Open-Telecoms-Data/open-fibre-data-standard/0__2__0/schema/network-schema.json"
_STATUSES: Final[Mapping[str, str]] = {
    "proposed": "proposed",
    "planned": "planned",
    "underConstruction": "under_construction",
    "operational": "in_service",
    "inactive": "inactive",
    "decommissioned": "abandoned",
}
"""Words of the standard's lists of statuses to those of the register."""
TABLE_OF_NODE: Final[Mapping[str, str]] = {
    "cableWell": "chambers",
    "manhole": "chambers",
    "handhole": "chambers",
    "pole": "poles",
    "tower": "masts",
    **dict.fromkeys(
        ("building", "pop", "dataCentre", "exchange", "ixp", "cableLanding", "cabinet", "repeaterSite", "addDropSite"), "station_houses"
    ),
}
"""What a node is to the register, by its type. The list is open: it has sites; what cables lie in, a later list names."""
NODE_OF_TABLE: Final[Mapping[str, str]] = {"chambers": "cableWell", "poles": "pole", "masts": "tower", "station_houses": "building"}
"""Types that a register's things are written with: codes of the standard's later list of supporting infrastructure."""
BELOW_GROUND: Final = "belowGround"
TABLE_OF_DEPLOYMENT: Final[Mapping[str, str]] = {BELOW_GROUND: "duct_sections", "aboveGround": "spans"}
_NODES: Final = ("network_id", "network", "node_id", "name", "status", "kind", "owner", "provider", "geometry")
_SPANS: Final = (
    "network_id",
    "network",
    "span_id",
    "name",
    "status",
    "from_id",
    "to_id",
    "owner",
    "provider",
    "deployment",
    "length_m",
    "geometry",
)


def read_openfibre(content: bytes, file: str) -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame]:
    """Return the nodes and the spans of a file of the standard, EPSG:4326.

    Parameters
    ----------
    content
        Bytes of the JSON (`networks`) or of a GeoJSON of nodes, of spans, or of both.
    file
        Its name, for faults.

    Returns
    -------
    tuple of GeoDataFrame
        Nodes: `network_id`, `network`, `node_id`, `name`, `status`, `kind` (types, `;` between them), `owner` (of the infrastructure),
        `provider` (the first who runs the network). Spans: `network_id`, `network`, `span_id`, `name`, `status`, `from_id`, `to_id`,
        `owner`, `provider`, `deployment` (as `kind`), `length_m` (of the fibre, where stated). Both in the order of the file; one
        without a place has no shape.

    Raises
    ------
    RefusedError
        Where it is no JSON, or not of the standard.
    """
    try:
        whole = json.loads(content)
        nodes: list[dict[str, Any]] = []
        spans: list[dict[str, Any]] = []
        if "networks" in whole:
            for network in whole["networks"]:
                nodes += [_node(one, network, one.get("location")) for one in network.get("nodes", ())]
                spans += [_span(one, network, one.get("route")) for one in network.get("spans", ())]
        else:
            for feature in whole["features"]:
                about = feature["properties"]
                is_span = about.get("featureType") == "span" or "start" in about or "end" in about or "route" in about
                (spans if is_span else nodes).append((_span if is_span else _node)(about, about["network"], feature.get("geometry")))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, shapely.errors.ShapelyError) as error:
        raise refused(file, "file_malformed", found=(str(error).splitlines() or [""])[0]) from error
    return _frame(nodes, _NODES), _frame(spans, _SPANS)


def openfibre_json(nodes: gpd.GeoDataFrame, spans: gpd.GeoDataFrame) -> bytes:
    """Return nodes and spans (columns of `read_openfibre`) as the standard's JSON, a network each `network_id`, in the order they come."""
    placed, routed = nodes.to_crs(MAP_CRS), spans.to_crs(MAP_CRS)
    names = pd.concat([placed[["network_id", "network"]], routed[["network_id", "network"]]]).drop_duplicates("network_id")
    networks = []
    for key, name in names.itertuples(index=False):
        points = [_written_node(row) for row in _records(placed) if row["network_id"] == key]
        lines = [_written_span(row) for row in _records(routed) if row["network_id"] == key]
        about = {"id": key, "name": name, "crs": _CRS, "links": [{"rel": "describedby", "href": _SCHEMA}]}
        networks.append({**_said(about), "nodes": points, "spans": lines})
    return json.dumps({"networks": networks}, ensure_ascii=False, indent=1).encode()


def openfibre_geojson(nodes: gpd.GeoDataFrame, spans: gpd.GeoDataFrame) -> tuple[bytes, bytes]:
    """Return nodes and spans as the standard's two GeoJSON files, nodes first."""
    networks = json.loads(openfibre_json(nodes, spans))["networks"]
    collections: list[bytes] = []
    for part, place in (("nodes", "location"), ("spans", "route")):
        features = []
        for network in networks:
            about = {name: value for name, value in network.items() if name not in ("nodes", "spans")}
            nodes_by_id = {node["id"]: node for node in network["nodes"]}
            for one in network[part]:
                properties = {name: value for name, value in one.items() if name != place}
                properties |= {end: nodes_by_id.get(one[end], {"id": one[end]}) for end in ("start", "end") if end in one}
                properties |= {"network": about, "featureType": part[:-1]}
                features.append({"type": "Feature", "geometry": one.get(place), "properties": properties})
        collections.append(json.dumps({"type": "FeatureCollection", "features": features}, ensure_ascii=False).encode())
    return collections[0], collections[1]


def _common(one: Mapping[str, Any], network: Mapping[str, Any]) -> dict[str, Any]:
    providers: Iterable[Mapping[str, Any]] = one.get("networkProviders") or ()
    owner, provider = one.get("physicalInfrastructureProvider") or {}, next(iter(providers), {})
    status = one.get("status")
    common = {"network_id": network.get("id"), "network": network.get("name"), "name": one.get("name")}
    return {
        **common,
        "status": None if status is None else _STATUSES.get(status),
        "owner": owner.get("name"),
        "provider": provider.get("name"),
    }


def _node(one: Mapping[str, Any], network: Mapping[str, Any], place: Any) -> dict[str, Any]:
    return {
        **_common(one, network),
        "node_id": one["id"],
        "kind": _joined(one.get("type")),
        "geometry": None if place is None else shape(place),
    }


def _span(one: Mapping[str, Any], network: Mapping[str, Any], route: Any) -> dict[str, Any]:
    ends = {name: _end(one.get(key)) for name, key in (("from_id", "start"), ("to_id", "end"))}
    deployment = {"deployment": _joined(one.get("deployment"))}
    length = {"length_m": None if one.get("fibreLength") is None else float(one["fibreLength"]) * 1000}
    return {
        **_common(one, network),
        **ends,
        **deployment,
        **length,
        "span_id": one["id"],
        "geometry": None if route is None else shape(route),
    }


def _joined(codes: Any) -> str | None:
    """Return the codes of a list, or the one that stands in its place."""
    return (codes if isinstance(codes, str) else ";".join(codes or ())) or None


def _end(end: Any) -> str | None:
    """Return the id of a span's end, which JSON names and GeoJSON writes out."""
    return end.get("id") if isinstance(end, dict) else end


def _frame(rows: list[dict[str, Any]], columns: tuple[str, ...]) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(pd.DataFrame(rows, columns=list(columns)), geometry="geometry", crs=MAP_CRS)


def _records(frame: gpd.GeoDataFrame) -> list[dict[str, Any]]:
    """Return the rows of a frame by column name."""
    return [{str(name): value for name, value in row.items()} for row in frame.to_dict("records")]


def _said(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values that are there."""
    return {
        name: value for name, value in values.items() if not (value is None or (not isinstance(value, (dict, list)) and pd.isna(value)))
    }


def _written(row: Mapping[str, Any]) -> dict[str, Any]:
    status = next((theirs for theirs, ours in _STATUSES.items() if ours == row["status"]), None)
    owner = None if pd.isna(row["owner"]) else {"id": str(row["owner"]), "name": str(row["owner"])}
    provider = None if pd.isna(row["provider"]) else [{"id": str(row["provider"]), "name": str(row["provider"])}]
    return _said({"name": row["name"], "status": status, "physicalInfrastructureProvider": owner, "networkProviders": provider})


def _written_node(row: Mapping[str, Any]) -> dict[str, Any]:
    kind = None if pd.isna(row["kind"]) else str(row["kind"]).split(";")
    place = None if row["geometry"] is None else mapping(row["geometry"])
    return {"id": row["node_id"], **_written(row), **_said({"type": kind, "location": place})}


def _written_span(row: Mapping[str, Any]) -> dict[str, Any]:
    length = None if pd.isna(row["length_m"]) else float(row["length_m"]) / 1000
    route = None if row["geometry"] is None else mapping(row["geometry"])
    ends = {"start": row["from_id"], "end": row["to_id"]}
    deployment = None if pd.isna(row["deployment"]) else str(row["deployment"]).split(";")
    return {"id": row["span_id"], **_written(row), **_said({**ends, "deployment": deployment, "fibreLength": length, "route": route})}
