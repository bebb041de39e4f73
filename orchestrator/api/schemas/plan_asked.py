"""What may be asked of a stored plan."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field, WithJsonSchema

from orchestrator.api.schemas.fields import Asked
from orchestrator.api.schemas.run_request import BudgetIn, PreferenceIn, ToolFilterIn
from orchestrator.domain.run import Terms


class TermsIn(Asked):
    """Another preference, other limits or another choice of tools; what is left out stays as it was."""

    preference: PreferenceIn | None = None
    budget: BudgetIn | None = None
    tools: ToolFilterIn | None = None

    def terms(self) -> Terms:
        """As the domain has them."""
        return Terms(
            None if self.preference is None else self.preference.value(),
            None if self.budget is None else self.budget.value(),
            None if self.tools is None else self.tools.value(),
        )


class QuoteAsked(TermsIn):
    """Terms to quote the same plan under; `explain` asks why, too, which takes several searches."""

    explain: bool = False


def _edit(op: str, needed: dict[str, Any], **more: Any) -> dict[str, Any]:
    fields = {"op": {"type": "string", "const": op}, **needed, **more}
    return {
        "type": "object",
        "title": op,
        "properties": fields,
        "required": ["op", *needed],
        "additionalProperties": False,
    }


_TEXT = {"type": "string"}
_TEXTS = {"type": "array", "items": _TEXT}
_OBJECT = {"type": "object", "additionalProperties": True}
#: What `GivenSubTask` takes, too.
_SUBTASK = {
    "type": "object",
    "properties": {"id": _TEXT, "goal": _TEXT, "tool": _TEXT, "arguments": _OBJECT, "needs": _TEXTS},
    "required": ["id"],
}
_EDITS = (
    _edit("add", {"subtask": _SUBTASK}, after=_TEXT),
    _edit("remove", {"id": _TEXT}),
    _edit("reorder", {}, order=_TEXTS, id=_TEXT, needs=_TEXTS),
    _edit("reword", {"id": _TEXT}, goal=_TEXT, words=_TEXT),
    _edit("retarget", {"id": _TEXT}, tool={"anyOf": [_TEXT, {"type": "null"}]}),
    _edit("arguments", {"id": _TEXT, "arguments": _OBJECT}),
    _edit("extend", {"id": _TEXT, "into": {"type": "array", "items": _SUBTASK, "minItems": 2}}),
)
#: Checked by the editor, whose answers name the field; here is only what the document says of it.
Edit = Annotated[dict[str, Any], WithJsonSchema({"oneOf": list(_EDITS)})]


class EditsIn(TermsIn):
    """Edits of a plan, applied in order (each is an object with an `op` and its fields), and its new terms.

    Without edits the new plan is the old one under these terms.
    """

    edits: Annotated[list[Edit], Field(max_length=200)] = Field(default_factory=list)


class RunPlanIn(TermsIn):
    """How to run a stored plan; without labels of its own the run has the plan's."""

    labels: dict[str, str] = Field(default_factory=dict)
