"""Routes of tools and of what is believed of them."""

from __future__ import annotations

import base64
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from pydantic import ValidationError

from orchestrator.api.deps import Caller, Parts
from orchestrator.api.problems import pointer
from orchestrator.api.schemas.belief import BeliefOut, BeliefsOut, PriorsIn
from orchestrator.api.schemas.fields import PageOut
from orchestrator.api.schemas.tool import InvokeIn, SearchIn, ToolIn, ToolsAsked, ToolsIn
from orchestrator.api.schemas.tool_out import (
    BulkToolsOut,
    FieldProblemOut,
    FoundOut,
    HintOut,
    InvokeOut,
    RefusedTool,
    RegisteredOut,
    SearchOut,
    ToolOut,
)
from orchestrator.errors import FieldProblem, Invalid, OrchestratorError
from orchestrator.ports import CatalogEntry
from orchestrator.registry.checks import NAME
from orchestrator.registry.invoke import invoke
from orchestrator.registry.quality import hints
from orchestrator.registry.register import register, register_many, update
from orchestrator.registry.search import ToolFacets, search
from tools.spec import Tool

router = APIRouter(prefix="/v1/tools", tags=["tools"])


@router.post("", status_code=201, summary="Register a tool")
async def create(body: ToolIn, parts: Parts, caller: Caller, response: Response) -> RegisteredOut:
    """Searchable at once; `quality` says what its document still lacks."""
    entry = await register(
        body.value(),
        catalog=parts.catalog,
        caller=parts.tools,
        secrets=parts.secrets,
        modules=parts.settings.python_modules,
        endpoints=parts.endpoints,
        owner=caller is None,
    )
    response.headers["Location"] = f"/v1/tools/{entry.tool.name}"
    return await told(entry, parts)


@router.get("", summary="Tools, by name")
async def listing(parts: Parts, asked: Annotated[ToolsAsked, Query()]) -> PageOut[ToolOut]:
    """One page; the newest version of each."""
    after = "" if asked.cursor is None else _name_from(asked.cursor)
    wanted, limit = asked.value(), asked.limit
    known = (await parts.catalog.entries()).values()
    left = [entry for entry in known if entry.tool.name > after and wanted.accept(entry)]
    page = left[:limit]
    tables = await parts.beliefs.tables([entry.tool for entry in page])
    items = [ToolOut.of(entry, table) for entry, table in zip(page, tables, strict=True)]
    more = len(left) > limit
    return PageOut[ToolOut](items=items, next_cursor=_cursor(items[-1].name) if more else None)


def _cursor(name: str) -> str:
    return base64.urlsafe_b64encode(name.encode()).decode()


def _name_from(cursor: str) -> str:
    try:
        name = base64.b64decode(cursor, altchars=b"-_", validate=True).decode()
    except ValueError:
        name = ""
    if not NAME.fullmatch(name):
        problem = FieldProblem("/cursor", "not a cursor that this service gave out")
        raise Invalid("the cursor is not valid; use next_cursor as it came", problems=[problem])
    return name


async def told(entry: CatalogEntry, parts: Parts) -> RegisteredOut:
    """A tool's record, with what its document still lacks."""
    lacks = hints(entry.tool, await _undo_of(entry.tool, parts))
    return RegisteredOut.with_hints(entry, await parts.beliefs.table(entry.tool), lacks)


async def _undo_of(tool: Tool, parts: Parts) -> Tool | None:
    if tool.undo is None:
        return None
    known = (await parts.catalog.entries()).get(tool.undo)
    return None if known is None else known.tool


@router.post("/bulk", summary="Register many tools")
async def create_many(body: ToolsIn, parts: Parts, caller: Caller) -> BulkToolsOut:
    """Each is judged alone: one bad record keeps none of the others out."""
    read: dict[int, Tool] = {}
    refused: list[RefusedTool] = []
    for number, record in enumerate(body.tools):
        try:
            read[number] = ToolIn.model_validate(record).value()
        except (ValidationError, OrchestratorError) as error:
            refused.append(_refused(number, record, error))
    entries = await register_many(
        list(read.values()),
        catalog=parts.catalog,
        caller=parts.tools,
        secrets=parts.secrets,
        modules=parts.settings.python_modules,
        endpoints=parts.endpoints,
        owner=caller is None,
    )
    made = dict(zip(read, entries, strict=True))
    refused += [_refused(n, body.tools[n], e) for n, e in made.items() if isinstance(e, OrchestratorError)]
    created = [entry.tool for entry in entries if isinstance(entry, CatalogEntry)]
    quality = {tool.name: _hints(tool, await _undo_of(tool, parts)) for tool in created}
    refused.sort(key=lambda one: one.number)
    return BulkToolsOut(created=[tool.name for tool in created], refused=refused, quality=quality)


def _hints(tool: Tool, undo: Tool | None) -> list[HintOut]:
    return [HintOut(field=one.field, hint=one.hint) for one in hints(tool, undo)]


def _refused(number: int, record: Any, error: Exception) -> RefusedTool:
    if isinstance(error, ValidationError):
        errors = [FieldProblemOut(path=pointer(one["loc"]), detail=one["msg"]) for one in error.errors()]
        reason = "; ".join(f"{one.path}: {one.detail}" for one in errors[:3])
    else:
        problems = getattr(error, "problems", ())
        errors = [FieldProblemOut(path=one.path, detail=one.detail) for one in problems]
        reason = str(error)
    name = record.get("name") if isinstance(record, dict) else None
    return RefusedTool(
        number=number, name=name if isinstance(name, str) else None, reason=reason, errors=errors
    )


@router.post("/search", summary="Find tools by words")
async def find(body: SearchIn, parts: Parts) -> SearchOut:
    """Exactly k when k tools fit the filter, best first, with the words that speak for each."""
    wanted = body.filter
    facets = ToolFacets(
        kinds=tuple(wanted.kind),
        tags=tuple(wanted.tags),
        effects=tuple(wanted.effect),
        does=tuple(wanted.does),
        inputs=tuple(wanted.inputs),
        outputs=tuple(wanted.outputs),
        sources=tuple(wanted.sources),
    )
    hits = await search(body.query, k=body.k, facets=facets, retriever=parts.retriever)
    return SearchOut(items=[FoundOut.of(hit) for hit in hits])


@router.get("/{name}", summary="A tool")
async def read(name: str, parts: Parts) -> RegisteredOut:
    """The newest version, with what its document still lacks."""
    entry = await parts.catalog.entry(name)
    return await told(entry, parts)


@router.put("/{name}", summary="A new version of a tool")
async def replace(name: str, body: ToolIn, parts: Parts, caller: Caller) -> RegisteredOut:
    """Runs that pinned the old version keep it."""
    entry = await update(
        name,
        body.value(),
        catalog=parts.catalog,
        caller=parts.tools,
        secrets=parts.secrets,
        modules=parts.settings.python_modules,
        endpoints=parts.endpoints,
        owner=caller is None,
    )
    return await told(entry, parts)


@router.delete("/{name}", status_code=204, summary="Take a tool out of sight")
async def remove(name: str, parts: Parts) -> None:
    """Runs that pinned it go on."""
    await parts.catalog.remove(name)


@router.post("/{name}/invoke", summary="Try a tool")
async def try_out(name: str, body: InvokeIn, parts: Parts, caller: Caller) -> InvokeOut:
    """Arguments and result are checked; the record shows what was sent and got."""
    made = await invoke(
        name,
        body.arguments,
        catalog=parts.catalog,
        caller=parts.tools,
        artifacts=parts.artifacts,
        secrets=parts.secrets,
        spending=parts.spending,
        key_id=caller,
    )
    return InvokeOut.of(made)


@router.get("/{name}/beliefs", summary="What is believed of a tool")
async def beliefs(name: str, parts: Parts) -> BeliefsOut:
    """Cost, time and quality by type of sub-task, with counts and trend."""
    tool = (await parts.catalog.entry(name)).tool
    table = await parts.beliefs.table(tool)
    return BeliefsOut(tool=name, version=tool.version, beliefs=[BeliefOut.of(one) for one in table])


@router.put("/{name}/beliefs", summary="Set priors")
async def set_beliefs(name: str, body: PriorsIn, parts: Parts) -> BeliefsOut:
    """What was observed stays."""
    tool = (await parts.catalog.entry(name)).tool
    for prior in body.beliefs:
        await parts.beliefs.set_prior(tool, prior.subtask_type, prior.value())
    return await beliefs(name, parts)
