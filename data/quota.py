"""How much of the store an organisation may fill: bytes of its files and rows of its tables."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from hatang.data.contracts import Fault


@dataclass(frozen=True, slots=True)
class Quota:
    """Limits of one organisation; None: no limit."""

    size_bytes: int | None = None
    rows: int | None = None


@dataclass(frozen=True, slots=True)
class Usage:
    """What an organisation has stored: bytes of its files, equal ones once, and rows of its tables; withdrawn data sets count too."""

    size_bytes: int
    rows: int


def stored_bytes(paths: Iterable[Path]) -> int:
    """Return the size of files, each once; one that is not there has none."""
    return sum(path.stat().st_size for path in set(paths) if path.is_file())


def quota_faults(quota: Quota, used: Usage, new: Usage, *, file: str, organisation: str) -> tuple[Fault, ...]:
    """Return a fault for each limit that a file would pass.

    Examples
    --------
    >>> [fault.code for fault in quota_faults(Quota(rows=10), Usage(0, 8), Usage(5_000, 3), file="a.csv", organisation="vnpt")]
    ['quota_rows']
    """
    faults = []
    if quota.size_bytes is not None and used.size_bytes + new.size_bytes > quota.size_bytes:
        fields = {"organisation": organisation, "used": used.size_bytes, "limit": quota.size_bytes}
        faults.append(Fault("quota_bytes", file, found=str(new.size_bytes), fields=fields))
    if quota.rows is not None and used.rows + new.rows > quota.rows:
        faults.append(
            Fault("quota_rows", file, found=str(new.rows), fields={"organisation": organisation, "used": used.rows, "limit": quota.rows})
        )
    return tuple(faults)
