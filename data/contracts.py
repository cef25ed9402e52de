"""Names that every room shares; so far the errors and faults.

This module does no I/O; it is the only one that `hatang.coverage`, `hatang.sharing` and `hatang.programme` import from `hatang.data`.
"""

from hatang.data._errors import (
    CancelledError,
    CrsError,
    EmptyDataError,
    Fault,
    HatangError,
    MissingError,
    ParameterError,
    RefusedError,
    SchemaError,
    Severity,
    StoreError,
)

__all__ = [
    "CancelledError",
    "CrsError",
    "EmptyDataError",
    "Fault",
    "HatangError",
    "MissingError",
    "ParameterError",
    "RefusedError",
    "SchemaError",
    "Severity",
    "StoreError",
]
