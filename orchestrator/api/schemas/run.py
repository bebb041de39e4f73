"""A run as an answer: where it stands, what it has spent, and what it has yielded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from orchestrator.api.schemas.codes import CauseOut, ErrorOut
from orchestrator.api.schemas.feedback import FeedbackOut, VerdictOut
from orchestrator.api.schemas.fields import Asked, Json, Moment, Money, Told, Usd, seconds_of
from orchestrator.api.schemas.plan import PathOut, PlanOut, QuoteOut
from orchestrator.api.schemas.terms import BudgetOut, PreferenceOut, ToolFilterOut
from orchestrator.domain.question import QuestionKind
from orchestrator.domain.reuse import CacheUse
from orchestrator.domain.run import DeliveryStatus, Mode, OnFailure, PlannerChoice, RunStatus
from orchestrator.domain.step import Ending, StepStatus
from orchestrator.domain.undo import Undoing, UndoStatus
from orchestrator.domain.views import RunFilter
from orchestrator.domain.waiting import WaitingReason


class WaitingOut(Told):
    """What a run or step that does not move is waiting for, in a sentence and as a reason."""

    text: str
    reason: WaitingReason
    details: dict[str, Json]


class SpendOut(Told):
    """What a run has used, and the money reserved for calls in flight; `seconds` of tools."""

    usd: Money
    reserved_usd: Money
    seconds: float
    tokens: int
    gpu_seconds: float


class AttemptOut(Told):
    """One try at a step."""

    number: int
    ending: Ending
    started_at: Moment
    finished_at: Moment
    worker: str
    revision: int
    usd: Money
    tokens: int
    gpu_seconds: float
    error: ErrorOut | None


class StepExchangeOut(Told):
    """What went into one try at a step and what came out: JSON cut to size, without secrets.

    `request` is null where no call was made, `reply` also where it failed; `error` says why then.
    """

    attempt: int
    ending: Ending
    revision: int
    started_at: Moment
    request: str | None
    reply: str | None
    error: ErrorOut | None


class ExchangesOut(Told):
    """The tries at a step, oldest first."""

    items: list[StepExchangeOut]


class ReusedOut(Told):
    """Whose result a step took instead of calling, made `at`, `age` seconds before."""

    run: str
    step: str
    at: Moment
    age: float


class ProgressOut(Told):
    """How far a call under way says that it is: a share from 0 to 1, and its own words."""

    share: float
    message: str
    at: Moment


class StepOut(Told):
    """One tool call of the path."""

    idx: int
    key: str
    subtask: str
    option: str
    tool: str
    tool_version: int
    status: StepStatus
    path_version: int
    arguments: dict[str, Json]
    output: dict[str, Json] | None
    needs: list[int]
    tries: int
    revision: int
    verdict: VerdictOut | None
    usd: Money
    seconds: float
    tokens: int
    gpu_seconds: float
    cause: CauseOut | None
    error: ErrorOut | None
    reused_from: ReusedOut | None
    waiting_on: WaitingOut | None
    progress: ProgressOut | None
    started_at: Moment | None
    finished_at: Moment | None
    attempts: list[AttemptOut]


class QuestionOut(Told):
    """A question to a person; `schema` is the JSON Schema of its answer."""

    id: str
    kind: QuestionKind
    text: str
    answer_schema: Annotated[dict[str, Json], Field(serialization_alias="schema")]
    subtask: str | None
    argument: str | None
    detail: dict[str, Json] | None
    created_at: Moment
    expires_at: Moment | None
    answered_at: Moment | None
    answer: Json


class UndoOut(Told):
    """The call that takes back the effect of step `undoes`."""

    undoes: int
    step: str
    tool: str
    status: UndoStatus
    arguments: dict[str, Json] | None
    output: dict[str, Json] | None
    tries: int
    usd: Money
    error: ErrorOut | None
    started_at: Moment | None
    finished_at: Moment | None


class CompensationOut(Told):
    """How the undoing of a run's effects stands, newest effect first."""

    status: Undoing
    steps: list[UndoOut]


class OutputOut(Told):
    """One output: its value, or the artifact that holds it."""

    name: str
    subtask: str
    media_type: str
    preview: str
    value: Json = None
    artifact: str | None = None
    file_name: str | None = None
    size: int | None = None


class ResultOut(Told):
    """What a run has yielded: words that answer the request, and its outputs."""

    text: str
    outputs: list[OutputOut]


class DeliveryOut(Told):
    """What came of telling a run's webhook of its end, `at` the last of its `tries`.

    `delivered` says that it answered 2xx; `waiting`, that it is tried again at `next_at`; `refused`, that
    it said no (4xx but 408, 425 and 429) or may not be called; `failed`, that no try of them all arrived.
    """

    status: DeliveryStatus
    tries: int
    at: Moment
    error: str | None
    next_at: Moment | None


class RunOut(Told):
    """A run: one request, from acceptance to its end."""

    id: str
    status: RunStatus
    request: str | None
    inputs: dict[str, Json]
    preference: PreferenceOut
    budget: BudgetOut
    step_gate: float
    tools: ToolFilterOut
    mode: Mode
    planner: PlannerChoice
    webhook_url: str | None
    #: Null before the first try.
    webhook: DeliveryOut | None
    labels: dict[str, str]
    priority: int
    seed: int | None
    cache: CacheUse
    on_failure: OnFailure
    #: The API key it was submitted with; null for the service's own.
    key_id: str | None
    created_at: Moment
    updated_at: Moment
    #: The number of its newest event: what is told here holds what events up to that one say.
    last_event: int
    started_at: Moment | None
    finished_at: Moment | None
    deadline_at: Moment | None
    spend: SpendOut
    quote: QuoteOut | None = None
    plan: PlanOut | None = None
    path: PathOut | None = None
    steps: list[StepOut] = Field(default_factory=list)
    questions: list[QuestionOut] = Field(default_factory=list)
    #: Null unless the run has ended badly under on_failure "undo".
    compensation: CompensationOut | None = None
    #: What people said of it, oldest first.
    feedback: list[FeedbackOut] = Field(default_factory=list)
    waiting_on: WaitingOut | None
    error: ErrorOut | None
    result: ResultOut | None = None
    links: dict[str, str]


class RunLine(Told):
    """A run in a list."""

    id: str
    status: RunStatus
    request: str | None
    labels: dict[str, str]
    created_at: Moment
    finished_at: Moment | None
    spend: SpendOut
    steps: dict[str, int]
    waiting_on: WaitingOut | None
    error: ErrorOut | None
    links: dict[str, str]


class RetryIn(Asked):
    """From where to run again, and with which changed arguments; without a step all that failed."""

    from_step: str | None = None
    edits: dict[str, Any] = Field(default_factory=dict)


class ResumeIn(Asked):
    """A planned run may start by a plan that was made of its own (`PATCH /v1/plans/{id}`)."""

    plan: Annotated[str | None, Field(min_length=1, max_length=100)] = None


class AnswerIn(Asked):
    """The answer to one question."""

    id: str
    value: Any


class AnswersIn(Asked):
    """Answers to questions and approvals."""

    answers: Annotated[list[AnswerIn], Field(min_length=1, max_length=100)]


class RunRanges(Asked):
    """Ranges hold their first value and not their last."""

    since: Annotated[datetime | None, Field(description="accepted at or after")] = None
    until: Annotated[datetime | None, Field(description="accepted before")] = None
    finished_since: Annotated[datetime | None, Field(description="ended at or after")] = None
    finished_until: Annotated[datetime | None, Field(description="ended before")] = None
    usd_from: Annotated[Usd | None, Field(description="USD spent, at least")] = None
    usd_until: Annotated[Usd | None, Field(description="USD spent, less than")] = None
    quiet: Annotated[
        float | None, Field(ge=0, le=1e9, description="not ended, and unmoved for so many seconds")
    ] = None
    retrying: Annotated[bool, Field(description="a step of it failed and waits to be tried again")] = False

    def value(self, statuses: Sequence[RunStatus], labels: Mapping[str, str], q: str | None) -> RunFilter:
        """As the domain has it, with the rest of what is asked for."""
        return RunFilter(
            tuple(statuses),
            labels,
            q,
            since=seconds_of(self.since),
            until=seconds_of(self.until),
            finished_since=seconds_of(self.finished_since),
            finished_until=seconds_of(self.finished_until),
            usd_from=self.usd_from,
            usd_until=self.usd_until,
            quiet=self.quiet,
            retrying=self.retrying,
        )


class RunFilterIn(RunRanges):
    """Which runs a bulk act is for."""

    status: list[RunStatus] = Field(default_factory=list)
    labels: dict[str, str] = Field(default_factory=dict)
    q: str | None = None

    def filter(self) -> RunFilter:
        """As the domain has it."""
        return self.value(self.status, self.labels, self.q)


class RunsAsked(RunRanges):
    """A page of runs; a run has all labels and one of the statuses."""

    status: Annotated[list[RunStatus], Field(max_length=50)] = Field(default_factory=list)
    label: Annotated[list[str], Field(max_length=50, description="key:value")] = Field(default_factory=list)
    q: Annotated[str | None, Field(max_length=1_000, description="words of the request")] = None
    limit: Annotated[int, Field(ge=1, le=200, description="items on a page")] = 50
    cursor: Annotated[str | None, Field(max_length=500, description="the next_cursor of the page before")] = (
        None
    )


RunId = Annotated[str, Field(min_length=1, max_length=100)]


class BulkIn(Asked):
    """One act on runs: those named in `ids`, or all that a filter finds."""

    action: Literal["cancel", "pause", "resume", "retry"]
    filter: RunFilterIn | None = None
    ids: Annotated[list[RunId], Field(min_length=1, max_length=1_000)] | None = None

    @model_validator(mode="after")
    def _either(self) -> Self:
        if (self.filter is None) == (self.ids is None):
            raise ValueError("give either ids or filter")
        return self


class RefusedOut(Told):
    """A run that could not be acted on."""

    id: str
    reason: str


class BulkOut(Told):
    """What became of a bulk act; `more` says that the filter finds runs beyond the limit of one call."""

    done: list[str]
    refused: list[RefusedOut]
    more: bool
