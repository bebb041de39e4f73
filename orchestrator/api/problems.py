"""Problem documents (RFC 9457): the one shape of every refusal and failure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from starlette.responses import JSONResponse

from orchestrator.errors import FieldProblem

MEDIA_TYPE = "application/problem+json"


def problem(
    status: int,
    detail: str,
    *,
    code: str | None = None,
    errors: Sequence[FieldProblem] = (),
    headers: Mapping[str, str] | None = None,
    **more: Any,
) -> JSONResponse:
    """An answer of that status; `code` is a short stable word, `errors` name the bad fields."""
    body: dict[str, Any] = {
        "type": "about:blank" if code is None else f"urn:toolpath:problem:{code}",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
    }
    if code is not None:
        body["code"] = code
    if errors:
        body["errors"] = [_field(error) for error in errors]
    return JSONResponse(body | more, status, headers=dict(headers or {}), media_type=MEDIA_TYPE)


def _field(error: FieldProblem) -> dict[str, str]:
    told = {"path": error.path, "detail": error.detail}
    return told if error.subtask is None else told | {"subtask": error.subtask}


def pointer(parts: Sequence[Any]) -> str:
    """A JSON pointer (RFC 6901) of keys and indexes.

    >>> pointer(["budget", "a/b", 0])
    '/budget/a~1b/0'
    """
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in parts)
