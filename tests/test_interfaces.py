"""Names that scripts and notebooks call: the arguments, in their order and with their defaults, stay what the interfaces page says."""

import inspect
from collections.abc import Callable

import pytest

from hatang.coverage.aggregate import aggregate
from hatang.coverage.integrate import integrate, polygon_sums
from hatang.coverage.locate import WardIndex
from hatang.sharing.near import pairs_within, parallel_runs

_BY = ("operator", "technology")
_MUST = inspect.Parameter.empty
_CALLED: list[tuple[Callable[..., object], list[str], dict[str, object]]] = [
    (WardIndex.build, ["wards"], {}),
    (WardIndex.save, ["self", "path"], {}),
    (WardIndex.load, ["path"], {}),
    (WardIndex.locate, ["self", "x", "y"], {"threads": 1}),
    (
        aggregate,
        ["paths", "index"],
        {
            "by": _BY,
            "value": "rsrp_dbm",
            "thresholds": (-110.0,),
            "x": "lon",
            "y": "lat",
            "device": "device_id",
            "memory_limit_bytes": 3_000_000_000,
            "threads": 2,
            "scheduler": None,
        },
    ),
    (integrate, ["wards", "claims"], {"by": _BY, "raster": None}),
    (polygon_sums, ["polygons"], {"raster": _MUST}),
    (pairs_within, ["points", "lines"], {"distance_m": _MUST}),
    (parallel_runs, ["left", "right"], {"offset_m": _MUST, "min_overlap_m": _MUST, "max_angle_deg": _MUST}),
]


@pytest.mark.parametrize(("function", "places", "names"), _CALLED, ids=lambda value: getattr(value, "__qualname__", ""))
def test_signatures_hold(function: Callable[..., object], places: list[str], names: dict[str, object]) -> None:
    parameters = inspect.signature(function).parameters
    kinds = {name: parameter.kind for name, parameter in parameters.items()}
    assert list(parameters)[: len(places)] == places
    assert all(kinds[name] is inspect.Parameter.POSITIONAL_OR_KEYWORD for name in places)
    for name, default in names.items():
        assert kinds[name] is inspect.Parameter.KEYWORD_ONLY
        assert parameters[name].default == default
    # What was added since is optional, so that calls as the page writes them go on working.
    added = [parameter for name, parameter in parameters.items() if name not in places and name not in names]
    assert all(parameter.default is not _MUST for parameter in added)
