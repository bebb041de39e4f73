"""seccomp: the kernel refuses system calls of this process and all that it starts.

A filter is a small program for the kernel that looks at the number of each call; see seccomp(2) and
linux/seccomp.h, linux/bpf_common.h, linux/audit.h for the numbers.
"""

from __future__ import annotations

import ctypes
import errno
import platform
from collections.abc import Iterable

_NO_NEW_PRIVILEGES, _SET_SECCOMP, _FILTER = 38, 22, 2
_LOAD, _JUMP_EQUAL, _JUMP_AT_LEAST, _JUMP_ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_ALLOW, _KILL, _ERRNO = 0x7FFF0000, 0x80000000, 0x00050000
#: Where the call's number, the architecture and the low half of the first argument lie.
_NUMBER, _ARCHITECTURE, _FIRST = 0, 4, 16
_CLONE_THREAD = 0x10000
#: Calls of the 32-bit ABI of x86-64 carry this bit.
_X32 = 0x40000000

#: By machine: its audit number, and its numbers of the calls that are named here.
_MACHINES: dict[str, tuple[int, dict[str, int]]] = {
    "x86_64": (
        0xC000003E,
        {
            "socket": 41,
            "clone": 56,
            "fork": 57,
            "vfork": 58,
            "ptrace": 101,
            "unshare": 272,
            "setns": 308,
            "process_vm_readv": 310,
            "process_vm_writev": 311,
            "io_uring_setup": 425,
            "clone3": 435,
        },
    ),
    "aarch64": (
        0xC00000B7,
        {
            "unshare": 97,
            "ptrace": 117,
            "socket": 198,
            "clone": 220,
            "setns": 268,
            "process_vm_readv": 270,
            "process_vm_writev": 271,
            "io_uring_setup": 425,
            "clone3": 435,
        },
    ),
}
#: No socket can be made (io_uring makes them without the call), no other process looked into, and no
#: namespace entered in which one would be its master.
_ALWAYS = ("socket", "io_uring_setup", "ptrace", "process_vm_readv", "process_vm_writev", "unshare", "setns")


class _Instruction(ctypes.Structure):
    _fields_ = (
        ("code", ctypes.c_uint16),
        ("met", ctypes.c_uint8),
        ("unmet", ctypes.c_uint8),
        ("value", ctypes.c_uint32),
    )


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_uint16), ("first", ctypes.POINTER(_Instruction)))


def restrict(*, processes: bool) -> bool:
    """Refuse this thread, and whatever it starts from now on, sockets and other processes' memory.

    Without `processes` it can start none either; threads it can. Pairs of connected sockets within the
    process stay, since event loops need them. False where the kernel or the machine has no such filter.
    """
    known = _MACHINES.get(platform.machine())
    if known is None:
        return False
    steps = _filter(*known, processes=processes)
    made = (_Instruction * len(steps))(*(_Instruction(*step) for step in steps))
    libc = ctypes.CDLL(None, use_errno=True)
    program = _Program(len(steps), made)
    libc.prctl(_NO_NEW_PRIVILEGES, *map(ctypes.c_ulong, (1, 0, 0, 0)))
    done: int = libc.prctl(_SET_SECCOMP, ctypes.c_ulong(_FILTER), ctypes.byref(program))
    return done == 0


def _filter(machine: int, numbers: dict[str, int], *, processes: bool) -> list[tuple[int, int, int, int]]:
    """The instructions: code, how many to pass over when met, when not, and the value compared with."""
    refused = (_RETURN, 0, 0, _ERRNO | errno.EPERM)
    steps = [
        (_LOAD, 0, 0, _ARCHITECTURE),
        (_JUMP_EQUAL, 1, 0, machine),
        (_RETURN, 0, 0, _KILL),  # calls of another ABI have other numbers
        (_LOAD, 0, 0, _NUMBER),
        (_JUMP_AT_LEAST, 0, 1, _X32),
        refused,
    ]
    steps += _each(numbers, _ALWAYS, refused)
    if not processes:
        steps += _each(numbers, ("fork", "vfork"), refused)
        # Its flags lie in memory, where no filter sees them; libraries then fall back on clone.
        steps += _each(numbers, ("clone3",), (_RETURN, 0, 0, _ERRNO | errno.ENOSYS))
        steps += [
            (_JUMP_EQUAL, 0, 3, numbers["clone"]),
            (_LOAD, 0, 0, _FIRST),
            (_JUMP_ANY_BIT, 1, 0, _CLONE_THREAD),
            refused,
        ]
    return [*steps, (_RETURN, 0, 0, _ALLOW)]


def _each(
    numbers: dict[str, int], names: Iterable[str], then: tuple[int, int, int, int]
) -> list[tuple[int, int, int, int]]:
    return [step for name in names if name in numbers for step in ((_JUMP_EQUAL, 0, 1, numbers[name]), then)]
