"""The faults there are, in the order in which they are tried."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tests.chaos.cluster import Cluster
from tests.chaos.stage import Result

Do = Callable[[Cluster, Result], None]


@dataclass(frozen=True)
class Fault:
    """One kind of harm: its name, what is promised under it, and whether the short form tries it."""

    name: str
    promise: str
    do: Do
    short: bool


CATALOGUE: list[Fault] = []


def fault(name: str, promise: str, *, short: bool = False) -> Callable[[Do], Do]:
    """Enter a function into the catalogue."""

    def enter(do: Do) -> Do:
        CATALOGUE.append(Fault(name, promise, do, short))
        return do

    return enter
