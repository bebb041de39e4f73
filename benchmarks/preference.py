"""What a preference changes: five requests at quality alone (α = 0) and at cost alone (α = 2).

    .venv/bin/python -m benchmarks.preference [--rounds 9] [--jobs summary,chart,speech,workbook,join]
        [--pages short,long]

An embedded service on SQLite works on pages of this machine. Each request is run in turn at both
preferences, so that both meet the same neighbours on a shared machine; the first two rounds warm the
processes and do not count. Cost is money and seconds of tools in the weights of the request's own
preference, in thousandths of a dollar. The results are checked in every run.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.e2e import materials, outcomes
from tests.e2e.requests import BY_NAME, Job
from tests.e2e.service import Client, serving

#: Weight of a second beside a dollar, as the service has it unless told otherwise.
SECOND = 0.0005
WARMING = 2
_ALPHAS = (0, 2)
#: Requests that name pages, which can be short or long.
_READS_PAGES = frozenset({"summary", "join"})


@dataclass(slots=True)
class Side:
    """One request at one preference: the tools of the last run, and the costs of all, in dollars."""

    tools: dict[str, str] = field(default_factory=dict)
    quality: float = 0.0
    quoted: list[float] = field(default_factory=list)
    paid: list[float] = field(default_factory=list)

    def add(self, run: dict[str, Any], *, counts: bool) -> None:
        """Take a run into account."""
        self.tools, self.quality = outcomes.tools_of(run), run["quote"]["quality"]
        if counts:
            self.quoted.append(cost(run["quote"]["usd"], run["quote"]["tool_seconds"]))
            self.paid.append(cost(run["spend"]["usd"], run["spend"]["seconds"]))


def cost(usd: str, seconds: float) -> float:
    """Money and seconds of tools in one figure, in dollars."""
    return float(usd) + SECOND * seconds


@dataclass(frozen=True, slots=True)
class Bench:
    """A service, the pages it reads and the files people attach."""

    client: Client
    site: materials.Site
    files: dict[str, Path]

    def measure(self, job: Job, *, long: bool, rounds: int) -> dict[int, Side]:
        """Both sides of one request."""
        words = job.request.format(**(self.site.long_addresses if long else self.site.addresses))
        attached = [self.files[job.file]] if job.file else []
        sides = {alpha: Side() for alpha in _ALPHAS}
        for number in range(WARMING + rounds):
            for alpha, side in sides.items():
                run = self.client.do(words, *attached, preference={"alpha": alpha})
                outcomes.check(job.name, run, lambda output: self.client.bytes_of(output["artifact"]))
                side.add(run, counts=number >= WARMING)
        return sides


def lines(name: str, sides: dict[int, Side]) -> Iterator[str]:
    """One request as rows of the table."""
    best, cheap = sides[0], sides[2]
    changed = [task for task, tool in best.tools.items() if cheap.tools.get(task) != tool]
    instead = ", ".join(f"{best.tools[task]} / {cheap.tools.get(task, '-')}" for task in changed) or "none"
    quoted = [statistics.median(side.quoted) for side in (best, cheap)]
    paid = [statistics.median(side.paid) for side in (best, cheap)]
    yield (
        f"| {name} | {instead} | {best.quality:.2f} / {cheap.quality:.2f} | {_pair(quoted)} | {_pair(paid)} "
        f"| {paid[0] / paid[1]:.1f} | {_order(quoted, paid, best, cheap)} |"
    )


def _pair(costs: Sequence[float]) -> str:
    return " / ".join(f"{1000 * one:.3f}" for one in costs)


def _order(quoted: Sequence[float], paid: Sequence[float], best: Side, cheap: Side) -> str:
    """Whether the costs are ordered as promised, and in how many pairs of runs the paid ones are."""
    if best.tools == cheap.tools:
        return "the same tools"
    pairs = sum(dear > low for dear, low in zip(best.paid, cheap.paid, strict=True))
    said = ["yes" if one[0] > one[1] else "no" for one in (quoted, paid)]
    return f"quote {said[0]}, paid {said[1]} ({pairs} of {len(best.paid)} pairs)"


def words(text: str) -> list[str]:
    """Comma-separated words."""
    return text.split(",")


def parse() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description="Quality alone and cost alone, side by side.")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--jobs", type=words, default=list(BY_NAME))
    parser.add_argument("--pages", type=words, default=["short", "long"])
    return parser.parse_args()


def wanted(arguments: argparse.Namespace) -> list[tuple[Job, bool]]:
    """The requests with whether they read the long pages; those that read none count once."""
    every = [(BY_NAME[name], pages == "long") for pages in arguments.pages for name in arguments.jobs]
    return [(job, long) for job, long in every if job.name in _READS_PAGES or not long]


def main() -> None:
    """Start services, measure, print."""
    arguments = parse()
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, {arguments.rounds} rounds", flush=True)
    print("| request | tools at 0 / at 2 | quality | quoted | paid, median | ratio | in order |")
    print("|---|---|---|---|---|---|---|", flush=True)
    with tempfile.TemporaryDirectory() as name, materials.serving_pages() as site:
        folder = Path(name)
        files = {"sales.csv": materials.write_sales(folder), "scan.png": materials.write_scan(folder)}
        for number, (job, long) in enumerate(wanted(arguments)):
            # A service of its own for each: what is believed comes from the records and these runs.
            with (
                serving(folder / f"data{number}", net_allow=site.allow) as service,
                service.client() as client,
            ):
                sides = Bench(client, site, files).measure(job, long=long, rounds=arguments.rounds)
            pages = f", {'long' if long else 'short'} pages" if job.name in _READS_PAGES else ""
            print(*lines(f"{job.name}{pages}", sides), sep="\n", flush=True)
    print(f"load at the end {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
