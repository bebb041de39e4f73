"""The pages of the service itself: where things are, and its routes in words."""

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
_START = """<h1>Toolpath</h1>
<p>Gets work done by connecting language models to tools.</p>
<ul><li><a href="/docs">The routes in words</a> and <a href="/openapi.json">as an OpenAPI document</a>
(log in first: <code>toolpath login</code>)</li>
<li>From the command line: <code>toolpath run "…"</code></li>
<li><a href="/healthz">Whether the service lives</a></li></ul>"""
_CSS = """body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}
code{background:#eee;padding:0 .2em}h2{margin-top:2em}td{padding:.2rem 1rem .2rem 0;vertical-align:top}"""


@router.get("/")
async def start() -> Response:
    """Where things are; the page holds no secret."""
    return HTMLResponse(_PAGE.format(title="Toolpath", body=_START))


@router.get("/static/page.css")
async def style() -> Response:
    """How the pages look."""
    return Response(_CSS, media_type="text/css")


@router.get("/favicon.ico")
async def icon() -> Response:
    """There is none."""
    return Response(status_code=204)


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
    return HTMLResponse(_PAGE.format(title="Toolpath: routes", body=body))


def _row(method: str, path: str, operation: dict[str, Any]) -> str:
    words = f"{operation.get('summary', '')}. {operation.get('description', '')}"
    return f"<tr><td><code>{method.upper()} {escape(path)}</code></td><td>{escape(words)}</td></tr>"
