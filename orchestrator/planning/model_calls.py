"""Calls to the planner's model: reserved, settled, retried within bounds, kept by their prompt."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Protocol

from orchestrator.domain.limits import key_pool
from orchestrator.domain.planning import PlanningTask
from orchestrator.domain.retry import RetryPolicy
from orchestrator.errors import BudgetTooSmall, ModelFailed
from orchestrator.planning.prompts import REPLY_SCHEMA
from orchestrator.ports import PlanningBudget, Replies
from tools.errors import BadArguments, ToolError, TryAgain
from tools.llm import BadCompletion, Completion, cost
from tools.spec import JsonSchema, Price, Usage

#: Pauses between tries; what a server asks for is honoured up to half a minute.
RETRIES = RetryPolicy(tries=3, first=0.5, factor=3.0, longest=10.0, longest_asked=30.0)
#: Tokens around a message that its text does not show.
_FRAME = 16

Message = Mapping[str, Any]


class Model(Protocol):
    """A chat model (`tools.llm.ChatModel`, `tools.endpoints.chat.EndpointChat`)."""

    @property
    def model(self) -> str:
        """Its name."""
        ...

    @property
    def price(self) -> Price:
        """What it costs now."""
        ...

    async def complete(
        self,
        messages: Sequence[Message],
        *,
        schema: JsonSchema | None = None,
        temperature: float | None = None,
        max_tokens: int | None = None,
        seed: int | None = None,
    ) -> Completion:
        """Raises `ToolError`."""
        ...


@dataclass(frozen=True, slots=True)
class Sampling:
    """How a reply is drawn."""

    temperature: float
    seed: int


@dataclass(frozen=True, slots=True)
class Reply:
    """A reply read: JSON that fits the schema, or `fault`, which says why it is none."""

    text: str
    parsed: Any = None
    fault: str = ""


@dataclass(slots=True)
class Bill:
    """What one planning has paid so far."""

    usd: Decimal = field(default_factory=Decimal)
    tokens_in: int = 0
    tokens_out: int = 0
    gpu_seconds: float = 0.0

    @property
    def tokens(self) -> int:
        """Both kinds together."""
        return self.tokens_in + self.tokens_out

    @property
    def usage(self) -> Usage:
        """As the outcome of planning has it."""
        return Usage(self.usd, 0.0, self.tokens_in, self.tokens_out, self.gpu_seconds)


class ModelCalls:
    """Asks one model; `sleep` waits between tries (a test gives its own)."""

    def __init__(
        self,
        model: Model,
        *,
        replies: Replies | None = None,
        budget: PlanningBudget | None = None,
        max_tokens: int = 4096,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._model = model
        self._replies = replies
        self._budget = budget
        self._max_tokens = max_tokens
        self._sleep = sleep

    async def ask(
        self, task: PlanningTask, messages: Sequence[Message], sampling: Sampling, *, bill: Bill
    ) -> Reply:
        """The kept reply to this very prompt, else a new one. Raises ModelFailed or BudgetTooSmall."""
        key = self.key(messages, sampling)
        kept = await self._replies.get(key) if self._replies is not None else None
        if kept is None:
            kept = _record(await self._paid(task, messages, sampling, bill))
            if self._replies is not None:
                await self._replies.put(key, kept, run_id=task.run_id)
        return Reply(str(kept["text"]), kept.get("parsed"), str(kept.get("fault", "")))

    def key(self, messages: Sequence[Message], sampling: Sampling) -> str:
        """SHA-256 of all that decides a reply: model, messages, schema and sampling."""
        drawn = [sampling.temperature, sampling.seed, self._max_tokens]
        text = json.dumps([self._model.model, list(messages), REPLY_SCHEMA, drawn], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()

    async def _paid(
        self, task: PlanningTask, messages: Sequence[Message], sampling: Sampling, bill: Bill
    ) -> Completion | BadCompletion:
        """A completion under a reservation of the most it can take, which is settled whatever happens."""
        tokens_in = worst_tokens(messages)
        tokens = tokens_in + self._max_tokens
        usd = self._model.price.per_call + cost(self._model.price, tokens_in, self._max_tokens)
        await self._reserve(task, usd, tokens, bill)
        took: Completion | None = None
        try:
            came = await self._complete(messages, sampling)
            took = came.completion if isinstance(came, BadCompletion) else came
            return came
        finally:
            spent = took.usd + self._model.price.per_call if took else Decimal(0)
            used = (took.tokens_in, took.tokens_out) if took else (0, 0)
            bill.usd += spent
            bill.tokens_in, bill.tokens_out = bill.tokens_in + used[0], bill.tokens_out + used[1]
            gpu_seconds = took.gpu_seconds if took else 0.0
            bill.gpu_seconds += gpu_seconds
            payer = _payer(task)
            if payer is not None and self._budget is not None:
                await self._budget.settle(
                    payer,
                    reserved_usd=usd,
                    reserved_tokens=tokens,
                    usd=spent,
                    tokens=sum(used),
                    gpu_seconds=gpu_seconds,
                )

    async def _reserve(self, task: PlanningTask, usd: Decimal, tokens: int, bill: Bill) -> None:
        payer = _payer(task)
        if payer is not None and self._budget is not None:
            await self._budget.reserve(payer, usd=usd, tokens=tokens)
        if task.run_id is not None and self._budget is not None:
            return
        limits = task.request.budget
        if limits.usd is not None and bill.usd + usd > limits.usd:
            raise BudgetTooSmall(
                f"asking the language model may cost ${bill.usd + usd:f}, more than the budget "
                f"of ${limits.usd}: raise it, or use planner 'offline'"
            )
        if limits.tokens is not None and bill.tokens + tokens > limits.tokens:
            raise BudgetTooSmall(
                f"asking the language model may take {bill.tokens + tokens} tokens, more than the budget "
                f"of {limits.tokens}: raise it, or use planner 'offline'"
            )

    async def _complete(self, messages: Sequence[Message], sampling: Sampling) -> Completion | BadCompletion:
        tries = 0
        drawn: dict[str, Any] = {"temperature": sampling.temperature, "seed": sampling.seed}
        while True:
            tries += 1
            try:
                return await self._model.complete(
                    messages, schema=REPLY_SCHEMA, max_tokens=self._max_tokens, **drawn
                )
            except BadCompletion as error:
                return error
            except TryAgain as error:
                pause = RETRIES.pause(tries, asked=error.retry_after)
                if pause is None:
                    message = f"the planner's language model failed {tries} times: {error}"
                    raise ModelFailed(message) from error
                await self._sleep(pause)
            except ToolError as error:
                # Some models refuse to have their sampling set.
                if not (isinstance(error, BadArguments) and drawn):
                    raise ModelFailed(f"the planner's language model cannot be used: {error}") from error
                drawn = {}


def _payer(task: PlanningTask) -> str | None:
    """The run whose budget pays, or the API key of a plan without a run."""
    return key_pool(task.key_id) if task.run_id is None and task.key_id is not None else task.run_id


def worst_tokens(messages: Sequence[Message]) -> int:
    """Tokens that messages can take at most: one for two bytes of UTF-8, and a frame around each."""
    return sum(len(str(message["content"]).encode()) // 2 + _FRAME for message in messages)


def _record(came: Completion | BadCompletion) -> dict[str, Any]:
    """A reply as it is kept; one that was no plan is kept too, so that a repetition mends it alike."""
    done = came.completion if isinstance(came, BadCompletion) else came
    record = {
        "text": done.text,
        "parsed": done.parsed,
        "model": done.model,
        "tokens_in": done.tokens_in,
        "tokens_out": done.tokens_out,
        "usd": str(done.usd),
    }
    return {**record, "fault": str(came)} if isinstance(came, BadCompletion) else record
