"""Where blocking tools run: a pool of processes that are killed when a call is too slow or unwanted."""

from __future__ import annotations

import asyncio
import logging
import os
import re
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self

from tools.confined.limits import Confinement
from tools.errors import BadOutput, ServerFault, TimedOut, TooLarge, Unavailable
from tools.process_handles import MAX_REPLY, START_SECONDS, Breach, Died, Process, Progress
from tools.process_messages import decode, encode, error_from_json, to_line

log = logging.getLogger(__name__)

#: Bytes of address space of one process; see `process_worker` for why it is generous.
MEMORY_LIMIT = 8 * 2**30
_CALLS_OF_ONE_PROCESS = 200
_FUNCTION = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z]\w*")


class Processes:
    """Calls plain functions in other processes, at most `size` at once; further calls wait.

    A process serves one call at a time and is used again. Each leads its own process group, which
    is killed as a whole, so that the programs a tool has started end with it. A process ends by
    itself when its owner is gone. It sees none of the service's environment.

    With `confined`, every call has a process of its own under those limits, which keeps nothing for the
    next one, and all that it has started ends with it, also what has left its group. As far as the kernel
    allows (`unconfined` tells), it has no network, and no files but those of its arguments, of its folder
    and of what is installed.

    `modules` are the modules (or packages, with all that is in them) whose functions may be called.
    """

    def __init__(
        self,
        size: int | None = None,
        memory_limit: int | None = MEMORY_LIMIT,
        *,
        modules: Sequence[str] = ("tools.builtin",),
        calls_of_one_process: int = _CALLS_OF_ONE_PROCESS,
        confined: Confinement | None = None,
    ) -> None:
        self._confined = confined
        self._memory_limit = memory_limit
        self._modules = tuple(modules)
        self._calls_of_one_process = calls_of_one_process if confined is None else 1
        self._room = asyncio.Semaphore(size or max(2, len(os.sched_getaffinity(0))))
        self._idle: list[Process] = []
        self._all: set[Process] = set()
        self._closed = False

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def run(
        self,
        function: str,
        arguments: Mapping[str, Any],
        *,
        scratch: Path,
        timeout: float,
        progress: Progress | None = None,
    ) -> Any:
        """What `function` ("module:name") returns for `arguments`, called in a process.

        `scratch` is the folder it works in; `timeout` is in seconds and counts from the start of
        running, not of waiting; `progress` hears how far it is. Raises `ToolError`: those of the tool as
        they are, `TimedOut`, `ServerFault` when the process died, `BadOutput` for what else goes wrong.
        When the awaiting task is cancelled, the process is killed before the cancellation goes on.
        """
        self._check(function)
        if self._confined is not None and not await asyncio.to_thread(scratch.is_dir):
            # A tool that runs on the loop by its record has no folder, and a confined process must have one.
            with tempfile.TemporaryDirectory(prefix="toolpath-confined-") as made:
                return await self.run(
                    function, arguments, scratch=Path(made), timeout=timeout, progress=progress
                )
        request = {
            "function": function,
            "arguments": encode(arguments),
            "scratch": str(scratch),
            "max_reply": MAX_REPLY,
        }
        if self._confined is None:
            return decode(
                await self._ask(to_line(request), name=function, timeout=timeout, progress=progress)
            )
        timeout = min(timeout, self._confined.seconds)
        told = await self._ask(
            to_line(request), name=function, timeout=timeout, scratch=scratch, progress=progress
        )
        overfull = await asyncio.to_thread(self._confined.overfull, scratch)
        if overfull is not None:
            raise TooLarge(f"{function}: {overfull}")
        try:
            return decode(told)
        except (AttributeError, KeyError, TypeError, RecursionError):
            raise BadOutput(f"{function} answered what is no answer") from None

    async def unconfined(self) -> tuple[str, ...]:
        """What the kernel does not keep from `confined` calls, each in a sentence; tried, not guessed."""
        with tempfile.TemporaryDirectory(prefix="toolpath-confined-") as scratch:
            request = {"probe": True, "arguments": {}, "scratch": scratch}
            told = await self._ask(to_line(request), name="confining", timeout=START_SECONDS)
        return tuple(told)

    async def warm(self, *modules: str) -> None:
        """Start one process ahead of need and import `modules` there, so that its first call is quick."""
        await self._ask(to_line({"import": modules}), name="warming up", timeout=START_SECONDS)

    async def aclose(self) -> None:
        """Kill every process, whatever it is doing."""
        self._closed = True
        self._idle.clear()
        await asyncio.gather(*(process.kill() for process in tuple(self._all)))
        self._all.clear()

    def _check(self, function: str) -> None:
        module = function.partition(":")[0]
        allowed = any(module == one or module.startswith(f"{one}.") for one in self._modules)
        if not allowed or not _FUNCTION.fullmatch(function):
            raise Unavailable(f"{function} may not be called: allow its module in the service's settings")

    async def _ask(
        self,
        line: bytes,
        *,
        name: str,
        timeout: float,
        scratch: Path | None = None,
        progress: Progress | None = None,
    ) -> Any:
        async with self._room:
            process = await self._take()
            process.progress = progress
            try:
                reply = await self._exchange(process, line, name=name, timeout=timeout, scratch=scratch)
            except BaseException:
                await self._drop(process)
                raise
            await self._give_back(process)
        if "trace" in reply:
            log.error("%s failed in its process:\n%s", name, reply["trace"])
        try:
            if "error" not in reply:
                return reply["result"]
            error = error_from_json(reply["error"])
        except (AttributeError, KeyError, TypeError, ValueError):
            raise BadOutput(f"{name} answered what is no answer") from None
        raise error

    async def _exchange(
        self, process: Process, line: bytes, *, name: str, timeout: float, scratch: Path | None
    ) -> dict[str, Any]:
        try:
            async with asyncio.timeout(timeout):
                if self._confined is None or scratch is None:
                    return await process.ask(line)
                return await process.ask_watched(line, self._confined.breach(process.pid, scratch))
        except TimeoutError:
            raise TimedOut(f"{name} took longer than {timeout:g} s and was ended") from None
        except Died:
            how = await process.how_it_ended()
            log.error("the process of %s died (%s); its last words:\n%s", name, how, process.last_words())
            reason = "the service is shutting down" if self._closed else f"the tool's process died ({how})"
            raise ServerFault(f"{name}: {reason}") from None
        except Breach as error:
            raise TooLarge(f"{name} was ended: {error}") from None
        except (TypeError, ValueError):
            raise BadOutput(f"{name} answered what is no answer, or more than {MAX_REPLY:,} bytes") from None

    async def _take(self) -> Process:
        while self._idle:
            process = self._idle.pop()
            if process.alive:
                return process
            await self._drop(process)
        if self._closed:
            raise ServerFault("the service is shutting down")
        process = await Process.start(self._memory_limit, self._confined)
        self._all.add(process)
        return process

    async def _give_back(self, process: Process) -> None:
        if self._closed or process.calls >= self._calls_of_one_process:
            await self._drop(process)
        else:
            self._idle.append(process)

    async def _drop(self, process: Process) -> None:
        self._all.discard(process)
        await process.kill()
