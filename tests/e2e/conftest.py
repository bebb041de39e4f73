"""One embedded service for most tests of a process, the pages it may fetch, and the files it works on."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e import materials
from tests.e2e.requests import Job
from tests.e2e.service import Client, Service, serving

#: An MCP server whose definitions change once `changed` stands in the file `odd` of the folder.
ODD = Path(__file__).parents[1] / "integration/tools/mcp/odd_server.py"


@pytest.fixture(scope="session")
def site() -> Iterator[materials.Site]:
    with materials.serving_pages() as site:
        yield site


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("e2e")


@pytest.fixture(scope="session")
def files(folder: Path) -> dict[str, Path]:
    """The files that people attach, by name."""
    return {
        "sales.csv": materials.write_sales(folder),
        "scan.png": materials.write_scan(folder),
    }


@pytest.fixture(scope="session")
def service(folder: Path, site: materials.Site) -> Iterator[Service]:
    """`toolpath serve`; only the site among private addresses may be dialled."""
    with serving(
        folder / "data",
        net_allow=site.allow,
        net_max_bytes="1000000",
        net_timeout="5",
        python_modules="tools.testing_functions",
        mcp_servers=json.dumps({"odd": {"command": sys.executable, "args": [str(ODD), str(folder / "odd")]}}),
    ) as service:
        yield service


@pytest.fixture
def client(service: Service) -> Iterator[Client]:
    with service.client() as client:
        yield client


class Asking:
    """Puts a job into words with the addresses of the site, and finds its file."""

    def __init__(self, site: materials.Site, files: dict[str, Path]) -> None:
        self.site = site
        self.files = files

    def words(self, wording: str) -> str:
        return wording.format(**self.site.addresses)

    def attached(self, job: Job) -> list[Path]:
        return [self.files[job.file]] if job.file else []


@pytest.fixture(scope="session")
def asking(site: materials.Site, files: dict[str, Path]) -> Asking:
    return Asking(site, files)
