"""Servers that say themselves where their access tokens are had."""

from __future__ import annotations

from typing import Any

import pytest

from tools.errors import Unavailable
from tools.mcp.discovery import completed
from tools.net import Net
from tools.testing_server import Answer, LoopbackServer, Received, json_answer

AUTH = {"oauth2": {"client_id": "id", "client_secret": "key"}}


async def discovered(
    documents: dict[str, Any], *, challenge: str = "", auth: dict[str, Any] = AUTH
) -> tuple[dict[str, Any], str]:
    """What becomes of `auth` at a server with these documents, by their paths; and the server's origin."""

    async def serve(got: Received) -> Answer:
        if got.path == "/mcp":
            return Answer(401, {"www-authenticate": challenge.replace("ORIGIN", server.url)})
        if got.path not in documents:
            return Answer(404)
        told = {
            key: text.replace("ORIGIN", server.url) if isinstance(text, str) else text
            for key, text in documents[got.path].items()
        }
        if "authorization_servers" in told:
            told["authorization_servers"] = [server.url + path for path in told["authorization_servers"]]
        return json_answer(told)

    net = Net(allow=("127.0.0.1",))
    try:
        async with LoopbackServer(serve) as server:
            made = await completed(net, f"{server.url}/mcp", auth, timeout=10)
            return made["oauth2"], server.url
    finally:
        await net.aclose()


async def test_by_the_places_that_are_well_known() -> None:
    grant, origin = await discovered(
        {
            "/.well-known/oauth-protected-resource/mcp": {
                "resource": "ORIGIN/mcp",
                "authorization_servers": [""],
                "scopes_supported": ["read", "write"],
            },
            "/.well-known/oauth-authorization-server": {"issuer": "ORIGIN", "token_endpoint": "ORIGIN/token"},
        }
    )
    told = {"token_url": f"{origin}/token", "resource": f"{origin}/mcp", "scope": "read write"}
    assert grant == AUTH["oauth2"] | told


async def test_by_the_servers_own_word_and_a_token_server_behind_a_path() -> None:
    grant, origin = await discovered(
        {
            "/about": {"resource": "ORIGIN", "authorization_servers": ["/tenant"]},
            "/tenant/.well-known/openid-configuration": {
                "issuer": "ORIGIN/tenant",
                "token_endpoint": "ORIGIN/tenant/token",
                "token_endpoint_auth_methods_supported": ["client_secret_post"],
            },
        },
        challenge='Bearer resource_metadata="ORIGIN/about", scope="few"',
        auth={"oauth2": {**AUTH["oauth2"], "scope": "mine"}},
    )
    assert grant["token_url"] == f"{origin}/tenant/token"
    assert (grant["send"], grant["scope"]) == ("body", "mine")


async def test_a_client_that_signs_does_so_for_the_token_server_by_its_name() -> None:
    grant, origin = await discovered(
        {
            "/.well-known/oauth-protected-resource/mcp": {
                "resource": "ORIGIN/mcp",
                "authorization_servers": [""],
            },
            "/.well-known/oauth-authorization-server": {
                "issuer": "ORIGIN/",
                "token_endpoint": "ORIGIN/token",
                "token_endpoint_auth_methods_supported": ["private_key_jwt", "client_secret_post"],
            },
        },
        auth={"oauth2": {"client_id": "id", "private_key": "pem"}},
    )
    assert (grant["token_url"], grant["audience"]) == (f"{origin}/token", f"{origin}/")
    assert "send" not in grant


@pytest.mark.parametrize(
    ("documents", "words"),
    [
        ({}, "give auth/oauth2/token_url"),
        ({"resource": "https://elsewhere.example/mcp", "authorization_servers": [""]}, "give auth"),
        ({"resource": "ORIGIN/mcp-other", "authorization_servers": [""]}, "give auth"),
        ({"resource": "ORIGIN/mcp", "authorization_servers": ["/nobody"]}, "nobody does not say"),
        ({"resource": "ORIGIN/mcp", "authorization_servers": ["/lies"]}, "lies does not say"),
    ],
)
async def test_what_a_server_says_of_others_counts_for_nothing(documents: dict[str, Any], words: str) -> None:
    lies = {"issuer": "https://elsewhere.example", "token_endpoint": "ORIGIN/token"}
    places = {"/.well-known/oauth-authorization-server/lies": lies}
    if documents:
        places["/.well-known/oauth-protected-resource/mcp"] = documents
    with pytest.raises(Unavailable, match=words):
        await discovered(places)


async def test_what_is_given_is_not_asked_for() -> None:
    auth = {"oauth2": {**AUTH["oauth2"], "token_url": "https://tokens.example/"}}
    net = Net()
    assert await completed(net, "https://nobody.example/mcp", auth, timeout=1) == auth
    assert await completed(net, "https://nobody.example/mcp", {"bearer": "a"}, timeout=1) == {"bearer": "a"}
    await net.aclose()
