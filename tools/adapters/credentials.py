"""Puts the secrets that a tool's `auth` names into a request, at the last moment."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import quote_plus

from tools.adapter import CallContext
from tools.adapters.access_tokens import AccessTokens, Grant
from tools.adapters.http_styles import Pair
from tools.errors import Unavailable
from tools.net import Net
from tools.spec import Tool


@dataclass(slots=True)
class Credentials:
    """What a request carries to prove who calls; `token` is the access token among it."""

    headers: dict[str, str] = field(default_factory=dict, repr=False)
    query: dict[str, str] = field(default_factory=dict, repr=False)
    token: str | None = field(default=None, repr=False)

    def over(self, headers: Mapping[str, str]) -> dict[str, str]:
        """These headers with ours in the place of any of the same name."""
        ours = {name.lower() for name in self.headers}
        return {name: text for name, text in headers.items() if name.lower() not in ours} | self.headers

    def within(self, query: Sequence[Pair]) -> list[Pair]:
        """These encoded pairs of a query with ours in the place of any of the same name."""
        ours = {quote_plus(name): quote_plus(value) for name, value in self.query.items()}
        return [*(pair for pair in query if pair[0] not in ours), *ours.items()]


class Authority:
    """Makes the credentials of calls; keeps access tokens until they expire."""

    def __init__(self, net: Net) -> None:
        self._tokens = AccessTokens(net)

    async def credentials(
        self, tool: Tool, context: CallContext, *, headers: Mapping[str, str], refused: str | None = None
    ) -> Credentials:
        """By `Tool.auth`; `headers` are those of the request, whose cookies are kept beside ours.

        `refused` is an access token that the peer has just turned down.

        Raises `Unavailable` for a secret that is missing or cannot be sent, and what the token server
        makes of our request.
        """
        made = Credentials()
        cookies = [text for name, text in headers.items() if name.lower() == "cookie"]
        for way, given in tool.auth.items():
            place, _, name = way.partition(":")
            if way == "oauth2" and not isinstance(given, str):
                made.token = await self._token(tool, given, context, refused)
                made.headers["Authorization"] = f"Bearer {made.token}"
            elif way == "basic":
                made.headers["Authorization"] = f"Basic {_basic(tool, given, context)}"
            elif not isinstance(given, str):
                raise Unavailable(f"the tool {tool.name} has an unknown auth {way!r}")
            elif way == "bearer":
                made.headers["Authorization"] = f"Bearer {_one_line(tool, given, context.secrets)}"
            elif place == "header":
                made.headers[name] = _one_line(tool, given, context.secrets)
            elif place == "cookie":
                cookies.append(f"{name}={_cookie(tool, given, context.secrets)}")
            elif place == "query":
                made.query[name] = secret(tool, given, context.secrets)
            else:
                raise Unavailable(f"the tool {tool.name} has an unknown auth {way!r}")
        if cookies:  # those of the request alone, or with ours behind them
            made.headers["Cookie"] = "; ".join(cookies)
        return made

    async def _token(
        self, tool: Tool, given: Mapping[str, str], context: CallContext, refused: str | None
    ) -> str:
        proof = "private_key" if given.get("private_key") else "client_secret"
        grant = Grant(
            url=given.get("token_url", ""),
            client_id=secret(tool, given.get("client_id", ""), context.secrets),
            **{proof: secret(tool, given.get(proof, ""), context.secrets)},
            algorithm=given.get("algorithm", ""),
            key_id=given.get("key_id", ""),
            audience=given.get("audience", ""),
            scope=given.get("scope", ""),
            in_body=given.get("send") == "body",
            resource=given.get("resource", ""),
        )
        token = await self._tokens.get(grant, timeout=context.timeout, refused=refused)
        context.derived.append(token)
        return token


def secret(tool: Tool, name: str, secrets: Mapping[str, str]) -> str:
    """Raises `Unavailable` when there is no secret of that name."""
    value = secrets.get(name)
    if not value:
        raise Unavailable(
            f"the secret {name}, which the tool {tool.name} needs, is not set: toolpath secrets set {name}"
        )
    return value


def _basic(tool: Tool, given: str | Mapping[str, str], context: CallContext) -> str:
    if isinstance(given, str):
        pair = secret(tool, given, context.secrets)
        if ":" not in pair:
            raise Unavailable(f"the secret {given} is not of the form user:password")
    else:
        pair = f"{given.get('user', '')}:{secret(tool, given.get('password', ''), context.secrets)}"
    coded = base64.b64encode(pair.encode()).decode()
    context.derived.append(coded)
    return coded


def _one_line(tool: Tool, name: str, secrets: Mapping[str, str]) -> str:
    value = secret(tool, name, secrets)
    if not (value.isascii() and value.isprintable()):
        raise Unavailable(
            f"the secret {name} cannot be sent in a header: it is not plain letters on one line"
        )
    return value


def _cookie(tool: Tool, name: str, secrets: Mapping[str, str]) -> str:
    value = _one_line(tool, name, secrets)
    if any(sign in value for sign in ' ",;\\'):
        raise Unavailable(
            f"the secret {name} cannot be sent in a cookie: no blanks, quotes, commas, ; and \\"
        )
    return value
