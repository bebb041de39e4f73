"""Brings an OpenAPI document and what it refers to together, and has them compiled in a process."""

from __future__ import annotations

import asyncio
import posixpath
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import orjson

from tools.errors import BadArguments, TimedOut, ToolError, Unreachable
from tools.net import Net
from tools.openapi.compiler import Compiled, Options
from tools.openapi.documents import GIVEN
from tools.openapi.job import INDEX, result_of
from tools.openapi.loading import MAX_BYTES
from tools.processes import Processes

#: What a process must allow to be called for imports.
MODULE = "tools.openapi"
_SECONDS = 120.0
_COMPILE_SECONDS = 60.0
_FETCH_SECONDS = 30.0
_MOST_DOCUMENTS = 500
_ROUNDS = 12
_AT_ONCE = 8


@dataclass(frozen=True, slots=True)
class Source:
    """The root document by `url`, or as `text` under `name`; `files` are others by their relative path."""

    url: str = ""
    text: bytes = b""
    name: str = "openapi"
    files: Mapping[str, bytes] = field(default_factory=dict)


async def read_openapi(source: Source, options: Options, *, net: Net, processes: Processes) -> Compiled:
    """The tools of a document, with all that other documents add to it.

    Raises `ToolError`: `BadArguments` for what is no OpenAPI document, `TimedOut` after two minutes,
    and the errors of `net` for a root that cannot be had. A part that cannot be had is told by the
    operations that need it.
    """
    try:
        with tempfile.TemporaryDirectory(prefix="toolpath-openapi-") as scratch:
            async with asyncio.timeout(_SECONDS):
                return await _read(_Gathering(source, net, Path(scratch)), options, processes)
    except TimeoutError:
        raise TimedOut(f"the import took longer than {_SECONDS:g} s and was ended") from None


async def _read(gathering: _Gathering, options: Options, processes: Processes) -> Compiled:
    folder = gathering.folder
    await gathering.start()
    for _ in range(_ROUNDS):
        told = await processes.run(
            f"{MODULE}.job:compile_folder",
            {"folder": str(folder), "options": asdict(options)},
            scratch=folder,
            timeout=_COMPILE_SECONDS,
        )
        if not await gathering.bring(told["needed"]):
            break
    return await asyncio.to_thread(result_of, folder)


class _Gathering:
    """The documents of one import as files of a folder."""

    def __init__(self, source: Source, net: Net, folder: Path) -> None:
        self._source = source
        self._net = net
        self.folder = folder
        self._entries: list[dict[str, Any]] = []
        self._known: set[str] = set()
        self._left = MAX_BYTES

    async def start(self) -> None:
        """The root, and the files that came with it."""
        if self._source.url:
            reply = await self._fetched(self._source.url)
            await self._keep(reply[0], reply[1])
        else:
            await self._keep(_given(self._source.name), self._source.text)
        for path, text in self._source.files.items():
            if _given(path) not in self._known:
                await self._keep(_given(path), text)
        await self._write_index()

    async def bring(self, needed: list[str]) -> bool:
        """Fetch what is needed and not there yet; whether another compilation would tell more."""
        new = [uri for uri in needed if uri not in self._known]
        if not new or len(self._entries) + len(new) > _MOST_DOCUMENTS:
            return False
        room = asyncio.Semaphore(_AT_ONCE)

        async def one(uri: str) -> bool:
            async with room:
                return await self._bring_one(uri)

        found = await asyncio.gather(*(one(uri) for uri in new))
        await self._write_index()
        return any(found)

    async def _bring_one(self, uri: str) -> bool:
        """Whether the next compilation will say something else about this document."""
        if not uri.startswith(("http://", "https://")):
            given = uri.startswith(GIVEN)
            self._lacks(
                uri, "was not given" if given else "is not read: only http, https and given files are"
            )
            return not given
        try:
            _, text = await self._fetched(uri)
        except ToolError as error:
            self._lacks(uri, f"could not be fetched: {error}")
        else:
            await self._keep(uri, text)
        return True

    def _lacks(self, uri: str, why: str) -> None:
        self._known.add(uri)
        self._entries.append({"uri": uri, "absent": why})

    async def _fetched(self, url: str) -> tuple[str, bytes]:
        headers = {"Accept": "application/json, application/yaml, text/yaml, */*"}
        reply = await self._net.request(
            "GET", url, headers=headers, timeout=_FETCH_SECONDS, max_bytes=max(self._left, 1)
        )
        if not 200 <= reply.status < 300:
            raise Unreachable(f"{url} answered {reply.status}")
        return reply.url, reply.body

    async def _keep(self, uri: str, text: bytes) -> None:
        self._left -= len(text)
        if self._left < 0:
            raise BadArguments(f"the documents are over {MAX_BYTES:,} bytes together")
        name = f"{len(self._known)}.document"
        self._known.add(uri)
        self._entries.append({"uri": uri, "file": name})
        await asyncio.to_thread((self.folder / name).write_bytes, text)

    async def _write_index(self) -> None:
        text = orjson.dumps(self._entries)
        await asyncio.to_thread((self.folder / INDEX).write_bytes, text)


def _given(path: str) -> str:
    return GIVEN + posixpath.normpath(f"/{path}").lstrip("/")
