"""A worker, as the API shows it."""

from __future__ import annotations

from orchestrator.api.schemas.fields import Moment, Told
from orchestrator.domain.worker import Worker


class WorkerOut(Told):
    """A process that claims steps: its queues, where it runs, and when it was last heard of."""

    name: str
    queues: list[str]
    host: str
    started_at: Moment
    seen_at: Moment

    @classmethod
    def of(cls, worker: Worker) -> WorkerOut:
        """The worker's record."""
        return cls(
            name=worker.owner,
            queues=sorted(worker.queues),
            host=worker.host,
            started_at=worker.started_at,
            seen_at=worker.seen_at,
        )
