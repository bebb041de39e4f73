"""Which HTTP status each error has, assigned here and nowhere else."""

from __future__ import annotations

import errno
import logging
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import BaseRoute, Match

from orchestrator import errors
from orchestrator.api.problems import pointer, problem
from orchestrator.errors import FieldProblem, OrchestratorError
from tools import errors as tool_errors
from tools.errors import ToolError

log = logging.getLogger(__name__)

#: Looked up along the class and its bases, so that an error not named here has its parent's status.
STATUS: Mapping[type[Exception], int] = {
    errors.Invalid: 422,
    errors.NotBuilt: 422,
    errors.NoSuitableTool: 422,
    errors.BudgetTooSmall: 422,
    errors.PlanningTooLong: 422,
    errors.DeadlineExceeded: 422,
    errors.Forbidden: 403,
    errors.LimitReached: 429,
    errors.NoOptionLeft: 422,
    errors.NotFound: 404,
    errors.Conflict: 409,
    errors.StorageFull: 507,
    errors.ModelFailed: 502,
    OrchestratorError: 500,
    tool_errors.FixTheCall: 422,
    tool_errors.TimedOut: 504,
    tool_errors.RateLimited: 503,
    tool_errors.TryAgain: 502,
    tool_errors.Unavailable: 503,
    tool_errors.UseAnother: 502,
    tool_errors.NotAuthorised: 502,
    tool_errors.Forbidden: 403,
    ToolError: 502,
}

#: Where a bad field of the request stands, beside the body, whose fields are plain JSON pointers.
_PARTS = ("query", "path", "header", "cookie")


def add_handlers(app: FastAPI) -> None:
    """Make every failure of `app` a problem document."""
    app.add_exception_handler(OrchestratorError, _refused)
    app.add_exception_handler(ToolError, _tool_failed)
    app.add_exception_handler(RequestValidationError, _not_valid)
    app.add_exception_handler(HTTPException, _by_status)
    app.add_exception_handler(OSError, _machine_failed)
    app.add_exception_handler(Exception, _unforeseen)


def status_of(error: Exception) -> int:
    """The status of an error of ours; 500 for a stranger."""
    return next((STATUS[kind] for kind in type(error).__mro__ if kind in STATUS), 500)


async def _refused(_: Request, error: Exception) -> Response:
    assert isinstance(error, OrchestratorError)
    more: dict[str, Any] = {}
    if isinstance(error, errors.NoSuitableTool):
        more["nearest"] = list(error.nearest)
    if isinstance(error, errors.BudgetTooSmall):
        more["cheapest"] = error.cheapest
    fields = getattr(error, "problems", ())
    return problem(status_of(error), str(error), code=error.code, errors=fields, **more)


async def _tool_failed(_: Request, error: Exception) -> Response:
    assert isinstance(error, ToolError)
    paths = getattr(error, "paths", ())
    fields = [FieldProblem(f"/arguments{path}", str(error)) for path in paths]
    pause = getattr(error, "retry_after", None)
    headers = {} if pause is None else {"Retry-After": str(math.ceil(pause))}
    return problem(status_of(error), str(error), code=error.code, errors=fields, headers=headers)


async def _not_valid(_: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    fields = [_field(one) for one in error.errors()]
    if any(one["type"] == "json_invalid" for one in error.errors()):
        return problem(400, fields[0].detail, code="malformed_json", errors=fields)
    shown = "; ".join(f"{field.path or 'the body'}: {field.detail}" for field in fields[:3])
    return problem(422, f"The request is not valid: {shown}", code="invalid", errors=fields)


def _field(one: Mapping[str, Any]) -> FieldProblem:
    part, *inner = one["loc"]
    if one["type"] == "json_invalid":
        where = f"at character {inner[0]}" if inner else ""
        return FieldProblem("", f"the body is not JSON: {one['ctx']['error']} {where}".rstrip())
    detail = {
        "extra_forbidden": "unknown field",
        "missing": "must be given",
    }.get(one["type"], str(one["msg"]))
    if part in _PARTS:
        return FieldProblem(pointer(inner), f"{part} parameter: {detail}")
    if not inner and one["type"] in ("missing", "model_attributes_type", "model_type", "dict_type"):
        return FieldProblem("", "send a JSON object with Content-Type: application/json")
    return FieldProblem(pointer(inner), detail)


async def _by_status(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    headers = dict(error.headers or {})
    if error.status_code == 405:
        headers["Allow"] = ", ".join(_methods_at(request))
    detail = {
        404: f"There is nothing at {request.url.path}.",
        405: f"{request.method} is not possible at {request.url.path}.",
    }.get(error.status_code, str(error.detail))
    return problem(error.status_code, detail, headers=headers)


def _methods_at(request: Request) -> list[str]:
    """All methods of the path; the framework names those of the first route only."""
    found: set[str] = set()
    for route in _routes(request.app.routes):
        if route.matches(request.scope)[0] is not Match.NONE:
            found |= getattr(route, "methods", None) or set()
    return sorted(found)


def _routes(routes: Sequence[BaseRoute]) -> Iterator[BaseRoute]:
    """Every route; the framework keeps those of a router together."""
    for route in routes:
        router = getattr(route, "original_router", None)
        yield from (route,) if router is None else _routes(router.routes)


async def _machine_failed(request: Request, error: Exception) -> Response:
    assert isinstance(error, OSError)
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return await _refused(request, errors.StorageFull("The disk has no room left; nothing was kept."))
    return await _unforeseen(request, error)


async def _unforeseen(request: Request, error: Exception) -> Response:
    log.error("%s %s failed", request.method, request.url.path, exc_info=error)
    detail = "Something went wrong in the service; its log says what. The request may be sent again."
    return problem(500, detail, code="internal_error")
