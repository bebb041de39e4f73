"""`make chaos`: every fault on a real installation, one verdict at the end.

`CHAOS=short` tries a part of them in under three minutes. `python -m tests.chaos NAME …` tries those
whose names hold one of the words.
"""

from __future__ import annotations

import importlib
import os
import signal
import sys
import time
import traceback

from tests import servers
from tests.chaos import cluster as clusters
from tests.chaos.faults.catalogue import CATALOGUE, Fault
from tests.chaos.people import People
from tests.chaos.stage import Result

FAMILIES = ("kills", "processes", "redis", "postgres", "network", "tools", "disk", "rolling")


def main(words: list[str]) -> int:
    """The exit status: 0 when nothing was violated."""
    signal.signal(signal.SIGTERM, _end)
    for family in FAMILIES:
        importlib.import_module(f"tests.chaos.faults.{family}")
    short = os.environ.get("CHAOS") == "short"
    chosen = [one for one in CATALOGUE if _wanted(one, words, short=short)]
    began = time.monotonic()
    try:
        with clusters.running() as cluster:
            People(cluster).register()
            results = [_tried(one, cluster, short=short) for one in chosen]
    except servers.NotInstalled as missing:
        print(f"chaos: not tried: it {missing}")
        return int("TOOLPATH_NO_SKIPS" in os.environ)
    return _verdict(results, time.monotonic() - began)


def _end(*_: object) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # a second one must not cut short what stops the servers
    sys.exit(1)


def _wanted(one: Fault, words: list[str], *, short: bool) -> bool:
    if words:
        return any(word.lower() in one.name.lower() for word in words)
    return one.short or not short


def _tried(one: Fault, cluster: clusters.Cluster, *, short: bool) -> Result:
    result = Result(one.name, one.promise, short=short)
    began = time.monotonic()
    try:
        cluster.until_ready()
        one.do(cluster, result)
    except Exception:  # noqa: BLE001 - a fault that could not be tried is a failure of the suite, told as such
        result.violations.append(f"could not be tried: {traceback.format_exc()}")
    result.seconds = time.monotonic() - began
    _say(result)
    return result


def _say(result: Result) -> None:
    verdict = "left out: " + result.left_out if result.left_out else "holds"
    verdict = f"{len(result.violations)} VIOLATIONS" if result.violations else verdict
    figures = f"{result.faults} faults, {result.runs} runs, idle at most {result.idle:.1f} s"
    print(f"{result.name}: {verdict} ({figures}, took {result.seconds:.0f} s)")
    for note in result.notes:
        print(f"    {note}")
    for violation in result.violations:
        print(f"    VIOLATION {violation}")
    sys.stdout.flush()


def _verdict(results: list[Result], seconds: float) -> int:
    faults, runs = sum(one.faults for one in results), sum(one.runs for one in results)
    violated = sum(len(one.violations) for one in results)
    print()
    for one in results:
        state = "left out" if one.left_out else f"{len(one.violations)} violations"
        print(f"{one.name:<84} {one.faults:>4} faults {one.runs:>4} runs {one.idle:>5.1f} s  {state}")
    print(f"took {seconds:.0f} s")
    print(f"chaos: {faults} faults, {runs} runs, {violated} violations")
    return 1 if violated else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
