"""Artifacts in a folder (of one machine, or a shared volume), named by the hash of their bytes."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import hashlib
import os
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite

from orchestrator.domain.artifact import Artifact
from orchestrator.errors import NotFound, StorageFull
from orchestrator.store.database import Database
from orchestrator.store.journal import Journal
from orchestrator.store.tables import artifacts
from tools.errors import BadInputFile, NoRoom
from tools.spec import File

_CHUNK = 1 << 20
#: How often a file is written anew when its bytes were dropped as unused meanwhile.
_TRIES = 3
#: Seconds after which bytes without a name are dropped.
_RESTING = 3_600.0
_FULL = (errno.ENOSPC, errno.EDQUOT)


class FolderArtifacts:
    """`ports.Artifacts`: temporary file, fsync, rename, then the row."""

    def __init__(self, folder: Path, database: Database) -> None:
        self._folder = folder
        self._database = database
        folder.mkdir(parents=True, exist_ok=True)

    async def put(self, data: bytes, *, media_type: str, name: str) -> Artifact:
        """Keep bytes."""
        return await self._put(data, media_type, name)

    async def put_file(self, path: Path, *, media_type: str, name: str) -> Artifact:
        """Keep a file's bytes."""
        return await self._put(path, media_type, name)

    async def _put(self, source: bytes | Path, media_type: str, name: str) -> Artifact:
        """Keep and record; once more when the bytes were dropped as unused in between."""
        for _ in range(_TRIES - 1):
            with contextlib.suppress(FileNotFoundError):
                return await self._put_once(source, media_type, name)
        return await self._put_once(source, media_type, name)

    async def _put_once(self, source: bytes | Path, media_type: str, name: str) -> Artifact:
        digest, size = await asyncio.to_thread(self._keep, source)
        return await self._record(digest, size, media_type, name)

    async def get(self, id: str) -> Artifact:
        """The record."""
        row = await self._database.read(
            lambda c: c.execute(select(artifacts).where(artifacts.c.id == id)).one_or_none()
        )
        if row is None:
            raise NotFound(f"there is no artifact {id!r}")
        return Artifact(row.id, row.media_type, row.name, row.size, row.created_at)

    def path(self, id: str) -> Path:
        """Where the bytes lie."""
        digest = id.removeprefix("art_")
        if not digest.isalnum():
            raise NotFound(f"there is no artifact {id!r}")
        return self._folder / digest[:2] / digest

    async def load(self, artifact: str) -> File:
        """The file for a tool."""
        try:
            record = await self.get(artifact)
        except NotFound as error:
            raise BadInputFile(f"{error}; upload it with POST /v1/artifacts first") from error
        path = self.path(artifact)
        if not path.is_file():
            raise BadInputFile(f"the bytes of artifact {artifact!r} are not in the artifact folder")
        return File(path, record.media_type, record.name, record.id)

    async def save(self, path: Path, *, media_type: str, name: str) -> Mapping[str, Any]:
        """Keep what a tool made. Raises `NoRoom`."""
        try:
            return (await self.put_file(path, media_type=media_type, name=name)).reference()
        except StorageFull as error:
            raise NoRoom(str(error)) from error

    async def _record(self, digest: str, size: int, media_type: str, name: str) -> Artifact:
        # A name comes from outside: control characters stop some databases and confuse whoever reads it.
        name = "".join(letter for letter in name if letter.isprintable()) or "file"
        # The name and type belong to the bytes as first given; other ones make another artifact.
        salted = hashlib.sha256(f"{digest}\n{media_type}\n{name}".encode()).hexdigest()
        id = f"art_{salted[:32]}"
        target = self.path(id)
        with _room():
            await asyncio.to_thread(_link, self._folder / "sha256" / digest, target)

        def act(journal: Journal) -> Artifact:
            dialect = postgresql if journal.connection.dialect.name == "postgresql" else sqlite
            statement = dialect.insert(artifacts).values(
                id=id, media_type=media_type, name=name, size=size, created_at=journal.now
            )
            again = {"used_at": journal.now}
            journal.connection.execute(statement.on_conflict_do_update(index_elements=["id"], set_=again))
            return Artifact(id, media_type, name, size, journal.now)

        made = await self._database.act(act)
        with _room():
            # What was there before may have been dropped as unused until the row was written.
            await asyncio.to_thread(_link, self._folder / "sha256" / digest, target)
        return made

    def drop_unnamed(self) -> None:
        """Remove bytes that no artifact is a name of any more, and what a crash left half written."""
        before = time.time() - _RESTING
        for entry in os.scandir(self._folder / "sha256"):
            with contextlib.suppress(FileNotFoundError):
                about = entry.stat(follow_symlinks=False)
                if about.st_nlink == 1 and about.st_ctime < before:
                    Path(entry.path).unlink()

    def _keep(self, source: bytes | Path) -> tuple[str, int]:
        """Write the bytes under their hash; answers hash and size."""
        with _room():
            return self._write(source)

    def _write(self, source: bytes | Path) -> tuple[str, int]:
        folder = self._folder / "sha256"
        folder.mkdir(parents=True, exist_ok=True)
        digest, size = hashlib.sha256(), 0
        descriptor, temporary = tempfile.mkstemp(dir=folder, prefix=".new-")
        try:
            with os.fdopen(descriptor, "wb") as out:
                for chunk in _chunks(source):
                    digest.update(chunk)
                    size += len(chunk)
                    out.write(chunk)
                out.flush()
                os.fsync(out.fileno())
            # Never put over what is there: its other names are links to those very bytes.
            _link(Path(temporary), folder / digest.hexdigest())
        finally:
            Path(temporary).unlink(missing_ok=True)
        return digest.hexdigest(), size


@contextlib.contextmanager
def _room() -> Iterator[None]:
    """A full disk as `StorageFull`."""
    try:
        yield
    except OSError as error:
        if error.errno not in _FULL:
            raise
        message = "there is no room for the file; free space in the data folder and try again"
        raise StorageFull(message) from error


def _chunks(source: bytes | Path) -> Any:
    if isinstance(source, bytes):
        yield source
        return
    with source.open("rb") as file:
        while chunk := file.read(_CHUNK):
            yield chunk


def _link(bytes_at: Path, target: Path) -> None:
    """A second name for the same bytes, so that they are kept once."""
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(bytes_at, target)
    except FileExistsError:
        with contextlib.suppress(OSError):
            os.utime(target)  # in use: whoever drops what is unused looks at this time
        return
    except FileNotFoundError:
        raise
    except OSError:  # a file system without hard links
        descriptor, temporary = tempfile.mkstemp(dir=target.parent, prefix=".new-")
        os.close(descriptor)
        try:
            shutil.copyfile(bytes_at, temporary)
            Path(temporary).replace(target)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
