"""The closed lists of words in answers: codes of errors, reasons of causes, and what waits for what.

An operator's own function may raise with a code of its own; every other code is listed here, and a test
holds the list to the source.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import ConfigDict, WithJsonSchema

from orchestrator.api.schemas.fields import Told

#: Codes of problem documents, and of the errors of runs, steps and undos.
ERROR_CODES = (
    "address_forbidden",
    "bad_arguments",
    "bad_input_file",
    "bad_login_code",
    "bad_output",
    "body_too_large",
    "budget_exhausted",
    "budget_too_small",
    "cap_exhausted",
    "conflict",
    "cut_off",
    "deadline_exceeded",
    "definition_changed",
    "draining",
    "error",
    "fix_the_call",
    "forbidden",
    "foreign_origin",
    "idempotency_key_reused",
    "input_needed",
    "internal_error",
    "invalid",
    "limit_reached",
    "low_quality",
    "malformed_json",
    "maybe_done",
    "model_failed",
    "no_option_left",
    "no_suitable_tool",
    "not_answered",
    "not_approved",
    "not_authorised",
    "not_built",
    "not_found",
    "not_ready",
    "not_repeated",
    "notify_crashed",
    "plan_rejected",
    "planning_crashed",
    "planning_too_long",
    "poisoned",
    "rate_limited",
    "repair_crashed",
    "result_gone",
    "secret_exposed",
    "server_fault",
    "storage_full",
    "timed_out",
    "too_large",
    "tool_error",
    "try_again",
    "unauthorised",
    "unavailable",
    "undo_crashed",
    "unknown_host",
    "unreachable",
    "use_another",
    "worker_lost",
    "worker_stopped",
)
#: Why a step waits, was skipped or cancelled, or ended by a person's word.
CAUSE_REASONS = (
    "backoff",
    "budget",
    "cap",
    "changed_arguments",
    "deadline",
    "limit",
    "need_failed",
    "person",
    "replaced",
    "run_cancelled",
    "run_failed",
    "taken_as_done",
    "worker",
)


def _one_of(words: tuple[str, ...]) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", "enum": list(words)})


ErrorCode = Annotated[str, _one_of(ERROR_CODES)]
CauseReason = Annotated[str, _one_of(CAUSE_REASONS)]


class ErrorOut(Told):
    """What went wrong: a stable word and a sentence; some codes bring more fields (`nearest`, `cheapest`)."""

    model_config = ConfigDict(extra="allow")

    code: ErrorCode
    message: str = ""


class CauseOut(Told):
    """Why a step is as it is; further fields say by what or until when."""

    model_config = ConfigDict(extra="allow")

    reason: CauseReason


def error_out(error: dict[str, Any] | None) -> ErrorOut | None:
    """An error as it is kept, as an answer has it."""
    return None if error is None else ErrorOut.model_validate(error)
