"""Rules by which a call waits for a person's word before it is made."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from fnmatch import fnmatchcase
from typing import Any, Literal

from tools.spec import Effect, Tool

Default = Literal["approve", "reject"]


def asked(
    words: str, tool: Tool, *, timeout: float | None = None, default: Default = "reject"
) -> dict[str, Any]:
    """Why a call of that tool waits for approval, and what stands when nobody answers in time."""
    return {"words": words, "timeout": timeout, "default": default, "effect": tool.effect.value}


@dataclass(frozen=True, slots=True)
class Patience:
    """For approvals that say nothing of their own: the seconds they stay open (None: for ever), and what
    then stands.
    """

    approval_timeout: float | None = None
    approval_default: Default | None = None

    def or_else(self, other: Patience) -> Patience:
        """What is left open here, from the other."""
        return Patience(
            other.approval_timeout if self.approval_timeout is None else self.approval_timeout,
            self.approval_default or other.approval_default,
        )


@dataclass(frozen=True, slots=True)
class ApprovalRule:
    """Holds for a call when all that it names holds; one that names nothing holds for every call.

    `tool` is a name, or a pattern such as `send_*`; `usd_over` is compared with the most that one call
    can cost. With `timeout` (seconds from the question) `default` is the answer when nobody gives one.
    """

    tool: str | None = None
    effect: Effect | None = None
    usd_over: Decimal | None = None
    timeout: float | None = None
    default: Default | None = None

    def within(self, patience: Patience) -> ApprovalRule:
        """The rule with what it leaves open taken from `patience`."""
        default = self.default or patience.approval_default
        timeout = patience.approval_timeout if self.timeout is None else self.timeout
        return replace(self, timeout=timeout, default=default)

    def holds(self, tool: Tool, worst_usd: Decimal) -> bool:
        """Whether a call of that tool, which costs at most `worst_usd`, must be approved."""
        return (
            (self.tool is None or fnmatchcase(tool.name, self.tool))
            and (self.effect is None or tool.effect is self.effect)
            and (self.usd_over is None or worst_usd > self.usd_over)
        )

    def asked_of(self, tool: Tool) -> dict[str, Any]:
        """What a step keeps of the rule that holds for it."""
        return asked(self.words, tool, timeout=self.timeout, default=self.default or "reject")

    @property
    def words(self) -> str:
        """The rule as a person reads it."""
        parts = [
            f"tool is {self.tool}" if self.tool is not None else "",
            f"effect is {self.effect.value}" if self.effect is not None else "",
            f"may cost over {self.usd_over} USD" if self.usd_over is not None else "",
        ]
        return " and ".join(part for part in parts if part) or "every call"
