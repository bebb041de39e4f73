"""Which tools a module declares. Called in a process, where a module that breaks at import does no harm."""

from __future__ import annotations

import importlib
import pkgutil
import traceback
from collections.abc import Iterator
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from pydantic import TypeAdapter

from tools.functions.declaring import declared_of
from tools.functions.describing import record_of
from tools.functions.typed import Undescribable
from tools.spec import Tool

#: What a pool of processes must allow for modules to be described there.
MODULE = __name__
FUNCTION = f"{__name__}:describe"
_RECORD: TypeAdapter[Tool] = TypeAdapter(Tool)


@dataclass(frozen=True, slots=True)
class Description:
    """The tools of a module, and what kept others from being tools, each in a sentence."""

    tools: tuple[Tool, ...]
    faults: tuple[str, ...]

    @classmethod
    def read(cls, told: Any) -> Description:
        """What `describe` answered. Raises `ValueError` for anything else."""
        return cls(tuple(_RECORD.validate_python(one) for one in told["tools"]), tuple(told["faults"]))


def describe(module: str) -> dict[str, Any]:
    """All marked functions of a module, or of a package and the modules in it, as JSON values."""
    faults: list[str] = []
    records: dict[str, Any] = {}
    for part in _parts(module, faults):
        for function in vars(part).values():
            if declared_of(function) is None or not _is_in(getattr(function, "__module__", ""), module):
                continue
            try:
                tool = record_of(function)
            except Undescribable as error:
                faults.append(str(error))
            else:
                records[tool.binding["function"]] = _RECORD.dump_python(tool, mode="json")
    return {"tools": list(records.values()), "faults": list(dict.fromkeys(faults))}


def _parts(module: str, faults: list[str]) -> Iterator[ModuleType]:
    """The module and all that are in it but private ones; those that fail to be imported are told of."""
    root = _imported(module, faults)
    if root is None:
        return
    yield root
    for found in pkgutil.iter_modules(getattr(root, "__path__", ()), f"{module}."):
        if not found.name.rpartition(".")[2].startswith("_"):
            yield from _parts(found.name, faults)


def _imported(module: str, faults: list[str]) -> ModuleType | None:
    try:
        return importlib.import_module(module)
    except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever an operator's code raises
        last = traceback.extract_tb(error.__traceback__)[-1]
        where = f" ({last.filename}:{last.lineno})" if not last.filename.startswith("<") else ""
        words = str(error).partition("\n")[0]
        faults.append(f"{module} cannot be imported: {type(error).__name__}: {words}{where}")
        return None


def _is_in(module: str, package: str) -> bool:
    return module == package or module.startswith(f"{package}.")
