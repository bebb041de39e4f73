"""Tools that the operator's modules declare: described at start, checked, and put into the catalog."""

from __future__ import annotations

import asyncio
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from orchestrator.errors import OrchestratorError
from orchestrator.ports import CatalogEntry
from orchestrator.registry.checks import OWN_TAGS, checked
from orchestrator.registry.port_types import ports_from
from tools.commands import Command
from tools.errors import ToolError
from tools.functions import modules
from tools.functions.brought import brought
from tools.functions.modules import Description
from tools.processes import Processes
from tools.spec import Runs, Tool, Trust

#: Seconds that a module has to be imported and described.
_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Offer:
    """What one module brings: its tools, and what kept others from being tools, each in a sentence."""

    module: str
    tools: tuple[Tool, ...] = ()
    faults: tuple[str, ...] = ()


async def offers(
    names: Sequence[str], processes: Processes, *, untrusted: Sequence[str] = (), confined: Processes
) -> list[Offer]:
    """What the modules declare, each described in a process: one that breaks is told of in its faults.

    `untrusted` modules are imported in `confined` processes only, and so are their tools.
    """
    bad = {name: any(name == one or name.startswith(f"{one}.") for one in untrusted) for name in names}
    works = (_offer(name, confined if bad[name] else processes, trusted=not bad[name]) for name in bad)
    return list(await asyncio.gather(*works))


def modules_of(named: Sequence[str]) -> tuple[list[str], list[Offer]]:
    """The modules that the operator names and those that installed packages bring; entry points at fault."""
    found, faults = brought()
    modules = list(dict.fromkeys((*named, *(one.module for one in found))))
    return modules, [Offer("entry points", faults=tuple(faults))] if faults else []


def find_here(modules: Sequence[str]) -> None:
    """Let the operator's modules lie in the folder in which the service is started, behind all else."""
    here = str(Path.cwd())
    if modules and here not in sys.path:
        sys.path.append(here)


def label(module: str) -> str:
    """The tag of the tools that a module declares."""
    return f"python:{module}"


def of_commands(commands: Mapping[str, Command]) -> Offer:
    """The programs that the operator's configuration names."""
    tools = [command.tool() for command in commands.values()]
    return Offer(
        "toolpath.toml",
        tuple(replace(one, ports=ports_from(one.input_schema, one.output_schema)) for one in tools),
    )


def accepted(given: Sequence[Offer], known: Mapping[str, CatalogEntry]) -> list[Offer]:
    """The offers without tools whose name is another's; those of an earlier offer stay."""
    taken: dict[str, str] = {
        name: "a tool that was registered otherwise"
        for name, entry in known.items()
        if _tag(entry.tool) is None
    }
    kept = []
    for offer in given:
        tools, faults = [], list(offer.faults)
        for tool in offer.tools:
            if tool.name in taken:
                what = f"the name {tool.name} belongs to {taken[tool.name]}: give it another"
                faults.append(f"{_binding(tool)}: {what}")
            else:
                taken[tool.name] = _binding(tool)
                tools.append(tool)
        kept.append(Offer(offer.module, tuple(tools), tuple(faults)))
    return kept


def gone(given: Sequence[Offer], known: Mapping[str, CatalogEntry]) -> dict[str, str]:
    """Why tools that modules declared once can be called no more, by name."""
    there = {tool.name for offer in given for tool in offer.tools}
    faults = {label(offer.module): "; ".join(offer.faults) for offer in given}
    reasons = {}
    for name, entry in known.items():
        tag = _tag(entry.tool)
        if tag is None or name in there:
            continue
        if tag.startswith("command:"):
            reasons[name] = f"toolpath.toml has no table [commands.{name}] any more"
        else:
            reasons[name] = faults.get(tag) or f"no module of the operator's declares it any more ({tag[7:]})"
    return reasons


def differs(
    tool: Tool, known: Mapping[str, CatalogEntry], reasons: Mapping[str, str], *, runs_steps: bool
) -> bool:
    """Whether the catalog says something else of a tool that this process brings."""
    entry = known.get(tool.name)
    if entry is None or entry.tool != replace(tool, version=entry.tool.version):
        return True
    # Whether a program is missing matters where the tool runs, not where the API is served.
    return runs_steps and entry.reason != reasons.get(tool.name, "")


def _binding(tool: Tool) -> str:
    return str(tool.binding.get("function") or f"[commands.{tool.name}]")


def _tag(tool: Tool) -> str | None:
    """The tag that only the operator's own tools have; a request cannot give it."""
    return next((tag for tag in tool.tags if tag.startswith(OWN_TAGS)), None)


async def _offer(name: str, processes: Processes, *, trusted: bool) -> Offer:
    with tempfile.TemporaryDirectory(prefix="toolpath-describe-") as scratch:
        try:
            told = await processes.run(
                modules.FUNCTION, {"module": name}, scratch=Path(scratch), timeout=_SECONDS
            )
            described = Description.read(told)
        except (ToolError, ValueError, KeyError, TypeError) as error:
            return Offer(name, faults=(f"{name} cannot be described: {error}",))
    tools, faults = [], list(described.faults)
    for tool in described.tools:
        try:
            fit = checked(tool, modules=(name,))
        except OrchestratorError as error:
            faults.append(f"{tool.binding.get('function')}: {error}")
        else:
            if not trusted:
                fit = replace(fit, trust=Trust.UNTRUSTED, runs=Runs.PROCESS)
            tools.append(replace(fit, tags=(label(name), *fit.tags)))
    return Offer(name, tuple(tools), tuple(faults))
