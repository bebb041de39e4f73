"""The dashboard: static files, open because they hold no secret; what they show needs a session."""

from __future__ import annotations

import gzip
import mimetypes
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute, Match
from starlette.types import Receive, Scope, Send

from orchestrator.api.edge import is_page

_INSTALLED = Path(__file__).parent / "static"
_IN_PLACE = Path(__file__).parents[2] / "dashboard" / "dist"
_ASSETS = "/assets/"
#: Their names hold the hash of their content.
_FOREVER = "public, max-age=31536000, immutable"
_SMALL = 1_000
_MISSING = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Toolpath</title>
<h1>Toolpath</h1><p>The service is up. Its dashboard was not built: run <code>make setup</code> in the source
tree, or install the package anew, and start the service again.</p></html>
"""


@dataclass(frozen=True)
class _File:
    content: bytes
    media_type: str

    @cached_property
    def packed(self) -> bytes:
        """As sent to who takes gzip; made once."""
        return gzip.compress(self.content, 9, mtime=0)

    def answer(self, request: Request, caching: str) -> Response:
        """The file, packed where that is wanted and worth it."""
        headers = {"Cache-Control": caching, "Vary": "Accept-Encoding"}
        text = self.media_type.startswith(("text/", "application/json", "image/svg"))
        if text and len(self.content) > _SMALL and "gzip" in request.headers.get("accept-encoding", ""):
            headers["Content-Encoding"] = "gzip"
            return Response(self.packed, media_type=self.media_type, headers=headers)
        return Response(self.content, media_type=self.media_type, headers=headers)


class Dashboard(BaseRoute):
    """Answers the paths of the dashboard: with a built file, else with the page that draws it.

    The files are read once: what is asked for is a name in a table, never a path on the disk.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._files = _read(folder or (_INSTALLED if _INSTALLED.is_dir() else _IN_PLACE))

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Whether it answers."""
        asked = scope["type"] == "http" and scope["method"] in ("GET", "HEAD") and is_page(scope["path"])
        return (Match.FULL if asked else Match.NONE), {}

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the file."""
        await self._answer(Request(scope))(scope, receive, send)

    def _answer(self, request: Request) -> Response:
        path = request.url.path
        file = self._files.get(path)
        if file is not None:
            return file.answer(request, _FOREVER if path.startswith(_ASSETS) else "no-cache")
        if path.startswith(_ASSETS):
            return Response("There is no such file.", 404, media_type="text/plain")
        index = self._files.get("/index.html")
        return HTMLResponse(_MISSING, 503) if index is None else index.answer(request, "no-cache")


def _read(folder: Path) -> Mapping[str, _File]:
    """By address; empty where nothing was built."""
    return {
        f"/{path.relative_to(folder).as_posix()}": _File(path.read_bytes(), _media_type(path.name))
        for path in folder.rglob("*")
        if path.is_file() and not path.name.startswith(".")
    }


def _media_type(name: str) -> str:
    if name.endswith(".js"):
        return "text/javascript"  # whatever the machine's own table says
    return mimetypes.guess_type(name)[0] or "application/octet-stream"
