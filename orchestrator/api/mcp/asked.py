"""What the tools of the service take as arguments."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from orchestrator.api.schemas.fields import Asked
from orchestrator.api.schemas.run import AnswerIn
from orchestrator.api.schemas.run_request import RunIn
from orchestrator.domain.run import RunStatus

RunId = Annotated[
    str, Field(min_length=1, max_length=100, description="id of the run, as submit_run told it")
]
Wait = Annotated[
    float,
    Field(ge=0, le=300, description="seconds to wait until the run has ended or asks something"),
]


class SubmitRun(Asked):
    """A run to do."""

    request: Annotated[str, Field(min_length=1, max_length=20_000, description="what to do, in plain words")]
    inputs: dict[str, Any] = Field(
        default_factory=dict, description='values by name; a file is {"artifact": "art_…"}'
    )
    mode: Annotated[
        Literal["auto", "plan", "approve"],
        Field(description="auto runs at once; plan stops after planning; approve asks before running"),
    ] = "auto"
    budget_usd: Annotated[float, Field(ge=0, description="the most it may cost")] | None = None
    budget_seconds: Annotated[float, Field(gt=0, description="the longest it may take")] | None = None
    labels: dict[str, str] = Field(default_factory=dict)
    idempotency_key: (
        Annotated[
            str,
            Field(
                min_length=1, max_length=200, description="a repeat under the same key makes no second run"
            ),
        ]
        | None
    ) = None
    wait: Wait = 0.0

    def run(self) -> RunIn:
        """The same as REST has it. Raises pydantic's `ValidationError`."""
        budget = {"usd": self.budget_usd, "seconds": self.budget_seconds}
        return RunIn.model_validate(
            {
                "request": self.request,
                "inputs": self.inputs,
                "mode": self.mode,
                "budget": {name: value for name, value in budget.items() if value is not None},
                "labels": self.labels,
            }
        )


class GetRun(Asked):
    """A run to look at."""

    id: RunId
    wait: Wait = 0.0


class ListRuns(Asked):
    """Runs to list."""

    status: list[RunStatus] = Field(default_factory=list)
    limit: Annotated[int, Field(ge=1, le=50)] = 10


class AnswerQuestions(Asked):
    """Answers to open questions of a run."""

    id: RunId
    answers: Annotated[
        list[AnswerIn], Field(min_length=1, max_length=100, description="the question's id, and the answer")
    ]
    wait: Wait = 0.0


class CancelRun(Asked):
    """A run to end."""

    id: RunId


class ListQuestions(Asked):
    """Open questions to list."""

    limit: Annotated[int, Field(ge=1, le=50)] = 20


class SearchTools(Asked):
    """Words to find tools by."""

    query: Annotated[str, Field(min_length=1, max_length=2_000)]
    k: Annotated[int, Field(ge=1, le=50)] = 5
