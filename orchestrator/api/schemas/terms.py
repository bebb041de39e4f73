"""The terms of a run or plan as answers: how cost weighs, what may be spent, which tools may be used."""

from __future__ import annotations

from orchestrator.api.schemas.fields import GivenMoney, Told
from orchestrator.domain.budget import Budget, Preference, Risk
from orchestrator.domain.run import ToolFilter


class PreferenceCostOut(Told):
    """What one dollar and one tool-second weigh."""

    usd: float
    second: float


class PreferenceOut(Told):
    """How cost weighs against quality."""

    alpha: float
    cost: PreferenceCostOut
    risk: Risk

    @classmethod
    def of(cls, preference: Preference) -> PreferenceOut:
        """Of the domain's value."""
        cost = PreferenceCostOut(usd=preference.usd, second=preference.second)
        return cls(alpha=preference.alpha, cost=cost, risk=preference.risk)


class BudgetOut(Told):
    """The hard limits of a run."""

    usd: GivenMoney | None
    seconds: float | None
    tokens: int | None
    min_quality: float | None

    @classmethod
    def of(cls, budget: Budget) -> BudgetOut:
        """Of the domain's value."""
        return cls(
            usd=budget.usd, seconds=budget.seconds, tokens=budget.tokens, min_quality=budget.min_quality
        )


class ToolFilterOut(Told):
    """Tools by name or by `tag:…`; an empty include means all."""

    include: list[str]
    exclude: list[str]

    @classmethod
    def of(cls, filter: ToolFilter) -> ToolFilterOut:
        """Of the domain's value."""
        return cls(include=list(filter.include), exclude=list(filter.exclude))
