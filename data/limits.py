"""Bounds within which a file is read: how large it may be, and what reading it may cost."""

from dataclasses import dataclass, fields

from hatang.data.contracts import ParameterError


@dataclass(frozen=True, slots=True)
class Limits:
    """What one file may hold and what reading it may take; a file beyond any of them is refused.

    Set one by its name in the environment: `HATANG_LIMITS__MEMORY_MB=8192`.

    Attributes
    ----------
    file_mb
        Size of a file, and of all that its archive holds, unpacked.
    ratio
        How many times larger an archive's content may be than the archive.
    entries
        Entries of an archive.
    rows
        Rows of a table: three years of drive tests of a whole city stay below a million.
    features
        Shapes of a layer: the largest filing known, hexagons of a whole American state, has 1.8 million.
    vertices
        Corner points of all shapes of a layer.
    columns
        Columns of a table; the widest published log has 103.
    line_mb
        One line of a text, which holds a whole polygon where a column holds WKT.
    pixels
        Cells of a raster band: the area of Huế at 1 m has 5e9, at 10 m 5e7.
    corners
        Corners of the outline where a grid of signal reaches its level: a prediction at 10 m of all Huế has some hundred thousand.
    blocks
        Blocks and inserts of a drawing, nested ones counted as often as they are drawn.
    memory_mb
        Memory of the reading process beyond that of the program itself.
    cpu_s, wall_s
        Processor time and time on the clock of one reading.
    open_files
        Files that the reading process may hold open.
    """

    file_mb: int = 2_048
    ratio: int = 100
    entries: int = 10_000
    rows: int = 20_000_000
    features: int = 5_000_000
    vertices: int = 200_000_000
    columns: int = 2_000
    line_mb: int = 64
    pixels: int = 2_000_000_000
    corners: int = 10_000_000
    blocks: int = 1_000_000
    memory_mb: int = 4_096
    cpu_s: int = 300
    wall_s: int = 600
    open_files: int = 256

    def __post_init__(self) -> None:
        """Raise where a bound is not positive."""
        for field in fields(self):
            value = getattr(self, field.name)
            if value <= 0:
                raise ParameterError("error.limits.positive", name=f"HATANG_LIMITS__{field.name.upper()}", value=value)
