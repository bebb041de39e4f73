"""Test doubles that ship: files in memory, and a chat model that answers from a script."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

from tools.errors import BadInputFile
from tools.spec import File, Json


class MemoryFiles:
    """`tools.adapter.Files` without a store: names in memory, contents below `folder`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.kept: dict[str, File] = {}

    def put(self, content: bytes | str, *, media_type: str = "text/plain", name: str = "file") -> str:
        """Keep that content; answers the id of the artifact."""
        artifact = f"art_{len(self.kept) + 1}"
        path = self._path(artifact)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        self.kept[artifact] = File(path, media_type, name, artifact)
        return artifact

    async def load(self, artifact: str) -> File:
        """Raises `BadInputFile` when there is none of that id."""
        try:
            return self.kept[artifact]
        except KeyError:
            raise BadInputFile(f"there is no artifact {artifact}") from None

    async def save(self, path: Path, *, media_type: str, name: str) -> Mapping[str, Json]:
        """Keep a copy of the file."""
        artifact = f"art_{len(self.kept) + 1}"
        kept = shutil.copyfile(path, self._path(artifact))
        self.kept[artifact] = File(kept, media_type, name, artifact)
        return {
            "artifact": artifact,
            "media_type": media_type,
            "name": name,
            "size": kept.stat().st_size,
        }

    def _path(self, artifact: str) -> Path:
        self._folder.mkdir(parents=True, exist_ok=True)
        return self._folder / artifact
