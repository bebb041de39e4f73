"""An artifact: bytes kept by their content."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Artifact:
    """`id` is "art_" and 32 hex digits of a SHA-256 over the bytes' hash, type and name; `size` in bytes."""

    id: str
    media_type: str
    name: str
    size: int
    created_at: float

    def reference(self) -> dict[str, object]:
        """The value that stands for this file in arguments and outputs."""
        return {
            "artifact": self.id,
            "media_type": self.media_type,
            "name": self.name,
            "size": self.size,
        }
