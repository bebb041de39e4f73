"""Secrets as they are given and listed."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, SecretStr

from orchestrator.api.schemas.fields import Asked, Moment, PageOut, Told
from orchestrator.domain.secret import Secret
from orchestrator.registry.secrets import Users
from tools.auth import SECRET_NAME
from tools.masking import SHORTEST

#: A shorter one could not be masked where a peer repeats it.
_Value = Annotated[
    SecretStr, Field(min_length=SHORTEST, max_length=16_384, json_schema_extra={"writeOnly": True})
]


class SecretValue(Asked):
    """The value to keep."""

    value: _Value


class SecretIn(SecretValue):
    """A secret to keep, with the name by which tools refer to it."""

    name: Annotated[str, Field(pattern=f"^{SECRET_NAME.pattern}$")]


class SecretOut(Told):
    """A secret without its value; `readable` is false when no present key opens it."""

    name: str
    created_at: Moment
    updated_at: Moment
    tools: list[str]
    endpoints: list[str]
    readable: bool

    @classmethod
    def of(cls, secret: Secret, users: Users) -> SecretOut:
        """A secret as it is shown, with what uses it."""
        return SecretOut(
            name=secret.name,
            created_at=secret.created_at,
            updated_at=secret.updated_at,
            tools=users.tools,
            endpoints=users.endpoints,
            readable=secret.readable,
        )


class MissingOut(Told):
    """A name that tools or endpoints refer to and under which nothing is kept."""

    name: str
    tools: list[str]
    endpoints: list[str]


class SecretsOut(PageOut[SecretOut]):
    """All secrets, and those that are missing."""

    missing: list[MissingOut]


class RotatedOut(Told):
    """How many secrets are sealed under the newest key now, and which no key opens."""

    rotated: int
    unreadable: list[str]
