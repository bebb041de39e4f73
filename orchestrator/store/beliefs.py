"""The living benchmark table: priors as written, and decayed sums of what was observed."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import Connection, Row, bindparam, select, tuple_, update
from sqlalchemy.dialects import postgresql, sqlite

from orchestrator.domain.belief import DECAY, Belief, Observed, Prior
from orchestrator.domain.step import Ending, Outcome
from orchestrator.store.codec import dump, load
from orchestrator.store.journal import Journal
from orchestrator.store.tables import beliefs
from tools.errors import NoRoom
from tools.spec import Believed, Tool

_SUMS = ("tries", "successes", "judged", "quality", "usd", "usd_squared", "seconds", "seconds_squared")
#: Endings that say something about the tool; a cancelled or a lost attempt does not, nor a full disk.
_TELLING = frozenset({Ending.SUCCEEDED, Ending.LOW_QUALITY, Ending.FAILED, Ending.RETRY})
#: Verdicts from these only say that the output has the right form, which is no evidence of quality.
_FORM_ONLY = frozenset({"schema"})


def observe(journal: Journal, outcomes: Sequence[Outcome]) -> None:
    """Let a group of outcomes change the beliefs about their tools, in the same commit."""
    sums: dict[tuple[str, int, str], dict[str, float]] = {}
    for outcome in outcomes:
        if outcome.ending not in _TELLING or (outcome.error or {}).get("code") == NoRoom.code:
            continue
        claim = outcome.claim
        row = sums.setdefault(
            (claim.tool, claim.tool_version, claim.subtask_type),
            dict.fromkeys((*_SUMS, "factor"), 0.0) | {"outcomes": 0},
        )
        row["factor"] = (row["factor"] or 1.0) * DECAY
        row["outcomes"] += 1
        for name, value in _seen(outcome).items():
            row[name] = row[name] * DECAY + value
    # Sorted, so that two groups meet the same rows in the same order.
    rows = [
        {"tool": tool, "version": version, "subtask_type": type_} | {f"new_{k}": v for k, v in row.items()}
        for (tool, version, type_), row in sorted(sums.items())
    ]
    for seen in rows:
        journal.outbox.add(_OBSERVE[journal.connection.dialect.name], seen)


def _seen(outcome: Outcome) -> dict[str, float]:
    verdict = outcome.verdict
    judged = verdict is not None and verdict.source not in _FORM_ONLY
    usd, seconds = float(outcome.usage.usd), outcome.usage.seconds
    failed = outcome.ending is Ending.FAILED or (outcome.ending is Ending.RETRY and verdict is None)
    return {
        "tries": 1.0,
        "successes": 0.0 if failed else 1.0,
        "judged": 1.0 if judged else 0.0,
        "quality": verdict.quality if judged and verdict is not None else 0.0,
        "usd": usd,
        "usd_squared": usd * usd,
        "seconds": seconds,
        "seconds_squared": seconds * seconds,
    }


def _observe_statement(dialect: str) -> Any:
    insert = postgresql.insert if dialect == "postgresql" else sqlite.insert
    new: dict[str, Any] = {name: bindparam(f"new_{name}") for name in _SUMS}
    keys: dict[str, Any] = {name: bindparam(name) for name in ("tool", "version", "subtask_type")}
    statement = insert(beliefs).values(**keys, **new, outcomes=bindparam("new_outcomes"))
    old = beliefs.c
    return statement.on_conflict_do_update(
        index_elements=["tool", "version", "subtask_type"],
        set_={
            name: old[name] * bindparam("new_factor", type_=old[name].type) + statement.excluded[name]
            for name in _SUMS
        }
        | {"outcomes": old.outcomes + statement.excluded.outcomes},
    )


_OBSERVE = {dialect: _observe_statement(dialect) for dialect in ("sqlite", "postgresql")}


def judge(connection: Connection, key: Key, quality: float) -> int:
    """Let a person's judgement of an output enter as one more observation of quality.

    Answers how many outcomes were seen by then, as `judge_again` wants to know.
    """
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    tool, version, subtask_type = key
    seen = {**asdict(Observed()), "judged": 1.0, "quality": quality}
    statement = insert(beliefs).values(tool=tool, version=version, subtask_type=subtask_type, **seen)
    old = beliefs.c
    statement = statement.on_conflict_do_update(
        index_elements=["tool", "version", "subtask_type"],
        set_={"judged": old.judged + 1.0, "quality": old.quality + quality},
    )
    return int(connection.execute(statement.returning(old.outcomes)).scalar_one())


def judge_again(connection: Connection, key: Key, difference: float, *, since: int) -> None:
    """Change a judgement that entered when `since` outcomes were seen, by what is left of its weight."""
    here = tuple_(beliefs.c.tool, beliefs.c.version, beliefs.c.subtask_type) == key
    outcomes = connection.execute(select(beliefs.c.outcomes).where(here).with_for_update()).scalar_one()
    weight = DECAY ** max(outcomes - since, 0)
    connection.execute(update(beliefs).where(here).values(quality=beliefs.c.quality + difference * weight))


#: (tool, version, sub-task type).
Key = tuple[str, int, str]
#: Rows by that.
Rows = Mapping[Key, Row[Any]]


def read(connection: Connection, tools: Collection[str]) -> Rows:
    """All rows about tools of these names."""
    query = select(beliefs).where(beliefs.c.tool.in_(tools)).order_by(beliefs.c.subtask_type)
    return {(row.tool, row.version, row.subtask_type): row for row in connection.execute(query)}


def belief(rows: Rows, tool: Tool, subtask_type: str) -> Belief:
    """What was seen for that type, on the prior written for it, else for all types, else the record's."""
    here = rows.get((tool.name, tool.version, subtask_type))
    everywhere = rows.get((tool.name, tool.version, "*"))
    written = next((row.prior for row in (here, everywhere) if row is not None and row.prior), None)
    prior = _record_prior(tool, subtask_type) if written is None else load(Prior, written)
    seen = Observed() if here is None else Observed(**{name: getattr(here, name) for name in _SUMS})
    return Belief(tool.name, tool.version, subtask_type, prior, seen)


def _record_prior(tool: Tool, subtask_type: str) -> Prior:
    """What the tool's own record believes for that type, or for all."""
    stated = {believed.subtask_type: believed for believed in tool.believed}
    believed = stated.get(subtask_type) or stated.get("*") or Believed(usd=float(tool.price.per_call))
    return Prior(believed.usd, believed.seconds, believed.quality, believed.n)


def write_prior(connection: Connection, tool: str, version: int, subtask_type: str, prior: Prior) -> None:
    """Set the prior; what was observed stays."""
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    statement = insert(beliefs).values(
        tool=tool, version=version, subtask_type=subtask_type, prior=dump(Prior, prior), **asdict(Observed())
    )
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=["tool", "version", "subtask_type"], set_={"prior": statement.excluded.prior}
        )
    )
