"""Outputs of finished steps, for those that refer to them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, select

from orchestrator.domain.plan import PREVIOUS, REF, Ref, dig, resolve
from orchestrator.domain.step import StepId, StepStatus
from orchestrator.errors import NotFound
from orchestrator.store.codec import loads
from orchestrator.store.tables import steps


def subtask_outputs(
    connection: Connection, run_id: str, subtasks: Sequence[str]
) -> dict[str, tuple[Mapping[str, Any], Mapping[str, str]]]:
    """The newest finished output of each sub-task, with the aliases of its fields."""
    query = (
        select(steps.c.subtask, steps.c.output, steps.c.aliases)
        .where(
            steps.c.run_id == run_id,
            steps.c.subtask.in_(subtasks),
            steps.c.last_part,
            steps.c.status == StepStatus.SUCCEEDED.value,
        )
        .order_by(steps.c.path_version)
    )
    return {row.subtask: (loads(row.output), loads(row.aliases)) for row in connection.execute(query)}


def known_arguments(
    connection: Connection, run_id: str, previous: int | None, arguments: Any, *, leave: bool = False
) -> Any:
    """Arguments with what they refer to, of a step whose needs have ended.

    Raises `KeyError` or `NotFound` for what is not there; with `leave` such a reference stays as it is.
    """

    def lookup(ref: Ref) -> Any:
        if ref.source == PREVIOUS:
            return dig(step_output(connection, StepId(run_id, previous or 0)), ref.path)
        output, aliases = subtask_outputs(connection, run_id, [ref.source])[ref.source]
        first, *rest = ref.path
        return dig(output, (first if first in output else aliases.get(first, first), *rest))

    def patient(ref: Ref) -> Any:
        try:
            return lookup(ref)
        except (KeyError, NotFound):
            return {REF: ".".join([ref.source, *ref.path])}

    return resolve(arguments, patient if leave else lookup)


def step_output(connection: Connection, step: StepId) -> Mapping[str, Any]:
    """Raises `NotFound`."""
    query = select(steps.c.output).where(
        steps.c.run_id == step.run_id, steps.c.idx == step.idx, steps.c.output.is_not(None)
    )
    text = connection.execute(query).scalar_one_or_none()
    if text is None:
        raise NotFound(f"step {step.idx} of run {step.run_id!r} has no output")
    output: Mapping[str, Any] = loads(text)
    return output
