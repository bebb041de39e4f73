"""Several candidate plans in one graph."""

from __future__ import annotations

from orchestrator.planning.assembly import assembled, quality_of
from orchestrator.planning.drafts import Draft, DraftSubTask
from orchestrator.planning.grounding import ground
from orchestrator.planning.state import Candidate
from tests.unit.orchestrator.planning.cases import asked, drafted, ref, scene


def candidate(*subtasks: DraftSubTask, confidence: float = 1.0) -> Candidate:
    draft = Draft(subtasks, clauses=("do it",), confidence=confidence)
    return Candidate(draft, grounded=ground(draft, scene()))


def test_sub_tasks_that_agree_are_shared_and_the_others_keep_their_plans() -> None:
    one = candidate(drafted("a", "add", {"x": 1}), drafted("b", "add", {"x": ref("a.result"), "y": 2}))
    two = candidate(
        drafted("first", "add", {"x": 1}), drafted("b", "add", {"x": ref("first.result"), "y": 3})
    )
    plan = assembled([one, two], asked(), source="llm")
    assert [(s.id, s.plans) for s in plan.subtasks] == [("a", ()), ("b", ("p1",)), ("b_2", ("p2",))]
    assert plan.subtask("b_2").options[0].calls[0].arguments["x"] == ref("a.result")
    assert plan.subtask("b_2").needs == ("a",)
    assert plan.plan_quality == {"p1": 1.0, "p2": 1.0}


def test_a_sub_task_does_not_agree_when_what_it_uses_differs() -> None:
    one = candidate(drafted("a", "add", {"x": 1}), drafted("b", "add", {"x": ref("a.result")}))
    two = candidate(drafted("a", "add", {"x": 2}), drafted("b", "add", {"x": ref("a.result")}))
    plan = assembled([one, two], asked(), source="llm")
    assert len(plan.subtasks) == 4
    assert all(len(subtask.plans) == 1 for subtask in plan.subtasks)


def test_two_candidates_that_say_the_same_are_one_plan_with_the_better_quality() -> None:
    same = [candidate(drafted(id, "add", {"x": 1}), confidence=c) for id, c in (("a", 0.5), ("z", 0.8))]
    plan = assembled(same, asked(), source="llm")
    assert [(s.id, s.plans) for s in plan.subtasks] == [("a", ())]
    assert plan.quality == 0.8
    assert plan.plan_quality == {}


def test_one_and_the_number_one_and_true_are_different_arguments() -> None:
    plans = [candidate(drafted("a", "write", {"text": text})) for text in ("1", "true")]
    assert len(assembled(plans, asked(), source="llm").subtasks) == 2


def test_the_quality_of_a_plan_is_what_it_covers_times_its_confidence() -> None:
    draft = Draft((), clauses=("a", "b", "c", "d"), uncovered=("d",), confidence=0.8)
    assert quality_of(draft) == 0.75 * 0.8
    assert quality_of(Draft(())) == 1.0
