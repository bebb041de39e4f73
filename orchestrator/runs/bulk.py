"""One act on many runs, each judged alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from orchestrator.domain.views import RunFilter
from orchestrator.errors import Conflict, Invalid, NotFound
from orchestrator.ports import Catalog, Doorbell, Store
from orchestrator.runs.retry import retry
from orchestrator.runs.stop import cancel, pause, resume

Action = Literal["cancel", "pause", "resume", "retry"]

#: One call touches at most this many runs, so that it ends in a time that a client waits.
MOST = 1_000
_PAGE = 200


@dataclass(frozen=True, slots=True)
class BulkResult:
    """Runs acted on, those that refused with the reason, and whether more fit the filter."""

    done: tuple[str, ...]
    refused: tuple[tuple[str, str], ...]
    more: bool


async def bulk(
    action: Action, wanted: RunFilter | Sequence[str], *, store: Store, catalog: Catalog, doorbell: Doorbell
) -> BulkResult:
    """Do `action` to the named runs, or to the newest that a filter finds; at most to `MOST`."""
    if isinstance(wanted, RunFilter):
        ids, more = await _found(wanted, store)
    else:
        ids, more = list(dict.fromkeys(wanted))[:MOST], False
    done: list[str] = []
    refused: list[tuple[str, str]] = []
    for run_id in ids:
        try:
            await _one(action, run_id, store=store, catalog=catalog, doorbell=doorbell)
        except (Conflict, Invalid, NotFound) as error:
            refused.append((run_id, str(error)))
        else:
            done.append(run_id)
    return BulkResult(tuple(done), tuple(refused), more)


async def _found(filter: RunFilter, store: Store) -> tuple[list[str], bool]:
    """All ids are read before the first act, since acting moves runs out of the filter."""
    ids: list[str] = []
    cursor: str | None = None
    while len(ids) < MOST:
        page = await store.runs(filter, limit=_PAGE, cursor=cursor)
        ids += [view.run.id for view in page.items]
        cursor = page.next_cursor
        if cursor is None:
            break
    return ids[:MOST], cursor is not None


async def _one(action: Action, run_id: str, *, store: Store, catalog: Catalog, doorbell: Doorbell) -> None:
    match action:
        case "cancel":
            await cancel(run_id, store=store, doorbell=doorbell)
        case "pause":
            await pause(run_id, store=store)
        case "resume":
            await resume(run_id, store=store, doorbell=doorbell)
        case "retry":
            await retry(run_id, store=store, catalog=catalog, doorbell=doorbell)
