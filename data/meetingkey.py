"""The key of which confidential meetings are numbered: made once for an installation, read by nobody but its owner."""

import os
import secrets
from pathlib import Path
from typing import Final

from hatang.data.atomic import disk, locked

_NAME: Final = "meetings.key"
_BYTES: Final = 32


def meeting_key(home: Path) -> bytes:
    """Return the installation's key, made where there is none yet.

    Raises
    ------
    StoreError
        Where the disk refuses.
    """
    path = home / _NAME
    with disk(path):
        home.mkdir(parents=True, exist_ok=True)
        with locked(home / f".{_NAME}.lock"):
            if not path.exists():
                beside = home / f".{os.getpid()}.{_NAME}"
                with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
                    out.write(secrets.token_bytes(_BYTES))
                    out.flush()
                    os.fsync(out.fileno())
                beside.replace(path)
        return path.read_bytes()
