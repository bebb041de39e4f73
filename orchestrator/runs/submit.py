"""Accepting a run: check it, and store it, which rings the bell."""

from __future__ import annotations

from orchestrator.domain.ids import new_id
from orchestrator.domain.run import Job, Run, RunRequest
from orchestrator.ports import Artifacts, Catalog, Store
from orchestrator.runs.requests import checked


async def submit(
    request: RunRequest,
    *,
    store: Store,
    catalog: Catalog,
    artifacts: Artifacts,
    key: str | None = None,
    fingerprint: str = "",
    key_id: str | None = None,
) -> Run:
    """The accepted run; the same `key` with the same `fingerprint` answers the run it made first.

    `key_id` is the API key it came with.

    Raises `Invalid` for a bad request and `IdempotencyReused` for another body under the key.
    """
    whole = await checked(request, catalog=catalog, artifacts=artifacts)
    return await store.accept(
        new_id("run"), whole, key=key, fingerprint=fingerprint, job=Job.PLAN, key_id=key_id
    )
