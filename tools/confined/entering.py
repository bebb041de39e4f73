"""What a process takes from itself before it runs code that is not trusted."""

from __future__ import annotations

import ctypes
import importlib.machinery
import importlib.util
import os
import resource
import struct
import sys
import sysconfig
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from tools.confined import landlock, seccomp
from tools.spec import File

#: Of Linux's prctl: whoever is orphaned below this process becomes its child.
_SUBREAPER = 36
_LANDLOCK_OF_SIGNALS = 6
#: The version of capset(2) that all kernels of today speak.
_CAPABILITIES_OF_64_BITS = 0x20080522
_OURS = ("tools", "toolpath")
#: What programs and libraries of the system read; none of it is anybody's own.
_SYSTEM = (
    *("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/nix/store"),
    *("/etc/ld.so.cache", "/etc/localtime", "/etc/timezone", "/etc/mime.types", "/etc/magic", "/etc/fonts"),
    *("/etc/ssl/certs", "/proc/self", "/proc/cpuinfo", "/proc/meminfo", "/sys/devices/system/cpu"),
    *("/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom"),
)
_INSTALLED = ("site-packages", "dist-packages")


def limit(limits: Mapping[str, Any]) -> None:
    """Bound each process of the call, and keep hold of all that is started in it."""
    for name, most in (
        ("RLIMIT_AS", "memory"),
        ("RLIMIT_CPU", "cpu_seconds"),
        ("RLIMIT_FSIZE", "output_bytes"),
    ):
        later = limits[most] + (name == "RLIMIT_CPU")  # first comes the signal that says why
        resource.setrlimit(getattr(resource, name), (limits[most], later))
    adopt = getattr(ctypes.CDLL(None), "prctl", None)
    if adopt is not None:
        adopt(_SUBREAPER, 1, 0, 0, 0)


def enter(limits: Mapping[str, Any], *, scratch: Path, arguments: Any) -> list[str]:
    """Keep all files from this process but those of the arguments, its folder and what is installed; the
    network; and other processes. Answers what could not be had, each in a sentence.

    To be called while the process has one thread: only this one, and those it starts later, are bound.
    """
    _stay_in(scratch)
    _give_up_privileges()
    own, folders = _files_of((*_OURS, *limits["modules"]))
    read = [*map(Path, _SYSTEM), *_installed(), *own, *(file.path for file in _files_in(arguments))]
    spoken, open_ = None, []
    if sys.platform == "linux":
        spoken = landlock.restrict(read=read, listed=folders, write=(scratch, Path(os.devnull)))
    if spoken is None:
        open_.append("it can read and write the files of the service's user: that takes Landlock")
    filtered = sys.platform == "linux" and seccomp.restrict(processes=limits["processes"] > 0)
    if not filtered:
        open_.append("it can use the network: that takes seccomp")
    if spoken is None or spoken < _LANDLOCK_OF_SIGNALS:
        open_.append("it can send signals to processes of the service's user: that takes Linux 6.12")
    return open_


def _give_up_privileges() -> None:
    """Of the capabilities of root, where the service has any: with them limits can be raised again."""
    capset = getattr(ctypes.CDLL(None), "capset", None)
    if capset is not None:
        header = struct.pack("=Ii", _CAPABILITIES_OF_64_BITS, 0)
        capset(header, struct.pack("=6I", 0, 0, 0, 0, 0, 0))


def _stay_in(scratch: Path) -> None:
    """Let what libraries write by themselves, also while they are imported, land in the call's folder."""
    # This environment is the call's own, not the service's: nothing is read from it.
    names = ("HOME", "TMPDIR", "XDG_CACHE_HOME", "MPLCONFIGDIR")
    os.environ.update(dict.fromkeys(names, str(scratch)))  # noqa: TID251


def _installed() -> Iterator[Path]:
    """Where Python and its packages lie."""
    yield from {Path(place) for key, place in sysconfig.get_paths().items() if key.endswith("lib")}
    yield from (Path(sys.base_prefix, "lib"), Path(sys.prefix), Path(sys.executable).resolve())
    yield from (Path(entry) for entry in sys.path if entry.rstrip("/").endswith(_INSTALLED))


def _files_of(modules: Sequence[str]) -> tuple[list[Path], set[Path]]:
    """The files and packages that these modules are, and the folders in which they are looked for.

    A module that lies in a package is readable with all of it. Nothing is imported.
    """
    files, folders = [], set()
    for name in dict.fromkeys(module.partition(".")[0] for module in modules):
        spec = importlib.util.find_spec(name)
        for place in _places(spec):
            files.append(place)
            folders.add(place.parent)
    return files, folders


def _places(spec: importlib.machinery.ModuleSpec | None) -> Iterable[Path]:
    if spec is None:
        return ()
    if spec.submodule_search_locations is not None:
        return [Path(place) for place in spec.submodule_search_locations]
    return [Path(spec.origin)] if spec.has_location and spec.origin is not None else ()


def _files_in(value: Any) -> Iterator[File]:
    if isinstance(value, File):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _files_in(item)
    elif isinstance(value, list):
        for item in value:
            yield from _files_in(item)
