"""What people say of a run and of its outputs."""

from __future__ import annotations

from dataclasses import dataclass

from orchestrator.domain.step import Verdict


@dataclass(frozen=True, slots=True)
class Said:
    """A person's judgement: quality in [0, 1], and why in words."""

    quality: float
    comment: str = ""


@dataclass(frozen=True, slots=True)
class Feedback:
    """What the holder of one key said, of a whole run or of the output of one attempt at a step."""

    run_id: str
    said: Said
    #: The key's id; None for the service's own.
    by: str | None
    #: Seconds since 1970.
    at: float
    #: The step's number and the attempt's; None for the whole run.
    step_idx: int | None = None
    attempt: int | None = None
    #: What the output was judged before any person spoke.
    before: Verdict | None = None
