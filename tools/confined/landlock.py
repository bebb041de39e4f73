"""Landlock: the kernel keeps files, TCP and other processes from this process and all that it starts.

Numbers are those of linux/landlock.h; see landlock(7).
"""

from __future__ import annotations

import ctypes
import os
import stat
import struct
from collections.abc import Iterable
from pathlib import Path

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_VERSION, _PATH_BENEATH = 1, 1
_NO_NEW_PRIVILEGES = 38

_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR = 1 << 0, 1 << 1, 1 << 2, 1 << 3
_REFER, _TRUNCATE, _IOCTL = 1 << 13, 1 << 14, 1 << 15
_FILES_OF_FIRST_VERSION = (1 << 13) - 1
#: What can be allowed of a file; everything else is of folders.
_OF_A_FILE = _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE | _IOCTL
_BIND_AND_CONNECT = 0b11
_ABSTRACT_SOCKETS_AND_SIGNALS = 0b11

_libc = ctypes.CDLL(None, use_errno=True)


def version() -> int:
    """The version of Landlock that the kernel speaks; 0 for none."""
    found: int = _libc.syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), _VERSION)
    return max(0, found)


def restrict(
    *, read: Iterable[Path] = (), listed: Iterable[Path] = (), write: Iterable[Path] = ()
) -> int | None:
    """Keep from this thread, and whatever it starts from now on, all files but these; for good.

    `read` may be read and executed, with all below; of what is below `listed` the names alone may be
    read; `write` allows everything but devices. Paths that do not exist are passed over. TCP (version 4)
    and signals to processes outside (version 6) are kept from it too, where the kernel can.
    Returns the version that was used; None where there is none, and nothing was restricted.
    """
    spoken = version()
    if spoken == 0:
        return None
    handled = _FILES_OF_FIRST_VERSION
    handled |= _REFER if spoken >= 2 else 0
    handled |= _TRUNCATE if spoken >= 3 else 0
    handled |= _IOCTL if spoken >= 5 else 0
    tcp = _BIND_AND_CONNECT if spoken >= 4 else 0
    outside = _ABSTRACT_SOCKETS_AND_SIGNALS if spoken >= 6 else 0
    rules = struct.pack("=QQQ", handled, tcp, outside)
    ruleset = _call(_CREATE_RULESET, rules, ctypes.c_size_t(len(rules)), 0)
    if ruleset < 0:
        return None
    try:
        for paths, rights in (
            (read, _READ_FILE | _READ_DIR | _EXECUTE),
            (listed, _READ_DIR),
            (write, handled & ~_IOCTL),
        ):
            for path in paths:
                _allow(ruleset, path, rights & handled)
        _libc.prctl(_NO_NEW_PRIVILEGES, *map(ctypes.c_ulong, (1, 0, 0, 0)))
        return spoken if _call(_RESTRICT_SELF, ruleset, 0) == 0 else None
    finally:
        os.close(ruleset)


def _allow(ruleset: int, path: Path, rights: int) -> None:
    try:
        opened = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    try:
        if not stat.S_ISDIR(os.fstat(opened).st_mode):
            rights &= _OF_A_FILE
        rule = struct.pack("=Qi", rights, opened)
        if rights and _call(_ADD_RULE, ruleset, _PATH_BENEATH, rule, 0) < 0:
            raise OSError(ctypes.get_errno(), f"Landlock takes no rule for {path}")
    finally:
        os.close(opened)


def _call(number: int, *arguments: object) -> int:
    done: int = _libc.syscall(number, *arguments)
    return done
