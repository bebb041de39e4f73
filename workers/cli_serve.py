"""Starting the service: the whole of it in one process, or the API alone."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import sys
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Annotated

import typer

from workers.cli_errors import CliError
from workers.cli_options import DataDir, load_settings

if TYPE_CHECKING:
    import uvicorn
    from fastapi import FastAPI

    from orchestrator.settings import Settings

Host = Annotated[str | None, typer.Option("--host", help="Address to listen on.", show_default="127.0.0.1")]
Port = Annotated[
    int | None, typer.Option("--port", min=0, max=65535, help="Port to listen on.", show_default="8000")
]
#: Seconds that open streams have to end when the service stops.
_GRACE = 2


def add_commands(app: typer.Typer) -> None:
    """Add `serve` and `api`."""
    app.command(help="Start the whole service in one process: API and runner on SQLite.")(serve)
    app.command(help="Start the API alone; workers run the steps.")(api)


def serve(
    host: Host = None,
    port: Port = None,
    data_dir: DataDir = None,
    sample: Annotated[
        bool, typer.Option("--sample", help="Do one sample request, and stay up afterwards.")
    ] = False,
) -> None:
    """The embedded service; Ctrl-C stops it."""
    settings = load_settings(host=host, port=port, data_dir=data_dir)
    _start(settings.model_copy(update={"warm_up": True}), runs_steps=True, sample=sample)


def api(host: Host = None, port: Port = None, data_dir: DataDir = None) -> None:
    """The HTTP interface without a runner."""
    settings = load_settings(host=host, port=port, data_dir=data_dir)
    _start(settings, runs_steps=settings.embedded, sample=False)


def _start(settings: Settings, *, runs_steps: bool, sample: bool) -> None:
    listening = _listen(settings)
    import uvloop

    from orchestrator import bootstrap
    from orchestrator.api.app import create_app

    # Standard output belongs to what was asked for; warnings and worse go to standard error.
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr)
    bootstrap.log_plainly(level="warning")
    try:
        services = bootstrap.build(settings, runs_steps=runs_steps)
    except (RuntimeError, ValueError, OSError) as error:
        raise CliError(f"The service cannot start: {error}") from error
    app = create_app(services)
    url = _address(listening)

    async def when_up() -> bool:
        from workers.cli_sample import run_sample

        code, _ = app.state.codes.make()
        key = services.settings.api_key
        assert key is not None
        _say_hello(url, code, services.settings)
        return not sample or await asyncio.to_thread(run_sample, url, key.get_secret_value(), code)

    good = uvloop.run(_serve(app, listening, when_up))
    if not good:
        raise CliError("The sample request did not succeed; see above.")


async def _serve(app: FastAPI, listening: socket.socket, when_up: Callable[[], Awaitable[bool]]) -> bool:
    """Serve until a signal comes; answers what `when_up` answered."""
    import uvicorn

    from orchestrator import bootstrap

    config = uvicorn.Config(
        app, log_level="warning", access_log=False, timeout_graceful_shutdown=_GRACE, server_header=False
    )
    server = uvicorn.Server(config)
    server.handle_exit = _Stop(app, server)  # type: ignore[method-assign]
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    while not server.started and not serving.done():  # noqa: ASYNC110 - uvicorn offers nothing to wait for
        await asyncio.sleep(0.01)
    bootstrap.settle_memory()
    good = False
    if not serving.done():
        good = await when_up()
        sys.stdout.flush()
    await serving
    return good


class _Stop:
    """What a signal does: the first lets end what is in flight, while requests are still answered."""

    def __init__(self, app: FastAPI, server: uvicorn.Server) -> None:
        self._app, self._server = app, server
        self._loop = asyncio.get_running_loop()
        self._draining: asyncio.Task[None] | None = None
        self._told = False

    def __call__(self, sig: int, frame: object) -> None:
        if self._told:
            os._exit(128 + sig)  # asked twice: leases run out, and another process goes on
        self._told = True
        self._loop.call_soon_threadsafe(self._begin)

    def _begin(self) -> None:
        self._draining = asyncio.create_task(self._drain())

    async def _drain(self) -> None:
        self._app.state.draining = True
        services = self._app.state.services
        if services.runner is not None:
            await services.runner.stop(grace=services.settings.drain_seconds)
        self._server.should_exit = True


def _listen(settings: Settings) -> socket.socket:
    """The socket is taken first, so that a port in use is said before anything is made."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listening = socket.socket(family)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    # Connections inherit it: else the parts of an event wait 40 ms for the acknowledgement of the first.
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    try:
        listening.bind((settings.host, settings.port))
    except OSError as error:
        listening.close()
        where = f"{settings.host}:{settings.port}"
        reason = error.strerror or str(error)
        raise CliError(f"Cannot listen on {where}: {reason}. Choose another port with --port.") from error
    return listening


def _address(listening: socket.socket) -> str:
    host, port = listening.getsockname()[:2]
    host = "127.0.0.1" if host == "0.0.0.0" else host  # noqa: S104 - shown, not bound
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _say_hello(url: str, code: str, settings: Settings) -> None:
    lines = [
        f"Toolpath is up at {url}",
        f"Log in once with a browser:  {url}/login?code={code}",
        f"Key for programs:            {settings.local_key_file}"
        if settings.local_key_file.is_file()
        else "",
        'Ask for something:           toolpath run "…"',
    ]
    sys.stdout.write("\n".join(line for line in lines if line) + "\n")
    sys.stdout.flush()
