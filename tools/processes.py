"""Where blocking tools run: a pool of processes that are killed when a call is too slow or unwanted."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import re
import signal
import stat
import sys
import tempfile
from collections.abc import Coroutine, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Self

from tools.confined.limits import Confinement, kill_descendants
from tools.errors import BadOutput, ServerFault, TimedOut, TooLarge, Unavailable
from tools.json_values import MAX_INLINE
from tools.process_messages import decode, encode, error_from_json, from_line, to_line

log = logging.getLogger(__name__)

#: Bytes of address space of one process; see `process_worker` for why it is generous.
MEMORY_LIMIT = 8 * 2**30
#: Bytes of one reply, its envelope included; larger results belong into files.
MAX_REPLY = MAX_INLINE + 2**12
_START_SECONDS = 60.0
_CALLS_OF_ONE_PROCESS = 200
_LAST_WORDS = 4_000
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
        self._idle: list[_Process] = []
        self._all: set[_Process] = set()
        self._closed = False

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def run(self, function: str, arguments: Mapping[str, Any], *, scratch: Path, timeout: float) -> Any:
        """What `function` ("module:name") returns for `arguments`, called in a process.

        `scratch` is the folder it works in; `timeout` is in seconds and counts from the start of
        running, not of waiting. Raises `ToolError`: those of the tool as they are, `TimedOut`,
        `ServerFault` when the process died, `BadOutput` for any other failure of the tool.
        When the awaiting task is cancelled, the process is killed before the cancellation goes on.
        """
        self._check(function)
        request = {
            "function": function,
            "arguments": encode(arguments),
            "scratch": str(scratch),
            "max_reply": MAX_REPLY,
        }
        if self._confined is None:
            return decode(await self._ask(to_line(request), name=function, timeout=timeout))
        timeout = min(timeout, self._confined.seconds)
        told = await self._ask(to_line(request), name=function, timeout=timeout, scratch=scratch)
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
            told = await self._ask(to_line(request), name="confining", timeout=_START_SECONDS)
        return tuple(told)

    async def warm(self, *modules: str) -> None:
        """Start one process ahead of need and import `modules` there, so that its first call is quick."""
        await self._ask(to_line({"import": modules}), name="warming up", timeout=_START_SECONDS)

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

    async def _ask(self, line: bytes, *, name: str, timeout: float, scratch: Path | None = None) -> Any:
        async with self._room:
            process = await self._take()
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
        self, process: _Process, line: bytes, *, name: str, timeout: float, scratch: Path | None
    ) -> dict[str, Any]:
        try:
            async with asyncio.timeout(timeout):
                if self._confined is None or scratch is None:
                    return await process.ask(line)
                return await process.ask_watched(line, self._confined.breach(process.pid, scratch))
        except TimeoutError:
            raise TimedOut(f"{name} took longer than {timeout:g} s and was ended") from None
        except _Died:
            how = await process.how_it_ended()
            log.error("the process of %s died (%s); its last words:\n%s", name, how, process.last_words())
            reason = "the service is shutting down" if self._closed else f"the tool's process died ({how})"
            raise ServerFault(f"{name}: {reason}") from None
        except _Breach as error:
            raise TooLarge(f"{name} was ended: {error}") from None
        except ValueError:
            raise BadOutput(f"{name} answered what is no answer, or more than {MAX_REPLY:,} bytes") from None

    async def _take(self) -> _Process:
        while self._idle:
            process = self._idle.pop()
            if process.alive:
                return process
            await self._drop(process)
        if self._closed:
            raise ServerFault("the service is shutting down")
        process = await _Process.start(self._memory_limit, self._confined)
        self._all.add(process)
        return process

    async def _give_back(self, process: _Process) -> None:
        if self._closed or process.calls >= self._calls_of_one_process:
            await self._drop(process)
        else:
            self._idle.append(process)

    async def _drop(self, process: _Process) -> None:
        self._all.discard(process)
        await process.kill()


class _Died(Exception):
    """The process closed its pipe."""


class _Breach(Exception):
    """The call has taken more than it may; the message says of what."""


class _Process:
    """One process and its pipes."""

    def __init__(self, process: asyncio.subprocess.Process, confined: bool) -> None:
        self.calls = 0
        self._confined = confined
        self._process = process
        self._words = bytearray()
        self._listener = asyncio.create_task(self._listen())

    @classmethod
    async def start(cls, memory_limit: int | None, confined: Confinement | None) -> _Process:
        """A process that is ready for a call. Raises `ServerFault` when it does not come up."""
        process = cls(
            await asyncio.create_subprocess_exec(
                sys.executable,
                "-P",
                "-m",
                "tools.process_worker",
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                env=_environment(),
                cwd="/",
                limit=MAX_REPLY + 2**20,
                start_new_session=True,
            ),
            confined is not None,
        )
        limits = {"memory": memory_limit, "confined": None if confined is None else asdict(confined)}
        try:
            async with asyncio.timeout(_START_SECONDS):
                await process.ask(to_line(limits))
        except (_Died, TimeoutError):
            await process.kill()
            raise ServerFault(f"a process for tools did not start: {process.last_words()}") from None
        except BaseException:
            await process.kill()
            raise
        process.calls = 0
        return process

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def alive(self) -> bool:
        return self._process.returncode is None

    async def ask(self, line: bytes) -> dict[str, Any]:
        """Send one message and wait for its reply."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self.calls += 1
        try:
            self._process.stdin.write(line)
            await self._process.stdin.drain()
            reply = await self._process.stdout.readline()
        except ConnectionError:
            raise _Died from None
        if not reply.endswith(b"\n"):
            raise _Died
        return from_line(reply)

    async def ask_watched(self, line: bytes, watch: Coroutine[Any, Any, str]) -> dict[str, Any]:
        """As `ask`. Raises `_Breach` when the watch ends first, with its words."""
        asked, watched = asyncio.create_task(self.ask(line)), asyncio.create_task(watch)
        try:
            await asyncio.wait((asked, watched), return_when=asyncio.FIRST_COMPLETED)
            if not asked.done():
                raise _Breach(watched.result())
            return asked.result()
        finally:
            asked.cancel()
            watched.cancel()

    async def kill(self) -> None:
        """End the whole group, children of the tool included, and wait until it is gone."""
        if self._confined:
            await asyncio.to_thread(kill_descendants, self._process.pid)
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        if self._process.stdin is not None:
            self._process.stdin.close()
        await self._process.wait()
        # A child that left the group would hold the pipe open: do not wait for it for ever.
        await asyncio.wait({self._listener}, timeout=1.0)
        self._listener.cancel()

    async def how_it_ended(self) -> str:
        """The signal or exit code in words, once it has ended."""
        code = await self._process.wait()
        return f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"

    def last_words(self) -> str:
        """The end of what was written to standard error."""
        return self._words.decode(errors="replace").strip()

    async def _listen(self) -> None:
        assert self._process.stderr is not None
        while chunk := await self._process.stderr.read(_LAST_WORDS):
            self._words = (self._words + chunk)[-_LAST_WORDS:]


def _environment() -> dict[str, str]:
    """All that a process of tools sees: nothing of the service's own environment but where programs are.

    One thread for each numeric library and for tesseract, since the pool already fills the machine.
    """
    cache = _cache()
    return {
        "PATH": os.pathsep.join(os.get_exec_path()),
        "PYTHONPATH": os.pathsep.join(str(Path(entry).absolute()) for entry in sys.path),
        "PYTHONDONTWRITEBYTECODE": "1",
        "LANG": "C.UTF-8",
        "HOME": cache,
        "XDG_CACHE_HOME": cache,
        "MPLBACKEND": "Agg",
        "MPLCONFIGDIR": cache,
        "OMP_THREAD_LIMIT": "1",
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
    }


def _cache() -> str:
    """A folder of this user alone that outlives processes (the list of fonts takes seconds to make)."""
    folder = Path(tempfile.gettempdir()) / f"toolpath-cache-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    found = folder.lstat()
    if stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid():
        return str(folder)
    raise ServerFault(f"{folder} belongs to somebody else: remove it")
