"""Judgements of runs and outputs: as people give them, and as they are shown."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from orchestrator.api.schemas.fields import Asked, Moment, Told
from orchestrator.domain.feedback import Said
from orchestrator.domain.step import VerdictSource

_QUALITY = {"good": 1.0, "bad": 0.0}


class VerdictOut(Told):
    """A judgement of an output, and who said so."""

    quality: float
    source: VerdictSource
    detail: str


class SaidIn(Asked):
    """A judgement in one word, or as a number from 0 to 1; `comment` says why."""

    verdict: Literal["good", "bad"] | None = None
    quality: Annotated[float | None, Field(ge=0, le=1)] = None
    comment: Annotated[str, Field(max_length=2_000)] = ""

    def said(self) -> Said | None:
        """As the domain has it; None where nothing is judged."""
        quality = self.quality if self.verdict is None else _QUALITY[self.verdict]
        return None if quality is None else Said(quality, self.comment.strip())


class StepFeedbackIn(SaidIn):
    """Of the output of one step, named by its key, its number, or its sub-task."""

    step: Annotated[str, Field(min_length=1, max_length=200)]

    @model_validator(mode="after")
    def _one_verdict(self) -> Self:
        if (self.verdict is None) == (self.quality is None):
            raise ValueError("give either verdict or quality")
        return self


class FeedbackIn(SaidIn):
    """Of the whole run, of its steps, or of both."""

    steps: Annotated[list[StepFeedbackIn], Field(max_length=1_000)] = Field(default_factory=list)

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.verdict is not None and self.quality is not None:
            raise ValueError("give either verdict or quality")
        judged = self.verdict is not None or self.quality is not None
        if not judged and (self.comment or not self.steps):
            raise ValueError("say verdict or quality, of the run or of some of its steps")
        return self


class FeedbackOut(Told):
    """What the holder of one key said of the run, or of the output of an attempt at a step.

    `by` is the key's id, null for the service's own; `before` is what the output was judged before any
    person spoke.
    """

    step: str | None
    attempt: int | None
    quality: float
    comment: str
    by: str | None
    at: Moment
    before: VerdictOut | None
