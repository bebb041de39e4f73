"""Puts the secrets that a tool's `auth` names into a request, at the last moment."""

from __future__ import annotations

import base64
from collections.abc import Mapping

from tools.errors import NotAuthorised, Unavailable
from tools.spec import Tool


def auth_headers(tool: Tool, secrets: Mapping[str, str]) -> dict[str, str]:
    """Headers by `Tool.auth`, whose values are names of secrets.

    `{"bearer": NAME}`, `{"basic": NAME}` (the secret is user:password) or `{"header:X-Api-Key": NAME}`.
    Raises `NotAuthorised` for a secret that there is not.
    """
    headers: dict[str, str] = {}
    for way, name in tool.auth.items():
        value = secret(tool, name, secrets)
        if way == "bearer":
            headers["Authorization"] = f"Bearer {value}"
        elif way == "basic":
            headers["Authorization"] = f"Basic {base64.b64encode(value.encode()).decode()}"
        elif way.startswith("header:"):
            headers[way.removeprefix("header:").strip()] = value
        else:
            raise Unavailable(
                f"the tool {tool.name} has an unknown auth {way!r}: use bearer, basic or header:NAME"
            )
    return headers


def secret(tool: Tool, name: str, secrets: Mapping[str, str]) -> str:
    """Raises `NotAuthorised` when there is no secret of that name."""
    value = secrets.get(name)
    if not value:
        raise NotAuthorised(f"the secret {name}, which the tool {tool.name} needs, is not set")
    return value
