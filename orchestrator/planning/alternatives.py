"""Other tools for the same job: which can replace a drafted call, and with what arguments and names."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from orchestrator.domain.plan import INPUTS, REF, dig, is_ref, parse_ref, references
from orchestrator.planning.checks import Scene
from orchestrator.planning.drafts import DraftCall, DraftOption
from orchestrator.planning.fitting import Source, literal_source, mismatch, target_of
from orchestrator.planning.toolset import ToolFacts

#: Alternatives of one sub-task that are kept; more would only slow the search.
MOST = 50


def alternatives(
    option: DraftOption, job: str, *, wanted: Collection[str], taken: Collection[str], scene: Scene
) -> list[DraftOption]:
    """Options by other tools that do `job` and can replace a drafted call.

    `wanted` are the output fields that other sub-tasks refer to; `taken` tools are left out.
    """
    if len(option.calls) != 1:
        return []
    call = option.calls[0]
    first = scene.tools.get(call.tool)
    if first is None:
        return []
    found = []
    for other in scene.tools.doing(job):
        if other.name == call.tool or other.name in taken:
            continue
        swap = Swap(scene.tools.facts(first), scene.tools.facts(other), scene)
        arguments = _carried_over(call.arguments, swap)
        names = renamed_outputs(swap, [option.aliases.get(name, name) for name in wanted])
        if arguments is not None and names is not None:
            found.append(DraftOption((DraftCall(other.name, arguments),), _aliases(option, names)))
        if len(found) == MOST:
            break
    return found


def _aliases(option: DraftOption, names: Mapping[str, str]) -> dict[str, str]:
    """Names used by other sub-tasks → names of the other tool, where they differ."""
    used = {own: name for name, own in option.aliases.items()}
    return {used.get(mine, mine): own for mine, own in names.items() if used.get(mine, mine) != own}


@dataclass(frozen=True, slots=True)
class Swap:
    """The drafted tool and the one that may stand in for it."""

    mine: ToolFacts
    theirs: ToolFacts
    scene: Scene


def _carried_over(arguments: Mapping[str, Any], swap: Swap) -> dict[str, Any] | None:
    """The arguments under the other tool's names.

    None when a required one cannot be filled, or when a value that matters has no place there: what
    was asked for must not be lost.
    """
    mine, theirs = swap.mine, swap.theirs
    found = {name: value for name, value in arguments.items() if _fills(value, name, name, swap)}
    for name, value in arguments.items():
        if name in found:
            continue
        free = [place for place in theirs.inputs if place not in found and place not in arguments]
        place = next((p for p in free if _same_port(swap, name, p) and _fills(value, name, p, swap)), None)
        if place is not None:
            found[place] = value
        elif name in mine.required or value != mine.default(name):
            return None
    return found if all(name in found for name in theirs.required) else None


def _same_port(swap: Swap, name: str, place: str) -> bool:
    a = swap.mine.tool.ports.inputs.get(name, ())
    b = swap.theirs.tool.ports.inputs.get(place, ())
    return bool(a) and bool(b) and a[0] in b


def _fills(value: Any, name: str, place: str, swap: Swap) -> bool:
    """Whether a value meant for one tool's argument may fill another tool's."""
    mine, theirs = swap.mine, swap.theirs
    if place not in theirs.inputs:
        return False
    if is_ref(value) and parse_ref(value[REF]).source == INPUTS:
        return _input_fills(value, place, swap)
    if not any(True for _ in references(value)):
        return not theirs.faults(place, value)
    ports = mine.tool.ports.inputs.get(name, ())
    source = Source(ports[0] if ports else None, mine.inputs.get(name, {}))
    return mismatch(source, target_of(theirs, place)) is None


def _input_fills(value: Any, place: str, swap: Swap) -> bool:
    try:
        given = dig(swap.scene.inputs, parse_ref(value[REF]).path)
    except KeyError:
        return False
    source = literal_source(given, media_types=swap.scene.media_types)
    fits = mismatch(source, target_of(swap.theirs, place)) is None
    return fits and not swap.theirs.faults(place, given)


def renamed_outputs(swap: Swap, wanted: Sequence[str]) -> dict[str, str] | None:
    """For each of my output fields its name there; None when the main or a wanted one is missing."""
    mine, theirs = swap.mine, swap.theirs
    my_ports, their_ports = mine.tool.ports.outputs, theirs.tool.ports.outputs
    names: dict[str, str] = {}
    for name in mine.outputs:
        same = name in theirs.outputs and _agree(my_ports.get(name), their_ports.get(name))
        taken = {*names.values(), *mine.outputs}
        own = name if same else _by_port(my_ports.get(name), their_ports, taken)
        if own is not None:
            names[name] = own
    main = next(iter(my_ports or mine.outputs), None)
    needed = [*wanted, main] if main is not None else list(wanted)
    return names if theirs.open_outputs or all(name in names for name in needed) else None


def _agree(mine: str | None, theirs: str | None) -> bool:
    return mine is None or theirs is None or mine == theirs


def _by_port(port: str | None, their_ports: Mapping[str, str], taken: Collection[str]) -> str | None:
    if port is None:
        return None
    return next((name for name, type in their_ports.items() if type == port and name not in taken), None)
