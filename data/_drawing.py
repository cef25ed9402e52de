"""CAD drawings (DXF): the linework and the blocks of the model space as rows, layer and block names and attributes as cells of text.

A drawing names no kind and no class: its layers and blocks do, in the words of whoever drew it (`CONG_BE`, `COT`, `HO_GA`). Where such a
word says what class of asset a thing is, the row has it as `asset_class`. Blocks are not taken apart: a block is a thing at a place.
"""

import math
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

import ezdxf.filemanagement
import ezdxf.lldxf.const
import ezdxf.path
import numpy as np
import pyarrow as pa
import shapely

from hatang.data._filetype import Member, refused
from hatang.data._vocabulary import fold, value_of
from hatang.data.contracts import AssetClass, Fault, RefusedError, Severity
from hatang.data.limits import Limits

_SAGITTA: Final = 0.05
"""How far a chord may lie from its arc, in units of the drawing: 5 cm where it is in metres."""
_LINES: Final = frozenset({"LINE", "LWPOLYLINE", "POLYLINE", "ARC", "CIRCLE", "ELLIPSE", "SPLINE"})
_TITLES: Final = ("layer", "block", "handle")
_AXES: Final = re.compile(r"(?:^|_)(?:tim|tim_?duong|tim_?tuyen|truc|truc_?duong|cent(?:re|er)_?lines?|road_?axis|axis)(?:_|$)")
"""Words in names of layers that hold the axes of roads; kerbs, frames and measures are lines too, and no roads."""
_CLASSES: Final = {
    AssetClass.CHAMBER: re.compile(r"(?:^|_)(?:ho_?ga|be_?cap|ho_?cap|ham_?cap|ganivo|ga_?ni_?vo|manhole|handhole|chamber)(?:_|$)"),
    AssetClass.POLE: re.compile(r"(?:^|_)(?:cot|cot_?treo|tru|pole)(?:_|$)"),
    AssetClass.DUCT_SECTION: re.compile(r"(?:^|_)(?:cong|cong_?be|cong_?cap|ong_?cap|tuyen_?cong|duct|conduit)(?:_|$)"),
}
"""Words in names of layers and blocks; the first that fits counts, for a chamber belongs to a duct and stands in its layers."""


def read_drawing(
    member: Member, limits: Limits, limit: int | None, *, layer: str | None = None, roads: bool = False
) -> tuple[pa.Table, np.ndarray, tuple[Fault, ...]]:
    """Return attributes and shapes (two dimensions, units of the drawing) of the things in the model space of a DXF file.

    Lines, polylines, arcs and splines become lines, closed ones areas, points and blocks points; arcs are cut so that no chord lies more
    than 0.05 units from them. Writing, measures and hatches are passed over. The attributes of a block are columns. Layers passed over are
    told by a fault.

    Parameters
    ----------
    layer
        The one layer to read, else all.
    roads
        Read lines alone, closed ones as lines too: those on the one layer that has lines, else on the layers named as axes of roads.

    Raises
    ------
    RefusedError
        Where the drawing is broken, too large, or has nothing in its model space or on the layer, or roads could be on several layers.
    """
    try:
        drawing = ezdxf.filemanagement.readfile(member.path)
        _refuse_nesting(drawing, member, limits)
        found = list(_things(drawing.modelspace(), limit if layer is None and not roads else None))
    except RefusedError:
        raise
    except (ezdxf.lldxf.const.DXFError, OSError, ValueError, KeyError, IndexError, TypeError, AttributeError, RecursionError) as error:
        # What ezdxf makes of a broken drawing depends on the tag that is wrong.
        raise refused(member.name, "file_malformed", found=(str(error).splitlines() or [type(error).__name__])[0]) from error
    found, passed = _on_layer(found, layer, member, roads=roads)
    if not found:
        raise refused(member.name, "file_layer_empty")
    names = dict.fromkeys([*_TITLES, *(name for cells, _ in found for name in cells)])
    table = {name: pa.array([cells.get(name) for cells, _ in found], pa.string()) for name in names}
    if not any(fold(name) in ("asset_class", "loai", "loai_tai_san", "class") for name in names):
        classes = [_class_of(cells) for cells, _ in found]
        if any(classes):
            table["asset_class"] = pa.array(classes, pa.string())
    shapes = np.empty(len(found), dtype=object)
    shapes[:] = [shape for _, shape in found]
    return pa.table(table), shapes, passed


def _on_layer(
    found: list[tuple[dict[str, str], Any]], layer: str | None, member: Member, *, roads: bool
) -> tuple[list[tuple[dict[str, str], Any]], tuple[Fault, ...]]:
    """Return the things on the layers that are meant, and which layers are not."""
    if roads:
        found = [(cells, _as_line(shape)) for cells, shape in found if shape.geom_type != "Point"]
    layers = list(dict.fromkeys(cells["layer"] for cells, _ in found))
    meant = layers
    if layer is not None:
        meant = [name for name in layers if fold(name) == fold(layer)]
        if not meant:
            raise refused(member.name, "drawing_layer", field="layer", found=layer, known=", ".join(layers))
    elif roads and len(layers) > 1:
        meant = [name for name in layers if _AXES.search(fold(name))]
        if not meant:
            raise refused(member.name, "file_layers", found=", ".join(layers))
    others = [name for name in layers if name not in meant]
    faults = (Fault("drawing_passed", member.name, Severity.WARNING, field="layer", found=", ".join(others)[:200]),) if others else ()
    return [(cells, shape) for cells, shape in found if cells["layer"] in meant], faults


def _as_line(shape: Any) -> Any:
    """Return a line, an area as the line around it."""
    return shapely.LineString(shape.exterior.coords) if shape.geom_type == "Polygon" else shape


def _refuse_nesting(drawing: Any, member: Member, limits: Limits) -> None:
    """Raise where the model space holds more blocks than the limits allow, those inside others counted as often as they are drawn.

    Blocks are not taken apart here, but they are by every program that shows the drawing.
    """
    inside = {str(block.name).casefold(): _inserts(block) for block in drawing.blocks}
    drawn: dict[str, int] = {}
    waiting = list(inside)
    begun: set[str] = set()
    while waiting:
        name = waiting[-1]
        if name in drawn:
            waiting.pop()
            continue
        missing = [held for held in inside[name] if held in inside and held not in drawn]
        if not missing:
            drawn[name] = sum(count * (1 + drawn.get(held, 0)) for held, count in inside[name].items())
            continue
        if name in begun:
            raise refused(member.name, "file_blocks", found=f"{name} ∋ {name}", limit=f"{limits.blocks:,}")
        begun.add(name)
        waiting += missing
    total = drawn.get("*model_space", 0)
    if total > limits.blocks:
        raise refused(member.name, "file_blocks", found=f"{total:,}", limit=f"{limits.blocks:,}")


def _inserts(block: Any) -> dict[str, int]:
    """Return how often each block stands in another; one that is set out in rows and columns as often as it has places."""
    counts: dict[str, int] = {}
    for insert in block.query("INSERT"):
        name = str(insert.dxf.name).casefold()
        counts[name] = counts.get(name, 0) + max(insert.mcount, 1)
    return counts


def _things(space: Any, limit: int | None) -> Iterator[tuple[dict[str, str], Any]]:
    """Yield the attributes and the shape of each thing drawn."""
    kept = 0
    for entity in space:
        shape = _shape_of(entity)
        if shape is None:
            continue
        cells = {"layer": str(entity.dxf.layer), "handle": str(entity.dxf.handle)}
        if entity.dxftype() == "INSERT":
            cells["block"] = str(entity.dxf.name)
            for attribute in entity.attribs:
                text = str(attribute.dxf.text).strip()
                if text:
                    cells[str(attribute.dxf.tag)] = text
        yield cells, shape
        kept += 1
        if kept == limit:
            return


def _shape_of(entity: Any) -> Any:
    """Return the shape of an entity, None where it is writing or the like, or has no extent."""
    kind = entity.dxftype()
    if kind == "POINT":
        return shapely.Point(entity.dxf.location.x, entity.dxf.location.y)
    if kind == "INSERT":
        place = entity.ocs().to_wcs(entity.dxf.insert)
        return shapely.Point(place.x, place.y)
    if kind not in _LINES or (kind == "POLYLINE" and not (entity.is_2d_polyline or entity.is_3d_polyline)):
        return None
    path = ezdxf.path.make_path(entity)
    points = [(point.x, point.y) for point in path.flattening(_SAGITTA)]
    if len(points) < 2:
        return None
    closed = len(points) > 3 and math.dist(points[0], points[-1]) == 0
    return shapely.Polygon(points) if closed else shapely.LineString(points)


def _class_of(cells: Mapping[str, str]) -> str | None:
    """Return the class of asset that the names of block and layer say, None where they say none.

    Examples
    --------
    >>> _class_of({"layer": "VT_HO_GA"}), _class_of({"layer": "0", "block": "Cột treo cáp"}), _class_of({"layer": "TIM_DUONG"})
    ('chamber', 'pole', None)
    """
    known: tuple[Callable[[str], str | None], ...] = (
        lambda name: value_of("asset_class", name, tuple(AssetClass)),
        lambda name: next((str(kind) for kind, words in _CLASSES.items() if words.search(fold(name))), None),
    )
    names = [cells[title] for title in ("block", "layer") if title in cells]
    return next((found for name in names for meaning in known if (found := meaning(name)) is not None), None)
