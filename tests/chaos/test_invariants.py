"""Each invariant holds for an honest record and fails for one that was doctored against it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from tests.chaos import invariants
from tests.chaos.record import Record, RunRecord
from tests.chaos.toolserver import Call
from tests.chaos.watch import LIMIT, Watch
from tests.chaos.workload import READING, Graph

RUN = "run_1"


def honest() -> RunRecord:
    """A run of two steps, the second of which must not be repeated; the first lost one attempt."""
    case = Graph("case").add("a").add("b", "a", tool="once").case()
    return RunRecord(
        case=case,
        run={
            "id": RUN,
            "status": "succeeded",
            "error": None,
            "open_steps": 0,
            "spent_nano": 30,
            "reserved_nano": 0,
            "budget_nano": 100,
            "last_event": 4,
        },
        steps=[_step(0, "a", call=2, value=1), _step(1, "b", call=3, value=2, once=True)],
        attempts=[_attempt(0, 1, "lost"), _attempt(0, 3, "succeeded"), _attempt(1, 1, "succeeded")],
        events=[
            _event(1, "run.accepted"),
            _event(2, "step.succeeded", step="a", attempt=3),
            _event(3, "step.succeeded", step="b", attempt=1),
            _event(4, "run.ended"),
        ],
        questions=[],
        moves=[
            ("step", "new", "ready", 0),
            ("step", "ready", "running", 0),
            ("run", "running", "succeeded", None),
        ],
        calls={
            "case/a": [Call(n, "work", "case/a", f"{RUN}:0:0", float(n), 1) for n in (1, 2)],
            "case/b": [Call(3, "once", "case/b", f"{RUN}:1:0", 3.0, 2)],
        },
        stream=[1, 2, 3, 4],
    )  # fmt: skip


def _step(idx: int, subtask: str, *, call: int, value: int, once: bool = False) -> dict[str, Any]:
    return {
        "idx": idx,
        "key": subtask,
        "subtask": subtask,
        "status": "succeeded",
        "tool": "chaos_once" if once else READING,
        "needs": "[0]" if once else "[]",
        "once": once,
        "revision": 0,
        "arguments": json.dumps({"mark": f"case/{subtask}"}),
        "output": json.dumps({"value": value, "call": call}),
    }


def _attempt(idx: int, number: int, ending: str) -> dict[str, Any]:
    return {"idx": idx, "number": number, "ending": ending, "usd_nano": 10}


def _event(number: int, type: str, **data: Any) -> dict[str, Any]:
    return {"number": number, "type": type, "data": json.dumps(data)}


def changed(rows: Any, at: int, **fields: Any) -> list[Any]:
    return [row | fields if n == at else row for n, row in enumerate(rows)]


def of_run(**fields: Any) -> Callable[[RunRecord], RunRecord]:
    return lambda r: replace(r, run={**r.run, **fields})


def extra_call(mark: str, key: str, value: float | None = 1) -> Callable[[RunRecord], RunRecord]:
    def doctor(r: RunRecord) -> RunRecord:
        return replace(r, calls={**r.calls, mark: [*r.calls[mark], Call(9, "work", mark, key, 9.0, value)]})

    return doctor


def extra_attempt(**row: Any) -> Callable[[RunRecord], RunRecord]:
    return lambda r: replace(r, attempts=[*r.attempts, row])


DOCTORED: list[tuple[str, Callable[[RunRecord], RunRecord], str]] = [
    ("it goes on for ever", of_run(status="running"), "has not ended"),
    ("a wrong end", of_run(status="failed"), "ended as failed"),
    ("an open step", lambda r: replace(r, steps=changed(r.steps, 0, status="ready")), "steps are open"),
    ("a wrong count", of_run(open_steps=1), "counts 1 open"),
    ("two results", extra_attempt(**_attempt(0, 4, "succeeded")), "has 2 successes"),
    ("a result told twice",
     lambda r: replace(r, events=[*r.events, _event(5, "step.succeeded", step="a", attempt=3)]),
     "2 events tell"),
    ("a result nobody was told of",
     lambda r: replace(r, events=[r.events[0], *r.events[2:]]), "no event tells"),
    ("a result out of nothing",
     lambda r: replace(r, attempts=changed(r.attempts, 1, ending="lost"),
                       events=[r.events[0], *r.events[2:]]), "without an attempt"),
    ("an output that no tool gave",
     lambda r: replace(r, steps=changed(r.steps, 0, output=json.dumps({"value": 7, "call": 2}))), "log says"),
    ("another step's output",
     lambda r: replace(r, steps=changed(r.steps, 0, output=json.dumps({"value": 2, "call": 3}))), "log says"),
    ("a foreign output",
     lambda r: replace(r, steps=changed(r.steps, 0, output=json.dumps({"value": 1, "call": 77}))),
     "not of this run"),
    ("a wrong sum",
     lambda r: replace(r, case=replace(r.case, values={"a": 5})), "gave"),
    ("once, twice", extra_call("case/b", f"{RUN}:1:0", 2), "was called 2 times with 0 leaves"),
    ("another key", extra_call("case/a", f"{RUN}:0:1"), "revision 1 of 0"),
    ("another run's key", extra_call("case/a", "run_2:0:0"), "carried the key"),
    ("one key for two steps", extra_call("case/b", f"{RUN}:0:0"), "served"),
    ("a call without an attempt", extra_call("case/a", f"{RUN}:0:0"), "called 3 times in 2 attempts"),
    ("a success without a call",
     lambda r: replace(r, calls={"case/a": r.calls["case/a"]}), "never called"),
    ("money kept back", of_run(reserved_nano=5), "stay reserved"),
    ("too much money", of_run(spent_nano=101), "of 100 nano-dollars"),
    ("money from nowhere", of_run(spent_nano=31), "the attempts cost 30"),
    ("a gap", lambda r: replace(r, events=[r.events[0], *r.events[2:]]), "instead of 1 to 4"),
    ("no end told", lambda r: replace(r, events=changed(r.events, 3, type="run.status")), "that of its end"),
    ("a follower's gap", lambda r: replace(r, stream=[1, 2, 4]), "a follower got"),
    ("a follower's repeat", lambda r: replace(r, stream=[1, 2, 2, 3, 4]), "a follower got"),
    ("a forbidden move of a step",
     lambda r: replace(r, moves=[*r.moves, ("step", "succeeded", "running", 0)]), "step 0 went from"),
    ("a forbidden move of the run",
     lambda r: replace(r, moves=[*r.moves, ("run", "succeeded", "failed", None)]), "the run went from"),
]  # fmt: skip


def test_an_honest_record_violates_nothing():
    assert invariants.violations(Record([honest()])) == []


@pytest.mark.parametrize(("doctor", "told"), [row[1:] for row in DOCTORED], ids=[row[0] for row in DOCTORED])
def test_a_doctored_record_is_found_out(doctor: Callable[[RunRecord], RunRecord], told: str):
    found = invariants.violations(Record([doctor(honest())]))
    assert any(told in line for line in found), found


def test_leave_to_repeat_allows_one_call_more():
    record = extra_attempt(**_attempt(1, 2, "lost"))(extra_call("case/b", f"{RUN}:1:0", 2)(honest()))
    record = replace(record, run={**record.run, "spent_nano": 40})
    asked = [{"step_idx": 1, "answer": json.dumps("repeat")}]
    assert invariants.violations(Record([replace(record, questions=asked)])) == []
    assert invariants.violations(Record([record])) != []


def test_a_call_that_reads_may_have_begun_beside_each_commit_of_a_parent():
    honestly = honest()
    b = changed(honestly.steps, 1, tool=READING, once=False)
    record = extra_call("case/b", f"{RUN}:1:0", 2)(replace(honestly, steps=b))
    assert invariants.violations(Record([record])) == []
    for _ in range(2):
        record = extra_call("case/b", f"{RUN}:1:0", 2)(record)
    assert "called 4 times in 1 attempts" in "".join(invariants.violations(Record([record])))


def test_what_was_seen_meanwhile_counts_too():
    record = Record([], missing=["run_9"], over_budget=["over"], unowned=["idle"])
    assert len(invariants.violations(record)) == 3


ROWS = [("run_1", 0, "running", "host-77-abc"), ("run_1", 1, "ready", None)]


class TestWatch:
    def watch(self) -> Watch:
        return Watch(connect=pytest.fail, able=set)

    def test_what_a_living_worker_holds_has_an_owner(self):
        watch = self.watch()
        for now in (0.0, 2 * LIMIT):
            watch.look(ROWS[:1], {77}, now)
        assert watch.unowned == []
        assert watch.longest == 0.0

    @pytest.mark.parametrize("row", ROWS)
    def test_what_nobody_takes_is_told_once(self, row):
        watch = self.watch()
        for now in (0.0, LIMIT - 1, LIMIT + 1, LIMIT + 2):
            watch.look([row], {5}, now)
        assert len(watch.unowned) == 1

    def test_a_claim_by_one_who_died_at_once_starts_the_time_anew(self):
        watch = self.watch()
        for now, row in (
            (0.0, ("run_1", 0, "running", "host-77-abc")),
            (LIMIT - 1, ("run_1", 0, "ready", None)),
            (LIMIT + 1, ("run_1", 0, "running", "host-78-abc")),
            (2 * LIMIT, ("run_1", 0, "ready", None)),
        ):
            watch.look([row], {5}, now)
        assert watch.unowned == []

    def test_time_without_any_worker_does_not_count(self):
        watch = self.watch()
        watch.look(ROWS, {5}, 0.0)
        watch.look(ROWS, set(), LIMIT)
        watch.look(ROWS, {5}, LIMIT + 1)
        assert watch.unowned == []
