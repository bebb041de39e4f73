"""What must hold whatever breaks: each check answers the violations it finds in a record, in words."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator

from orchestrator.domain.run import RUN_MOVES, RunStatus
from orchestrator.domain.step import STEP_MOVES, StepStatus
from tests.chaos.record import Record, Row, RunRecord, decoded
from tests.chaos.workload import ENDS, READING

Check = Callable[[RunRecord], Iterator[str]]


def violations(record: Record) -> list[str]:
    """Everything that does not hold."""
    found = [f"run {run_id} was accepted and is gone" for run_id in record.missing]
    found += [*record.over_budget, *record.unowned, *record.strays]
    for run in record.runs:
        for check in CHECKS:
            found += [f"{run.case.name} ({run.run['id']}): {told}" for told in check(run)]
    return found


def ends_as_it_should(run: RunRecord) -> Iterator[str]:
    """Every accepted run ends, with an end that its case allows, and leaves nothing open."""
    status = run.run["status"]
    if status not in ENDS:
        yield f"has not ended: {status}"
        return
    if status not in run.case.ends:
        yield f"ended as {status}: {run.run['error']}"
    if status == "failed" and run.case.codes:
        code = (decoded(run.run["error"]) or {}).get("code")
        if code not in run.case.codes:
            yield f"failed with {code}, not with one of {sorted(run.case.codes)}"
    still = [row["key"] for row in run.steps if row["status"] in ("pending", "ready", "running", "waiting")]
    if still:
        yield f"has ended, and yet steps are open: {still}"
    if run.run["open_steps"] != 0:
        yield f"has ended, and counts {run.run['open_steps']} open steps"


def results_are_recorded_once(run: RunRecord) -> Iterator[str]:
    """One success a step and reopening, one event for each, and both tell of the same attempts."""
    told = Counter(
        (data["step"], data.get("attempt"))
        for event in run.events
        if event["type"] == "step.succeeded"
        for data in [decoded(event["data"])]
    )
    for step in run.steps:
        good = [row["number"] for row in run.attempts_of(step["idx"]) if row["ending"] == "succeeded"]
        if len(good) > 1 + run.reopened:
            yield f"step {step['key']} has {len(good)} successes: attempts {good}"
        by_person = _taken_as_done(run, step)
        if step["status"] == "succeeded" and not good and not by_person:
            yield f"step {step['key']} succeeded without an attempt that did"
        mine = {number: count for (key, number), count in told.items() if key == step["key"]}
        for number, count in mine.items():
            if number is not None and (count > 1 or number not in good):
                yield f"step {step['key']}: {count} events tell of the success of attempt {number}"
        silent = [number for number in good if number not in mine]
        if silent:
            yield f"step {step['key']}: no event tells of the success of attempts {silent}"


def outputs_are_the_tools(run: RunRecord) -> Iterator[str]:
    """What is recorded is what the tool's own log says it answered to that very step, and adds up."""
    logged = {call.number: call for calls in run.calls.values() for call in calls}
    for step in run.steps:
        output = decoded(step["output"])
        if step["status"] != "succeeded" or not output or "call" not in output:
            continue
        call = logged.get(output["call"])
        if call is None:
            yield f"step {step['key']} holds the answer of call {output['call']}, which is not of this run"
        elif call.value != output["value"] or not call.mark.endswith(f"/{step['subtask']}"):
            yield f"step {step['key']} holds {output}, but the tool's log says {call}"
    newest = {row["subtask"]: row for row in run.steps if row["status"] == "succeeded"}
    if run.run["status"] != "succeeded":
        return
    for subtask, value in run.case.values.items():
        output = decoded(newest[subtask]["output"]) if subtask in newest else None
        if output is None or output.get("value") != value:
            yield f"sub-task {subtask} gave {output}, not {value}"


def once_is_once(run: RunRecord) -> Iterator[str]:
    """A call that must not be repeated is made once, and again only by a person's leave."""
    leaves = Counter(row["step_idx"] for row in run.questions if decoded(row["answer"]) == "repeat")
    for step in run.steps:
        if not step["once"]:
            continue
        made = len(_calls(run, step))
        if made > 1 + leaves[step["idx"]]:
            yield f"step {step['key']} was called {made} times with {leaves[step['idx']]} leaves to repeat"


def keys_are_stable(run: RunRecord) -> Iterator[str]:
    """One key for all tries of one revision of a step, and no key for two steps."""
    owners: dict[str, set[str]] = defaultdict(set)
    for mark, calls in run.calls.items():
        steps = {row["idx"]: row for row in run.steps if row["subtask"] == mark.partition("/")[2]}
        for call in calls:
            owners[call.key].add(mark)
            run_id, _, rest = call.key.partition(":")
            idx, _, revision = rest.partition(":")
            step = steps.get(int(idx)) if idx.isdecimal() else None
            if run_id != run.run["id"] or step is None:
                yield f"call {call.number} of {mark} carried the key {call.key!r}"
            elif not 0 <= int(revision) <= step["revision"]:
                yield f"call {call.number} of {mark} carried revision {revision} of {step['revision']}"
        for idx_, step in steps.items():
            keys = {call.key for call in calls if call.key.startswith(f"{run.run['id']}:{idx_}:")}
            if len(keys) > step["revision"] + 1:
                yield f"step {step['key']} has {len(keys)} keys for {step['revision'] + 1} revisions"
    for key, marks in owners.items():
        if len(marks) > 1:
            yield f"the key {key} served {sorted(marks)}"


def calls_have_attempts(run: RunRecord) -> Iterator[str]:
    """No call is made behind the record's back, and no success is recorded without a call.

    A call that only reads may have begun beside each commit of a parent, and be lost with it.
    """
    for step in run.steps:
        made = _calls(run, step)
        tried = run.attempts_of(step["idx"])
        parents = decoded(step["needs"]) if step["tool"] == READING else ()
        ahead = sum(len(run.attempts_of(parent)) for parent in parents)
        if len(made) > len(tried) + ahead:
            yield f"step {step['key']} was called {len(made)} times in {len(tried)} attempts"
        good = any(row["ending"] == "succeeded" for row in tried)
        if good and not made and decoded(step["arguments"]).get("mark"):
            yield f"step {step['key']} succeeded, and its tool was never called"


def spend_is_kept(run: RunRecord) -> Iterator[str]:
    """Spent is what the attempts cost; nothing stays reserved; the budget holds."""
    spent, reserved, budget = (run.run[name] for name in ("spent_nano", "reserved_nano", "budget_nano"))
    if run.run["status"] in ENDS and reserved != 0:
        yield f"{reserved} nano-dollars stay reserved"
    if budget is not None and spent + reserved > budget:
        yield f"spent {spent} and reserved {reserved} of {budget} nano-dollars"
    cost = sum(row["usd_nano"] for row in run.attempts)
    if spent != cost:
        yield f"spent {spent} nano-dollars, the attempts cost {cost}"


def events_have_no_gap(run: RunRecord) -> Iterator[str]:
    """Numbers 1 to n in the table, and the same for who followed."""
    numbers = [event["number"] for event in run.events]
    whole = list(range(1, run.run["last_event"] + 1))
    if numbers != whole:
        yield f"events {numbers} instead of 1 to {run.run['last_event']}"
    if run.run["status"] in ENDS and (not run.events or run.events[-1]["type"] != "run.ended"):
        yield "the last event is not that of its end"
    if run.stream is not None and list(run.stream) != whole:
        yield f"a follower got the events {list(run.stream)} instead of 1 to {run.run['last_event']}"


def moves_are_allowed(run: RunRecord) -> Iterator[str]:
    """No status is reached but by a move of the domain's tables, and an end of a step is told once."""
    for kind, came, went, idx in run.moves:
        if came == "new" or kind not in ("run", "step"):
            continue
        if kind == "run" and RunStatus(went) not in RUN_MOVES[RunStatus(came)]:
            yield f"the run went from {came} to {went}"
        if kind == "step" and StepStatus(went) not in STEP_MOVES[StepStatus(came)]:
            yield f"step {idx} went from {came} to {went}"


CHECKS: tuple[Check, ...] = (
    ends_as_it_should,
    results_are_recorded_once,
    outputs_are_the_tools,
    once_is_once,
    keys_are_stable,
    calls_have_attempts,
    spend_is_kept,
    events_have_no_gap,
    moves_are_allowed,
)


def _taken_as_done(run: RunRecord, step: Row) -> bool:
    return any(row["step_idx"] == step["idx"] and decoded(row["answer"]) == "skip" for row in run.questions)


def _calls(run: RunRecord, step: Row) -> list[int]:
    """The numbers of the calls that carried a key of this step."""
    prefix = f"{run.run['id']}:{step['idx']}:"
    return [call.number for calls in run.calls.values() for call in calls if call.key.startswith(prefix)]
