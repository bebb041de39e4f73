"""Checks of a run's request that need more than its own text: inputs at hand, tools that exist."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from orchestrator.domain.plan import INPUTS, SUBTASK_ID, references
from orchestrator.domain.run import RunRequest, ToolFilter
from orchestrator.errors import FieldProblem, Invalid, NotFound
from orchestrator.ports import Artifacts, Catalog, CatalogEntry

_TAG = "tag:"
#: Problems that come with the nearest names, since finding these takes a while among many.
_HINTS = 5


async def checked(request: RunRequest, *, catalog: Catalog, artifacts: Artifacts) -> RunRequest:
    """The request with its files described in full. Raises `Invalid` naming every bad field."""
    problems = [*_either_or(request), *_webhook(request)]
    if request.plan is not None or request.tools.include:
        known = await catalog.entries()
        problems += _filters(request.tools, known)
        problems += _graph(request.plan, known, request.inputs) if request.plan is not None else []
    inputs, missing = await _inputs(request.inputs, artifacts)
    problems += missing
    if problems:
        what = "; ".join(f"{problem.path or '/'}: {problem.detail}" for problem in problems[:3])
        raise Invalid(f"The request cannot be accepted: {what}", problems=problems)
    return replace(request, inputs=inputs)


def _either_or(request: RunRequest) -> list[FieldProblem]:
    words = (request.request or "").strip()
    if request.plan is None and not words:
        return [FieldProblem("/request", "say in words what to do, or give a plan")]
    if request.plan is not None and request.request is not None:
        return [FieldProblem("/plan", "give either request or plan, not both")]
    return []


def _webhook(request: RunRequest) -> list[FieldProblem]:
    if request.webhook_url is None:
        return []
    url = urlsplit(request.webhook_url)
    if url.scheme not in ("http", "https") or not url.hostname or url.username or url.password:
        detail = "give an http or https URL with a host and without a user name"
        return [FieldProblem("/webhook_url", detail)]
    return []


async def checked_filter(filter: ToolFilter, *, catalog: Catalog) -> None:
    """Raises `Invalid` for an included tool or tag that does not exist."""
    problems = _filters(filter, await catalog.entries()) if filter.include else []
    if problems:
        raise Invalid(f"{problems[0].path}: {problems[0].detail}", problems=problems)


def _filters(filter: ToolFilter, tools: Mapping[str, CatalogEntry]) -> list[FieldProblem]:
    problems: list[FieldProblem] = []
    named = filter.include
    some_tag = any(name.startswith(_TAG) for name in named)
    tags = {tag for entry in tools.values() for tag in entry.tool.tags} if some_tag else set()
    # What does not exist is excluded all the same: only a wrong `include` changes what happens.
    for number, name in enumerate(named):
        is_tag, bare = name.startswith(_TAG), name.removeprefix(_TAG)
        known: Collection[str] = tags if is_tag else tools
        if bare not in known:
            what = "no tool has the tag" if is_tag else "there is no tool named"
            near = _nearest(bare, known) if len(problems) < _HINTS else ""
            problems.append(FieldProblem(f"/tools/include/{number}", f"{what} {bare!r}{near}"))
    return problems


def _nearest(name: str, known: Iterable[str]) -> str:
    """The names most like an unknown one, as the end of a sentence."""
    near = difflib.get_close_matches(name, sorted(known), n=3, cutoff=0.5)
    return f"; nearest: {', '.join(near)}" if near else ""


def _graph(plan: Mapping[str, Any], names: Collection[str], inputs: Mapping[str, Any]) -> list[FieldProblem]:
    """What can be said of a given plan at once; the planner checks the rest."""
    subtasks: Sequence[Mapping[str, Any]] = plan.get("subtasks", ())
    if not subtasks:
        return [FieldProblem("/plan/subtasks", "a plan needs at least one sub-task")]
    problems: list[FieldProblem] = []
    ids = [str(subtask["id"]) for subtask in subtasks]
    for number, subtask in enumerate(subtasks):
        at = f"/plan/subtasks/{number}"
        if not SUBTASK_ID.fullmatch(ids[number]):
            problems.append(FieldProblem(f"{at}/id", "use a letter, then letters, digits, _ or -"))
        if ids[number] in ids[:number]:
            problems.append(FieldProblem(f"{at}/id", f"{ids[number]!r} is the id of another sub-task too"))
        if subtask.get("tool") is not None and subtask["tool"] not in names:
            near = _nearest(subtask["tool"], names) if len(problems) < _HINTS else ""
            problems.append(FieldProblem(f"{at}/tool", f"there is no tool named {subtask['tool']!r}{near}"))
        problems += [
            FieldProblem(f"{at}/needs/{place}", f"there is no sub-task {need!r}")
            for place, need in enumerate(subtask.get("needs", ()))
            if need not in ids
        ]
        problems += _references(subtask.get("arguments", {}), f"{at}/arguments", ids, inputs)
    return problems


def _references(
    arguments: Mapping[str, Any], at: str, ids: Sequence[str], inputs: Mapping[str, Any]
) -> list[FieldProblem]:
    try:
        refs = list(references(arguments))
    except ValueError as error:
        return [FieldProblem(at, str(error))]
    problems = []
    for ref in refs:
        if ref.source == INPUTS and ref.path[0] not in inputs:
            problems.append(FieldProblem(at, f"there is no input named {ref.path[0]!r}"))
        elif ref.source != INPUTS and ref.source not in ids:
            problems.append(FieldProblem(at, f"there is no sub-task {ref.source!r} to refer to"))
    return problems


async def _inputs(
    inputs: Mapping[str, Any], artifacts: Artifacts
) -> tuple[dict[str, Any], list[FieldProblem]]:
    """The inputs with file references completed, and the files that are not there."""
    whole: dict[str, Any] = {}
    problems = []
    for name, value in inputs.items():
        whole[name] = value
        if not isinstance(value, Mapping) or "artifact" not in value:
            continue
        try:
            whole[name] = (await artifacts.get(str(value["artifact"]))).reference()
        except NotFound:
            detail = f"there is no artifact {value['artifact']!r}; upload the file first"
            problems.append(FieldProblem(f"/inputs/{_escaped(name)}/artifact", detail))
    return whole, problems


def _escaped(key: str) -> str:
    """A key as a part of a JSON pointer (RFC 6901)."""
    return key.replace("~", "~0").replace("/", "~1")
