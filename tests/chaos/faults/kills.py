"""SIGKILL at every move of the truth, before its commit and after it, in every process that makes it."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from tests.chaos.cluster import Cluster, Process
from tests.chaos.faults.catalogue import fault
from tests.chaos.launcher import Orders, When
from tests.chaos.moves import Move, domain_moves, reason, shown
from tests.chaos.stage import Result, Wave
from tests.chaos.workload import Act, Case, cut_off, mix

#: A move in a process of that role, and the side of its commit.
Point = tuple[str, Move, When]

_WHEN: tuple[When, When] = ("before", "after")
#: So few points are given to each victim whole: then it matters little who makes the move.
FEW = 16
#: Deaths of the API in one wave: each one holds up the people who steer the runs.
API_DEATHS, API_DEATHS_SHORT = 10, 2
#: Waves in a row without a new point after which nothing more is expected of a scenario.
PATIENCE = 3


@dataclass(frozen=True)
class Scenario:
    """Runs and a harm of their own that together make some moves; armed so often at most."""

    name: str
    cases: Callable[[Cluster, str], list[Case]]
    harm: Callable[[Cluster, Wave], int]
    waves: int
    waves_short: int = 0


@dataclass
class Tally:
    """Which moves which role was seen to make, and at which it was killed."""

    seen: set[tuple[str, Move]] = field(default_factory=set)
    killed: set[Point] = field(default_factory=set)

    def open(self, role: str, among: Iterable[tuple[str, Move]]) -> list[Point]:
        """The points of a role at which nothing has died yet."""
        every = [(who, move, when) for who, move in sorted(among) for when in _WHEN]
        return [point for point in every if point[0] == role and point not in self.killed]

    def note(self, role: str, moves: Iterable[Iterable[str]], when: When) -> None:
        """All moves of a commit at which a process of that role died."""
        for kind, came, went in moves:
            self.killed.add((role, (kind, came, went), when))
            self.seen.add((role, (kind, came, went)))


@fault(
    "SIGKILL of worker, sweeper and API at every move, before and after its commit",
    "another goes on: nothing is lost, nothing is recorded twice",
    short=True,
)
def at_every_move(cluster: Cluster, result: Result) -> None:
    """Moves that the runs make are found by looking; then processes die at them until all are hit."""
    tally, random_ = Tally(), random.Random(11)
    for scenario in SCENARIOS:
        waves = scenario.waves_short if result.short else scenario.waves
        if waves:
            _play(cluster, result, tally, scenario, waves, random_)
    for process in cluster.processes:
        process.order(Orders())
    cluster.until_ready()
    _tell(tally, result)


def _play(
    cluster: Cluster, result: Result, tally: Tally, scenario: Scenario, waves: int, random_: random.Random
) -> None:
    """One wave that only looks, but for the scenario's own harm; then waves with armed processes."""
    seen, barren = _wave(cluster, result, tally, scenario, 0, []), 0
    for number in range(1, waves + 1):
        armed = _arm(cluster, tally, seen, random_)
        if not armed or barren >= PATIENCE:
            return
        before = len(tally.killed)
        seen |= _wave(cluster, result, tally, scenario, number, armed)
        barren = barren + 1 if len(tally.killed) == before else 0


def _arm(
    cluster: Cluster, tally: Tally, seen: set[tuple[str, Move]], random_: random.Random
) -> list[Process]:
    """Order the API and all workers but one to die, each at points of its own.

    Two deaths are borne by every step; the third would poison it.
    """
    armed = []
    victims = cluster.workers[:2]
    points = tally.open("worker", seen)
    random_.shuffle(points)
    parts = len(victims) if len(points) > FEW else 1
    shares = [(victim, points[n % parts :: parts]) for n, victim in enumerate(victims)]
    for process, mine in [*shares, (cluster.api, tally.open("api", seen))]:
        if mine:
            skip = random_.choice((0, 0, 1, 2)) if len(mine) > FEW else 0
            process.order(_orders(mine, skip))
            armed.append(process)
    return armed


def _orders(points: Iterable[Point], skip: int = 0) -> Orders:
    return Orders(tuple((*move, when) for _, move, when in points), skip)


def _wave(
    cluster: Cluster,
    result: Result,
    tally: Tally,
    scenario: Scenario,
    number: int,
    armed: Sequence[Process],
) -> set[tuple[str, Move]]:
    """One wave; which moves it made. The API holds no step, so it dies again and again."""
    cluster.until_ready()
    cluster.tools.behaviour.open = False
    died = {process.name: len(process.deaths()) for process in armed}
    enough = len(cluster.api.deaths()) + (API_DEATHS_SHORT if result.short else API_DEATHS)
    last = _newest(cluster)
    with Wave(cluster, scenario.cases(cluster, f"{scenario.name}{number}")) as wave:
        result.faults += scenario.harm(cluster, wave)
        while wave.lasts():
            time.sleep(0.3)
            result.faults += _note_deaths(tally, armed, died)
            if cluster.api in armed and cluster.api.idle() and died[cluster.api.name] < enough:
                cluster.api.order(_orders(tally.open("api", tally.seen)))
    for process in armed:
        process.order(Orders())
    wave.settle(result)
    result.faults += _note_deaths(tally, armed, died)
    seen = _seen_since(cluster, last)
    tally.seen |= seen
    return seen


def _note_deaths(tally: Tally, armed: Sequence[Process], died: dict[str, int]) -> int:
    """Count what has died since; `died` holds how many deaths of each are counted."""
    fresh = 0
    for process in armed:
        deaths = process.deaths()[died[process.name] :]
        died[process.name] += len(deaths)
        fresh += len(deaths)
        for death in deaths:
            tally.note(process.role, death["moves"], death["when"])
    return fresh


def _newest(cluster: Cluster) -> int:
    with cluster.connect() as connection:
        row = connection.execute("SELECT coalesce(max(id), 0) FROM chaos.moves").fetchone()
    assert row is not None
    return int(row[0])


def _seen_since(cluster: Cluster, last: int) -> set[tuple[str, Move]]:
    with cluster.connect() as connection:
        rows = connection.execute(
            "SELECT DISTINCT role, kind, came, went FROM chaos.moves WHERE id > %s AND role <> ''", [last]
        ).fetchall()
    return {(role, (kind, came, went)) for role, kind, came, went in rows}


def _tell(tally: Tally, result: Result) -> None:
    every = {(role, move, when) for role, move in tally.seen for when in _WHEN}
    result.notes.append(f"died at {len(every & tally.killed)} of the {len(every)} points that the runs reach")
    result.notes += [
        f"not hit: {role} {when} {shown(move)}" for role, move, when in sorted(every - tally.killed)
    ]
    made = {move for _, move in tally.seen}
    domain = domain_moves()
    unreached = [move for move in domain if move not in made]
    done = len(domain) - len(unreached)
    result.notes.append(f"the runs made {done} of the domain's {len(domain)} moves and events")
    result.notes += [f"not reached: {shown(move)}: {reason(move)}" for move in unreached]


# --- the scenarios ----------------------------------------------------------------------------


def _all_sorts(cluster: Cluster, wave: str) -> list[Case]:
    return mix(wave, f"{cluster.tools.url}/hook")


def _kill_one(cluster: Cluster, wave: Wave) -> int:
    """Beat makes no move: any moment is as good as another. A worker dies with steps in hand."""
    wave.until(wave.at_work)
    cluster.beat.kill()
    if all(not process.deaths() for process in cluster.processes):
        cluster.workers[0].kill()
        return 2
    return 1


def _kill_holders(cluster: Cluster, wave: Wave) -> int:
    """Whoever made the calls dies before they are answered."""
    marks = [f"{case.name}/a" for case in wave.cases]
    came = [cluster.tools.hold(mark) for mark in marks]
    for event in came:
        event.wait(20)
    holders = wave.holders()
    for worker in holders:
        worker.kill()
    for mark in marks:
        cluster.tools.release(mark)
    return len(holders)


def _poisoned(cluster: Cluster, wave: str) -> list[Case]:
    file = cluster.folder / f"{wave}.deaths"
    step = {"id": "p", "tool": "chaos_kill_worker", "arguments": {"deaths_file": str(file), "deaths": 3}}
    return [Case(f"{wave}-poison", {"plan": {"subtasks": [step]}}, acts=[Act("failed", "retry", {})])]


def _watch_it(cluster: Cluster, wave: Wave) -> int:
    """The step itself is the harm: it kills three workers."""
    return 3


SCENARIOS = (
    Scenario("mix", _all_sorts, _kill_one, waves=24, waves_short=1),
    Scenario("cut", lambda _, wave: cut_off(wave), _kill_holders, waves=6),
    Scenario("poison", _poisoned, _watch_it, waves=3),
)
