"""Routes of artifacts: files in, files out."""

from __future__ import annotations

import asyncio
import mimetypes
import re
import tempfile
from pathlib import Path
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, File, Response, UploadFile
from starlette.responses import FileResponse

from orchestrator.api.deps import Parts
from orchestrator.api.schemas.artifact import ArtifactOut
from orchestrator.errors import FieldProblem, Invalid

router = APIRouter(prefix="/v1/artifacts", tags=["artifacts"])

_CHUNK = 2**20
_MEDIA_TYPE = re.compile(r"[a-z0-9.+-]+/[a-z0-9.+-]+")
_ANY = "application/octet-stream"


@router.post("", status_code=201, summary="Upload a file")
async def upload(file: Annotated[UploadFile, File()], parts: Parts, response: Response) -> ArtifactOut:
    """Multipart, field `file`; the same bytes have the same id."""
    name = Path((file.filename or "file").replace("\\", "/")).name[:200] or "file"
    with tempfile.TemporaryDirectory(prefix="toolpath-upload-") as folder:
        path = Path(folder) / "upload"
        size = await _copy(file, path)
        if size == 0:
            detail = "the file is empty"
            raise Invalid("There is nothing to keep.", problems=[FieldProblem("/file", detail)])
        kept = await parts.artifacts.put_file(path, media_type=_media_type(file, name), name=name)
    response.headers["Location"] = f"/v1/artifacts/{kept.id}"
    return ArtifactOut.of(kept)


@router.get("/{artifact_id}", summary="The bytes of a file", response_class=FileResponse)
async def download(artifact_id: str, parts: Parts) -> FileResponse:
    """Always as an attachment: what was fetched from elsewhere must not run in the service's own origin."""
    artifact = await parts.artifacts.get(artifact_id)
    headers = {
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(artifact.name, safe='')}",
        "Cache-Control": "private, max-age=31536000, immutable",
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "ETag": f'"{artifact.id}"',
    }
    return FileResponse(parts.artifacts.path(artifact.id), media_type=artifact.media_type, headers=headers)


async def _copy(file: UploadFile, path: Path) -> int:
    size = 0
    with path.open("wb") as kept:
        while chunk := await file.read(_CHUNK):
            size += await asyncio.to_thread(kept.write, chunk)
    return size


def _media_type(file: UploadFile, name: str) -> str:
    """What the client says, unless that is nothing; then what the name says."""
    said = (file.content_type or "").partition(";")[0].strip().lower()
    if said and said != _ANY and _MEDIA_TYPE.fullmatch(said):
        return said
    return mimetypes.guess_type(name)[0] or _ANY
