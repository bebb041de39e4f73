"""A whole embedded service on a scratch folder, served over a real socket, and clients to it."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest
import structlog
import uvicorn

from orchestrator import bootstrap
from orchestrator.api.app import create_app
from orchestrator.settings import Settings, ensure_keys
from tools.testing_functions import TOOLS


@dataclass
class Service:
    url: str
    key: str
    data_dir: Path
    services: bootstrap.Services

    def client(self, **more) -> httpx2.Client:
        headers = {"Authorization": f"Bearer {self.key}"}
        return httpx2.Client(base_url=self.url, headers=headers, timeout=30, **more)

    def stranger(self) -> httpx2.Client:
        return httpx2.Client(base_url=self.url, timeout=30)


@contextlib.contextmanager
def serving(settings: Settings, wrap: Callable[[Any], Any] = lambda app: app) -> Iterator[Service]:
    """The service, with `wrap` around its application, in a thread of its own; stopped at the end."""
    # The logs of the service are not what a test of the command line reads.
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    settings = ensure_keys(settings)
    services = bootstrap.build(settings, runs_steps=True)
    config = uvicorn.Config(
        wrap(create_app(services)), port=0, log_level="warning", timeout_graceful_shutdown=1, lifespan="on"
    )
    server = uvicorn.Server(config)
    sock = config.bind_socket()
    thread = threading.Thread(target=lambda: asyncio.run(server.serve(sockets=[sock])), daemon=True)
    thread.start()
    try:
        while not server.started:
            assert thread.is_alive(), "the service did not start"
            thread.join(0.02)
        assert settings.api_key is not None
        port = sock.getsockname()[1]
        key = settings.api_key.get_secret_value()
        yield Service(f"http://127.0.0.1:{port}", key, settings.data_dir, services)
    finally:
        server.should_exit = True
        thread.join(20)
        sock.close()


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    settings = Settings(
        data_dir=tmp_path_factory.mktemp("service"),
        host="127.0.0.1",
        port=0,
        processes=1,
        net_allow=("127.0.0.1",),
        python_modules=("tools.testing_functions",),
        max_upload_bytes=2_000_000,
        max_body_bytes=200_000,
    )
    with serving(settings) as running:
        yield running


@pytest.fixture(scope="module", autouse=True)
def scripted_tools(service: Service) -> None:
    """The scripted tools of `tools.testing_functions`, registered over REST as an operator would."""
    records = [
        {
            "name": tool.name,
            "summary": tool.summary,
            "kind": "python",
            "input_schema": tool.input_schema,
            "output_schema": tool.output_schema,
            "runs": tool.runs,
            "effect": tool.effect,
            "limits": {"timeout": tool.limits.timeout},
            "python": tool.binding,
            "tags": ["scripted"],
        }
        for tool in TOOLS
    ]
    with service.client() as client:
        made = client.post("/v1/tools/bulk", json={"tools": records}).raise_for_status().json()
    assert made["refused"] == []


@pytest.fixture
def client(service: Service) -> Iterator[httpx2.Client]:
    with service.client() as client:
        yield client


@pytest.fixture
def stranger(service: Service) -> Iterator[httpx2.Client]:
    with service.stranger() as client:
        yield client
