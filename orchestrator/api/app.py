"""The HTTP application over the parts that `bootstrap` built."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from fastapi import FastAPI
from starlette.routing import Route
from starlette.types import Lifespan

from orchestrator import bootstrap
from orchestrator.api import (
    artifacts,
    changes,
    configuration,
    dead_letters,
    endpoints,
    events,
    front,
    health,
    imports,
    inbox,
    keys,
    limits,
    login,
    plans,
    runs,
    secrets,
    tool_states,
    tools,
    unbuilt,
    workers,
)
from orchestrator.api.changes import Changes
from orchestrator.api.dashboard import Dashboard
from orchestrator.api.edge import Door, Edge
from orchestrator.api.errors import add_handlers
from orchestrator.api.following import Followers
from orchestrator.api.mcp.door import PATH, McpDoor
from orchestrator.api.openapi import document_of
from orchestrator.api.sessions import LoginCodes, Sessions
from orchestrator.bootstrap import Services

_LOOPBACK = ("localhost", "127.0.0.1", "::1")
_ROUTERS = (
    changes,  # before the runs, of which none has that name
    runs,  # routes are tried in this order, and these are asked for most
    events,
    unbuilt,
    plans,
    artifacts,
    imports,
    tools,
    tool_states,
    endpoints,
    keys,
    secrets,
    limits,
    inbox,
    dead_letters,
    workers,
    configuration,
    login,
    health,
    front,
)


def create_app(services: Services) -> FastAPI:
    """The application; its lifespan starts and stops what runs beside the requests."""
    settings = services.settings
    assert settings.api_key is not None and settings.secret_key is not None  # noqa: PT018 - both are made at start

    mcp = McpDoor(services, version=_version(), max_body=settings.max_body_bytes)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with bootstrap.running(services), mcp.running():
            yield

    app = _routed(lifespan)
    sessions = Sessions(settings.secret_key.get_secret_value())
    app.state.services = services
    app.state.draining = False
    app.state.followers = Followers(services.store, services.signals)
    app.state.changes = Changes(services.signals)
    app.state.sessions = sessions
    app.state.codes = LoginCodes(settings.data_dir / "login-codes")
    add_handlers(app)
    app.router.routes.append(Route(PATH, mcp, methods=["GET", "POST", "DELETE"]))
    app.router.routes.append(Dashboard())
    hosts = (*_LOOPBACK, settings.host, *settings.allowed_hosts)
    app.add_middleware(
        Edge,
        door=Door(settings.api_key.get_secret_value(), sessions, hosts, services.keys.check),
        max_body=settings.max_body_bytes,
        max_upload=settings.max_upload_bytes,
    )
    app.openapi = lambda: document_of(app)  # type: ignore[method-assign]
    return app


def described() -> dict[str, Any]:
    """The OpenAPI document of this version, without a service behind it."""
    return document_of(_routed(None))


def _routed(lifespan: Lifespan[FastAPI] | None) -> FastAPI:
    app = FastAPI(
        title="Toolpath",
        version=_version(),
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        openapi_url="/openapi.json",
        swagger_ui_oauth2_redirect_url=None,
        # Nothing collects it, and to ask at each request whether something does takes a tenth of the time.
        telemetry={"tracing": False, "metrics": False, "logs": False},
    )
    for module in _ROUTERS:
        app.include_router(module.router)
    return app


def _version() -> str:
    try:
        return version("toolpath")
    except PackageNotFoundError:
        return "0"  # run from a source tree that is not installed
