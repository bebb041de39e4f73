"""One process of tools and its pipes, as its owner sees it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import stat
import sys
import tempfile
from collections.abc import Callable, Coroutine
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tools.confined.limits import Confinement, kill_descendants
from tools.errors import ServerFault
from tools.json_values import MAX_INLINE
from tools.process_messages import from_line, to_line

#: Hears how far a call is: a share from 0 to 1, and words.
Progress = Callable[[float, str], None]

#: Bytes of one reply, its envelope included; larger results belong into files.
MAX_REPLY = MAX_INLINE + 2**12
#: Seconds for a process to come up.
START_SECONDS = 60.0
_LAST_WORDS = 4_000
#: Lines about how far a call is.
_MOST_WORDS = 100_000


class Died(Exception):
    """The process closed its pipe."""


class Breach(Exception):
    """The call has taken more than it may; the message says of what."""


class Process:
    """One process and its pipes."""

    def __init__(self, process: asyncio.subprocess.Process, confined: bool) -> None:
        self.calls = 0
        self._confined = confined
        self._process = process
        self._words = bytearray()
        #: Hears how far the call is.
        self.progress: Progress | None = None
        self._listener = asyncio.create_task(self._listen())

    @classmethod
    async def start(cls, memory_limit: int | None, confined: Confinement | None) -> Process:
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
            async with asyncio.timeout(START_SECONDS):
                await process.ask(to_line(limits))
        except (Died, TimeoutError):
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
            for _ in range(_MOST_WORDS):
                reply = await self._process.stdout.readline()
                if not reply.endswith(b"\n"):
                    raise Died
                told = from_line(reply)
                if "progress" not in told:
                    return told
                self._tell(told["progress"])
        except ConnectionError:
            raise Died from None
        raise ValueError("it tells its progress without end")

    def _tell(self, told: Any) -> None:
        share, message = told
        if self.progress is not None:
            self.progress(float(share), str(message))

    async def ask_watched(self, line: bytes, watch: Coroutine[Any, Any, str]) -> dict[str, Any]:
        """As `ask`. Raises `Breach` when the watch ends first, with its words."""
        asked, watched = asyncio.create_task(self.ask(line)), asyncio.create_task(watch)
        try:
            await asyncio.wait((asked, watched), return_when=asyncio.FIRST_COMPLETED)
            if not asked.done():
                raise Breach(watched.result())
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
