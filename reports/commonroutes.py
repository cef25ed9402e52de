"""Who could have dug with whom, as workbook, layers and a map to print."""

import datetime as dt
import io
from typing import Any, Final

import geopandas as gpd
import matplotlib as mpl
import numpy as np
import pandas as pd
import xlsxwriter
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from hatang.data.contracts import ANY
from hatang.data.figures import shown, shown_date
from hatang.data.language import Language, text
from hatang.reports.workbook import OPTIONS, write_sheet
from hatang.sharing.commonroutes import pairs_of

FIRM_COLOURS: Final = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#7A1F5C", "#5A6B7A")
"""Okabe–Ito and two more; where firms are more than colours they begin again."""
BANDS: Final = ("#14202B", "#7D8B98", "#D3DAE0")
"""How near two run: the nearest darkest, the farthest palest."""
PAIRS: Final = (
    *("distance_m", "left", "right", "left_beside_km", "left_beside_share", "right_beside_km", "right_beside_share"),
    *("left_near_km", "right_near_km"),
)
FIRMS: Final = ("distance_m", "firm", "route_km", "beside_km", "beside_share", "near_km")
_A3: Final = (16.5, 11.7)


def routes_note(source: str, as_of: dt.date, crs: str, language: Language, *, synthetic: bool, left_out: int) -> str:
    """Return what stands beside every figure: source, day, coordinate system, what is uncertain, rows left out, the synthetic label."""
    parts = [text("routes.note", language, source=source, as_of=shown_date(as_of, language), crs=crs)]
    if left_out:
        parts.append(text("routes.left_out", language, count=left_out))
    return " ".join([*parts, text("synthetic", language).upper()] if synthetic else parts)


def routes_pairs(found: pd.DataFrame) -> pd.DataFrame:
    """Return the pairs of firms with lengths in km (columns PAIRS), the longest common stretch first, by distance."""
    return _kilometres(pairs_of(found))[list(PAIRS)]


def routes_firms(found: pd.DataFrame) -> pd.DataFrame:
    """Return how much of each firm's routes runs along anybody's, lengths in km (columns FIRMS), by distance and firm."""
    own = _kilometres(pd.DataFrame(found[found["other"] == ANY]))
    return own.sort_values(["distance_m", "firm"], ignore_index=True)[list(FIRMS)]


def routes_heads(columns: tuple[str, ...], language: Language) -> list[str]:
    """Return the titles of columns, each with its unit."""
    return [text(f"routes.column.{name}", language) for name in columns]


def routes_workbook(found: pd.DataFrame, language: Language, *, note: str) -> bytes:
    """Return the workbook: who could have dug with whom, and each firm beside all others; every figure a number."""
    sink = io.BytesIO()
    with xlsxwriter.Workbook(sink, OPTIONS) as book:
        bold = book.add_format({"bold": True, "text_wrap": True, "valign": "top", "border": 1})
        for name, frame, columns in (("pairs", routes_pairs(found), PAIRS), ("firms", routes_firms(found), FIRMS)):
            rows = frame.to_numpy(object).tolist()
            write_sheet(book, text(f"routes.sheet.{name}", language), routes_heads(columns, language), rows, bold, note=note)
    return sink.getvalue()


def routes_layers(lines: gpd.GeoDataFrame, found: gpd.GeoDataFrame, as_of: dt.date, *, synthetic: bool) -> dict[str, gpd.GeoDataFrame]:
    """Return the layers of the GeoPackage: stretches beside others (COMMON_ROUTES, those that have a place) and the routes."""
    about: dict[str, Any] = {"as_of": as_of.isoformat(), "synthetic": synthetic}
    placed = gpd.GeoDataFrame(found[found.geometry.notna()])
    return {"common_routes": placed.assign(**about), "routes": lines.assign(**about)}


def routes_map(lines: gpd.GeoDataFrame, found: gpd.GeoDataFrame, language: Language, *, note: str, width_px: int = 2000) -> bytes:
    """Return a PNG, A3 landscape: routes in the colour of their firm over the stretches beside others, the nearer the darker.

    Parameters
    ----------
    lines
        `firm` and lines, in the metric CRS of the map.
    found
        COMMON_ROUTES contract, in the same CRS.
    """
    firms, distances = sorted(lines["firm"].unique()), sorted(found["distance_m"].unique())
    colours = {firm: FIRM_COLOURS[number % len(FIRM_COLOURS)] for number, firm in enumerate(firms)}
    beside = found[(found["other"] == ANY) & found.geometry.notna()]
    with mpl.rc_context({"font.family": "DejaVu Sans"}):
        figure = Figure(figsize=_A3, dpi=width_px / _A3[0], layout="constrained")
        canvas = FigureCanvasAgg(figure)
        axes = figure.add_subplot()
        for distance in reversed(distances):
            part = gpd.GeoDataFrame(beside[beside["distance_m"] == distance])
            if len(part):
                part.plot(ax=axes, color=_band(distances, distance), linewidth=7, capstyle="butt")  # a round end would lengthen it
        for firm, colour in colours.items():
            gpd.GeoDataFrame(lines[lines["firm"] == firm]).plot(ax=axes, color=colour, linewidth=1.6)
        axes.set_title(text("routes.title", language), fontsize=15, fontweight="bold")
        marks = [Line2D([], [], color=colour, linewidth=2, label=firm) for firm, colour in colours.items()]
        marks += [Line2D([], [], color=_band(distances, one), linewidth=7, label=_within(one, language)) for one in distances]
        axes.legend(handles=marks, loc="lower left", fontsize=10, framealpha=0.95)
        axes.set_aspect("equal")
        axes.margins(0.04)
        _scale(axes, text("report.map.north", language), language)
        axes.text(0.5, -0.01, note, transform=axes.transAxes, ha="center", va="top", fontsize=8.5, wrap=True)
        axes.set_axis_off()
        sink = io.BytesIO()
        canvas.print_figure(sink, format="png", metadata={"Software": None})
    return sink.getvalue()


def _kilometres(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a frame with its lengths in km beside those in m."""
    lengths = [name for name in frame if str(name).endswith("_m") and name != "distance_m"]
    return frame.assign(**{f"{str(name)[:-2]}_km": frame[name] / 1000 for name in lengths})


def _band(distances: list[float], distance: float) -> str:
    return BANDS[min(distances.index(distance), len(BANDS) - 1)]


def _within(distance: float, language: Language) -> str:
    return text("routes.within", language, distance=shown(distance, "m", language))


def _scale(axes: Axes, north: str, language: Language) -> None:
    """Draw a bar of a round length, some fifth of the map, and an arrow to the north of the grid."""
    west, east = axes.get_xlim()
    south, top = axes.get_ylim()
    rough = (east - west) / 5
    step = 10 ** np.floor(np.log10(rough))
    length = float(step * max(digit for digit in (1, 2, 5) if digit * step <= rough))
    x, y = east - length * 1.1, south + (top - south) * 0.03
    words = f"{shown(length, 'm', language)} m" if length < 1000 else f"{shown(length / 1000, '', language)} km"
    axes.plot([x, x + length], [y, y], color="black", linewidth=3, marker="|", markersize=10)
    axes.text(x + length / 2, y + (top - south) * 0.012, words, ha="center", fontsize=10)
    arrow = {"arrowstyle": "-|>", "lw": 2, "color": "black"}
    place = east - (east - west) * 0.02
    axes.annotate(north, xy=(place, top), xytext=(place, top - (top - south) * 0.07), ha="center", fontsize=13, arrowprops=arrow)
