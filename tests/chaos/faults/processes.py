"""Processes die, freeze, lose their heartbeat, or see their clocks jump."""

from __future__ import annotations

import random
import time
from functools import partial

from tests.chaos.cluster import Cluster, Process
from tests.chaos.faults.catalogue import fault
from tests.chaos.launcher import Orders
from tests.chaos.stage import Result, Wave
from tests.chaos.workload import Case, Graph, chain, fan, layers, once

HOUR = 3600.0


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
    once_case = Graph("frozen-once").add("a", tool="once").case(values={})
    _answer_late(cluster, result, [Graph("frozen").add("a").add("b", "a").case(), once_case], freeze=True)


@fault(
    "a worker's heartbeat is silent, and its tool answers after the lease",
    "another does the step; the late answer counts for nothing",
)
def muted(cluster: Cluster, result: Result) -> None:
    _answer_late(cluster, result, [Graph("muted").add("a").add("b", "a").case()], freeze=False)


def _answer_late(cluster: Cluster, result: Result, cases: list[Case], *, freeze: bool) -> None:
    """The first call of each case is answered after its lease; in the first case while another makes it.

    The heartbeat stays silent: else it would tell the worker to drop the call before the answer comes.
    """
    marks = [f"{case.name}/a" for case in cases]
    came = [cluster.tools.hold(mark) for mark in marks]
    with Wave(cluster, cases) as wave:
        for event in came:
            event.wait(30)
        time.sleep(0.3)
        holders = wave.holders()
        result.faults += len(holders)
        wanted = _fenced_out(holders) + len(marks)
        _silence(cluster, holders, freeze=freeze)
        wave.until(lambda: sum(call.mark == marks[0] for call in cluster.tools.calls) > 1, within=40)
        for mark in marks:
            cluster.tools.release_first(mark)
        for worker in holders:
            worker.thaw()
        if not wave.until(lambda: _fenced_out(holders) >= wanted, within=10):
            result.violations.append("no late answer was refused: none came, or one was taken")
        for mark in marks:
            cluster.tools.release(mark)
        for worker in holders:
            worker.mute(on=False)
    wave.settle(result)
    for run in wave.runs:
        endings = [row["ending"] for row in run.attempts_of(0)]
        if endings not in (["lost", "succeeded"], ["lost"]):
            result.violations.append(f"{run.case.name}: the attempts ended as {endings}, not as lost first")
    for worker in [w for w in cluster.workers if w.name == "stand-in"]:
        cluster.remove(worker)


def _silence(cluster: Cluster, holders: list[Process], *, freeze: bool) -> None:
    """Mute the workers, or freeze them whole; one is left, or added, to go on."""
    for worker in holders:
        worker.mute(on=True)
        if freeze:
            worker.freeze()
    if freeze and len(holders) == len(cluster.workers):
        cluster.add("worker", name="stand-in")


def _fenced_out(workers: list[Process]) -> int:
    """How often workers were told that an answer came too late."""
    return sum(worker.log.read_text(errors="replace").count("step.fenced_out") for worker in workers)


@fault("a tool takes 14 s, longer than a lease", "the heartbeat keeps the step: it is called once")
def slow_tool(cluster: Cluster, result: Result) -> None:
    marks = ["slow-plain/a", "slow-once/a"]
    came = [cluster.tools.hold(mark) for mark in marks]
    once_case = Graph("slow-once").add("a", tool="once").case(values={})
    with Wave(cluster, [Graph("slow-plain").add("a").add("b", "a").case(), once_case]) as wave:
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
