"""A server as a child process: one message a line, of bounded length, and a certain end."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import AsyncIterator, Callable

import anyio
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream
from mcp.client.stdio import get_default_environment
from mcp.shared.message import SessionMessage
from mcp_types import jsonrpc_message_adapter

from tools.errors import Unavailable
from tools.mcp.complaints import Complaints
from tools.mcp.servers import StdioServer

#: Bytes of one message; the SDK's own transport takes lines without end, and joins them at quadratic cost.
LONGEST_LINE = 20_000_000
#: Seconds to end by itself, after its input was closed, and again after it was told to.
_GRACE = 1.0


Streams = tuple[
    MemoryObjectReceiveStream[SessionMessage | Exception],
    MemoryObjectSendStream[SessionMessage],
]


@contextlib.asynccontextmanager
async def stdio_transport(
    server: StdioServer, complaints: Complaints, ended: Callable[[], None]
) -> AsyncIterator[Streams]:
    """The streams of a server that runs as long as the context; `ended` is told when it stops answering.

    Raises `Unavailable`.
    """
    try:
        process = await asyncio.create_subprocess_exec(
            server.command,
            *server.args,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=get_default_environment() | dict(server.env),
            cwd=server.cwd,
            limit=LONGEST_LINE,
            start_new_session=True,
        )
    except (OSError, ValueError) as error:
        raise Unavailable(f"the program {server.command} cannot be started: {error}") from None
    incoming, read = anyio.create_memory_object_stream[SessionMessage | Exception](0)
    write, outgoing = anyio.create_memory_object_stream[SessionMessage](0)
    tasks = [
        asyncio.create_task(_receive(process, incoming, complaints, ended)),
        asyncio.create_task(_send(process, outgoing, incoming)),
        asyncio.create_task(_listen(process, complaints)),
    ]
    try:
        yield read, write
    finally:
        for stream in (read, write, incoming, outgoing):
            stream.close()
        await _end(process, tasks)


async def _receive(
    process: asyncio.subprocess.Process,
    incoming: MemoryObjectSendStream[SessionMessage | Exception],
    complaints: Complaints,
    ended: Callable[[], None],
) -> None:
    assert process.stdout is not None
    try:
        while line := await process.stdout.readline():
            await incoming.send(_parsed(line))
    except ValueError:
        complaints.add(f"a message of over {LONGEST_LINE:,} bytes".encode())
    except (anyio.BrokenResourceError, anyio.ClosedResourceError, ConnectionError):
        pass
    finally:
        ended()
        incoming.close()  # calls in flight learn by it that the server has gone


def _parsed(line: bytes) -> SessionMessage | Exception:
    try:
        return SessionMessage(jsonrpc_message_adapter.validate_json(line, by_name=False))
    except ValueError as error:
        return error


async def _send(
    process: asyncio.subprocess.Process,
    outgoing: MemoryObjectReceiveStream[SessionMessage],
    incoming: MemoryObjectSendStream[SessionMessage | Exception],
) -> None:
    assert process.stdin is not None
    try:
        async for message in outgoing:
            text = message.message.model_dump_json(by_alias=True, exclude_unset=True)
            process.stdin.write(text.encode() + b"\n")
            await process.stdin.drain()
    except (ConnectionError, anyio.ClosedResourceError):
        incoming.close()


async def _listen(process: asyncio.subprocess.Process, complaints: Complaints) -> None:
    assert process.stderr is not None
    while True:
        try:
            line = await process.stderr.readline()
        except ValueError:
            continue  # longer than any line that somebody would read
        if not line:
            return
        complaints.add(line)


async def _end(process: asyncio.subprocess.Process, tasks: list[asyncio.Task[None]]) -> None:
    """Close its input, then ask its whole group to end, then kill it; never for longer than a few seconds."""
    ending = asyncio.create_task(_stop(process))
    try:
        await asyncio.shield(ending)
    except asyncio.CancelledError:
        await asyncio.wait([ending])
        raise
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)


async def _stop(process: asyncio.subprocess.Process) -> None:
    assert process.stdin is not None
    process.stdin.close()
    if not await _ended(process):
        _signal_group(process, signal.SIGTERM)
        await _ended(process)
    # Children of a server that went by itself are ended too.
    _signal_group(process, signal.SIGKILL)
    await _ended(process)


async def _ended(process: asyncio.subprocess.Process) -> bool:
    try:
        async with asyncio.timeout(_GRACE):
            await process.wait()
    except TimeoutError:
        return False
    return True


def _signal_group(process: asyncio.subprocess.Process, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, number)
