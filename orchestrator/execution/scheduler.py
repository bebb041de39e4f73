"""Laying a path: which steps there are, what they wait for, and what is replaced."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from orchestrator.domain.events import EventType
from orchestrator.domain.limits import shared_pools
from orchestrator.domain.path import Path
from orchestrator.domain.plan import INPUTS, PREVIOUS, Option, Plan, SubTask, references, resolve_inputs
from orchestrator.domain.run import Run, RunStatus
from orchestrator.domain.step import Step, StepStatus, step_open
from orchestrator.ports import NewStep, Transaction
from tools.spec import Effect, Kind, Tool

#: Tokens assumed for the worst cost of a model call when its binding does not bound them.
WORST_TOKENS_IN = 8_000
WORST_TOKENS_OUT = 1_024


@dataclass(frozen=True, slots=True)
class _New:
    """A call that needs a step: part `part` of an option, after the step `previous` of the same option."""

    subtask: SubTask
    option: Option
    part: int
    arguments: Mapping[str, Any]
    previous: int | None


@dataclass(slots=True)
class _Laid:
    """A call of the new path: an existing step that stays, or a new one."""

    idx: int
    kept: Step | None
    new: _New | None
    needs: list[int] = field(default_factory=list)
    children: list[int] = field(default_factory=list)


def lay_path(
    tx: Transaction, run: Run, plan: Plan, path: Path, *, cause: str, same_plan: bool = False
) -> None:
    """Make the steps of `path`; what is done or running under the same call stays.

    With `same_plan` the steps that exist come from this very plan, so an option's id alone names a call.
    Replaced steps become `skipped`. Ends the run at once when nothing is left to do.
    """
    existing = tx.steps(run.id)
    layout = _Layout(tx, run, plan, path, existing, same_plan=same_plan)
    laid = layout.lay()
    kept = {item.idx for item in laid if item.kept is not None}
    done = {item.idx for item in laid if item.kept and item.kept.status is StepStatus.SUCCEEDED}
    new = [layout.new_step(item, done) for item in laid if item.new is not None]
    tx.add_path(run.id, path, cause=cause)
    tx.event(run.id, EventType.PATH_CHOSEN, _told(path, cause))
    for step in existing:
        if step.id.idx not in kept and step_open(step.status) and step.status is not StepStatus.RUNNING:
            tx.move_step(step.id, StepStatus.SKIPPED, cause={"reason": "replaced", "by": path.version})
    for item in laid:
        if item.kept is not None:
            _relink(tx, item, done)
    tx.add_steps(run.id, new)
    if run.status is not RunStatus.RUNNING:
        tx.move_run(run.id, RunStatus.RUNNING)
    tx.end_if_over(run.id)


class _Layout:
    """One laying of a path over the steps that exist."""

    def __init__(
        self,
        tx: Transaction,
        run: Run,
        plan: Plan,
        path: Path,
        existing: Sequence[Step],
        *,
        same_plan: bool,
    ) -> None:
        self._same_plan = same_plan
        self._tx, self._run, self._plan, self._path = tx, run, plan, path
        self._existing = existing
        self._next = len(existing)
        self._laid: list[_Laid] = []
        self._last: dict[str, int] = {}
        self._tools: dict[tuple[str, int], Tool] = {}

    def _tool(self, name: str, version: int) -> Tool:
        if (name, version) not in self._tools:
            self._tools[name, version] = self._tx.tool(name, version)
        return self._tools[name, version]

    def lay(self) -> list[_Laid]:
        """All calls of the path in an order in which none stands before what it needs."""
        for subtask in self._plan.subtasks:
            if subtask.id in self._path.choices:
                self._lay_subtask(subtask, _option(subtask, self._path.choices[subtask.id]))
        by_idx = {item.idx: item for item in self._laid}
        for item in self._laid:
            for need in item.needs:
                by_idx[need].children.append(item.idx)
        return self._laid

    def _lay_subtask(self, subtask: SubTask, option: Option) -> None:
        needs = [self._last[need] for need in subtask.needs if need in self._last]
        previous: int | None = None
        for part, call in enumerate(option.calls):
            arguments = resolve_inputs(call.arguments, self._run.request.inputs)
            wanted = needs if previous is None else [previous, *self._extra(call.arguments)]
            kept = self._find(subtask, option, part, arguments, wanted)
            if kept is not None:
                item = _Laid(kept.id.idx, kept, None, wanted)
            else:
                item = _Laid(self._next, None, _New(subtask, option, part, arguments, previous), wanted)
                self._next += 1
            self._laid.append(item)
            previous = item.idx
        assert previous is not None
        self._last[subtask.id] = previous

    def _extra(self, arguments: Mapping[str, Any]) -> list[int]:
        """Other sub-tasks that a later call of a chain refers to."""
        named = {ref.source for ref in references(arguments)} - {PREVIOUS, INPUTS}
        return [self._last[name] for name in sorted(named) if name in self._last]

    def _find(
        self,
        subtask: SubTask,
        option: Option,
        part: int,
        arguments: Mapping[str, Any],
        needs: Sequence[int],
    ) -> Step | None:
        """The newest step that does, or has done, exactly this on exactly these needs."""
        if not self._existing:
            return None
        call = option.calls[part]
        done = {item.idx for item in self._laid if item.kept and item.kept.status is StepStatus.SUCCEEDED}
        for step in reversed(self._existing):
            same = (step.subtask, step.part, step.tool, step.tool_version) == (
                subtask.id,
                part,
                call.tool,
                call.version,
            )
            lives = step.status is StepStatus.SUCCEEDED or step_open(step.status)
            # Another plan of the run may use the same names for other work.
            equal = step.arguments == arguments or (self._same_plan and step.option == option.id)
            if step.status is StepStatus.PENDING:
                fed = part == 0 or step.needs[:1] == tuple(needs[:1])
            else:
                fed = done.issuperset(needs)
            if same and lives and equal and fed:
                return step
        return None

    def new_step(self, item: _Laid, done: AbstractSet[int]) -> NewStep:
        """The step that a new call becomes, once its links are known."""
        assert item.new is not None
        subtask, option, part = item.new.subtask, item.new.option, item.new.part
        call = option.calls[part]
        tool = self._tool(call.tool, call.version)
        last = part == len(option.calls) - 1
        most = worst_usd(tool)
        return NewStep(
            idx=item.idx,
            key=_key(subtask.id, self._path.version, None if last else part + 1),
            subtask=subtask.id,
            subtask_type=subtask.type,
            part=part,
            option=option.id,
            tool=call.tool,
            tool_version=call.version,
            tool_hash=call.hash,
            once=tool.effect is Effect.ONCE,
            arguments=item.new.arguments,
            needs=tuple(item.needs),
            children=tuple(item.children),
            needs_left=_open_needs(item, done),
            path_version=self._path.version,
            previous=item.new.previous,
            aliases=option.aliases if last else {},
            queue=queue_of(tool),
            priority=self._run.request.priority,
            timeout=tool.limits.timeout,
            deadline=_shortest(tool.limits.deadline, subtask.deadline),
            step_gate=self._run.request.step_gate,
            worst_usd=most,
            approval=approval_of(self._run, tool),
            pools=shared_pools(tool),
        )


def approval_of(run: Run, tool: Tool) -> dict[str, Any] | None:
    """The first of the run's rules that holds for a call of the tool, as its step keeps it."""
    most = worst_usd(tool)
    rule = next((rule for rule in run.request.approve if rule.holds(tool, most)), None)
    return None if rule is None else rule.asked_of(tool)


def queue_of(tool: Tool) -> str:
    """The queue whose workers run it: that of its tag `queue:<name>`, else "default"."""
    return next((tag.removeprefix("queue:") for tag in tool.tags if tag.startswith("queue:")), "default")


def worst_usd(tool: Tool) -> Decimal:
    """The most one call of it can cost: the price of its whole time limit and of its most tokens.

    A call that has cost more than that was believed to be the most is what the next may cost, too.
    """
    price = tool.price
    most = price.per_call + price.per_second * Decimal(str(tool.limits.timeout))
    if tool.kind is Kind.MODEL:
        tokens_in = Decimal(int(tool.binding.get("max_input_tokens", WORST_TOKENS_IN)))
        tokens_out = Decimal(int(tool.binding.get("max_tokens", WORST_TOKENS_OUT)))
        most += price.per_1k_tokens_in * tokens_in / 1000 + price.per_1k_tokens_out * tokens_out / 1000
    return max(most, tool.most_seen)


def _shortest(*seconds: float | None) -> float | None:
    return min((one for one in seconds if one is not None), default=None)


def _option(subtask: SubTask, option_id: str) -> Option:
    return next(option for option in subtask.options if option.id == option_id)


def _key(subtask: str, version: int, part: int | None) -> str:
    """`summarise`, in a later path `summarise-v2`, its inner calls `summarise-part1`."""
    key = subtask if version == 1 else f"{subtask}-v{version}"
    return key if part is None else f"{key}-part{part}"


def _open_needs(item: _Laid, done: AbstractSet[int]) -> int:
    return len(set(item.needs) - done)


def _relink(tx: Transaction, item: _Laid, done: AbstractSet[int]) -> None:
    """A kept step tells its new children when it ends; one that still waits, waits for its new needs."""
    assert item.kept is not None
    fields: dict[str, Any] = {"children": item.children, "needs": item.needs}
    if item.kept.status is not StepStatus.PENDING:
        tx.update_step(item.kept.id, **fields)
        return
    left = _open_needs(item, done)
    if left == 0:
        tx.move_step(item.kept.id, StepStatus.READY, needs_left=0, **fields)
    else:
        tx.update_step(item.kept.id, needs_left=left, **fields)


def _told(path: Path, cause: str) -> dict[str, Any]:
    quote = path.quote
    return {
        "version": path.version,
        "cause": cause,
        "choices": dict(path.choices),
        "quote": {
            "usd": quote.usd,
            "tool_seconds": quote.tool_seconds,
            "wall_seconds": quote.wall_seconds,
            "quality": quote.quality,
        },
        "gap": path.gap,
    }
