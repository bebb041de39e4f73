"""A worker's sign of life, so that a step can say that nobody serves its queue."""

from __future__ import annotations

import asyncio

import structlog

from orchestrator.domain.worker import Worker
from orchestrator.ports import Workers

log = structlog.get_logger(__name__)

#: Seconds between two signs.
EVERY = 10.0


async def stay_present(worker: Worker, workers: Workers) -> None:
    """Say so again and again until cancelled, and then say that it is over."""
    try:
        while True:
            try:
                await workers.present(worker)
            except Exception:
                log.warning("worker.not_announced", exc_info=True)
            await asyncio.sleep(EVERY)
    finally:
        try:
            async with asyncio.timeout(2.0):
                await workers.absent(worker.owner)
        except Exception:
            log.debug("worker.not_signed_off", exc_info=True)
