"""What a process gives up before it parses a file that came from outside: files, network, other processes, memory and time.

Each layer stands alone, so that one the system lacks leaves the others: limits of resources; a user and network namespace without any
interface; a Landlock ruleset under which only the files of the job and the program can be opened; a filter of system calls; and an audit
hook for systems that have none of these, which holds for Python but not for the libraries below it.

References
----------
Landlock: Linux kernel documentation, userspace-api/landlock (ABI 1 to 7). seccomp: userspace-api/seccomp_filter. Audit hooks: PEP 578.
"""

import ctypes
import errno
import os
import platform
import signal
import struct
import sys
import sysconfig
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from hatang.data._seccomp import filter_program
from hatang.data.limits import Limits

LAYERS: Final = ("limits", "namespace", "landlock", "syscalls", "audit")
"""Names of the layers, in the order in which they are put on."""
_NEW_USER_AND_NET: Final = 0x1000_0000 | 0x4000_0000
_NO_NEW_PRIVILEGES: Final = 38
_DIE_WITH_PARENT: Final = 1
_SET_SECCOMP: Final = 22
_SECCOMP_FILTER: Final = 2
_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_RULE_PATH: Final = 1
_READ_FILE, _READ_FOLDER = 1 << 2, 1 << 3
_RIGHTS_OF_ABI: Final = {1: 13, 2: 14, 3: 15, 4: 15, 5: 16}
"""Rights over files that each version of Landlock knows: bits 0 to n − 1."""
_RIGHTS_OF_FILES: Final = (1 << 0) | (1 << 1) | (1 << 2) | (1 << 14) | (1 << 15)
"""Execute, write, read, truncate, device control: all that a rule about a single file may name."""
_OWN_FOLDER: Final = (1 << 1) | (1 << 2) | (1 << 3) | (1 << 4) | (1 << 5) | (1 << 7) | (1 << 8) | (1 << 12) | (1 << 13) | (1 << 14)
"""Write, read, list, move, remove and make files, folders and links, and cut files short."""
_DEVICES: Final = ("/dev/null", "/dev/zero", "/dev/urandom", "/dev/random")
_SYSTEM: Final = (
    "/lib",
    "/lib64",
    "/usr/lib",
    "/usr/lib64",
    "/usr/local/lib",
    "/usr/share/zoneinfo",
    "/etc/ld.so.cache",
    "/etc/localtime",
    "/proc/self",
    "/proc/cpuinfo",
    "/proc/meminfo",
    "/sys/devices/system/cpu",
)
_REFUSED_EVENTS: Final = ("socket.", "subprocess.", "ctypes.", "os.exec", "os.fork", "os.spawn", "os.posix_spawn", "os.system", "os.kill")
_FILE_EVENTS: Final = frozenset(
    {"open", "os.listdir", "os.scandir", "os.remove", "os.rename", "os.mkdir", "os.rmdir", "os.link", "os.truncate", "os.chmod", "os.chown"}
)


def confine(
    folder: Path, readable: Sequence[Path], limits: Limits, written_bytes: int, *, layers: Iterable[str] = LAYERS
) -> dict[str, str]:
    """Give up all that parsing does not need, for good; return for each layer "on", or why it is not.

    Parameters
    ----------
    folder
        The only place where the process may write; it becomes the working folder.
    readable
        Files that it may read beside those of the program.
    limits
        What it may use up.
    written_bytes
        How large a file it may write.
    layers
        Those to put on; all but in tests of a single one.
    """
    os.chdir(folder)
    put_on: dict[str, Callable[[], None]] = {
        "limits": lambda: _limit(limits, written_bytes),
        "namespace": _leave_network,
        "landlock": lambda: _restrict_files(folder, readable),
        "syscalls": _filter_calls,
        "audit": lambda: _watch(folder, readable),
    }
    report = {}
    for layer in LAYERS:
        if layer in layers:
            try:
                put_on[layer]()
                report[layer] = "on"
            except (OSError, ImportError) as error:
                report[layer] = getattr(error, "strerror", None) or str(error)
    return report


def die_with_parent() -> None:
    """Ask the system to end this process when its parent ends."""
    if sys.platform == "linux":
        _libc().prctl(_DIE_WITH_PARENT, signal.SIGKILL, 0, 0, 0)


def program_folders() -> tuple[Path, ...]:
    """Return where the program's own code, libraries and tables lie, which a parser reads and which hold nothing of anybody."""
    paths = [Path(sysconfig.get_paths()[name]) for name in ("stdlib", "platstdlib", "purelib", "platlib")]
    paths += [Path(path) for path in sys.path if path.endswith(("site-packages", "dist-packages"))]
    paths += [Path(sys.prefix, "lib"), Path(sys.base_prefix, "lib"), Path(__file__).resolve().parent]
    return tuple(dict.fromkeys(path.resolve() for path in (*paths, *map(Path, _SYSTEM)) if path.exists()))


def _limit(limits: Limits, written_bytes: int) -> None:
    """Bound memory, time, files written and files held open; a process that ends leaves no core file."""
    import resource  # noqa: PLC0415 - only on POSIX

    mb = 1 << 20
    bounds = {
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_CPU: limits.cpu_s,
        resource.RLIMIT_FSIZE: written_bytes,
        resource.RLIMIT_NOFILE: limits.open_files,
        resource.RLIMIT_AS: _mapped_bytes() + limits.memory_mb * mb,
    }
    for which, bound in bounds.items():
        hard = resource.getrlimit(which)[1]
        value = bound if hard == resource.RLIM_INFINITY else min(bound, hard)
        with suppress(ValueError):  # macOS takes no limit of mapped memory
            resource.setrlimit(which, (value, value))


def _mapped_bytes() -> int:
    """Return how much memory the process has mapped already: mostly libraries, most of it never touched."""
    try:
        return int(Path("/proc/self/statm").read_text().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return 1 << 31


def _leave_network() -> None:
    """Move to a user and network namespace of one's own, in which there is no interface that is up."""
    _linux_only()
    _checked(_libc().unshare(_NEW_USER_AND_NET))


def _restrict_files(folder: Path, readable: Sequence[Path]) -> None:
    """Let the process open its own folder, what it was given to read and the program's files, and nothing else."""
    _linux_only()
    libc = _libc()
    abi = _checked(libc.syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), 1))
    known = (1 << _RIGHTS_OF_ABI[min(abi, max(_RIGHTS_OF_ABI))]) - 1
    words = [known]
    if abi >= 4:
        words.append(3)
    if abi >= 6:
        words.append(3)
    ruleset = struct.pack(f"{len(words)}Q", *words)
    handle = _checked(libc.syscall(_CREATE_RULESET, ruleset, ctypes.c_size_t(len(ruleset)), 0))
    try:
        _allow(handle, folder, _OWN_FOLDER & known)
        for path in (*program_folders(), *readable):
            _allow(handle, path, _READ_FILE | _READ_FOLDER)
        for device in _DEVICES:
            _allow(handle, Path(device), (1 << 1) | _READ_FILE)
        _checked(libc.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0))
        _checked(libc.syscall(_RESTRICT_SELF, handle, 0))
    finally:
        os.close(handle)


def _allow(ruleset: int, path: Path, rights: int) -> None:
    """Add a rule; what does not exist needs none."""
    try:
        place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    try:
        rights = rights if path.is_dir() else rights & _RIGHTS_OF_FILES
        rule = struct.pack("=Qi", rights, place)
        _checked(_libc().syscall(_ADD_RULE, ruleset, _RULE_PATH, rule, 0))
    finally:
        os.close(place)


def _filter_calls() -> None:
    """Refuse the system calls that reach other processes, the network or the system's settings."""
    _linux_only()
    program = filter_program(platform.machine(), os.getpid())

    class Program(ctypes.Structure):
        _fields_ = (("count", ctypes.c_ushort), ("instructions", ctypes.c_char_p))

    libc = _libc()
    _checked(libc.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0))
    _checked(libc.prctl(_SET_SECCOMP, _SECCOMP_FILTER, ctypes.byref(Program(len(program) // 8, program)), 0, 0))


def _watch(folder: Path, readable: Sequence[Path]) -> None:
    """Refuse in Python what the layers above refuse in the kernel."""
    home = os.path.realpath(folder)
    allowed = tuple(map(str, (*program_folders(), *(path.resolve() for path in readable), *map(Path, _DEVICES))))

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if event.startswith(_REFUSED_EVENTS):
            raise PermissionError(1, event)
        if event in _FILE_EVENTS and arguments and isinstance(arguments[0], str | bytes | os.PathLike):
            path = os.path.realpath(os.fsdecode(arguments[0]))
            if not _within(path, (home,)) and not (event in ("open", "os.listdir", "os.scandir") and _within(path, allowed)):
                raise PermissionError(1, event, path)

    sys.addaudithook(hook)


def _within(path: str, places: Iterable[str]) -> bool:
    return any(path == place or path.startswith(place + os.sep) for place in places)


def _linux_only() -> None:
    if sys.platform != "linux":
        raise OSError(errno.ENOSYS, sys.platform)


def _libc() -> Any:
    return ctypes.CDLL(None, use_errno=True)


def _checked(answer: int) -> int:
    """Return what a call of the system answered, or raise what it refused."""
    if answer < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return answer
