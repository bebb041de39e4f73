"""What the service runs as: its version, and its settings without secrets."""

from __future__ import annotations

import platform

from fastapi import APIRouter, Request

from orchestrator.api.deps import OwnerOnly, Parts
from orchestrator.api.schemas.fields import Json, Told
from orchestrator.settings import without_secrets

router = APIRouter(prefix="/v1/settings", tags=["operations"], dependencies=[OwnerOnly])


class SettingsOut(Told):
    """Versions, where the data are, and the effective settings by name; secrets are masked."""

    version: str
    python: str
    database: str
    embedded: bool
    settings: dict[str, Json]


@router.get("", summary="Versions and effective settings")
async def read(parts: Parts, request: Request) -> SettingsOut:
    """Of the process that answers; another one may have been started with others."""
    settings = parts.settings
    return SettingsOut(
        version=request.app.version,
        python=platform.python_version(),
        database=settings.database.partition(":")[0].partition("+")[0],
        embedded=settings.embedded,
        settings=without_secrets(settings),
    )
