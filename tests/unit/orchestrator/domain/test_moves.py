from __future__ import annotations

import pytest

from orchestrator.domain.run import RUN_MOVES, RunStatus, may_move, run_ended
from orchestrator.domain.step import STEP_MOVES, StepStatus, step_open

ENDED_STEPS = [status for status in StepStatus if not step_open(status)]


def test_every_status_of_a_run_has_moves_and_can_be_reached():
    assert set(RUN_MOVES) == set(RunStatus)
    reached = {to for moves in RUN_MOVES.values() for to in moves}
    assert reached == set(RunStatus)
    assert all(status not in moves for status, moves in RUN_MOVES.items())


def test_every_status_of_a_step_has_moves_and_can_be_reached():
    assert set(STEP_MOVES) == set(StepStatus)
    assert {to for moves in STEP_MOVES.values() for to in moves} == set(StepStatus)


def test_a_run_that_has_not_ended_can_always_be_cancelled():
    for status in RunStatus:
        assert may_move(status, RunStatus.CANCELLED) != run_ended(status)


def test_an_ended_run_can_only_be_reopened():
    for status in RunStatus:
        if run_ended(status):
            assert RUN_MOVES[status] == {RunStatus.RUNNING, RunStatus.PLANNING}


def test_an_open_step_can_always_be_cancelled_and_an_ended_one_never():
    for status in StepStatus:
        assert (StepStatus.CANCELLED in STEP_MOVES[status]) == step_open(status)


@pytest.mark.parametrize("status", ENDED_STEPS)
def test_an_ended_step_is_reopened_through_pending_or_ready(status):
    reopened = {to for to in STEP_MOVES[status] if step_open(to)}
    assert reopened == {StepStatus.PENDING, StepStatus.READY}


def test_only_a_claimed_step_ends_by_an_outcome():
    for status in (StepStatus.LOW_QUALITY, StepStatus.POISONED):
        assert [s for s, moves in STEP_MOVES.items() if status in moves] == [StepStatus.RUNNING]


def test_whatever_ends_a_run_can_be_reached_while_it_runs():
    assert RUN_MOVES[RunStatus.RUNNING] >= {s for s in RunStatus if run_ended(s)}
