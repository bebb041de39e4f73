"""The static files of the dashboard: what is answered under which address, and how it may be kept."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from orchestrator.api.dashboard import Dashboard
from orchestrator.api.edge import is_open, is_page

SCRIPT = "let answer = 42;\n" * 200


def serving(folder: Path) -> TestClient:
    async def api(_) -> PlainTextResponse:
        return PlainTextResponse("api")

    return TestClient(Starlette(routes=[Route("/v1/runs", api), Dashboard(folder)]))


@pytest.fixture
def client(tmp_path: Path) -> TestClient:
    (tmp_path / "assets").mkdir()
    (tmp_path / "index.html").write_text("<html>the page</html>")
    (tmp_path / "assets/app-1a2b.js").write_text(SCRIPT)
    (tmp_path / ".sources").write_text("a hash")
    return serving(tmp_path)


@pytest.mark.parametrize("path", ["/", "/runs", "/runs/run_1", "/new", "/runs/.sources"])
def test_every_path_of_the_dashboard_is_the_page(client: TestClient, path: str) -> None:
    reply = client.get(path)
    assert (reply.status_code, reply.text) == (200, "<html>the page</html>")
    assert reply.headers["cache-control"] == "no-cache"


def test_named_files_are_kept_for_ever_and_packed_for_who_takes_it(client: TestClient) -> None:
    reply = client.get("/assets/app-1a2b.js", headers={"Accept-Encoding": "gzip"})
    assert reply.text == SCRIPT
    assert reply.headers["content-encoding"] == "gzip"
    assert reply.headers["content-type"].startswith("text/javascript")
    assert "immutable" in reply.headers["cache-control"]
    assert int(reply.headers["content-length"]) == len(gzip.compress(SCRIPT.encode(), 9))
    plain = client.get("/assets/app-1a2b.js", headers={"Accept-Encoding": "identity"})
    assert (plain.text, "content-encoding" in plain.headers) == (SCRIPT, False)


def test_a_file_of_another_version_is_missed_and_not_taken_for_the_page(client: TestClient) -> None:
    assert client.get("/assets/app-old.js").status_code == 404


@pytest.mark.parametrize(("method", "path"), [("GET", "/v1/none"), ("POST", "/runs"), ("GET", "/mcp")])
def test_the_api_and_other_methods_are_not_answered_here(client: TestClient, method: str, path: str) -> None:
    assert client.request(method, path).status_code == 404
    assert client.get("/v1/runs").text == "api"


def test_what_was_not_built_says_how_to_build_it(tmp_path: Path) -> None:
    reply = serving(tmp_path / "nothing").get("/")
    assert reply.status_code == 503
    assert "make setup" in reply.text


@pytest.mark.parametrize(
    "path",
    [
        "/v1",
        "/v1/runs",
        "//v1/runs",
        "/V1/runs",
        "/docs",
        "/mcp",
        "/openai/v1/models",
        "/nowhere",
        "/.sources",
    ],
)
def test_all_else_stays_closed_in_every_spelling(path: str) -> None:
    assert not is_page(path)
    assert not is_open(path)


def test_every_page_that_the_dashboard_knows_is_open() -> None:
    router = (Path(__file__).parents[4] / "dashboard/src/router.tsx").read_text()
    paths = re.findall(r'path: "(/[^"]*)"', router)
    assert paths
    assert [path for path in paths if not is_page(path)] == []
