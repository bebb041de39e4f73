"""What runs in a process of tools: reads calls from standard input, makes them, writes the replies."""

from __future__ import annotations

import asyncio
import importlib
import inspect
import math
import os
import queue
import resource
import signal
import tempfile
import threading
import time
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from tools.confined import entering
from tools.errors import BadArguments, BadOutput, ServerFault, TooLarge, ToolError, Unavailable, no_room
from tools.functions.declaring import declared_of
from tools.json_values import too_large
from tools.process_messages import decode, encode, error_to_json, from_line, to_line
from tools.work import Work

if TYPE_CHECKING:
    from tools.functions.typed import Typed

#: Bytes of one file. A runaway tool then gets an error before it fills the disk of its neighbours.
FILE_LIMIT = 2 * 2**30
_WORDS_OF_A_MESSAGE = 300
#: Seconds between two words of how far a call is.
_PAUSE = 0.1
#: Characters of a stack trace, for the log.
_TRACE = 8_000


def main() -> None:
    """Serve calls until the owner goes away."""
    source, sink = _take_the_pipes()
    first = source.readline()
    if not first:
        return
    limits = from_line(first)
    _limit(limits["memory"])
    if limits["confined"] is not None:
        _serve_confined(source, sink, limits["confined"])
        return
    inbox: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(source, inbox), daemon=True).start()
    _send(sink, {"ready": True})
    while True:
        _send(sink, _answer(inbox.get(), _Teller(sink)))


def _serve_confined(source: BinaryIO, sink: BinaryIO, limits: Mapping[str, Any]) -> None:
    """Serve one call from a process that has nothing but what that call needs."""
    entering.limit(limits)
    _send(sink, {"ready": True})
    line = source.readline()
    if not line:
        return
    request = from_line(line)
    try:
        arguments = decode(request["arguments"])
        without = entering.enter(limits, scratch=Path(request["scratch"]), arguments=arguments)
    except Exception as error:  # noqa: BLE001 - then the call is not made
        told = ServerFault(f"a call that is not trusted cannot be confined: {type(error).__name__}: {error}")
        _send(sink, {"error": error_to_json(told)})
        return
    # Only now, since a thread that began before would not be confined.
    threading.Thread(target=_listen, args=(source, queue.SimpleQueue()), daemon=True).start()
    _send(sink, {"result": without} if request.get("probe") else _answer(request, _Teller(sink)))


def _take_the_pipes() -> tuple[BinaryIO, BinaryIO]:
    """Keep the pipes for ourselves: a tool that prints, or a program it starts, must not touch them."""
    source, sink = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    return source, sink


def _limit(memory: int | None) -> None:
    """Bound what a call may take of the machine.

    The address space is an upper bound of the memory: libraries reserve more than they use, hence
    a generous number, but a tool that would eat the machine gets a MemoryError of its own, instead
    of the kernel ending the service. There is no limit of CPU time, since a process serves many calls.
    """
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (FILE_LIMIT, FILE_LIMIT))
    if memory is not None:
        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))


def _listen(source: BinaryIO, inbox: queue.SimpleQueue[dict[str, Any]]) -> None:
    """Pass calls on; when the owner is gone, even in the middle of a call, end the whole group."""
    for line in source:
        inbox.put(from_line(line))
    os.killpg(0, signal.SIGKILL)


def _send(sink: BinaryIO, message: Mapping[str, Any]) -> None:
    sink.write(to_line(message))
    sink.flush()


class _Teller:
    """Sends how far a call is to the owner, a few times a second; threads of the tool may tell too."""

    def __init__(self, sink: BinaryIO) -> None:
        self._sink = sink
        self._turn = threading.Lock()
        self._next = 0.0

    def __call__(self, share: float, message: str) -> None:
        with self._turn:
            now = time.monotonic()
            if now >= self._next:
                self._next = now + _PAUSE
                _send(self._sink, {"progress": [share, message[:_WORDS_OF_A_MESSAGE]]})

    def close(self) -> None:
        """The call is over: what a thread that it has left says of it is nobody's affair."""
        with self._turn:
            self._next = math.inf


def _answer(request: Mapping[str, Any], tell: _Teller) -> dict[str, Any]:
    """The reply to one request; whatever goes wrong is in it."""
    try:
        if "import" in request:
            for name in request["import"]:
                importlib.import_module(name)
            return {"result": None}
        reply = {"result": encode(_call(request, tell))}
        if len(to_line(reply)) > request["max_reply"]:
            raise too_large()
    except ToolError as error:
        return {"error": error_to_json(no_room(error, _name(request)) or error)}
    except BaseException as error:  # noqa: BLE001 - SystemExit too: the process outlives a call
        mended = _as_tool_error(error, request)
        # An exception may quote what no pipe of ours carries, at any length.
        trace = traceback.format_exc()[-_TRACE:].encode("utf-8", errors="replace").decode()
        return {"error": error_to_json(mended), "trace": trace}
    return reply


def _call(request: Mapping[str, Any], tell: _Teller) -> Any:
    function = _find(request["function"])
    arguments = decode(request["arguments"])
    typed = _typed(function)
    if typed is not None:
        arguments = typed.arguments(arguments)
    scratch = Path(request["scratch"])
    signature = inspect.signature(function)
    if "work" in signature.parameters:
        arguments["work"] = Work(scratch, tell=tell)
    try:
        signature.bind(**arguments)
    except TypeError as error:
        raise BadArguments(f"{request['function']}: {error}") from error
    _move_into(scratch)
    try:
        result = function(**arguments)
        if inspect.iscoroutine(result):
            result = asyncio.run(result)
        return result if typed is None else typed.output(result)
    finally:
        tell.close()
        os.chdir("/")


def _find(name: str) -> Callable[..., Any]:
    """The function "module:name"; it must be a plain one that is defined in that module."""
    module_name, _, function_name = name.partition(":")
    try:
        module = importlib.import_module(module_name)
    except ImportError as error:
        raise Unavailable(f"the module {module_name} cannot be imported: {error}") from error
    function = getattr(module, function_name, None)
    if not inspect.isfunction(function) or function.__module__ != module_name:
        raise Unavailable(f"{module_name} defines no function named {function_name}")
    return function


def _typed(function: Callable[..., Any]) -> Typed | None:
    """The types of a function that is marked as a tool; others need none of what reads them."""
    if declared_of(function) is None:
        return None
    from tools.functions.typed import Undescribable, typed_of  # noqa: PLC0415 - heavy

    try:
        return typed_of(function)
    except Undescribable as error:
        raise Unavailable(str(error)) from error


def _move_into(scratch: Path) -> None:
    """Let everything that a library writes by itself land in the call's folder."""
    # This environment is the call's own, not the service's: nothing is read from it.
    os.environ.update(HOME=str(scratch), TMPDIR=str(scratch))  # noqa: TID251
    tempfile.tempdir = str(scratch)
    os.chdir(scratch)


def _name(request: Mapping[str, Any]) -> str:
    name: str = request.get("function", "the process")
    return name


def _as_tool_error(error: BaseException, request: Mapping[str, Any]) -> ToolError:
    """Any other exception as a sentence; a failure of the machine may pass, one of the tool will not."""
    name = _name(request)
    if isinstance(error, RecursionError):
        return BadOutput(f"{name} failed: it, or what it answers, is nested too deep")
    full = no_room(error, name)
    if full is not None:
        return full
    if isinstance(error, MemoryError):
        return TooLarge(f"{name} ran out of memory: give it less data")
    words = str(error).replace(request.get("scratch") or "\0", "…").strip().partition("\n")[0]
    message = f"{name} failed: {type(error).__name__}: {words[:_WORDS_OF_A_MESSAGE]}"
    denied = isinstance(error, PermissionError) or isinstance(error.__context__, PermissionError)
    return ServerFault(message) if isinstance(error, OSError) and not denied else BadOutput(message)


if __name__ == "__main__":
    main()
