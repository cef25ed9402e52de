"""A filter of system calls: what reading a file never needs is refused, all else is as it was.

The filter is a program for the kernel's packet filter machine, eight bytes an instruction. It refuses sockets, other programs and
processes, signals to others, tracing, mounting, namespaces, devices, changes of permission and of limits, and the rings and maps through
which these could be had by other names. Threads stay, for libraries use them.

References
----------
Linux kernel documentation, userspace-api/seccomp_filter; numbers from include/uapi/asm-generic/unistd.h and
arch/x86/entry/syscalls/syscall_64.tbl.
"""

import errno
import struct
from collections.abc import Mapping
from typing import Final

_ARCHITECTURES: Final[Mapping[str, tuple[int, int]]] = {"x86_64": (0, 0xC000_003E), "aarch64": (1, 0xC000_00B7)}
"""Machine to its column in the table of calls, and the kernel's name of it."""
_NONE: Final = -1
_REFUSED: Final[Mapping[str, tuple[int, int]]] = {
    "socket": (41, 198),
    "socketpair": (53, 199),
    "bind": (49, 200),
    "listen": (50, 201),
    "accept": (43, 202),
    "accept4": (288, 242),
    "connect": (42, 203),
    "execve": (59, 221),
    "execveat": (322, 281),
    "fork": (57, _NONE),
    "vfork": (58, _NONE),
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "tkill": (200, 130),
    "rt_sigqueueinfo": (129, 138),
    "rt_tgsigqueueinfo": (297, 240),
    "pidfd_send_signal": (424, 424),
    "pidfd_open": (434, 434),
    "pidfd_getfd": (438, 438),
    "mount": (165, 40),
    "umount2": (166, 39),
    "pivot_root": (155, 41),
    "chroot": (161, 51),
    "unshare": (272, 97),
    "setns": (308, 268),
    "open_tree": (428, 428),
    "move_mount": (429, 429),
    "fsopen": (430, 430),
    "fsmount": (432, 432),
    "mount_setattr": (442, 442),
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "userfaultfd": (323, 282),
    "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "keyctl": (250, 219),
    "init_module": (175, 105),
    "finit_module": (313, 273),
    "delete_module": (176, 106),
    "kexec_load": (246, 104),
    "name_to_handle_at": (303, 264),
    "open_by_handle_at": (304, 265),
    "mknod": (133, _NONE),
    "mknodat": (259, 33),
    "chmod": (90, _NONE),
    "fchmodat": (268, 53),
    "fchmodat2": (452, 452),
    "chown": (92, _NONE),
    "lchown": (94, _NONE),
    "fchownat": (260, 54),
    "setxattr": (188, 5),
    "lsetxattr": (189, 6),
    "removexattr": (197, 14),
    "lremovexattr": (198, 15),
    "setrlimit": (160, 164),
    "quotactl": (179, 60),
    "swapon": (167, 224),
    "swapoff": (168, 225),
    "reboot": (169, 142),
    "settimeofday": (164, 170),
    "clock_settime": (227, 112),
}
_KILL: Final = (62, 129)
_TGKILL: Final = (234, 131)
_CLONE: Final = (56, 220)
_CLONE3: Final = 435
_PRLIMIT: Final = (302, 261)
_X32: Final = 0x4000_0000
_AS_THREAD: Final = 0x0001_0000

_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_AT_NUMBER, _AT_ARCHITECTURE, _AT_ARGUMENTS = 0, 4, 16
_ALLOW, _FAIL, _END_PROCESS = 0x7FFF_0000, 0x0005_0000, 0x8000_0000


def filter_program(machine: str, process: int) -> bytes:
    """Return the filter for a machine and the process that it is put on.

    Parameters
    ----------
    machine
        As `platform.machine` names it; the kernel names must be little-endian 64-bit.
    process
        Its id: it may signal itself and nobody else.

    Raises
    ------
    OSError
        Where the numbers of the machine's calls are not in the table.
    """
    if machine not in _ARCHITECTURES:
        raise OSError(errno.ENOSYS, machine)
    column, architecture = _ARCHITECTURES[machine]
    refuse, allow, end = _done(_FAIL | errno.EPERM), _done(_ALLOW), _done(_END_PROCESS)
    program = [_load(_AT_ARCHITECTURE), _jump(_EQUAL, architecture, 1, 0), end, _load(_AT_NUMBER)]
    if machine == "x86_64":
        program += [_jump(_AT_LEAST, _X32, 0, 1), end]
    for numbers in _REFUSED.values():
        if numbers[column] != _NONE:
            program += [_jump(_EQUAL, numbers[column], 0, 1), refuse]
    # glibc falls back to clone, whose flags the filter can read; those of clone3 lie in memory
    program += [_jump(_EQUAL, _CLONE3, 0, 1), _done(_FAIL | errno.ENOSYS)]
    program += [_jump(_EQUAL, _CLONE[column], 0, 4), _load(_AT_ARGUMENTS), _jump(_ANY_BIT, _AS_THREAD, 1, 0), refuse, allow]
    for numbers in (_KILL, _TGKILL):
        program += [_jump(_EQUAL, numbers[column], 0, 4), _load(_AT_ARGUMENTS), _jump(_EQUAL, process, 1, 0), refuse, allow]
    # asking for limits is harmless, setting them is not: the third argument must be null, both its halves
    program += [_jump(_EQUAL, _PRLIMIT[column], 0, 6)]
    program += [_load(_AT_ARGUMENTS + 16), _jump(_EQUAL, 0, 0, 2), _load(_AT_ARGUMENTS + 20), _jump(_EQUAL, 0, 1, 0), refuse, allow]
    return b"".join([*program, allow])


def _load(offset: int) -> bytes:
    return _instruction(_LOAD, 0, 0, offset)


def _jump(test: int, value: int, yes: int, no: int) -> bytes:
    return _instruction(test, yes, no, value)


def _done(answer: int) -> bytes:
    return _instruction(_RETURN, 0, 0, answer)


def _instruction(code: int, yes: int, no: int, value: int) -> bytes:
    return struct.pack("<HBBI", code, yes, no, value)
