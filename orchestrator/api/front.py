"""The pages that the service writes itself: its routes in words, and what a failed login says."""

from __future__ import annotations

from html import escape
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse, Response

router = APIRouter(include_in_schema=False)

_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title>
<meta name="viewport" content="width=device-width"><link rel="stylesheet" href="/static/page.css"></head>
<body>{body}</body></html>
"""
_CSS = """body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}
code{background:#eee;padding:0 .2em}h2{margin-top:2em}td{padding:.2rem 1rem .2rem 0;vertical-align:top}"""


def page(title: str, body: str, *, status: int = 200) -> HTMLResponse:
    """A page of the service; `body` is HTML."""
    return HTMLResponse(_PAGE.format(title=title, body=body), status)


@router.get("/static/page.css")
async def style() -> Response:
    """How the pages look."""
    return Response(_CSS, media_type="text/css")


@router.get("/docs")
async def docs(request: Request) -> Response:
    """The routes, read off the OpenAPI document: no script, nothing from elsewhere."""
    document = request.app.openapi()
    sections: dict[str, list[str]] = {}
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            tag = (operation.get("tags") or ["other"])[0]
            sections.setdefault(tag, []).append(_row(method, path, operation))
    tables = "".join(
        f"<h2>{escape(tag)}</h2><table>{''.join(rows)}</table>" for tag, rows in sections.items()
    )
    body = f'<h1>Routes</h1><p>Bodies and answers: <a href="/openapi.json">openapi.json</a>.</p>{tables}'
    return page("Toolpath: routes", body)


def _row(method: str, path: str, operation: dict[str, Any]) -> str:
    words = f"{operation.get('summary', '')}. {operation.get('description', '')}"
    return f"<tr><td><code>{method.upper()} {escape(path)}</code></td><td>{escape(words)}</td></tr>"
