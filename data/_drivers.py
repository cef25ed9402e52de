"""The drivers of both GDALs that may open a file, and the environment that switches off all others and every way to the network."""

import os
from typing import Final

VECTOR_DRIVERS: Final = frozenset(
    {"ESRI Shapefile", "FlatGeobuf", "GPKG", "GeoJSON", "GeoJSONSeq", "KML", "LIBKML", "MEM", "MapInfo File", "OpenFileGDB"}
)
"""Of pyogrio's GDAL: forms that hold their own data."""
RASTER_DRIVERS: Final = frozenset(
    {"AAIGrid", "COG", "EHdr", "ENVI", "GSBG", "GTiff", "HFA", "MEM", "Memory", "NWT_GRC", "NWT_GRD", "SRTMHGT", "XYZ"}
)
"""Of rasterio's GDAL: grids that planning tools and publishers of population and terrain write. `Memory` stays: newer libraries know it as
another name of `MEM`, and break where it is taken away."""
_THREADS: Final = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")


def clean_environment(folder: str) -> dict[str, str]:
    """Return the environment of a process that parses: nothing of the program's own but where to find libraries.

    No key, address or proxy of the installation passes; the drivers that this machine's libraries have beyond the two lists are named to
    be skipped, so that a driver a later version adds is skipped too.
    """
    skipped = ",".join(sorted(_installed() - VECTOR_DRIVERS - RASTER_DRIVERS))
    kept = {name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH", "SYSTEMROOT") if name in os.environ}
    return {
        **kept,
        **dict.fromkeys(_THREADS, "1"),
        "HOME": folder,
        "TMPDIR": folder,
        "LANG": "C.UTF-8",
        "TZ": "UTC",
        "PYTHONDONTWRITEBYTECODE": "1",
        "GDAL_SKIP": skipped,
        "JE_ARROW_MALLOC_CONF": "background_thread:false",
        "CPL_LOG": os.devnull,
        "GDAL_DRIVER_PATH": "disable",
        "OGR_DRIVER_PATH": "disable",
        "GDAL_DISABLE_READDIR_ON_OPEN": "TRUE",
        "GDAL_HTTP_TIMEOUT": "1",
        "GDAL_HTTP_CONNECTTIMEOUT": "1",
        "GDAL_HTTP_MAX_RETRY": "0",
        "GDAL_HTTP_PROXY": "127.0.0.1:9",
        "GDAL_CACHEMAX": "256",
        "GDAL_NUM_THREADS": "1",
        "CPL_VSIL_CURL_ALLOWED_EXTENSIONS": ".none",
        "CPL_ENABLE_PATH_SPECIFIC_CONFIG": "NO",
        "OGR_SQLITE_LOAD_EXTENSIONS": "NONE",
        "OGR_SQLITE_PRAGMA": "trusted_schema=OFF,cell_size_check=ON",
        "PROJ_NETWORK": "OFF",
    }


def _installed() -> set[str]:
    """Return the names of the drivers of both libraries."""
    import pyogrio  # noqa: PLC0415 - needed once a process
    import rasterio  # noqa: PLC0415 - as above

    with rasterio.Env() as environment:
        return set(pyogrio.list_drivers()) | set(environment.drivers())
