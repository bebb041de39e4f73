"""Artifacts and the inbox as answers."""

from __future__ import annotations

from orchestrator.api.schemas.fields import Moment, Told
from orchestrator.api.schemas.run import QuestionOut
from orchestrator.domain.artifact import Artifact
from orchestrator.domain.run import RunStatus


class ArtifactOut(Told):
    """A kept file; its id follows from its bytes."""

    id: str
    media_type: str
    size: int
    name: str
    created_at: Moment

    @classmethod
    def of(cls, artifact: Artifact) -> ArtifactOut:
        """Of the domain's value."""
        return cls(
            id=artifact.id,
            media_type=artifact.media_type,
            size=artifact.size,
            name=artifact.name,
            created_at=artifact.created_at,
        )


class InboxOut(Told):
    """An open question and the run that waits for it."""

    run: str
    run_status: RunStatus
    request: str
    question: QuestionOut
    links: dict[str, str]


class InboxCountOut(Told):
    """How many questions wait; `more` says that there are more than were counted."""

    waiting: int
    more: bool
