"""Pieces of a map: the bare sheet on vendored Leaflet, shapes with tooltips, ward labels, fill patterns, and the drawing tool.

Whatever a file brought is handed over as JSON and written by the browser as text nodes, never as markup (stack.md, trap 3). No element
names an address outside this server.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import folium
import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely
from branca.element import MacroElement
from folium.plugins import Draw
from folium.template import Template

from hatang.web.vendor import address

_DECIMALS: Final = 5
"""Digits of a degree kept on screen: about one metre."""


@dataclass(frozen=True, slots=True)
class Style:
    """How a shape is drawn: `fill` is a colour or `url(#pattern)`; `radius` is a point's, in pixels."""

    line: str
    fill: str = "none"
    width: float = 1.0
    opacity: float = 1.0
    dashes: str = ""
    radius: float = 5.0
    cap: str = "round"

    def options(self) -> dict[str, Any]:
        """Return Leaflet's path options."""
        return {
            "color": self.line,
            "weight": self.width,
            "lineCap": self.cap,
            "fill": self.fill != "none",
            "fillColor": self.fill,
            "fillOpacity": self.opacity,
            "dashArray": self.dashes or None,
            "radius": self.radius,
        }


def safe_json(value: object) -> str:
    r"""Return JSON that may stand inside a script element.

    Examples
    --------
    >>> safe_json("</script><b>")
    '"\\u003c/script\\u003e\\u003cb\\u003e"'
    """
    plain = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    for sign in "<>&\u2028\u2029":
        plain = plain.replace(sign, f"\\u{ord(sign):04x}")
    return plain


def features(frame: gpd.GeoDataFrame, *, style: Sequence[str], tip: Sequence[Sequence[str]]) -> dict[str, Any]:
    """Return the shapes of a frame (EPSG:4326) as GeoJSON for the screen: rounded to a metre, with a style's name and tooltip lines."""

    def rounded(coordinates: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        return np.round(coordinates, _DECIMALS)

    shapes = shapely.transform(shapely.force_2d(np.asarray(frame.geometry.array, dtype=object)), rounded)
    return {
        "type": "FeatureCollection",
        "features": [
            {"type": "Feature", "properties": {"style": name, "tip": list(lines)}, "geometry": shapely.geometry.mapping(shape)}
            for shape, name, lines in zip(shapes, style, tip, strict=True)
        ],
    }


class _Piece(MacroElement):
    """An element with a name, under which the component finds its variable."""

    def __init__(self, name: str) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # branca is typed only in part
        self._name = name


class CityMap(folium.Map):
    """A sheet without tiles: Huế and nothing foreign beneath it."""

    default_js: list[tuple[str, str]] = [  # noqa: RUF012 - the base class's own type
        ("leaflet", address("leaflet", "leaflet.js")),
        ("markercluster", address("leaflet.markercluster", "leaflet.markercluster.js")),
        ("draw", address("leaflet-draw", "leaflet.draw.js")),
    ]
    default_css: list[tuple[str, str]] = [  # noqa: RUF012
        ("leaflet_css", address("leaflet", "leaflet.css")),
        ("markercluster_css", address("leaflet.markercluster", "MarkerCluster.css")),
        ("draw_css", address("leaflet-draw", "leaflet.draw.css")),
    ]

    def __init__(self, bounds: Sequence[float]) -> None:
        west, south, east, north = bounds
        super().__init__(
            location=((south + north) / 2, (west + east) / 2),
            tiles=None,
            zoom_start=10,
            zoom_snap=0.25,
            attribution_control=False,
        )
        self._name = "Map"  # the component looks for a map by this name
        # folium hands the limits to its tiles alone, and there are none; clusters need them.
        self.options.update(min_zoom=8, max_zoom=19)
        self.fit_bounds([[south, west], [north, east]], padding=(12, 12))


class Sheet(_Piece):
    """Colours, patterns and label styles of a map's page."""

    _template = Template(
        """
        {% macro html(this, kwargs) %}
        <style>
          .leaflet-container { background: #E8EFF4; font: 13px "Source Sans", "Noto Sans", sans-serif; }
          .ward-label, .place-label { text-align: center; line-height: 1.15; white-space: nowrap; color: #14202B; font-size: 11px;
            text-shadow: 0 0 3px #fff, 0 0 3px #fff, 0 0 3px #fff, 0 0 2px #fff; pointer-events: none; }
          .ward-label b { font-weight: 650; display: block; }
          .place-label { color: #4A6277; font-style: italic; font-size: 12px; }
          .cluster div { display: flex; align-items: center; justify-content: center; width: 100%; height: 100%; box-sizing: border-box;
            border-radius: 50%; color: #fff; border: 1.5px solid #fff; font-size: 11px; font-weight: 600; }
          .leaflet-tooltip { white-space: normal; min-width: 13em; }
        </style>
        <svg width="0" height="0" style="position:absolute" aria-hidden="true" focusable="false"><defs>
        {% for name, pattern in this.patterns.items() %}
          <pattern id="{{ name }}" width="8" height="8" patternUnits="userSpaceOnUse">{{ pattern }}</pattern>
        {% endfor %}
        </defs></svg>
        {% endmacro %}
        {% macro script(this, kwargs) %}
        L.control.scale({imperial: false}).addTo({{ this._parent.get_name() }});
        {% endmacro %}
        """
    )

    def __init__(self, patterns: Mapping[str, str]) -> None:
        super().__init__("Sheet")
        self.patterns = patterns


class Shapes(_Piece):
    """Shapes of one layer, each styled by name, with a tooltip of plain lines; points gather into counted clusters where `cluster`.

    `canvas` paints what nobody points at, and there is much of, as one picture instead of an element each; `ground` lies beneath all else,
    where Leaflet would put a canvas under it.
    """

    _template = Template(
        """
        {% macro script(this, kwargs) %}
        var {{ this.get_name() }} = (function () {
          var styles = {{ this.styles }};
          {% if this.canvas %}
          var canvas = L.canvas({padding: 0.3});
          Object.keys(styles).forEach(function (name) { styles[name].renderer = canvas; });
          {% elif this.ground %}
          var city = {{ this._parent.get_name() }}, ground = city.getPane('ground') || city.createPane('ground');
          ground.style.zIndex = 350;
          var sheet = L.svg({pane: 'ground'});
          Object.keys(styles).forEach(function (name) { styles[name].renderer = sheet; });
          {% endif %}
          var shapes = L.geoJSON({{ this.features }}, {
            style: function (feature) {
              var line = feature.geometry.type.indexOf('LineString') >= 0;
              return Object.assign({}, styles[feature.properties.style], line ? {fill: false} : {});
            },
            pointToLayer: function (feature, at) { return L.circleMarker(at, styles[feature.properties.style]); },
            onEachFeature: function (feature, layer) {
              if (!feature.properties.tip.length) { return; }
              layer.bindTooltip(function () {
                var box = L.DomUtil.create('div');
                feature.properties.tip.forEach(function (line, row) {
                  var part = L.DomUtil.create(row ? 'div' : 'strong', '', box);
                  part.textContent = line;
                });
                return box;
              }, {sticky: true});
            },
            interactive: {{ 'true' if this.interactive else 'false' }}
          });
          if (!{{ 'true' if this.cluster else 'false' }}) { return shapes; }
          return L.markerClusterGroup({
            maxClusterRadius: 46, showCoverageOnHover: false, disableClusteringAtZoom: 15, spiderfyOnMaxZoom: false,
            iconCreateFunction: function (cluster) {
              var count = L.DomUtil.create('div'), side = 18 + 5 * String(cluster.getChildCount()).length;
              count.textContent = cluster.getChildCount();
              count.style.background = styles[cluster.getAllChildMarkers()[0].feature.properties.style].fillColor;
              return L.divIcon({html: count, className: 'cluster', iconSize: [side, side]});
            }
          }).addLayer(shapes);
        })();
        {{ this.get_name() }}.addTo({{ this._parent.get_name() }});
        {% endmacro %}
        """
    )

    def __init__(
        self,
        shapes: Mapping[str, Any],
        styles: Mapping[str, Style],
        *,
        cluster: bool = False,
        interactive: bool = True,
        canvas: bool = False,
        ground: bool = False,
    ) -> None:
        super().__init__("Shapes")
        self.features = safe_json(shapes)
        self.styles = safe_json({name: style.options() for name, style in styles.items()})
        self.cluster = cluster
        self.interactive = interactive
        self.canvas = canvas
        self.ground = ground


class Labels(_Piece):
    """Names and figures written on the map where there is room; the first ones of the list win a place."""

    _template = Template(
        """
        {% macro script(this, kwargs) %}
        var {{ this.get_name() }} = L.layerGroup().addTo({{ this._parent.get_name() }});
        (function (map, group, labels) {
          function place() {
            group.clearLayers();
            var taken = [];
            labels.forEach(function (label) {
              var at = map.project([label.lat, label.lon]);
              var wide = 6.1 * Math.max.apply(null, label.lines.map(function (line) { return line.length; }));
              var high = 14 * label.lines.length;
              if (label.room && wide > 1.15 * (map.project([label.lat, label.east]).x - map.project([label.lat, label.west]).x)) { return; }
              var box = [at.x - wide / 2, at.y - high / 2, at.x + wide / 2, at.y + high / 2];
              if (taken.some(function (other) {
                return box[0] < other[2] && other[0] < box[2] && box[1] < other[3] && other[1] < box[3];
              })) { return; }
              taken.push(box);
              var text = L.DomUtil.create('div');
              label.lines.forEach(function (line, row) {
                L.DomUtil.create(row ? 'span' : 'b', '', text).textContent = line;
              });
              L.marker([label.lat, label.lon], {
                interactive: false, keyboard: false,
                icon: L.divIcon({html: text, className: label.room ? 'ward-label' : 'place-label', iconSize: [wide, high]})
              }).addTo(group);
            });
          }
          map.on('zoomend', place);
          map.whenReady(place);
        })({{ this._parent.get_name() }}, {{ this.get_name() }}, {{ this.labels }});
        {% endmacro %}
        """
    )

    def __init__(self, labels: Sequence[Mapping[str, Any]]) -> None:
        super().__init__("Labels")
        self.labels = safe_json(list(labels))


class RoadPen(Draw):
    """Leaflet's drawing tool for one kind of thing, a road line; add `PenWords` before it."""

    default_js: list[tuple[str, str]] = []  # noqa: RUF012 - the base class's own type; the sheet brings the tool's files
    default_css: list[tuple[str, str]] = []  # noqa: RUF012

    def __init__(self) -> None:
        off = dict.fromkeys(("polygon", "rectangle", "circle", "marker", "circlemarker"), False)
        super().__init__(  # type: ignore[no-untyped-call]  # as above
            show_geometry_on_click=False,
            draw_options={"polyline": {"shapeOptions": {"color": "#14202B", "weight": 5}, "metric": True, "feet": False}, **off},
        )


class PenWords(_Piece):
    """The drawing tool's own words, as a tree like Leaflet.draw's `L.drawLocal`; it must stand before the tool."""

    _template = Template(
        """
        {% macro script(this, kwargs) %}
        (function merge(words, into) {
          Object.keys(words).forEach(function (key) {
            if (typeof words[key] === 'object') { merge(words[key], into[key]); } else { into[key] = words[key]; }
          });
        })({{ this.words }}, L.drawLocal);
        {% endmacro %}
        """
    )

    def __init__(self, words: Mapping[str, Any]) -> None:
        super().__init__("PenWords")
        self.words = safe_json(words)
