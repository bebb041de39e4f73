"""Routes of secrets, for the holder of the service's own key. A value goes in and never comes out."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Response

from orchestrator.api.deps import OwnerOnly, Parts
from orchestrator.api.schemas.secret import (
    MissingOut,
    RotatedOut,
    SecretIn,
    SecretOut,
    SecretsOut,
    SecretValue,
)
from orchestrator.registry.secrets import Users, remove_secret, set_secret, users_of
from tools.auth import SECRET_NAME

router = APIRouter(prefix="/v1/secrets", tags=["secrets"], dependencies=[OwnerOnly])

Name = Annotated[str, Path(pattern=f"^{SECRET_NAME.pattern}$")]


@router.get("", summary="Secrets, by name")
async def listing(parts: Parts) -> SecretsOut:
    """All of them with their dates and what uses each, never a value; and what is used but not kept."""
    users = await users_of(parts.catalog, parts.endpoints)
    kept = await parts.secrets.all()
    items = [SecretOut.of(one, users.pop(one.name, Users())) for one in kept]
    missing = [
        MissingOut(name=name, tools=by.tools, endpoints=by.endpoints) for name, by in sorted(users.items())
    ]
    return SecretsOut(items=items, missing=missing)


@router.post("", status_code=201, summary="Keep a new secret")
async def create(body: SecretIn, parts: Parts, response: Response) -> SecretOut:
    """409 where there is one of that name."""
    await _set(body.name, body, parts, replace=False)
    response.headers["Location"] = f"/v1/secrets/{body.name}"
    return await read(body.name, parts)


@router.post("/rotate", summary="Seal every secret anew under the newest key")
async def rotate(parts: Parts) -> RotatedOut:
    """For the time after TOOLPATH_SECRET_KEY was changed; the old key is needed no more afterwards."""
    lost = await parts.secrets.rotate()
    return RotatedOut(rotated=len(await parts.secrets.all()) - len(lost), unreadable=lost)


@router.get("/{name}", summary="A secret")
async def read(name: Name, parts: Parts) -> SecretOut:
    """Its dates and the tools that use it."""
    kept = await parts.secrets.get(name)
    users = await users_of(parts.catalog, parts.endpoints)
    return SecretOut.of(kept, users.get(name, Users()))


@router.put("/{name}", summary="Keep or replace a secret")
async def put(name: Name, body: SecretValue, parts: Parts, response: Response) -> SecretOut:
    """201 for a new one. Calls take the new value from now on."""
    if await _set(name, body, parts, replace=True):
        response.status_code = 201
    return await read(name, parts)


@router.delete("/{name}", status_code=204, summary="Forget a secret")
async def remove(name: Name, parts: Parts) -> None:
    """Tools that need it become unavailable."""
    await remove_secret(name, vault=parts.secrets, catalog=parts.catalog, caller=parts.tools)


async def _set(name: str, body: SecretValue, parts: Parts, *, replace: bool) -> bool:
    value = body.value.get_secret_value()
    return await set_secret(
        name, value, vault=parts.secrets, catalog=parts.catalog, caller=parts.tools, replace=replace
    )
