"""Why two runs, or a run and its quote, did the same sub-task by different tools."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Literal

from orchestrator.domain.plan import Option, SubTask
from orchestrator.domain.run import RunRequest, ToolFilter
from orchestrator.domain.step import Step, StepStatus
from orchestrator.domain.views import RunView

#: What may lead to another choice; `balance`: nothing else differs but what the whole path amounts to.
ReasonCode = Literal["no_option", "excluded", "ruled_out", "believed", "preference", "budget", "balance"]
#: Which of the two a reason speaks of.
Side = Literal["one", "other", "both"]

_RULED_OUT = frozenset({StepStatus.FAILED, StepStatus.LOW_QUALITY, StepStatus.POISONED})
#: Beliefs that differ by less than this share choose nothing else.
_ALIKE = 0.01


@dataclass(frozen=True, slots=True)
class Reason:
    """One fact that leads to another choice, in a sentence."""

    code: ReasonCode
    side: Side
    text: str


def tools_of(option: Option | None) -> tuple[str, ...]:
    """The tools that an option calls, in order."""
    return () if option is None else tuple(call.tool for call in option.calls)


def chosen(view: RunView, subtask: str) -> Option | None:
    """The option that the newest path of a run has for a sub-task."""
    planned = planned_subtask(view, subtask)
    wanted = None if view.path is None else view.path.choices.get(subtask)
    return None if planned is None else next((o for o in planned.options if o.id == wanted), None)


def planned_subtask(view: RunView, subtask: str) -> SubTask | None:
    """The sub-task as the run's plan has it."""
    subtasks = () if view.plan is None else view.plan.plan.subtasks
    return next((one for one in subtasks if one.id == subtask), None)


def why_other(one: RunView, other: RunView, subtask: str) -> list[Reason]:
    """Why the two runs did a sub-task by different tools; empty where they did not, or one has no such."""
    mine, theirs = chosen(one, subtask), chosen(other, subtask)
    if mine is None or theirs is None or tools_of(mine) == tools_of(theirs):
        return []
    reasons = [
        *_kept_from(other, "other", subtask, mine),
        *_kept_from(one, "one", subtask, theirs),
        *_believed(one, other, subtask, (mine, theirs)),
        *_asked(one.run.request, other.run.request),
    ]
    if reasons:
        return reasons
    return [Reason("balance", "both", "The search weighs whole paths: another choice elsewhere led to it.")]


def ruled_out(steps: Sequence[Step], subtask: str, tools: Sequence[str]) -> Step | None:
    """The step by which tools were tried for a sub-task in vain."""
    tried = [step for step in steps if step.subtask == subtask and step.tool in tools]
    return next((step for step in tried if step.status in _RULED_OUT), None)


def told_failure(step: Step) -> str:
    """What came of a step that was tried in vain."""
    said = str((step.error or {}).get("message", "")) or step.status.value.replace("_", " ")
    return f"{step.tool} was tried and ruled out: {said}"


def _kept_from(view: RunView, side: Side, subtask: str, option: Option) -> Iterator[Reason]:
    """What kept a run from tools that the other one chose."""
    tools = tools_of(option)
    tried = ruled_out(view.steps, subtask, tools)
    if tried is not None:
        yield Reason("ruled_out", side, told_failure(tried))
        return
    if _same_tools(view, subtask, tools) is not None:
        return
    names = " → ".join(tools)
    if _excludes(view.run.request.tools, tools):
        yield Reason("excluded", side, f"Its request keeps {names} out.")
    else:
        yield Reason("no_option", side, f"{names} was no option of its plan.")


def _excludes(wanted: ToolFilter, tools: Sequence[str]) -> bool:
    """Whether names in the request keep a tool out; of tags nothing is known here."""
    named = {name for name in wanted.include if not name.startswith("tag:")}
    only = bool(named) and len(named) == len(wanted.include)
    return any(tool in wanted.exclude or (only and tool not in named) for tool in tools)


def _same_tools(view: RunView, subtask: str, tools: Sequence[str]) -> Option | None:
    planned = planned_subtask(view, subtask)
    options = () if planned is None else planned.options
    return next((option for option in options if tools_of(option) == tuple(tools)), None)


def _believed(one: RunView, other: RunView, subtask: str, options: Sequence[Option]) -> Iterator[Reason]:
    """What was believed otherwise of the two options when each run was planned."""
    for option in options:
        mine = _same_tools(one, subtask, tools_of(option))
        theirs = _same_tools(other, subtask, tools_of(option))
        if mine is None or theirs is None:
            continue
        before, after = mine.estimate, theirs.estimate
        told = [
            f"{name} {_figure(name, was)}, then {_figure(name, now)}"
            for name, was, now in (
                ("cost", before.usd, after.usd),
                ("time", before.seconds, after.seconds),
                ("quality", before.quality, after.quality),
            )
            if abs(was - now) > _ALIKE * max(abs(was), abs(now))
        ]
        if told:
            yield Reason(
                "believed", "both", f"Of {' → '.join(tools_of(option))} was believed: {'; '.join(told)}."
            )


def _figure(name: str, value: float) -> str:
    return {"cost": f"${value:.4g}", "time": f"{value:.3g} s", "quality": f"{value:.0%}"}[name]


def _asked(one: RunRequest, other: RunRequest) -> Iterator[Reason]:
    weighed = _otherwise(asdict(one.preference), asdict(other.preference))
    if weighed:
        yield Reason("preference", "both", f"The preference differs: {weighed}.")
    limited = _otherwise(asdict(one.budget), asdict(other.budget))
    if limited:
        yield Reason("budget", "both", f"The limits differ: {limited}.")


def _otherwise(one: dict[str, object], other: dict[str, object]) -> str:
    def said(value: object) -> str:
        return "none" if value is None else str(value)

    return "; ".join(
        f"{name} {said(one[name])}, then {said(other[name])}" for name in one if one[name] != other[name]
    )
