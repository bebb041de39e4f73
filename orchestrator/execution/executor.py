"""One attempt: resolve the arguments, make the call, judge what came back."""

from __future__ import annotations

import random
import shutil
import tempfile
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import structlog

from orchestrator.domain.plan import PREVIOUS, Ref, dig, references, resolve
from orchestrator.domain.retry import RetryPolicy
from orchestrator.domain.reuse import result_key
from orchestrator.domain.step import Asked, Claim, Ending, Outcome, StepId, Verdict
from orchestrator.errors import NotFound, StorageFull
from orchestrator.execution.progress import Reporter
from orchestrator.execution.reuse import Looked, Reuse
from orchestrator.execution.scheduler import worst_usd
from orchestrator.ports import Artifacts, Catalog, Judge, Secrets, StepStore, ToolCaller
from tools.adapter import CallContext, Exchange
from tools.asking import Answers
from tools.auth import secret_names
from tools.errors import BadArguments, InputNeeded, NoRoom, ToolError, TryAgain, no_room
from tools.schemas import schemas_of
from tools.spec import Effect, Kind, Runs, Tool, ToolResult, Usage

log = structlog.get_logger(__name__)

#: Outputs kept in memory for steps that follow in the same process.
_REMEMBERED = 2_000
#: The JSON Schema keyword that lists values to try when an output was judged too poor.
RETRY_VALUES = "x-retry"


@dataclass(frozen=True, slots=True)
class _Output:
    output: Mapping[str, Any]
    aliases: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Told:
    """What the call of a step hears of earlier ones, and whom it tells how far it is."""

    answers: tuple[Answers, ...]
    reporter: Reporter
    record: Callable[[Exchange], None]


class Executor:
    """Turns claims into outcomes; never raises but for cancellation."""

    def __init__(
        self,
        *,
        steps: StepStore,
        catalog: Catalog,
        caller: ToolCaller,
        artifacts: Artifacts,
        secrets: Secrets,
        judge: Judge,
        retry: RetryPolicy,
        scratch: Path,
    ) -> None:
        self._steps, self._catalog, self._caller = steps, catalog, caller
        self._artifacts, self._judge, self._retry = artifacts, judge, retry
        self._secrets = secrets
        self._scratch = scratch
        self._reuse = Reuse(steps=steps, artifacts=artifacts)
        #: What a call without files gets as its folder: it does not exist.
        self._nowhere = scratch / "none"
        self._outputs: OrderedDict[tuple[str, str], _Output] = OrderedDict()

    async def execute(self, claim: Claim) -> Outcome:
        """The outcome of one attempt, with what went into its call and came out."""
        made: list[Exchange] = []
        outcome = await self._attempt(claim, made.append)
        return replace(outcome, request=made[0].request, reply=made[0].reply) if made else outcome

    async def _attempt(self, claim: Claim, record: Callable[[Exchange], None]) -> Outcome:
        started, begun = time.time(), time.monotonic()
        try:
            tool = await self._catalog.pinned(claim.tool, claim.tool_version)
            arguments = await self.resolve(claim)
            equal = await self._reuse.look(claim, tool, arguments)
            if equal.kept is not None or claim.result_only:
                return self._taken(claim, tool, equal, started)
            key = f"{claim.id.run_id}:{claim.id.idx}:{claim.revision}"
            told = Told(await self._answers(claim, tool, arguments), Reporter(claim, self._steps), record)
            result = await self.call(
                tool, arguments, run_id=claim.id.run_id, key=key, timeout=_timeout(claim), told=told
            )
        except InputNeeded as error:
            asked = Asked(call_key(tool, arguments), error.asks, error.state)
            return _waiting(self._failed(claim, error, started, time.monotonic() - begun), asked)
        except ToolError as error:
            return self._failed(claim, error, started, time.monotonic() - begun)
        except (NotFound, StorageFull, OSError) as error:
            return self._failed(claim, _known_fault(error), started, time.monotonic() - begun)
        except Exception:
            log.exception("step.crashed", run=claim.id.run_id, step=claim.key, tool=claim.tool)
            crash = ToolError(f"{claim.tool} failed in a way that this service does not know")
            return self._failed(claim, crash, started, time.monotonic() - begun)
        usage = result.usage
        if not usage.seconds:
            usage = replace(usage, seconds=time.monotonic() - begun)
        verdict = await self._judge.judge(tool, arguments, result.output)
        outcome = Outcome(
            claim,
            Ending.SUCCEEDED,
            output=result.output,
            verdict=verdict,
            usage=usage,
            started_at=started,
            result_key=equal.key,
            cache=equal.keep_under,
        )
        if verdict is not None and verdict.quality < claim.step_gate:
            return self._poor(claim, tool, outcome, verdict)
        self._remember(claim, result.output)
        return outcome

    async def tool(self, claim: Claim) -> Tool:
        """The record that the claim pinned."""
        return await self._catalog.pinned(claim.tool, claim.tool_version)

    # --- the call -----------------------------------------------------------------------------

    async def call(
        self,
        tool: Tool,
        arguments: Mapping[str, Any],
        *,
        run_id: str,
        key: str,
        timeout: float,
        told: Told | None = None,
    ) -> ToolResult:
        """One call for a run under an idempotency key, for at most `timeout` seconds. Raises `ToolError`."""
        uses_files = _uses_files(tool)
        scratch = self._nowhere
        if uses_files:
            scratch = Path(tempfile.mkdtemp(prefix=f"{run_id}-", dir=self._scratch))
        try:
            context = CallContext(
                idempotency_key=key,
                files=self._artifacts,
                scratch=scratch,
                timeout=timeout,
                traceparent=_traceparent(run_id),
                secrets=await self._secrets.values(secret_names(tool)),
            )
            if told is not None:
                context = replace(context, answers=told.answers, progress=told.reporter, record=told.record)
            return await self._caller.call(tool, arguments, context)
        finally:
            if told is not None:
                await told.reporter.close()
            if uses_files:
                shutil.rmtree(scratch, ignore_errors=True)

    async def _answers(self, claim: Claim, tool: Tool, arguments: Mapping[str, Any]) -> tuple[Answers, ...]:
        """What persons answered to this call; only servers of MCP ask, and nobody before the first try."""
        if tool.kind is not Kind.MCP or claim.fence == 1:
            return ()
        return await self._steps.answers(claim.id, call_key(tool, arguments))

    async def resolve(self, claim: Claim) -> Mapping[str, Any]:
        """The claim's arguments with what they refer to. Raises `BadArguments`, `NotFound`."""
        wanted = list(references(claim.arguments))
        if not wanted:
            return claim.arguments
        known = await self._known(claim, {ref.source for ref in wanted})

        def lookup(ref: Ref) -> Any:
            found = known[ref.source]
            name, *rest = ref.path
            field = name if name in found.output else found.aliases.get(name, name)
            try:
                return dig(found.output, (field, *rest))
            except KeyError as error:
                missing = ".".join([ref.source, *ref.path])
                hint = f"; it may be in the file {ref.source}.file" if "file" in found.output else ""
                raise BadArguments(f"{missing} is not in the result of {ref.source!r}{hint}") from error

        resolved: Mapping[str, Any] = resolve(claim.arguments, lookup)
        return resolved

    async def _known(self, claim: Claim, sources: set[str]) -> dict[str, _Output]:
        """Outputs by sub-task; memory serves a first claim only, since before it nothing was redone."""
        known: dict[str, _Output] = {}
        if PREVIOUS in sources and claim.previous is not None:
            output = await self._steps.step_output(StepId(claim.id.run_id, claim.previous))
            known[PREVIOUS] = _Output(output, {})
        first = claim.fence == 1 and _of_first_path(claim)
        names = sources - {PREVIOUS}
        missing = []
        for name in names:
            remembered = self._outputs.get((claim.id.run_id, name)) if first else None
            if remembered is None:
                missing.append(name)
            else:
                known[name] = remembered
        if missing:
            for name, (output, aliases) in (await self._steps.outputs(claim.id.run_id, missing)).items():
                known[name] = _Output(output, aliases)
        absent = sources - known.keys()
        if absent:
            raise BadArguments(f"there is no finished result of {', '.join(sorted(absent))}")
        return known

    def _remember(self, claim: Claim, output: Mapping[str, Any]) -> None:
        """Keep an output for what follows; those of mended paths are read from the truth."""
        key = (claim.id.run_id, claim.subtask)
        self._outputs.pop(key, None)
        if claim.key == claim.subtask:
            self._outputs[key] = _Output(output, claim.aliases)
            while len(self._outputs) > _REMEMBERED:
                self._outputs.popitem(last=False)

    # --- what becomes of it -------------------------------------------------------------------

    def _taken(self, claim: Claim, tool: Tool, equal: Looked, started: float) -> Outcome:
        """A success for nothing; or, where the result is gone, a claim anew that the gates are asked for."""
        kept = equal.kept
        if kept is None:
            message = "the result that was to stand for this call is gone, or a file of it; it is called anew"
            error = {"code": "result_gone", "message": message}
            return Outcome(claim, Ending.RETRY, error=error, started_at=started, worst_usd=worst_usd(tool))
        self._remember(claim, kept.output)
        return Outcome(
            claim,
            Ending.SUCCEEDED,
            output=kept.output,
            verdict=kept.verdict,
            started_at=started,
            result_key=equal.key,
            reused_from=kept.source,
        )

    def _failed(self, claim: Claim, error: ToolError, started: float, seconds: float) -> Outcome:
        """Try again later where there is hope, fail otherwise."""
        usage = error.usage or Usage(seconds=seconds)
        told = {"code": error.code, "message": str(error)}
        pause = None
        # Nothing was set aside for another try of what was to call nothing.
        if error.retryable and not claim.result_only:
            asked = error.retry_after if isinstance(error, TryAgain) else None
            pause = self._retry.pause(claim.tries, asked=asked)
        left = claim.time_left
        if left is not None and (error.retryable or seconds >= left) and seconds + (pause or 0.0) >= left:
            pause = None
            told = _out_of_time(told)
        ending = Ending.FAILED if pause is None else Ending.RETRY
        return Outcome(claim, ending, usage=usage, error=told, retry_in=pause or 0.0, started_at=started)

    def _poor(self, claim: Claim, tool: Tool, outcome: Outcome, verdict: Verdict) -> Outcome:
        """Below the gate: once more with changed parameters where that does no harm, then ruled out."""
        judged = f"judged {verdict.quality:.2f}, below the gate of {claim.step_gate:.2f}"
        again = claim.revision == 0 and tool.effect is not Effect.ONCE
        return replace(
            outcome,
            result_key=None,
            cache=None,
            ending=Ending.RETRY if again else Ending.LOW_QUALITY,
            error={"code": "low_quality", "message": f"{judged}: {verdict.detail}"},
            revised=changed_arguments(tool, claim.arguments) if again else None,
        )


def call_key(tool: Tool, arguments: Mapping[str, Any]) -> str:
    """The same for equal calls: answers to one are no answers to another."""
    return result_key(tool.name, tool.version, tool.hash, arguments) or ""


def changed_arguments(tool: Tool, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments of a second try: each parameter with `x-retry` values takes the next of them."""
    changed = dict(arguments)
    for name, schema in tool.input_schema.get("properties", {}).items():
        values = schema.get(RETRY_VALUES, ()) if isinstance(schema, Mapping) else ()
        now = arguments.get(name, schema.get("default") if isinstance(schema, Mapping) else None)
        fresh = [value for value in values if value != now]
        if fresh:
            changed[name] = fresh[0]
    return changed


def _timeout(claim: Claim) -> float:
    """Seconds for this call: it must not outlive its step."""
    return claim.timeout if claim.time_left is None else max(min(claim.timeout, claim.time_left), 0.001)


def _out_of_time(last: Mapping[str, Any]) -> dict[str, Any]:
    message = (
        f"the step's own time limit leaves no time for another try; the last one failed: {last['message']}"
    )
    return {"code": "deadline_exceeded", "message": message, "last": dict(last)}


def _waiting(outcome: Outcome, asked: Asked) -> Outcome:
    """Of a call that asked something: wait for the answer, with which it is made again."""
    if not asked.asks or outcome.claim.result_only:
        return outcome
    return replace(outcome, ending=Ending.ASKED, asked=asked)


def _known_fault(error: NotFound | StorageFull | OSError) -> ToolError:
    """What is said of a call that names what is not there, or whose files found no room, or broke."""
    if isinstance(error, NotFound):
        return BadArguments(str(error))
    if isinstance(error, StorageFull):
        return NoRoom(str(error))
    full = no_room(error, "the step")
    if full is not None:
        return full
    log.error("step.file_fault", exc_info=error)
    return ToolError(f"a file of the step could not be read or written: {error.strerror or error}")


def _of_first_path(claim: Claim) -> bool:
    """Whether the step is one of the run's first path; later ones carry the path's version in their key."""
    return claim.key.partition("-part")[0] == claim.subtask


def _uses_files(tool: Tool) -> bool:
    """Whether a call may need its scratch folder; chats, and quick functions over plain values, do not."""
    if tool.kind is Kind.MODEL and "operation" not in tool.binding:
        return False  # what gives files is never a model's natural operation
    if tool.kind is not Kind.PYTHON or tool.runs is Runs.PROCESS:
        return True
    schemas = schemas_of(tool)
    return schemas.input.has_files or schemas.output.has_files


def _traceparent(run_id: str) -> str:
    """W3C trace context: one trace a run, one span an attempt."""
    trace = run_id.encode().hex()[-32:].rjust(32, "0")
    return f"00-{trace}-{random.getrandbits(64):016x}-01"
