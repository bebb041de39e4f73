"""Routes of API keys, for the holder of the service's own key."""

from __future__ import annotations

from collections.abc import Sequence

from fastapi import APIRouter, Response

from orchestrator.api.deps import OwnerOnly, Parts
from orchestrator.api.schemas.fields import PageOut
from orchestrator.api.schemas.key import KeyChange, KeyIn, KeyOut, NewKeyOut, limit_of
from orchestrator.api.schemas.limit import CapIn, once_each
from orchestrator.errors import FieldProblem, Invalid

router = APIRouter(prefix="/v1/keys", tags=["keys"], dependencies=[OwnerOnly])


@router.post("", status_code=201, summary="Make a key")
async def create(body: KeyIn, parts: Parts, response: Response) -> NewKeyOut:
    """The key itself is in this answer and nowhere else."""
    check_caps(body.caps)
    key, secret = await parts.keys.create(body.name, body.value())
    response.headers["Location"] = f"/v1/keys/{key.id}"
    return NewKeyOut(**dict(KeyOut.of(key)), key=secret)


@router.get("", summary="Keys, oldest first")
async def listing(parts: Parts) -> PageOut[KeyOut]:
    """All of them, revoked ones too, with what their caps have spent."""
    return PageOut[KeyOut](items=[KeyOut.of(key) for key in await parts.keys.all()])


@router.get("/{key_id}", summary="A key")
async def read(key_id: str, parts: Parts) -> KeyOut:
    """Never the secret."""
    return KeyOut.of(await parts.keys.get(key_id))


@router.patch("/{key_id}", summary="Change a key's name, caps or limits")
async def change(key_id: str, body: KeyChange, parts: Parts) -> KeyOut:
    """What a cap of the same period has spent stays spent."""
    check_caps(body.caps or [])
    caps = None if body.caps is None else [cap.value() for cap in body.caps]
    limits = None if body.limits is None else limit_of(body.limits)
    return KeyOut.of(await parts.keys.change(key_id, name=body.name, caps=caps, limits=limits))


@router.delete("/{key_id}", status_code=204, summary="Revoke a key")
async def revoke(key_id: str, parts: Parts) -> None:
    """It opens nothing from now on; the runs submitted with it go on."""
    await parts.keys.revoke(key_id)


def check_caps(caps: Sequence[CapIn]) -> None:
    """One cap for each period. Raises `Invalid`."""
    twice = once_each(caps)
    if twice is not None:
        problem = FieldProblem("/caps", f"there are two caps per {twice!r}")
        raise Invalid("Give one cap for each period.", problems=[problem])
