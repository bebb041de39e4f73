"""Tools as answers: their records, what was found, what a trial gave."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

from orchestrator.api.schemas.endpoint import PriceOut
from orchestrator.api.schemas.fields import Json, Moment, Money, Told
from orchestrator.api.schemas.imports import ChangeOut
from orchestrator.domain.belief import Belief
from orchestrator.ports import CatalogEntry, Hit, ToolStatus
from orchestrator.registry.invoke import Invocation
from orchestrator.registry.mcp_imports import pending_changes
from orchestrator.registry.quality import Hint, score
from orchestrator.registry.sources import source_of
from tools.spec import CacheScope, Effect, Kind, Runs, Trust


class BelievedOut(Told):
    """What is believed of a tool now, for one type of sub-task."""

    subtask_type: str
    usd: Money
    seconds: float
    quality: float
    n: float

    @classmethod
    def of(cls, belief: Belief) -> BelievedOut:
        """Of the domain's value."""
        return cls(
            subtask_type=belief.subtask_type,
            usd=belief.usd,
            seconds=belief.seconds,
            quality=belief.quality,
            n=belief.n,
        )


class PortsOut(Told):
    """Semantic types by field: all that an input takes, best first, and what an output is."""

    inputs: dict[str, list[str]]
    outputs: dict[str, str]


class ToolLimitsOut(Told):
    """Seconds of a call, calls at once and a second, and the argument by whose values they are counted."""

    timeout: float
    concurrency: int | None
    rate: float | None
    by: str | None
    deadline: float | None


class DocsOut(Told):
    """What a planner, a person or a model reads before choosing a tool."""

    when_to_use: str
    examples: list[dict[str, Json]]
    errors: list[str]
    run_before: list[str]
    run_after: list[str]


class CacheOut(Told):
    """Who may use a result again, and for how many seconds."""

    scope: CacheScope
    max_age: float


class ToolOut(Told):
    """A registered tool; `hash` tells versions apart by what decides the behaviour of a call."""

    name: str
    version: int
    summary: str
    description: str
    kind: Kind
    input_schema: dict[str, Json]
    output_schema: dict[str, Json]
    does: list[str]
    ports: PortsOut
    effect: Effect
    undo: str | None
    price: PriceOut
    #: The most that one call has cost, where that was more than its price says it can.
    most_seen_usd: Money | None
    limits: ToolLimitsOut
    runs: Runs
    believed: list[BelievedOut]
    auth: dict[str, str | dict[str, str]]
    tags: list[str]
    docs: DocsOut
    trust: Trust
    cache: CacheOut | None
    http: dict[str, Json] | None = None
    model: dict[str, Json] | None = None
    python: dict[str, Json] | None = None
    mcp: dict[str, Json] | None = None
    hash: str
    #: Where it comes from, as GET /v1/sources names it.
    source: str
    status: ToolStatus
    reason: str
    created_at: Moment
    updated_at: Moment

    @classmethod
    def of(cls, entry: CatalogEntry, believed: Sequence[Belief]) -> ToolOut:
        """Of a catalog entry and what is believed of it now."""
        tool, price, limits, docs = entry.tool, entry.tool.price, entry.tool.limits, entry.tool.docs
        return cls(
            name=tool.name,
            version=tool.version,
            summary=tool.summary,
            description=tool.description,
            kind=tool.kind,
            input_schema=dict(tool.input_schema),
            output_schema=dict(tool.output_schema),
            does=list(tool.does),
            ports=PortsOut(
                inputs={name: list(types) for name, types in tool.ports.inputs.items()},
                outputs=dict(tool.ports.outputs),
            ),
            effect=tool.effect,
            undo=tool.undo,
            price=PriceOut.of(price),
            most_seen_usd=tool.most_seen or None,
            limits=ToolLimitsOut(**asdict(limits)),
            runs=tool.runs,
            believed=[BelievedOut.of(belief) for belief in believed],
            auth={way: given if isinstance(given, str) else dict(given) for way, given in tool.auth.items()},
            tags=list(tool.tags),
            docs=DocsOut(
                when_to_use=docs.when_to_use,
                examples=[dict(example) for example in docs.examples],
                errors=list(docs.errors),
                run_before=list(docs.run_before),
                run_after=list(docs.run_after),
            ),
            trust=tool.trust,
            cache=None if tool.cache is None else CacheOut(**asdict(tool.cache)),
            **{str(tool.kind): dict(tool.binding)},
            hash=tool.hash,
            source=source_of(tool),
            status=entry.status,
            reason=entry.reason,
            created_at=entry.created_at,
            updated_at=entry.updated_at,
        )


class HintOut(Told):
    """What is missing in a tool's document."""

    field: str
    hint: str


class PendingOut(Told):
    """A changed definition: approve it by its hash, after a look at the changes."""

    hash: str
    changes: list[ChangeOut]

    @classmethod
    def of(cls, entry: CatalogEntry) -> PendingOut | None:
        """Of a catalog entry; None when nothing waits."""
        if entry.pending is None:
            return None
        changes = pending_changes(entry.tool, entry.pending)
        return cls(hash=entry.pending.hash, changes=[ChangeOut.of(change) for change in changes])


class RegisteredOut(ToolOut):
    """A tool's record, with what its document still lacks."""

    quality: list[HintOut]
    #: The share of what is looked at that its document has, from 0 to 1.
    quality_score: float
    #: While it is quarantined: what its server has made of it.
    pending: PendingOut | None = None

    @classmethod
    def with_hints(
        cls, entry: CatalogEntry, believed: Sequence[Belief], hints: Sequence[Hint]
    ) -> RegisteredOut:
        """Of an entry, what is believed of it, and its hints."""
        told = [HintOut(field=hint.field, hint=hint.hint) for hint in hints]
        return cls(
            **dict(ToolOut.of(entry, believed)),
            quality=told,
            quality_score=score(hints),
            pending=PendingOut.of(entry),
        )


class FieldProblemOut(Told):
    """A bad field: a JSON pointer to it, and what is wrong there."""

    path: str
    detail: str


class RefusedTool(Told):
    """A tool that was not registered, and why; `number` counts from 0 in the body."""

    number: int
    name: str | None
    reason: str
    errors: list[FieldProblemOut]


class BulkToolsOut(Told):
    """What was made and what was refused."""

    created: list[str]
    refused: list[RefusedTool]
    quality: dict[str, list[HintOut]]


class FoundOut(Told):
    """A found tool, its score, and the words that speak for it."""

    name: str
    version: int
    summary: str
    kind: Kind
    tags: list[str]
    does: list[str]
    score: float
    why: list[str]
    source: str

    @classmethod
    def of(cls, hit: Hit) -> FoundOut:
        """Of a hit."""
        tool = hit.tool
        return cls(
            name=tool.name,
            version=tool.version,
            summary=tool.summary,
            kind=tool.kind,
            tags=list(tool.tags),
            does=list(tool.does),
            score=hit.score,
            why=list(hit.matched),
            source=source_of(tool),
        )


class SearchOut(Told):
    """Tools, best first."""

    items: list[FoundOut]


class ExchangeOut(Told):
    """What one call sent and got, bounded and without secrets."""

    request: str
    reply: str | None
    error: str | None
    seconds: float


class UsageOut(Told):
    """What a call took."""

    usd: Money
    seconds: float
    tokens_in: int
    tokens_out: int
    gpu_seconds: float


class InvokeOut(Told):
    """The result of a call, what it took, and its record."""

    tool: str
    version: int
    output: dict[str, Json]
    usage: UsageOut
    record: list[ExchangeOut]

    @classmethod
    def of(cls, made: Invocation) -> InvokeOut:
        """Of a call made."""
        usage = made.result.usage
        return cls(
            tool=made.tool.name,
            version=made.tool.version,
            output=dict(made.result.output),
            usage=UsageOut(
                usd=usage.usd,
                seconds=usage.seconds,
                tokens_in=usage.tokens_in,
                tokens_out=usage.tokens_out,
                gpu_seconds=usage.gpu_seconds,
            ),
            record=[
                ExchangeOut(request=e.request, reply=e.reply, error=e.error, seconds=e.seconds)
                for e in made.exchanges
            ],
        )
