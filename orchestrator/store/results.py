"""Results that stand for a call: of a step that is made anew, and of tools that let theirs be used again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, and_, bindparam, delete, or_, select, tuple_, update
from sqlalchemy.dialects import postgresql, sqlite

from orchestrator.domain.reuse import CacheAnswer, Kept, result_key
from orchestrator.domain.step import Ending, Outcome, ReusedFrom, StepId, Verdict
from orchestrator.errors import NotFound
from orchestrator.store.codec import dump, dumps, load, loads, nano
from orchestrator.store.journal import Journal, LockedRun
from orchestrator.store.outputs import known_arguments
from orchestrator.store.rows import pinned_tool
from orchestrator.store.tables import attempts, results, runs, steps
from tools.errors import Unavailable
from tools.files import by_content
from tools.schemas import schemas_of
from tools.spec import Cache, CacheScope

#: Characters of an output, and results in all, that are kept for other steps.
MOST_CHARACTERS = 100_000
MOST_RESULTS = 10_000
#: Rows deleted by one sweep.
_AT_ONCE = 500


def own_result(connection: Connection, step: StepId, key: str, *, now: float) -> Kept | None:
    """What the step yielded before it was taken up again, where that was the result of the same call."""
    here = (steps.c.run_id == step.run_id) & (steps.c.idx == step.idx)
    columns = (steps.c.result_key, steps.c.output, steps.c.verdict, steps.c.key, steps.c.reused_from)
    row = connection.execute(select(*columns).where(here)).one_or_none()
    if row is None or row.output is None or row.result_key is None:
        return None
    stored, _, fence = row.result_key.partition("@")
    if stored != key:
        return None
    if row.reused_from is not None:
        source = load(ReusedFrom, row.reused_from)
        return _kept(row, replace(source, age=now - source.at))
    tried = (attempts.c.run_id == step.run_id) & (attempts.c.idx == step.idx)
    query = select(attempts.c.finished_at).where(tried, attempts.c.number == int(fence))
    made_at = connection.execute(query).scalar_one_or_none() or now
    return _kept(row, ReusedFrom(step.run_id, row.key, made_at, now - made_at))


def cached_result(connection: Connection, run_id: str, cache: Cache, key: str, *, now: float) -> CacheAnswer:
    """What the cache has for a call of that run, as the run wants it used."""
    run = connection.execute(select(runs.c.request, runs.c.key_id).where(runs.c.id == run_id)).one()
    use = loads(run.request).get("cache", "use")
    if use != "use":
        return CacheAnswer(keeps=use == "refresh")
    here = and_(
        results.c.owner == _owner(cache, run_id, run.key_id),
        results.c.key == key,
        results.c.made_at > now - cache.max_age,
    )
    row = connection.execute(select(results).where(here)).one_or_none()
    if row is None:
        return CacheAnswer(keeps=True)
    source = ReusedFrom(row.run_id, row.step, row.made_at, now - row.made_at)
    return CacheAnswer(_kept(row, source), keeps=True)


def _kept(row: Any, source: ReusedFrom) -> Kept:
    return Kept(loads(row.output), None if row.verdict is None else load(Verdict, row.verdict), source)


def _owner(cache: Cache, run_id: str, key_id: str | None) -> str:
    """Whose result it is: nobody else finds it."""
    match cache.scope:
        case CacheScope.RUN:
            return f"run:{run_id}"
        case CacheScope.KEY:
            return f"key:{key_id or ''}"
        case CacheScope.ALL:
            return "all"


def told_source(source: ReusedFrom) -> dict[str, Any]:
    """Where a result came from, as events tell it."""
    return {"run": source.run_id, "step": source.step, "age": round(source.age, 3)}


def note_reuse(journal: Journal, outcomes: Sequence[Outcome], runs_by_id: Mapping[str, LockedRun]) -> None:
    """Write down whose results were taken or gone, and keep those that other steps may take."""
    taken = [outcome for outcome in outcomes if outcome.reused_from is not None]
    if taken:
        journal.connection.execute(
            _TAKEN,
            [
                {
                    "taken_run": one.claim.id.run_id,
                    "taken_idx": one.claim.id.idx,
                    "source": dump(ReusedFrom, one.reused_from),
                }
                for one in taken
            ],
        )
    for gone in outcomes:
        if gone.worst_usd is not None:
            here = (steps.c.run_id == gone.claim.id.run_id) & (steps.c.idx == gone.claim.id.idx)
            journal.connection.execute(
                update(steps).where(here).values(worst_nano=nano(gone.worst_usd), tries=0)
            )
    kept: dict[tuple[str, str], Outcome] = {}
    for one in outcomes:
        if one.cache is not None and one.result_key is not None and one.ending is Ending.SUCCEEDED:
            run = runs_by_id[one.claim.id.run_id]
            kept[_owner(one.cache, run.id, run["key_id"]), one.result_key] = one
    # In one order in all processes, so that none waits for another in a circle.
    for owner, key in sorted(kept):
        _keep(journal, kept[owner, key], owner, key)


_TAKEN = (
    update(steps)
    .where(steps.c.run_id == bindparam("taken_run"), steps.c.idx == bindparam("taken_idx"))
    .values(reused_from=bindparam("source"))
)


def _keep(journal: Journal, outcome: Outcome, owner: str, key: str) -> None:
    output = dumps(outcome.output)
    if len(output) > MOST_CHARACTERS or outcome.cache is None:
        return
    made = {
        "run_id": outcome.claim.id.run_id,
        "step": outcome.claim.key,
        "output": output,
        "verdict": None if outcome.verdict is None else dumps(outcome.verdict),
        "made_at": journal.now,
        "expires_at": journal.now + outcome.cache.max_age,
    }
    insert = postgresql.insert if journal.connection.dialect.name == "postgresql" else sqlite.insert
    statement = insert(results).values(owner=owner, key=key, **made)
    journal.connection.execute(statement.on_conflict_do_update(index_elements=["owner", "key"], set_=made))


def prune_results(journal: Journal) -> None:
    """Forget what nobody may take any more, and the oldest of too many."""
    newest = select(results.c.made_at).order_by(results.c.made_at.desc()).offset(MOST_RESULTS).limit(1)
    too_old = journal.connection.execute(newest).scalar_one_or_none()
    over = results.c.expires_at < journal.now
    if too_old is not None:
        over = or_(over, results.c.made_at <= too_old)
    gone = select(results.c.owner, results.c.key).where(over).limit(_AT_ONCE)
    gone = gone.with_for_update(skip_locked=True)
    key = tuple_(results.c.owner, results.c.key)
    journal.connection.execute(delete(results).where(key.in_(gone)))


def reusable(journal: Journal, rows: Sequence[Any]) -> set[StepId]:
    """Those of the due steps, taken up again, that are to make the very call whose result they keep.

    They call nothing, so nothing needs deciding for them, and no money is set aside.
    """
    found = {StepId(row.run_id, row.idx) for row in rows if row.result_key and _makes_same_call(journal, row)}
    for step in found:
        here = (steps.c.run_id == step.run_id) & (steps.c.idx == step.idx)
        journal.connection.execute(update(steps).where(here).values(worst_nano=0))
    return found


def _makes_same_call(journal: Journal, row: Any) -> bool:
    columns = (steps.c.tool_version, steps.c.tool_hash)
    here = (steps.c.run_id == row.run_id) & (steps.c.idx == row.idx)
    step = journal.connection.execute(select(*columns).where(here)).one()
    try:
        arguments = known_arguments(journal.connection, row.run_id, row.previous, loads(row.arguments))
    except (KeyError, NotFound):
        return False
    if "artifact" in dumps(arguments):
        try:
            schemas = schemas_of(pinned_tool(journal.connection, row.tool, step.tool_version))
        except (NotFound, Unavailable):
            return False
        arguments = by_content(schemas.input, arguments)
    key = result_key(row.tool, step.tool_version, step.tool_hash, arguments)
    stored: str = row.result_key
    return key is not None and stored.partition("@")[0] == key
