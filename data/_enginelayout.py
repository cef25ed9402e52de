"""What an engine file says about itself, public through `hatang.data.contracts`.

An engine file is a derived cache of one measurements data set for one ward index: rows in Morton order, coordinates as whole 1e-7 degrees,
the row of the index's wards beside each test. `data/enginefile.py` writes and reads it, `coverage` reads its tests.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Final, Self

ENGINE_VERSION: Final = 1
"""Version of the layout; a file of another version is a stale cache, deleted and written anew."""
ENGINE_KEY: Final = b"hatang.engine"
"""Key of the layout in the metadata of the Parquet schema."""
ENGINE_WARD: Final = "ward_row"
"""Column with the row of each test in the wards of the index, -1 outside."""
ENGINE_DEGREE: Final = 10_000_000
"""Units of a stored coordinate in one degree: 1e-7 degrees is 1.1 cm at most."""


@dataclass(frozen=True, slots=True)
class EngineLayout:
    """Key of an engine file, and whether its coordinates are those of the data set to the last bit."""

    submission: str
    index_hash: str
    exact: bool
    x: str = "lon"
    y: str = "lat"
    version: int = ENGINE_VERSION

    def as_metadata(self) -> dict[bytes, bytes]:
        """Return the layout as Parquet schema metadata."""
        return {ENGINE_KEY: json.dumps(asdict(self), sort_keys=True).encode()}

    @classmethod
    def of(cls, metadata: Mapping[bytes, bytes] | None) -> Self | None:
        """Return the layout that schema metadata name, None where they name none or one of another version."""
        try:
            said = json.loads((metadata or {})[ENGINE_KEY])
            layout = cls(**said)
        except (KeyError, TypeError, ValueError):
            return None
        return layout if layout.version == ENGINE_VERSION else None
