"""The legend under a map, drawn from the very styles of the map."""

import base64
from collections.abc import Mapping, Sequence
from html import escape
from typing import Final

from hatang.data.figures import shown
from hatang.data.language import Language, text
from hatang.web.commonroutes_map import beside_style, firm_styles
from hatang.web.design_map import OPTIONS
from hatang.web.layers import Style
from hatang.web.maps import ACTIONS, LAYERS, MEETS, PATTERNS, VERDICTS
from hatang.web.register_map import FAULTS
from hatang.web.route_map import LEGS
from hatang.web.underground_map import STREETS
from hatang.web.violations_map import SEVERITIES
from hatang.web.words import operator_name

_OF_LAYER: Final[Mapping[str, tuple[str, ...]]] = {
    "gaps": ("unclaimed", "contradicted"),
    "sites": ("site",),
    "assets": ("pole", "chamber", "duct_section"),
    "works": ("work",),
    "suggestions": ("suggestion",),
}
_LINES: Final = frozenset({"duct_section", "work", "suggestion"})
_POINTS: Final = frozenset({"site", "pole", "chamber"})


def legend(layers: Sequence[str], language: Language) -> str:
    """Return the legend of the coverage map as HTML: verdicts, then the layers that are drawn."""
    verdicts = [(VERDICTS[name], text(f"verdict.{name}", language), "area") for name in ("covered", "gap", "insufficient")]
    names = [name for layer in layers for name in _OF_LAYER[layer]]
    marks = [(LAYERS[name], text(f"web.legend.{name}", language), _form(name)) for name in names]
    return _html([*verdicts, *marks])


def road_legend(language: Language) -> str:
    """Return the legend of a road's corridor as HTML."""
    marks = [(style, text(f"web.action.{name}", language), "point") for name, style in ACTIONS.items()]
    return _html([*marks, (LAYERS["suggestion"], text("web.legend.suggestion", language), "line")])


def register_legend(language: Language) -> str:
    """Return the legend of the map of a register as HTML: what can be done with its assets, and what is wrong in it."""
    marks = [(style, text(f"web.action.{name}", language), "point") for name, style in ACTIONS.items()]
    return _html([*marks, *((style, text(f"register.severity.{name}", language), "point") for name, style in FAULTS.items())])


def firms_legend(firms: list[str], distance_m: float, language: Language) -> str:
    """Return the legend of the map of common routes as HTML: the firms, and what lies beneath a route beside another."""
    within = text("routes.within", language, distance=shown(distance_m, "m", language))
    marks = [(style, operator_name(firm, language), "line") for firm, style in firm_styles(firms).items()]
    return _html([*marks, (beside_style(), within, "line")])


def works_legend(language: Language) -> str:
    """Return the legend of the works map as HTML."""
    marks = [(style, text(f"web.legend.{name}", language), "line") for name, style in MEETS.items()]
    return _html([(LAYERS["work"], text("web.legend.work", language), "line"), *marks])


def route_legend(language: Language) -> str:
    """Return the legend of a need's route as HTML."""
    names = {name: "sharing.room.unknown" if name == "unknown" else f"sharing.leg.{name}" for name in LEGS}
    return _html([(LEGS[name], text(message, language), "line") for name, message in names.items()])


def design_legend(language: Language) -> str:
    """Return the legend of the map of a joint design as HTML."""
    return _html([(style, text(f"sharing.option.{name}", language), "line") for name, style in OPTIONS.items()])


def severity_legend(language: Language) -> str:
    """Return the legend of the map of violations as HTML."""
    return _html([(style, text(f"sharing.severity.{name}", language), "line") for name, style in SEVERITIES.items()])


def underground_legend(language: Language) -> str:
    """Return the legend of the map of streets that go underground as HTML."""
    marks = [(style, text(f"web.legend.{name}", language), "line") for name, style in STREETS.items()]
    return _html([*marks, (ACTIONS["survey"], text("web.action.survey", language), "point")])


def _form(name: str) -> str:
    return "line" if name in _LINES else "point" if name in _POINTS else "area"


def _html(marks: Sequence[tuple[Style, str, str]]) -> str:
    return '<div class="legend">' + "".join(f"<span>{_mark(style, form)}{escape(word)}</span>" for style, word, form in marks) + "</div>"


def _mark(style: Style, form: str) -> str:
    """Return a small picture of a style; a picture, because pages take no drawings in their markup."""
    line = "#7D8B98" if style.line == "#FFFFFF" else style.line
    drawn = (
        f'stroke="{line}" stroke-width="{min(style.width, 3)}" stroke-dasharray="{style.dashes}" '
        f'fill="{style.fill}" fill-opacity="{style.opacity}"'
    )
    shapes = {
        "area": f'<rect x="1" y="1" width="22" height="14" {drawn}/>',
        "line": f'<path d="M1,8 h22" {drawn}/>',
        "point": f'<circle cx="12" cy="8" r="{min(style.radius, 6)}" {drawn}/>',
    }
    patterns = "".join(
        f'<pattern id="{name}" width="8" height="8" patternUnits="userSpaceOnUse">{shape}</pattern>' for name, shape in PATTERNS.items()
    )
    picture = f'<svg xmlns="http://www.w3.org/2000/svg" width="24" height="16"><defs>{patterns}</defs>{shapes[form]}</svg>'
    return f'<img alt="" width="24" height="16" src="data:image/svg+xml;base64,{base64.b64encode(picture.encode()).decode()}">'
