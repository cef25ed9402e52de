"""Damaged files against every reader: `python -m benchmarks.fuzz [--seconds 60] [TARGET …]`, `make fuzz SECONDS=60`.

Each target runs in a process of its own under atheris, which damages a sound file and keeps what reaches new lines of `hatang.data`. Only
documented errors may leave a reader; whatever else does is a finding, named by its type and the line it came from. Without atheris (it has
wheels for Linux only) the same targets take damage by a seeded generator, as the tests do.
"""

import argparse
import json
import random
import re
import subprocess
import sys
import tempfile
import time
import traceback
import warnings
import zipfile
from collections import Counter
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any, Final

from benchmarks.seeds import SEEDS, TESTS, seed
from hatang.data.contracts import HatangError
from hatang.data.limits import Limits
from hatang.data.mapping import load_mapping
from hatang.data.reading import ReadOptions, read
from hatang.data.wardfile import read_boundaries

_LIMITS: Final = Limits(file_mb=16, rows=100_000, features=100_000, memory_mb=1_024)
_TOKENS: Final = (
    b"", b"0", b"-", b",", b";", b'"', b"\n", b"\r\n", b"\x00", b"\xff", b"\xef\xbb\xbf", b"NaN", b"Infinity", b"1e400", b"-1e400", b"null",
    b"[]", b"{}", b"9" * 40, "Huế".encode(), "ế\u0301".encode(), b"\xc3\x28", b"2147483647", b"EPSG:0", b"true", b"   ", b"POINT EMPTY",
)  # fmt: skip


def fed(name: str, content: bytes, folder: Path) -> None:
    """Have the reader of a target read a file of that content; documented errors are what it may raise."""
    path = folder / "file"
    path.write_bytes(content)
    kind = SEEDS[name][0]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            if kind is not None:
                read(path, folder / "out.arrow", kind, ReadOptions(operator="viettel", technology="4g", limits=_LIMITS))
            elif name == "boundaries":
                read_boundaries(path, limits=_LIMITS)
            else:
                load_mapping(path)
                (folder / "t.csv").write_text(TESTS, encoding="utf-8")
                read(folder / "t.csv", folder / "out.arrow", SEEDS["csv"][0] or kind, ReadOptions(mapping=path))
        except HatangError:
            pass


def damaged(content: bytes, luck: random.Random) -> bytes:
    """Return a file with a few places damaged; the members of an archive are damaged, not its frame, four times of five."""
    if content.startswith(b"PK") and luck.random() < 0.8:
        return _repacked(content, lambda inner: _hurt(inner, luck), luck)
    return _hurt(content, luck)


def _hurt(content: bytes, luck: random.Random) -> bytes:
    """Return bytes with one to four of them changed, cut out, doubled, or replaced by what breaks parsers."""
    data = bytearray(content)
    for _ in range(luck.randint(1, 4)):
        start = luck.randrange(len(data) + 1)
        stop = min(len(data), start + luck.choice((1, 1, 2, 4, 16, 64)))
        way = luck.randrange(5)
        if way == 0:
            data[start:stop] = luck.choice(_TOKENS)
        elif way == 1:
            data[start:stop] = luck.randbytes(stop - start)
        elif way == 2:
            del data[start:stop]
        elif way == 3:
            data[start:start] = data[start:stop] * luck.choice((1, 2, 50))
        else:  # a whole cell or value
            values = [match.span() for match in re.finditer(rb"[^,;:\n\"<>{}\[\]]+", bytes(data))]
            if values:
                first, last = luck.choice(values)
                data[first:last] = luck.choice(_TOKENS)
    return bytes(data)


def _repacked(content: bytes, hurt: Callable[[bytes], bytes], luck: random.Random) -> bytes:
    """Return an archive of which one member is damaged."""
    try:
        with zipfile.ZipFile(BytesIO(content)) as archive:
            names = archive.namelist()
            chosen = luck.choice(names)
            members = {name: archive.read(name) for name in names}
    except Exception:  # noqa: BLE001 - an archive that is damaged itself
        return hurt(content)
    sink = BytesIO()
    with zipfile.ZipFile(sink, "w") as archive:
        for name, inner in members.items():
            archive.writestr(name, hurt(inner) if name == chosen else inner)
    return sink.getvalue()


def finding(error: BaseException) -> str:
    """Return what tells one finding from another: the error, and the last line of the program and of all that it came through."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if "/data/" in frame.filename and "site-packages" not in frame.filename]
    places = [f"{Path(frame.filename).name}:{frame.lineno}" for frame in (*own[-1:], frames[-1])]
    return f"{type(error).__name__} {' < '.join(dict.fromkeys(places))}: {str(error)[:80]}"


def run_seeded(name: str, count: int, luck: int = 0) -> Counter[str]:
    """Return the findings of so many damaged files of a target, the same for the same `luck`."""
    generator, found, sound = random.Random(f"{name}{luck}"), Counter[str](), seed(name)  # noqa: S311 - damage, no secret
    with tempfile.TemporaryDirectory(prefix="hatang-") as folder:
        fed(name, sound, Path(folder))
        for _ in range(count):
            try:
                fed(name, damaged(sound, generator), Path(folder))
            except Exception as error:  # noqa: BLE001 - what may not come is what is looked for
                found[finding(error)] += 1
    return found


def run_atheris(name: str, seconds: int, log: Path) -> None:
    """Fuzz one target in this process, which ends with it; findings and their files go to the folder `log`."""
    import atheris  # noqa: PLC0415 - only on Linux

    for module in [module for module in sys.modules.values() if getattr(module, "__name__", "").startswith("hatang.data.")]:
        for function in vars(module).values():
            if callable(function) and getattr(function, "__module__", None) == module.__name__ and hasattr(function, "__code__"):
                atheris.instrument_func(function)
    found: dict[str, int] = {}
    luck = random.Random(0)  # noqa: S311 - damage, no secret
    runs = 0
    with tempfile.TemporaryDirectory(prefix="hatang-") as folder:
        corpus = Path(folder) / "corpus"
        corpus.mkdir()
        (corpus / "sound").write_bytes(seed(name))

        def once(content: bytes) -> None:
            nonlocal runs
            runs += 1
            try:
                fed(name, content, Path(folder))
            except Exception as error:  # noqa: BLE001 - what may not come is what is looked for
                told = finding(error)
                if told not in found:
                    (log / f"{name}-{len(found)}.bin").write_bytes(content)
                    (log / f"{name}-{len(found)}.txt").write_text(traceback.format_exc(), encoding="utf-8")
                found[told] = found.get(told, 0) + 1
            if runs % 50 == 0:
                (log / f"{name}.json").write_text(json.dumps({"runs": runs, "found": found}, ensure_ascii=False), encoding="utf-8")

        def mutated(content: bytes, most: int, seed_number: int) -> bytes:
            luck.seed(seed_number)
            if luck.random() < 0.5:
                return damaged(content, luck)[:most]
            if content.startswith(b"PK"):
                return _repacked(content, lambda inner: bytes(atheris.Mutate(inner, len(inner) + 64)), luck)[:most]
            return bytes(atheris.Mutate(content, most))

        arguments = [
            f"-max_total_time={seconds}",
            "-rss_limit_mb=3500",
            "-timeout=60",
            "-max_len=1000000",
            "-len_control=0",
            "-print_final_stats=0",
        ]
        atheris.Setup(["fuzz", *arguments, str(corpus)], once, custom_mutator=mutated)
        atheris.Fuzz()


def main(arguments: list[str]) -> int:
    """Fuzz the targets one after another, print a table; return 1 where something was found."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.fuzz")
    parser.add_argument("targets", nargs="*", metavar="TARGET", choices=[*SEEDS, []])
    parser.add_argument("--seconds", type=int, default=60, help="for each target")
    parser.add_argument("--log", type=Path, default=Path("out/fuzz"), help="where findings and the files that made them go")
    parser.add_argument("--here", action="store_true", help="fuzz the one target in this process")
    said = parser.parse_args(arguments)
    said.log.mkdir(parents=True, exist_ok=True)
    if said.here:
        run_atheris(said.targets[0], said.seconds, said.log)
        return 0
    sys.stdout.write("| target | executions | a second | findings |\n|---|---:|---:|---|\n")
    clean = True
    for name in said.targets or SEEDS:
        (said.log / f"{name}.json").unlink(missing_ok=True)
        start = time.perf_counter()
        command = [sys.executable, "-m", "benchmarks.fuzz", "--here", f"--seconds={said.seconds}", f"--log={said.log}", name]
        ended = subprocess.run(command, check=False, capture_output=True)
        told: dict[str, Any] = json.loads((said.log / f"{name}.json").read_text("utf-8")) if (said.log / f"{name}.json").exists() else {}
        found = list(told.get("found", {}))
        if ended.returncode != 0:
            (said.log / f"{name}.err").write_bytes(ended.stderr[-20_000:])
            found.append(f"the process ended with {ended.returncode}")
        clean &= not found
        rate = told.get("runs", 0) / (time.perf_counter() - start)
        sys.stdout.write(f"| {name} | {told.get('runs', 0):,} | {rate:,.0f} | {'; '.join(found) or '–'} |\n")
        sys.stdout.flush()
    return 0 if clean else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
