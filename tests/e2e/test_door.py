"""Who is let in: keys, logins by browser, Host and Origin, on the service as it is started."""

from __future__ import annotations

import contextlib
import json
import re
import stat
from collections.abc import Iterator

import httpx2
import pytest

from tests.e2e.service import Client, Service

#: Answered without a key: health, the start page, and the exchange of a login code (which needs the code).
OPEN = {("get", "/healthz"), ("get", "/readyz"), ("get", "/login")}


@pytest.fixture
def stranger(service: Service):
    with httpx2.Client(base_url=service.url, timeout=30, trust_env=False) as client:
        yield client


def test_no_route_answers_without_a_key_but_those_that_are_open(client: Client, stranger: httpx2.Client):
    document = client.get("/openapi.json")
    routes = [(method, path) for path, item in document["paths"].items() for method in item]
    assert len(routes) > 25
    hidden = [
        ("get", path)
        for path in """
            /openapi.json /docs /metrics /mcp /openai/v1/models /v1/keys /v1/secrets /v1/audit
            /v1/endpoints /nowhere /v1/nowhere
        """.split()
    ]
    for method, path in routes + hidden:
        if (method, path) in OPEN:
            continue
        for headers in ({}, {"authorization": "Bearer wrong"}, {"cookie": "toolpath_session=forged"}):
            reply = stranger.request(method, re.sub(r"\{[^}]+\}", "x", path), headers=headers)
            assert reply.status_code == 401, (method, path, headers, reply.status_code)
            assert reply.headers["content-type"] == "application/problem+json"


def test_health_is_open_and_tells_nothing(stranger: httpx2.Client, service: Service):
    for path in ("/healthz", "/readyz"):
        reply = stranger.get(path)
        assert reply.status_code == 200
        assert service.key not in reply.text
        assert str(service.data_dir) not in reply.text


def test_the_key_lies_in_a_file_that_only_its_owner_reads(service: Service):
    for name in ("local.key", "secret.key"):
        assert stat.S_IMODE((service.data_dir / name).stat().st_mode) == 0o600


@contextlib.contextmanager
def _logged_in(service: Service) -> Iterator[httpx2.Client]:
    made = service.toolpath("login", "--json")
    assert made.returncode == 0, made.stderr
    with httpx2.Client(base_url=service.url, timeout=30, trust_env=False) as browser:
        reply = browser.get(json.loads(made.stdout)["url"])
        assert reply.status_code == 303, reply.text
        yield browser


def test_a_login_link_works_once_and_its_cookie_cannot_be_read_by_scripts(service: Service):
    link = json.loads(service.toolpath("login", "--json").stdout)["url"]
    with (
        httpx2.Client(base_url=service.url, trust_env=False) as browser,
        httpx2.Client(trust_env=False) as thief,
    ):
        cookie = browser.get(link).headers["set-cookie"].lower()
        assert "httponly" in cookie
        assert "samesite=strict" in cookie
        assert browser.get("/v1/runs").status_code == 200
        assert thief.get(link).status_code == 403
        assert "set-cookie" not in thief.get(link).headers


def test_the_link_that_serve_prints_logs_in(service: Service):
    line = service.program.said("/login?code=")
    with httpx2.Client(base_url=service.url, trust_env=False) as browser:
        assert browser.get(line.split()[-1]).status_code == 303
        assert browser.get("/v1/runs").status_code == 200


def test_a_request_by_cookie_that_changes_something_needs_the_services_own_origin(service: Service):
    with _logged_in(service) as browser:
        body = {"plan": {"subtasks": [{"id": "a", "tool": "calculate", "arguments": {"expression": "1+1"}}]}}
        for origin in ({}, {"origin": "http://evil.example"}, {"origin": "null"}):
            reply = browser.post("/v1/runs", json=body, headers=origin)
            assert reply.status_code == 403, (origin, reply.text)
        assert browser.post("/v1/runs", json=body, headers={"origin": service.url}).status_code == 202


def test_event_streams_take_the_cookie(service: Service, client: Client):
    run = client.do(plan={"subtasks": [{"id": "a", "tool": "calculate", "arguments": {"expression": "1+1"}}]})
    with _logged_in(service) as browser:
        reply = browser.get(f"/v1/runs/{run['id']}/events")
        assert reply.status_code == 200
        assert reply.text.count("\nid: ") + reply.text.startswith("id: ") >= 3


def test_a_session_ends_with_logging_out(service: Service):
    with _logged_in(service) as browser:
        assert browser.post("/v1/logout", headers={"origin": service.url}).status_code == 204
        assert browser.get("/v1/runs").status_code == 401


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example:80", ""])
def test_a_foreign_host_is_refused_whoever_asks(host: str, client: Client):
    for path in ("/v1/runs", "/healthz", "/login?code=x"):
        reply = client.http.get(path, headers={"host": host})
        assert reply.status_code in (400, 421), (host, path, reply.status_code)
