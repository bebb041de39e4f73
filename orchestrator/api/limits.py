"""Routes of limits, for the holder of the service's own key."""

from __future__ import annotations

from fastapi import APIRouter

from orchestrator.api.deps import OwnerOnly, Parts
from orchestrator.api.keys import check_caps
from orchestrator.api.schemas.fields import PageOut
from orchestrator.api.schemas.limit import LimitIn, LimitOut
from orchestrator.domain.limits import BUCKET, SCOPES
from orchestrator.errors import FieldProblem, Invalid

router = APIRouter(prefix="/v1/limits", tags=["limits"], dependencies=[OwnerOnly])


@router.get("", summary="All limits, by name")
async def listing(parts: Parts) -> PageOut[LimitOut]:
    """Those set here, those of keys, and those that tools' records state."""
    return PageOut[LimitOut](items=[LimitOut.of(limit) for limit in await parts.limits.all()])


@router.get("/{name}", summary="A limit")
async def read(name: str, parts: Parts) -> LimitOut:
    """With what runs and waits under it, and what its caps have spent."""
    return LimitOut.of(await parts.limits.get(name))


@router.put("/{name}", summary="Set a limit")
async def put(name: str, body: LimitIn, parts: Parts) -> LimitOut:
    """It holds from now on, for steps that wait already too; what runs goes on.

    The name is `tool:<name>`, `key:<id>`, `endpoint:<host or name>` or `group:<name>` (a tool is in
    the groups of its tags `group:<name>`). A tool's limit set here stands in place of its record's.
    """
    _check(name, body)
    return LimitOut.of(await parts.limits.put(body.value(name)))


@router.delete("/{name}", status_code=204, summary="Take a limit away")
async def remove(name: str, parts: Parts) -> None:
    """What a tool's own record states holds again."""
    await parts.limits.remove(name)


def _check(name: str, body: LimitIn) -> None:
    scope, colon, rest = name.partition(":")
    problems = []
    if scope not in SCOPES or not colon or not rest or BUCKET in rest or len(name) > 200:
        wanted = ", ".join(f"{scope}:…" for scope in SCOPES)
        problems.append(FieldProblem("/name", f"a limit is named {wanted}"))
    if body.by is not None and scope != "tool":
        problems.append(FieldProblem("/by", "only calls of a tool can be counted apart by an argument"))
    if not body.caps and body.concurrency is None and body.rate is None:
        problems.append(FieldProblem("", "give at least one of concurrency, rate and caps"))
    if body.burst is not None and body.rate is None:
        problems.append(FieldProblem("/burst", "a burst belongs to a rate"))
    if problems:
        raise Invalid(f"The limit cannot be set: {problems[0].detail}.", problems=problems)
    check_caps(body.caps)
