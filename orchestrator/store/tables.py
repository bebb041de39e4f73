"""The shape of the truth. Times are seconds since 1970, money is whole nano-dollars, JSON is text."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    Double,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    false,
    literal_column,
    text,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(column_0_label)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _time(name: str, *, required: bool = False) -> Column[float]:
    return Column(name, Double, nullable=not required)


def _among(column: Column[str], *values: str) -> ColumnElement[bool]:
    """A condition of a partial index, for it and for the queries that are to use it.

    The values stand in the text, and in the same way: SQLite takes such an index for no other condition.
    """
    said = [literal_column(f"'{value}'", type_=Text) for value in values]
    return column.in_(said) if len(said) > 1 else column == said[0]


def unindexed(column: Column[str]) -> ColumnElement[str]:
    """The column where another one's index is the better way: SQLite would take its own for a status."""
    return column.concat(literal_column("''", type_=Text))


def _count(name: str) -> Column[int]:
    return Column(name, BigInteger, nullable=False, server_default=text("0"))


def _seconds(name: str) -> Column[float]:
    return Column(name, Double, nullable=False, server_default=text("0"))


runs = Table(
    "runs",
    metadata,
    Column("id", Text, primary_key=True),
    Column("status", Text, nullable=False),
    #: What the run itself waits to have done (domain.run.Job), and the lease of whoever does it.
    Column("job", Text),
    _time("job_at"),
    Column("owner", Text),
    _time("lease_until"),
    _count("fence"),
    _count("tries"),
    #: The whole request, and what is searched and filtered of it.
    Column("request", Text, nullable=False),
    Column("words", Text, nullable=False),
    Column("priority", Integer, nullable=False),
    #: The caller's own word, behind the id of the API key it came with.
    Column("idempotency_key", Text, unique=True),
    Column("fingerprint", Text, nullable=False),
    Column("plan_id", Text),
    _count("path_version"),
    Column("answers", Text, nullable=False, server_default="{}"),
    Column("error", Text),
    _count("last_event"),
    #: Whether a webhook is to be told of the end.
    Column("notify", Boolean, nullable=False),
    #: Steps that have not ended; a run ends when it falls to 0 and nothing is left to repair.
    _count("open_steps"),
    Column("budget_nano", BigInteger),
    Column("budget_tokens", BigInteger),
    _count("spent_nano"),
    _count("reserved_nano"),
    _count("tokens"),
    _count("reserved_tokens"),
    _seconds("seconds"),
    _seconds("gpu_seconds"),
    _time("created_at", required=True),
    _time("updated_at", required=True),
    _time("started_at"),
    _time("finished_at"),
    _time("deadline_at"),
    #: The API key it was submitted with; absent for the service's own key.
    Column("key_id", Text),
    #: The job that was given up because every worker vanished over it.
    Column("dead_job", Text),
    #: Where the undoing of its effects stands (domain.undo.Undoing); absent where they are kept.
    Column("undoing", Text),
    #: When the next undo may be made.
    _time("undo_at"),
    #: What came of telling its webhook (domain.run.Delivery).
    Column("webhook", Text),
)
Index("ix_runs_created_at_id", runs.c.created_at, runs.c.id)
Index("ix_runs_status_created_at", runs.c.status, runs.c.created_at)
#: With all that a page of costs and statuses is chosen by.
Index("ix_runs_spent_nano", runs.c.spent_nano, runs.c.created_at, runs.c.id, runs.c.status)
_HAS_KEY = runs.c.key_id.is_not(None)
Index("ix_runs_status_key_id", runs.c.status, runs.c.key_id, sqlite_where=_HAS_KEY, postgresql_where=_HAS_KEY)
_HAS_JOB = runs.c.job.is_not(None)
Index("ix_runs_job_at", runs.c.job_at, sqlite_where=_HAS_JOB, postgresql_where=_HAS_JOB)
_HAS_DEADLINE = runs.c.deadline_at.is_not(None) & runs.c.finished_at.is_(None)
Index("ix_runs_deadline_at", runs.c.deadline_at, sqlite_where=_HAS_DEADLINE, postgresql_where=_HAS_DEADLINE)
_IS_DEAD = runs.c.dead_job.is_not(None)
Index("ix_runs_dead_job", runs.c.finished_at, runs.c.id, sqlite_where=_IS_DEAD, postgresql_where=_IS_DEAD)
_TO_UNDO = runs.c.undo_at.is_not(None)
Index("ix_runs_undo_at", runs.c.undo_at, sqlite_where=_TO_UNDO, postgresql_where=_TO_UNDO)
_HAS_ENDED = runs.c.finished_at.is_not(None)
Index("ix_runs_finished_at", runs.c.finished_at, sqlite_where=_HAS_ENDED, postgresql_where=_HAS_ENDED)
_HAS_PLAN = runs.c.plan_id.is_not(None)
Index("ix_runs_plan_id", runs.c.plan_id, sqlite_where=_HAS_PLAN, postgresql_where=_HAS_PLAN)

run_labels = Table(
    "run_labels",
    metadata,
    Column("run_id", Text, ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True),
    Column("key", Text, primary_key=True),
    Column("value", Text, nullable=False),
    #: When its run was accepted, so that the newest runs with a label are found without reading the others.
    #: 0 of a run that the version before accepted while this one was there already.
    Column("created_at", Double, nullable=False, server_default=text("0")),
    Index("ix_run_labels_newest", "key", "value", "created_at", "run_id"),
)

steps = Table(
    "steps",
    metadata,
    Column("run_id", Text, ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True),
    Column("idx", Integer, primary_key=True),
    Column("key", Text, nullable=False),
    Column("subtask", Text, nullable=False),
    Column("subtask_type", Text, nullable=False),
    Column("part", Integer, nullable=False),
    #: Whether this is the call whose output is the sub-task's.
    Column("last_part", Boolean, nullable=False),
    Column("option", Text, nullable=False),
    Column("tool", Text, nullable=False),
    Column("tool_version", Integer, nullable=False),
    Column("tool_hash", Text, nullable=False),
    Column("once", Boolean, nullable=False),
    Column("arguments", Text, nullable=False),
    Column("aliases", Text, nullable=False),
    Column("needs", Text, nullable=False),
    Column("children", Text, nullable=False),
    Column("previous", Integer),
    Column("needs_left", Integer, nullable=False),
    Column("path_version", Integer, nullable=False),
    Column("queue", Text, nullable=False),
    Column("priority", Integer, nullable=False),
    Column("timeout", Double, nullable=False),
    Column("step_gate", Double, nullable=False),
    #: Seconds from its first readiness to its end, over all tries; and when they will have passed.
    Column("deadline", Double),
    _time("deadline_at"),
    Column("worst_nano", BigInteger, nullable=False),
    Column("status", Text, nullable=False),
    Column("cause", Text),
    #: Rises with each claim and whenever a claim is taken away.
    _count("fence"),
    _count("tries"),
    _count("deaths"),
    _count("revision"),
    Column("owner", Text),
    _time("lease_until"),
    #: May be claimed from then on, while ready or waiting; absent while a person is waited for.
    _time("run_at"),
    _time("started_at"),
    _time("finished_at"),
    Column("output", Text),
    Column("verdict", Text),
    Column("error", Text),
    #: How far its call said that it was.
    Column("progress", Text),
    _count("usd_nano"),
    _count("tokens"),
    _seconds("seconds"),
    _seconds("gpu_seconds"),
    #: What its output is the result of (domain.reuse), with the fence under which that was recorded.
    Column("result_key", Text),
    #: Whose result it took instead of calling.
    Column("reused_from", Text),
    #: The rule by which it waits for a person's word, until it is approved.
    Column("approval", Text),
    #: Whether something is decided before each claim of it: money, limits, a person's word.
    Column("gated", Boolean, nullable=False, server_default=false()),
    #: JSON names of the pools it draws from besides those of its tool and its key.
    Column("pools", Text),
    #: The pool in whose line it stands while it waits, and since when.
    Column("waits_for", Text),
    _time("queued_at"),
)
CLAIMABLE = _among(steps.c.status, "ready", "waiting")
Index(
    "ix_steps_claimable",
    steps.c.queue,
    steps.c.priority.desc(),
    steps.c.run_at,
    sqlite_where=CLAIMABLE,
    postgresql_where=CLAIMABLE,
)
_QUEUED = steps.c.waits_for.is_not(None)
Index(
    "ix_steps_waits_for",
    steps.c.waits_for,
    steps.c.priority.desc(),
    steps.c.queued_at,
    sqlite_where=_QUEUED,
    postgresql_where=_QUEUED,
)
LEASED = _among(steps.c.status, "running")
Index("ix_steps_lease_until", steps.c.lease_until, sqlite_where=LEASED, postgresql_where=LEASED)
_LIMITED = steps.c.deadline_at.is_not(None) & steps.c.finished_at.is_(None)
Index("ix_steps_deadline_at", steps.c.deadline_at, sqlite_where=_LIMITED, postgresql_where=_LIMITED)
POISONED = _among(steps.c.status, "poisoned")
Index(
    "ix_steps_poisoned",
    steps.c.finished_at,
    steps.c.run_id,
    steps.c.idx,
    sqlite_where=POISONED,
    postgresql_where=POISONED,
)

attempts = Table(
    "attempts",
    metadata,
    Column("run_id", Text, ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True),
    Column("idx", Integer, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("ending", Text, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("worker", Text, nullable=False),
    _time("started_at", required=True),
    _time("finished_at", required=True),
    _count("usd_nano"),
    _count("tokens"),
    _seconds("gpu_seconds"),
    Column("error", Text),
    #: What went into its call and came out, as excerpts for people.
    Column("request", Text),
    Column("reply", Text),
    sqlite_with_rowid=False,
)

events = Table(
    "events",
    metadata,
    Column("run_id", Text, ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("type", Text, nullable=False),
    _time("at", required=True),
    Column("data", Text, nullable=False),
    #: Rows are found by run and number alone: one tree to write instead of two.
    sqlite_with_rowid=False,
)

#: Results of tools that let theirs be used again, by who may use them and by what they are the result of.
results = Table(
    "results",
    metadata,
    Column("owner", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("run_id", Text, nullable=False),
    Column("step", Text, nullable=False),
    Column("output", Text, nullable=False),
    Column("verdict", Text),
    _time("made_at", required=True),
    _time("expires_at", required=True),
    Index("ix_results_made_at", "made_at"),
    Index("ix_results_expires_at", "expires_at"),
)

#: Who claims steps, and when it last said so.
workers = Table(
    "workers",
    metadata,
    Column("owner", Text, primary_key=True),
    Column("queues", Text, nullable=False),
    Column("host", Text, nullable=False),
    _time("started_at", required=True),
    _time("seen_at", required=True),
)

plans = Table(
    "plans",
    metadata,
    Column("id", Text, primary_key=True),
    Column("parent", Text),
    Column("request", Text, nullable=False),
    Column("plan", Text, nullable=False),
    Column("path", Text),
    _time("created_at", required=True),
)

paths = Table(
    "paths",
    metadata,
    Column("run_id", Text, ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("path", Text, nullable=False),
    Column("cause", Text, nullable=False),
    _time("created_at", required=True),
)

questions = Table(
    "questions",
    metadata,
    Column("run_id", Text, ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True),
    Column("id", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("schema", Text, nullable=False),
    Column("subtask", Text),
    Column("argument", Text),
    Column("step_idx", Integer),
    Column("detail", Text),
    _time("created_at", required=True),
    _time("expires_at"),
    _time("answered_at"),
    Column("answer", Text),
)
_OPEN = questions.c.answered_at.is_(None)
Index("ix_questions_open", questions.c.created_at, questions.c.id, sqlite_where=_OPEN, postgresql_where=_OPEN)

#: What people said of runs and of the outputs of steps; one row for each key.
feedback = Table(
    "feedback",
    metadata,
    Column("run_id", Text, ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True),
    #: The step's number; -1 for the whole run.
    Column("idx", Integer, primary_key=True),
    #: The key's id; empty for the service's own.
    Column("key_id", Text, primary_key=True),
    Column("attempt", Integer),
    Column("quality", Double, nullable=False),
    Column("comment", Text, nullable=False),
    _time("at", required=True),
    #: The verdict on the output before any person spoke.
    Column("judged", Text),
    #: How many outcomes the belief about the tool rested on when this entered it.
    Column("seen", BigInteger),
)

tools = Table(
    "tools",
    metadata,
    Column("name", Text, primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("hash", Text, nullable=False),
    Column("record", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("reason", Text, nullable=False),
    _time("created_at", required=True),
    _time("updated_at", required=True),
    _time("removed_at"),
    #: The record that waits for a person's word while the tool is quarantined.
    Column("pending", Text),
    #: The number of the last change to this row, by the counter "catalog".
    Column("changed", BigInteger, nullable=False, server_default=text("0")),
    Index("ix_tools_changed", "changed"),
)

#: Counters that tell other processes of a change; "catalog" rises with every change of a tool.
counters = Table(
    "counters",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", BigInteger, nullable=False),
)

beliefs = Table(
    "beliefs",
    metadata,
    Column("tool", Text, primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("subtask_type", Text, primary_key=True),
    #: A prior written by a person; absent while the tool's own record serves.
    Column("prior", Text),
    *(
        Column(name, Double, nullable=False, server_default=text("0"))
        for name in (
            "tries",
            "successes",
            "judged",
            "quality",
            "usd",
            "usd_squared",
            "seconds",
            "seconds_squared",
        )
    ),
    #: Outcomes seen, undecayed: how much each has lost of its weight since follows from it.
    _count("outcomes"),
)

artifacts = Table(
    "artifacts",
    metadata,
    Column("id", Text, primary_key=True),
    Column("media_type", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("size", BigInteger, nullable=False),
    _time("created_at", required=True),
    #: When it was last uploaded or made again, or named by a new request.
    _time("used_at"),
)

replies = Table(
    "replies",
    metadata,
    Column("key", Text, primary_key=True),
    Column("run_id", Text),
    Column("reply", Text, nullable=False),
    _time("created_at", required=True),
)

api_keys = Table(
    "api_keys",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    #: SHA-256 of the whole key in hexadecimal; the key itself is kept nowhere.
    Column("hash", Text, nullable=False),
    _time("created_at", required=True),
    #: To the minute.
    _time("used_at"),
    _time("revoked_at"),
)

#: Secrets of tools, sealed under the service's key (store.sealing).
secrets = Table(
    "secrets",
    metadata,
    Column("name", Text, primary_key=True),
    Column("sealed", Text, nullable=False),
    _time("created_at", required=True),
    _time("updated_at", required=True),
)

#: What many steps draw from: a tool, a key, an endpoint, a group, or one bucket of a tool.
pools = Table(
    "pools",
    metadata,
    Column("name", Text, primary_key=True),
    #: "operator", or "record" when it follows the tool's record.
    Column("source", Text, nullable=False),
    Column("concurrency", Integer),
    #: Calls a second, and how many may come at once after a pause.
    Column("rate", Double),
    Column("burst", Double),
    #: The argument whose value separates the buckets of a tool.
    Column("split_by", Text),
    #: Whether a person holds its calls back for a while.
    Column("paused", Boolean, nullable=False, server_default=false()),
    #: The token bucket: how full it was, and when.
    Column("tokens", Double),
    _time("filled_at"),
    _time("updated_at", required=True),
)

#: Caps on the money that goes through a pool, and what has been spent in the period that runs.
caps = Table(
    "caps",
    metadata,
    Column("pool", Text, ForeignKey("pools.name", ondelete="CASCADE"), primary_key=True),
    Column("period", Text, primary_key=True),
    Column("cap_nano", BigInteger, nullable=False),
    _time("period_start", required=True),
    _count("spent_nano"),
)

#: One row for each running step and pool it draws from: what it holds there until it stops running.
#: Planning's model calls hold theirs under the number -1.
slots = Table(
    "slots",
    metadata,
    Column("run_id", Text, primary_key=True),
    Column("idx", Integer, primary_key=True),
    Column("pool", Text, primary_key=True),
    _count("reserved_nano"),
    _time("taken_at", required=True),
    Index("ix_slots_pool", "pool"),
)

#: Calls that take back the effects of a run's steps; one for each revision of a step.
undos = Table(
    "undos",
    metadata,
    Column("run_id", Text, ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True),
    Column("idx", Integer, primary_key=True),
    Column("revision", Integer, primary_key=True),
    Column("position", Integer, nullable=False),
    Column("tool", Text, nullable=False),
    Column("tool_version", Integer, nullable=False),
    Column("arguments", Text),
    Column("status", Text, nullable=False),
    _count("tries"),
    Column("output", Text),
    Column("error", Text),
    _count("usd_nano"),
    _time("started_at"),
    _time("finished_at"),
)

#: Model endpoints: servers that answer alike, under one name (`tools.endpoints.record.Endpoint`).
endpoints = Table(
    "endpoints",
    metadata,
    Column("name", Text, primary_key=True),
    Column("record", Text, nullable=False),
    _time("created_at", required=True),
    _time("updated_at", required=True),
)
