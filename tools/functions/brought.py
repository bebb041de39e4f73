"""Modules with tools that installed packages bring: the entry points of the group `toolpath.tools`."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import metadata

#: In a package's pyproject.toml: [project.entry-points."toolpath.tools"], then `any_name = "its.module"`.
GROUP = "toolpath.tools"


@dataclass(frozen=True, slots=True)
class Brought:
    """The module that an entry point names, and the package that brings it."""

    module: str
    package: str


def brought() -> tuple[list[Brought], list[str]]:
    """What installed packages bring, in the order of their names, and entry points that name no module.

    Reads what is written about packages; imports none of them.
    """
    found, faults = [], []
    for point in sorted(metadata.entry_points(group=GROUP), key=lambda one: (one.name, one.value)):
        package = point.dist.name if point.dist is not None else "an unnamed package"
        if point.attr or not all(part.isidentifier() for part in point.module.split(".")):
            faults.append(f"{package}: the entry point {point.name} = {point.value!r} must name a module")
        else:
            found.append(Brought(point.module, package))
    return found, faults
