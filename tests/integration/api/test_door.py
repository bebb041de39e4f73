"""Who is let in, and by which names."""

from __future__ import annotations

import re
import stat

import pytest
from starlette.routing import BaseRoute

from orchestrator.api.app import create_app
from orchestrator.api.edge import OPEN, is_open

SAFE = ("GET", "HEAD", "OPTIONS")


def routes_of(router) -> list[tuple[str, str]]:
    """(method, path) of every route, those of included routers too, as the router itself walks them."""
    found: list[tuple[str, str]] = []
    for route in router.routes:
        inner: BaseRoute | None = getattr(route, "original_router", None)
        if inner is not None:
            found += routes_of(inner)
        else:
            found += [(method, route.path) for method in getattr(route, "methods", None) or ()]
    return found


def test_no_route_answers_without_a_key_but_the_open_ones(service, stranger):
    routes = routes_of(create_app(service.services).router)
    assert len(routes) > 60
    closed = [(method, path) for method, path in routes if not is_open(path)]
    for method, path in closed:
        reply = stranger.request(method, re.sub(r"\{[^}]*\}", "x", path))
        assert reply.status_code == 401, (method, path)
        if method != "HEAD":
            assert reply.headers["content-type"] == "application/problem+json"
    assert {path for _, path in routes if is_open(path)} == OPEN


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/", "/static/page.css"])
def test_open_routes_answer_without_a_key(stranger, path):
    assert stranger.get(path).status_code == 200


def test_a_route_that_does_not_exist_is_not_told_apart_without_a_key(stranger):
    assert stranger.get("/v1/no-such-thing").status_code == 401
    assert stranger.get("/v1/runs/run_none").status_code == 401


@pytest.mark.parametrize("given", ["Bearer wrong", "Bearer x y", "Basic abc", "bearer", "Bearer ключ"])
def test_a_wrong_key_is_refused(stranger, given):
    reply = stranger.get("/v1/tools", headers={"Authorization": given.encode()})
    assert reply.status_code == 401
    assert reply.headers["www-authenticate"] == "Bearer"


def test_the_local_key_is_for_its_owner_alone(service):
    file = service.data_dir / "local.key"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert file.read_text().strip() == service.key


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "", "localhost.", "[::2]:80"])
def test_another_host_is_refused_even_with_the_key(client, host):
    for path in ("/v1/tools", "/healthz", "/"):
        reply = client.get(path, headers={"Host": host})
        assert reply.status_code in (400, 421)
        assert b"<html" not in reply.content


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:1", "127.0.0.1:9", "[::1]:8000"])
def test_names_of_the_loopback_are_answered(client, host):
    assert client.get("/healthz", headers={"Host": host}).status_code == 200


def login(client, stranger) -> str:
    made = client.post("/v1/login-codes").json()
    reply = stranger.get(made["path"])
    assert reply.status_code == 303
    assert reply.headers["location"] == "/"
    return reply.headers["set-cookie"]


def test_a_login_code_is_exchanged_once_for_a_guarded_cookie(client, stranger):
    made = client.post("/v1/login-codes").json()
    reply = stranger.get(made["path"])
    cookie = reply.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert stranger.get("/v1/tools").status_code == 200
    again = stranger.get(made["path"])
    assert again.status_code == 403
    assert again.json()["code"] == "bad_login_code"


def test_a_browser_reads_the_routes_once_it_is_logged_in(client, stranger):
    assert stranger.get("/docs").status_code == 401
    login(client, stranger)
    assert "<h1>Routes</h1>" in stranger.get("/docs").text
    told = stranger.get("/login", params={"code": "used"}, headers={"Accept": "text/html,*/*"})
    assert told.status_code == 403
    assert "makes a new one" in told.text
    assert told.headers["content-type"].startswith("text/html")


@pytest.mark.parametrize("code", ["", "wrong", "../local.key", "a" * 5_000])
def test_a_wrong_login_code_opens_nothing(stranger, code):
    reply = stranger.get("/login", params={"code": code})
    assert reply.status_code == 403
    assert "set-cookie" not in reply.headers


def test_a_forged_cookie_opens_nothing(stranger):
    for value in ("x", "AAAAAAAAAAAA", "é"):
        headers = {"Cookie": f"toolpath_session={value}".encode()}
        assert stranger.get("/v1/tools", headers=headers).status_code == 401


def test_changing_by_cookie_needs_the_own_origin(service, client, stranger):
    login(client, stranger)
    body = {"query": "chart"}
    assert stranger.post("/v1/tools/search", json=body).status_code == 403
    for origin in ("http://evil.example", "null", service.url + "9"):
        reply = stranger.post("/v1/tools/search", json=body, headers={"Origin": origin})
        assert reply.status_code == 403
        assert reply.json()["code"] == "foreign_origin"
    own = stranger.post("/v1/tools/search", json=body, headers={"Origin": service.url})
    assert own.status_code == 200


def test_a_bad_key_is_not_saved_by_a_good_cookie(client, stranger):
    login(client, stranger)
    reply = stranger.get("/v1/tools", headers={"Authorization": "Bearer wrong"})
    assert reply.status_code == 401


def test_every_answer_carries_the_guarding_headers(client, stranger):
    for reply in (client.get("/v1/tools"), stranger.get("/"), stranger.get("/v1/tools"), client.get("/none")):
        assert reply.headers["x-content-type-options"] == "nosniff"
        assert reply.headers["x-frame-options"] == "DENY"
        assert "default-src 'none'" in reply.headers["content-security-policy"]
        kept = "no-cache" if reply.url.path == "/" else "no-store"
        assert reply.headers["cache-control"] == kept


def test_the_open_pages_hold_no_secret(service, stranger):
    assert service.key not in stranger.get("/").text


def test_the_openapi_document_and_the_docs_name_every_public_route(client):
    document = client.get("/openapi.json").json()
    assert "/v1/runs/{run_id}/events" in document["paths"]
    assert document["paths"]["/v1/runs"]["post"]["security"] == [{"key": []}]
    page = client.get("/docs").text
    for path in document["paths"]:
        assert path in page
