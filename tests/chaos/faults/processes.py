"""Processes die, freeze, lose their heartbeat, or see their clocks jump."""

from __future__ import annotations

import random
import time
from functools import partial

from tests.chaos.cluster import Cluster
from tests.chaos.faults.catalogue import fault
from tests.chaos.launcher import Orders
from tests.chaos.stage import Result, Wave
from tests.chaos.workload import Case, Graph, chain, fan, layers, once

HOUR = 3600.0


def _held(name: str, tool: str = "work") -> Case:
    return Graph(name).add("a", tool=tool).add("b", "a").case()


@fault(
    "a worker dies between the broker's pop and its claim, six times",
    "the bell is lost, the work is not: a sweep rings again",
    short=True,
)
def lost_bell(cluster: Cluster, result: Result) -> None:
    for turn in range(3):
        for worker in cluster.workers[:2]:
            worker.order(Orders(ring=True))
        before = cluster.reported_deaths()
        with Wave(cluster, [chain(f"bell-{turn}-{n}", 4, ms=200) for n in range(3)]) as wave:
            wave.until(partial(cluster.died_more, before + 2), within=12)
            result.faults += cluster.reported_deaths() - before
        wave.settle(result)
        for worker in cluster.workers:
            worker.order(Orders())
        cluster.until_ready()


@fault(
    "a worker is frozen past its lease and answers late",
    "another does the step; the late answer counts for nothing",
    short=True,
)
def frozen(cluster: Cluster, result: Result) -> None:
    marks = ["frozen-plain/a", "frozen-once/a"]
    came = [cluster.tools.hold(mark) for mark in marks]
    once_case = Graph("frozen-once").add("a", tool="once").case(values={})
    with Wave(cluster, [_held("frozen-plain"), once_case]) as wave:
        for event in came:
            event.wait(30)
        time.sleep(0.3)
        holders = wave.holders()
        for worker in holders:
            worker.freeze()
            result.faults += 1
        if len(holders) == len(cluster.workers):
            cluster.add("worker", name="stand-in")
        wave.until(lambda: sum(c.mark == marks[0] for c in cluster.tools.calls) > 1, within=40)
        for mark in marks:
            cluster.tools.release(mark)
        for worker in holders:
            worker.thaw()
    wave.settle(result)
    _expect_late(cluster, result, wave, marks[0])
    for worker in [w for w in cluster.workers if w.name == "stand-in"]:
        cluster.remove(worker)


@fault(
    "a worker's heartbeat is silent, and its tool answers after the lease",
    "another does the step; the late answer counts for nothing",
)
def muted(cluster: Cluster, result: Result) -> None:
    mark = "muted/a"
    came = cluster.tools.hold(mark)
    with Wave(cluster, [_held("muted")]) as wave:
        came.wait(30)
        time.sleep(0.3)
        holders = wave.holders()
        for worker in holders:
            worker.mute(on=True)
            result.faults += 1
        wave.until(lambda: sum(c.mark == mark for c in cluster.tools.calls) > 1, within=40)
        cluster.tools.release(mark)
        for worker in holders:
            worker.mute(on=False)
    wave.settle(result)
    _expect_late(cluster, result, wave, mark)


@fault("a tool takes 14 s, longer than a lease", "the heartbeat keeps the step: it is called once")
def slow_tool(cluster: Cluster, result: Result) -> None:
    marks = ["slow-plain/a", "slow-once/a"]
    came = [cluster.tools.hold(mark) for mark in marks]
    once_case = Graph("slow-once").add("a", tool="once").case(values={})
    with Wave(cluster, [_held("slow-plain"), once_case]) as wave:
        for event in came:
            event.wait(30)
        result.faults += 1
        time.sleep(14)
        for mark in marks:
            cluster.tools.release(mark)
    wave.settle(result)
    for mark in marks:
        made = sum(call.mark == mark for call in cluster.tools.calls)
        if made != 1:
            result.violations.append(f"{mark} was called {made} times although its worker lived")


@fault("all workers are killed at once, twice", "the next ones go on where the truth stands", short=True)
def all_workers(cluster: Cluster, result: Result) -> None:
    cases = [chain(f"all-chain{n}", 8, ms=400, followed=n == 0) for n in range(3)]
    cases += [layers("all-layers", 5, 3, ms=300), once("all-once", ms=400)]
    with Wave(cluster, cases) as wave:
        for turn in range(2):
            wave.until(wave.at_work)
            time.sleep(0.5 + turn)
            for worker in cluster.workers:
                worker.kill()
                result.faults += 1
            cluster.until_ready()
    wave.settle(result)
    result.notes.append(f"{wave.lost()} attempts lost")


@fault(
    "the API and beat are killed again and again",
    "what was accepted stays; followers miss nothing",
    short=True,
)
def api_and_beat(cluster: Cluster, result: Result) -> None:
    cases = [chain(f"api-chain{n}", 10, ms=500, followed=True) for n in range(4)]
    cases.append(fan("api-fan", 8, ms=900, followed=True))
    with Wave(cluster, cases) as wave:
        wave.until(wave.at_work)
        for _ in range(2):
            cluster.api.kill()
            cluster.beat.kill()
            result.faults += 2
            cluster.until_ready()
            time.sleep(0.7)
    wave.settle(result)


@fault(
    "the clocks of all processes jump by up to two hours, both ways",
    "leases and times are the database's",
    short=True,
)
def clocks(cluster: Cluster, result: Result) -> None:
    random_ = random.Random(5)
    cases = [chain(f"clock-chain{n}", 8, ms=400, followed=n == 0) for n in range(3)]
    cases += [fan("clock-fan", 8, ms=400), Graph("clock-storm").add("a", tool="storm").case()]
    with Wave(cluster, cases) as wave:
        wave.until(wave.at_work)
        while wave.lasts() and result.faults < 60:
            for process in cluster.processes:
                process.shift_clock(random_.uniform(-2, 2) * HOUR)
            result.faults += len(cluster.processes)
            time.sleep(0.4)
    for process in cluster.processes:
        process.shift_clock(0.0)
    wave.settle(result)


def _expect_late(cluster: Cluster, result: Result, wave: Wave, mark: str) -> None:
    """The fault must really have happened: a lost attempt, then a good one by another worker."""
    endings = [
        row["ending"]
        for run in wave.runs
        if mark.startswith(f"{run.case.name}/")
        for row in run.attempts_of(0)
    ]
    if endings != ["lost", "succeeded"]:
        result.violations.append(f"{mark}: the attempts ended as {endings}, not lost and then succeeded")
    time.sleep(1.0)  # the late answer has come by now, and must not have added to the record
    calls = sum(call.mark == mark for call in cluster.tools.calls)
    result.notes.append(f"{calls} calls, 1 counted")
