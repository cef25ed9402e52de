"""Vendored browser assets: what they are, where they are served from, and how they are fetched again.

`static/vendor.json` is the lock: package, version, sha512 of the package as npm publishes it, and the sha256 of every file taken from
it. It names no registry: `python -m hatang.web.vendor` asks the npm client of whoever runs it, holds what arrives against the lock, and
writes the files anew.
"""

import base64
import hashlib
import json
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import Any, Final

STATIC: Final = Path(__file__).with_name("static")
FOLDER: Final = STATIC / "vendor"
LOCK: Final = STATIC / "vendor.json"
PREFIX: Final = "/vendor"
"""Where the server offers the folder; the version stands in every address, so that an answer may be kept for ever."""


def packages() -> dict[str, dict[str, Any]]:
    """Return the lock: package → version, licence, integrity and files."""
    locked: dict[str, dict[str, Any]] = json.loads(LOCK.read_text("utf-8"))
    return locked


def address(package: str, file: str) -> str:
    """Return the address on this server of one file of a locked package.

    Examples
    --------
    >>> address("leaflet", "leaflet.js")
    '/vendor/leaflet-1.9.4/leaflet.js'
    """
    entry = packages()[package]
    if file not in entry["files"].values():
        raise FileNotFoundError(file)
    return f"{PREFIX}/{package}-{entry['version']}/{file}"


def fetch(package: str, entry: dict[str, Any], target: Path) -> dict[str, str]:
    """Fetch one package with npm, check it against its lock entry, write its listed files and return the sha256 of each."""
    npm = shutil.which("npm")
    if npm is None:
        raise FileNotFoundError("npm")
    with tempfile.TemporaryDirectory() as folder:
        command = [npm, "pack", "--silent", "--pack-destination", folder, f"{package}@{entry['version']}"]
        subprocess.run(command, check=True, cwd=folder)  # noqa: S603 - a fixed command; names and versions come from the lock
        (archive,) = Path(folder).glob("*.tgz")
        content = archive.read_bytes()
        integrity = "sha512-" + base64.b64encode(hashlib.sha512(content).digest()).decode()
        if integrity != entry["integrity"]:
            raise ValueError(package, integrity)
        place = target / f"{package}-{entry['version']}"
        with tarfile.open(archive) as packed:
            for source, name in entry["files"].items():
                member = packed.extractfile(f"package/{source}")
                if member is None:
                    raise FileNotFoundError(source)
                written = place / name
                written.parent.mkdir(parents=True, exist_ok=True)
                written.write_bytes(member.read())
    return {name: hashlib.sha256((place / name).read_bytes()).hexdigest() for name in entry["files"].values()}


def main() -> None:
    """Fetch every locked package anew; what the lock does not name stays away."""
    for package, entry in packages().items():
        found = fetch(package, entry, FOLDER)
        sys.stderr.write(f"{package} {entry['version']}: {len(found)}\n")
        if found != entry["sha256"]:
            raise ValueError(package, found)


if __name__ == "__main__":
    main()
