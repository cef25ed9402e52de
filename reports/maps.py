"""Static maps for documents: wards by verdict, readable in colour, by colour-blind readers, and in black and white."""

import io
from typing import Final

import geopandas as gpd
import matplotlib as mpl
import shapely
from matplotlib import patheffects
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from hatang.data.contracts import ANY, HUE_CRS, Verdict
from hatang.data.figures import shown_date
from hatang.data.language import Language, text
from hatang.data.results import ResultSet

_STYLE: Final = {  # Okabe–Ito colours; the hatch tells them apart in black and white
    str(Verdict.COVERED): ("#009E73", ""),
    str(Verdict.GAP): ("#D55E00", "///"),
    str(Verdict.INSUFFICIENT): ("#E8E8E8", "..."),
}
_A3: Final = (16.5, 11.7)
_SCALE_M: Final = 20_000.0


def verdict_map(results: ResultSet, *, technology: str, language: Language, width_px: int = 2000) -> bytes:
    """Return a PNG of the wards by the verdict of any operator, with gaps drawn over them; A3 landscape.

    Drawn in EPSG:9214 with scale bar, north arrow, legend, source, date, and the labels of synthetic data and approximate boundaries.
    """
    table, gaps = results.tables["ward_table"], results.tables["gaps"]
    rows = table[(table["operator"] == ANY) & (table["technology"] == technology)].drop_duplicates("ward_code")
    wards = gpd.GeoDataFrame(results.tables["wards"]).to_crs(HUE_CRS).merge(rows[["ward_code", "verdict"]], on="ward_code", how="left")
    shown_gaps = (
        gpd.GeoDataFrame(gaps[gaps["technology"] == technology]).to_crs(HUE_CRS)
        if len(gaps)
        else gpd.GeoDataFrame(geometry=[], crs=HUE_CRS)
    )

    with mpl.rc_context({"hatch.linewidth": 0.6, "hatch.color": "#555555", "font.family": "DejaVu Sans"}):
        figure = Figure(figsize=_A3, dpi=width_px / _A3[0], layout="constrained")
        canvas = FigureCanvasAgg(figure)
        axes = figure.add_subplot()
        for verdict, (colour, hatch) in _STYLE.items():
            part = wards[wards["verdict"] == verdict]
            if len(part):
                part.plot(ax=axes, color=colour, edgecolor="#333333", linewidth=0.7, hatch=hatch)
        if len(shown_gaps):
            shown_gaps.plot(ax=axes, facecolor="none", edgecolor="#000000", linewidth=0.5, hatch="xxxx")
        for name, centre in zip(wards["ward_name"], wards.representative_point(), strict=True):
            halo = [patheffects.withStroke(linewidth=2, foreground="white")]
            short = str(name).split(" ", 1)[-1]
            axes.annotate(short, tuple(shapely.get_coordinates(centre)[0]), ha="center", va="center", fontsize=7, path_effects=halo)
        _furniture(axes, results, technology, language, gaps=len(shown_gaps) > 0)
        sink = io.BytesIO()
        canvas.print_figure(sink, format="png", metadata={"Software": None})
    return sink.getvalue()


def _furniture(axes: Axes, results: ResultSet, technology: str, language: Language, *, gaps: bool) -> None:
    """Draw title, legend, scale bar, north arrow and the note under the map."""
    say = {"technology": text(f"technology.{technology}", language), "operator": text("operator.any", language)}
    title = text("report.map.title", language, period=results.period, **say)
    axes.set_title(title, fontsize=15, fontweight="bold")
    patches = [
        Patch(facecolor=colour, edgecolor="#333333", hatch=hatch, label=text(f"verdict.{verdict}", language))
        for verdict, (colour, hatch) in _STYLE.items()
    ]
    if gaps:
        patches.append(Patch(facecolor="none", edgecolor="#000000", hatch="xxxx", label=text("report.map.gaps", language)))
    axes.legend(handles=patches, loc="lower left", fontsize=10, framealpha=0.95, title=text("report.map.legend", language))
    _, east = axes.get_xlim()
    south, north = axes.get_ylim()
    x, y = east - _SCALE_M * 1.15, south + (north - south) * 0.04
    axes.plot([x, x + _SCALE_M / 2, x + _SCALE_M], [y] * 3, color="black", linewidth=3, marker="|", markersize=10)
    axes.text(x + _SCALE_M / 2, y + (north - south) * 0.012, "20 km", ha="center", fontsize=10)
    top, step = north - (north - south) * 0.04, (north - south) * 0.07
    arrow = {"arrowstyle": "-|>", "lw": 2, "color": "black"}
    label = text("report.map.north", language)
    axes.annotate(
        label, xy=(east - _SCALE_M * 0.2, top), xytext=(east - _SCALE_M * 0.2, top - step), ha="center", fontsize=13, arrowprops=arrow
    )
    notes = [
        text("report.map.crs", language),
        text(
            "report.note",
            language,
            as_of=shown_date(results.as_of, language),
            run=results.run_id,
            boundary=text(f"boundary.{results.boundary_source}", language),
        ),
        text("report.map.islands", language),
    ]
    if results.synthetic:
        notes.insert(0, text("synthetic", language).upper())
    axes.text(0.5, -0.01, " · ".join(notes), transform=axes.transAxes, ha="center", va="top", fontsize=8.5, wrap=True)
    axes.set_aspect("equal")
    axes.set_axis_off()
