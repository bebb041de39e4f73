"""A process that runs steps until it is ended: a Celery worker, or a bare runner without a broker."""

from __future__ import annotations

import asyncio

from orchestrator import bootstrap
from orchestrator.settings import load


async def _serve() -> None:
    async with bootstrap.running(bootstrap.build(load(), runs_steps=True)):
        await asyncio.Event().wait()


if __name__ == "__main__":
    bootstrap.log_plainly()
    if load().broker_url is None:
        asyncio.run(_serve())
    else:
        from workers.lifecycle import run_worker

        run_worker(load())
