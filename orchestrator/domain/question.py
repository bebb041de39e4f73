"""Questions to a person: a missing value, the approval of a plan, or leave to repeat a call."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class QuestionKind(StrEnum):
    """What is asked."""

    #: A value that the plan needs and the request does not hold.
    VALUE = "value"
    #: May this plan run? The answer is true or false, or names the plan that was made of it and may.
    PLAN_APPROVAL = "plan_approval"
    #: May this call be made? "approve", "reject", or other arguments with which it may.
    STEP_APPROVAL = "step_approval"
    #: A call that must not be repeated was cut off: repeat it ("repeat"), take it as done ("skip") or fail?
    REPEAT_ONCE = "repeat_once"
    #: An undo failed: try it again ("retry"), was it undone by hand ("done"), or let it stand ("leave")?
    UNDO_FAILED = "undo_failed"
    #: A tool asks in the middle of its call: the fields of a form, or "accept" once a page was visited; or
    #: "decline" or "cancel", with which the call fails.
    TOOL_ASKS = "tool_asks"


#: Answers to a question of a tool that give it nothing.
REFUSALS = ("decline", "cancel")


#: What answers the approval of a plan, as JSON Schema.
PLAN_ANSWER: Mapping[str, Any] = {
    "anyOf": [
        {"type": "boolean"},
        {
            "type": "object",
            "properties": {"plan": {"type": "string"}},
            "required": ["plan"],
            "additionalProperties": False,
        },
    ]
}


@dataclass(frozen=True, slots=True)
class Expired:
    """An open question whose time is over, and the answer that stands then."""

    run_id: str
    id: str
    default: Any


@dataclass(frozen=True, slots=True)
class Question:
    """One open or answered question of a run; `schema` is the JSON Schema of its answer."""

    id: str
    run_id: str
    kind: QuestionKind
    text: str
    schema: Mapping[str, Any]
    created_at: float
    #: The sub-task and argument it is about, where there is one.
    subtask: str | None = None
    argument: str | None = None
    step_idx: int | None = None
    detail: Mapping[str, Any] | None = None
    #: When `detail["default"]` becomes the answer.
    expires_at: float | None = None
    answered_at: float | None = None
    answer: Any = None
