"""The tool-path search against an independent exact method, its time bars, and two peers.

    python benchmarks/search.py --cases 1000 --large 20

`exact`: random cases of up to 12 sub-tasks x 10 options, with and without limits, against a plain
label dynamic programme that shares no code with the search. `large`: 40 x 50, time and gap.
`peers`: how often the scalar heuristic of CoSTA* and a greedy choice are wrong, and how far.
"""

from __future__ import annotations

import argparse
import dataclasses
import heapq
import itertools
import math
import os
import random
import statistics
import time
from collections.abc import Callable, Iterator
from decimal import Decimal

import numpy as np

from orchestrator.domain.budget import Budget, Preference
from orchestrator.search import Choice, Infeasible, Node, Problem, Solution, solve

SHAPES = ("free choice", "chain", "fan", "random DAG")
ALPHAS = (0.0, 0.25, 0.5, 1.0, 1.5, 2.0)
LIMITS = ("none", "usd", "seconds", "quality", "all")
SIGNATURES = "wxyz"
#: Seconds the search may take in the table of great cases; the bar is 0.1.
TIME_LIMIT = 0.085


# --- cases ---------------------------------------------------------------------------------------


def made(rng: random.Random, shape: str, nodes: int, options: int) -> Problem:
    """A fan is one sub-task, branches that wait for it, and one that waits for them all."""
    needs = [_needs(rng, shape, i, nodes) for i in range(nodes)]
    made_nodes = tuple(
        Node(f"n{i}", tuple(_choice(rng, k) for k in range(options)), tuple(f"n{j}" for j in needs[i]))
        for i in range(nodes)
    )
    conflicts = frozenset(
        ((need, left), (node.id, right))
        for node in made_nodes
        for need in node.needs
        for left, right in itertools.product(SIGNATURES, repeat=2)
        if shape != "free choice" and rng.random() < 0.25
    )
    return Problem(made_nodes, conflicts)


def _needs(rng: random.Random, shape: str, i: int, nodes: int) -> list[int]:
    if i == 0 or shape == "free choice":
        return []
    if shape == "chain":
        return [i - 1]
    if shape == "fan":
        return [0] if i < nodes - 1 or nodes < 3 else list(range(1, nodes - 1))
    return rng.sample(range(max(0, i - 4), i), min(i, rng.randint(1, 2)))


def _choice(rng: random.Random, k: int) -> Choice:
    quality = rng.uniform(0.6, 1.0)
    usd = 0.02 * math.exp(rng.gauss(0, 0.5)) * (quality - 0.5) ** 2
    return Choice(f"c{k}", usd, rng.lognormvariate(1, 1), quality, rng.choice(SIGNATURES))


def limits(rng: random.Random, problem: Problem, which: str) -> Budget | None:
    """The figures of a path that another person would prefer, and up to 5 % more: they can be met."""
    other = Preference(
        alpha=rng.uniform(0.6, 1.4), usd=rng.choice([0.3, 1, 3]), second=0.0005 * rng.choice([0.3, 1, 3, 10])
    )
    path = solve(problem, preference=other, budget=Budget(), time_limit=10)
    if isinstance(path, Infeasible):
        return None
    slack = 1 + rng.uniform(0, 0.05)
    return Budget(
        usd=Decimal(path.usd * slack) if which in {"usd", "all"} else None,
        seconds=path.wall_seconds * slack if which in {"seconds", "all"} else None,
        min_quality=path.quality**slack if which in {"quality", "all"} else None,
    )


# --- an independent exact method -----------------------------------------------------------------

State = tuple[tuple[str, str], ...]


@dataclasses.dataclass
class Plain:
    """Exact labels over all sub-tasks, without any bound: slow, short, and sharing nothing.

    A label holds weighted cost, loss, money and, for each way from a start to an end, the seconds
    decided on it, at the signatures that can still conflict. The last sub-task, where a fan meets,
    is decided second; the ways make any order right.
    """

    problem: Problem
    preference: Preference
    budget: Budget

    def __post_init__(self) -> None:
        nodes = list(self.problem.nodes)
        if len(nodes) > 2:
            nodes.insert(1, nodes.pop())
        self.nodes = nodes
        self.place = {node.id: i for i, node in enumerate(nodes)}
        self.bad = self.problem.conflicts | {(b, a) for a, b in self.problem.conflicts}
        self.until = {node.id: 0 for node in nodes}
        for (one, _), (two, _) in self.problem.conflicts:
            last = max(self.place[one], self.place[two])
            self.until[one], self.until[two] = max(self.until[one], last), max(self.until[two], last)
        self.ways = self.all_ways() if self.budget.seconds is not None else []
        self.over = [max(self.place[name] for name in way) for way in self.ways]

    def all_ways(self) -> list[frozenset[str]]:
        needed = {need for node in self.nodes for need in node.needs}
        by_id = {node.id: node for node in self.nodes}

        def back(name: str) -> list[frozenset[str]]:
            before = [way for need in by_id[name].needs for way in back(need)]
            return [way | {name} for way in before] or [frozenset({name})]

        return [way for name in by_id if name not in needed for way in back(name)]

    def least(self, unit: float) -> float:
        """Return the least G; inf when no path meets the limits."""
        layer: dict[State, np.ndarray] = {(): np.zeros((1, 3 + len(self.ways)))}
        for i, node in enumerate(self.nodes):
            fresh: dict[State, list[np.ndarray]] = {}
            for (state, labels), choice in itertools.product(layer.items(), node.choices):
                mine = (node.id, choice.signature)
                if not any((other, mine) in self.bad for other in state):
                    key = tuple(s for s in (*state, mine) if self.until[s[0]] > i)
                    fresh.setdefault(key, []).append(self.extended(labels, i, choice))
            layer = {key: self.efficient(np.concatenate(parts)) for key, parts in fresh.items()}
        ends = np.concatenate([np.zeros((0, 3 + len(self.ways))), *layer.values()])
        alpha = self.preference.alpha
        values = (1 + ends[:, 0] / unit) ** alpha * (2 - np.exp(-ends[:, 1])) ** (2 - alpha)
        return float(values.min(initial=math.inf))

    def extended(self, labels: np.ndarray, i: int, choice: Choice) -> np.ndarray:
        new = labels.copy()
        new[:, 0] += self.preference.usd * choice.usd + self.preference.second * choice.seconds
        new[:, 1] -= math.log(choice.quality)
        new[:, 2] += choice.usd
        good = np.ones(len(new), dtype=bool)
        if self.budget.usd is not None:
            good &= new[:, 2] <= float(self.budget.usd) * (1 + 1e-9)
        if self.budget.min_quality is not None:
            good &= new[:, 1] <= -math.log(self.budget.min_quality) + 1e-9
        if self.budget.seconds is not None:
            new[:, [3 + w for w, way in enumerate(self.ways) if self.nodes[i].id in way]] += choice.seconds
            good &= new[:, 3:].max(axis=1) <= self.budget.seconds * (1 + 1e-9)
            new[:, [3 + w for w, last in enumerate(self.over) if last <= i]] = 0
        return new[good]

    def efficient(self, labels: np.ndarray) -> np.ndarray:
        """Drop dominated labels, a block at a time against those kept so far."""
        columns = [0, 1] + ([2] if self.budget.usd is not None else [])
        ways = labels[:, 3:] if len(labels) else labels[:, :0]
        columns += [3 + c for c in np.unique(ways, axis=1, return_index=True)[1] if ways[:, c].any()]
        labels = labels[np.lexsort([labels[:, c] for c in reversed(columns)])]
        kept = labels[:0]
        for lo in range(0, len(labels), 256):
            block = labels[lo : lo + 256]
            block = block[~_beaten(kept[:, columns], block[:, columns]).any(axis=0)]
            among = _beaten(block[:, columns], block[:, columns])
            kept = np.concatenate([kept, block[~np.triu(among, 1).any(axis=0)]])
        return kept


def _beaten(judges: np.ndarray, values: np.ndarray) -> np.ndarray:
    beaten = np.ones((len(judges), len(values)), dtype=bool)
    for column in range(values.shape[1]):
        beaten &= judges[:, column][:, None] <= values[:, column]
    return beaten


# --- peers ---------------------------------------------------------------------------------------


def layers_fit(problem: Problem) -> Callable[[int, Choice, Choice], bool]:
    """Whether an option of sub-task i fits one of i + 1 (chains and free choice only)."""
    bad = {(one, left, two, right) for (one, left), (two, right) in problem.conflicts}

    def fit(i: int, left: Choice, right: Choice) -> bool:
        return (f"n{i}", left.signature, f"n{i + 1}", right.signature) not in bad

    return fit


def scalar_heuristic(problem: Problem, preference: Preference, unit: float) -> float:
    """CoSTA*: best-first over f = G(g + h), h the tail that is best on its own, one label a node."""
    alpha, fit, count = preference.alpha, layers_fit(problem), len(problem.nodes)

    def value(cost: float, quality: float) -> float:
        return (1 + cost) ** alpha * (2 - quality) ** (2 - alpha)

    def price(choice: Choice) -> float:
        return (preference.usd * choice.usd + preference.second * choice.seconds) / unit

    tails = _tails(problem, price, value)
    heap = [
        (value(price(c) + tails[0][k][0], c.quality * tails[0][k][1]), 0, k, price(c), c.quality)
        for k, c in enumerate(problem.nodes[0].choices)
    ]
    heapq.heapify(heap)
    closed: set[tuple[int, int]] = set()
    while heap:
        _, i, k, cost, quality = heapq.heappop(heap)
        if i == count - 1:
            return value(cost, quality)
        if (i, k) in closed:
            continue
        closed.add((i, k))
        here = problem.nodes[i].choices[k]
        for n, nxt in enumerate(problem.nodes[i + 1].choices):
            if (i + 1, n) not in closed and fit(i, here, nxt):
                c, q = cost + price(nxt), quality * nxt.quality
                rest = tails[i + 1][n]
                heapq.heappush(heap, (value(c + rest[0], q * rest[1]), i + 1, n, c, q))
    return math.inf


def _tails(
    problem: Problem, price: Callable[[Choice], float], value: Callable[[float, float], float]
) -> list[list[tuple[float, float]]]:
    """For each option (C, Q) of the rest that is best by itself."""
    fit, count = layers_fit(problem), len(problem.nodes)
    tails: list[list[tuple[float, float]]] = [[] for _ in range(count)]
    tails[-1] = [(0.0, 1.0)] * len(problem.nodes[-1].choices)
    for i in range(count - 2, -1, -1):
        following = list(zip(problem.nodes[i + 1].choices, tails[i + 1], strict=True))
        for choice in problem.nodes[i].choices:
            after = [(price(nxt) + c, nxt.quality * q) for nxt, (c, q) in following if fit(i, choice, nxt)]
            tails[i].append(min(after, key=lambda t: value(*t), default=(math.inf, 0.0)))
    return tails


def greedy(problem: Problem, preference: Preference, unit: float) -> float:
    """Sub-task by sub-task the option that keeps G of the path so far least."""
    alpha, fit = preference.alpha, layers_fit(problem)
    cost, quality, last = 0.0, 1.0, None
    for i, node in enumerate(problem.nodes):
        options = [c for c in node.choices if last is None or fit(i - 1, last, c)]
        if not options:
            return math.inf
        steps = [
            (cost + (preference.usd * c.usd + preference.second * c.seconds) / unit, quality * c.quality)
            for c in options
        ]
        values = [(1 + c) ** alpha * (2 - q) ** (2 - alpha) for c, q in steps]
        best = values.index(min(values))
        (cost, quality), last = steps[best], options[best]
    return (1 + cost) ** alpha * (2 - quality) ** (2 - alpha)


# --- the three tables ----------------------------------------------------------------------------


@dataclasses.dataclass
class Cell:
    """One cell of the table of great cases."""

    times: list[float] = dataclasses.field(default_factory=list)
    busy: list[float] = dataclasses.field(default_factory=list)
    gaps: list[float] = dataclasses.field(default_factory=list)
    missed: int = 0

    def add(self, problem: Problem, budget: Budget, preference: Preference) -> None:
        began, work = time.perf_counter(), time.process_time()
        answer = solve(problem, preference=preference, budget=budget, time_limit=TIME_LIMIT)
        self.times.append((time.perf_counter() - began) * 1e3)
        self.busy.append((time.process_time() - work) * 1e3)
        if isinstance(answer, Solution):
            self.gaps.append(answer.gap)
        else:
            self.missed += 1

    def text(self) -> str:
        exact = sum(gap <= 0 for gap in self.gaps)
        total = len(self.times)
        worst = f", gap ≤ {max(self.gaps):.1e}" if exact < len(self.gaps) else ""
        none = f", {self.missed} without a path" if self.missed else ""
        wall, cpu = statistics.median(self.times), statistics.median(self.busy)
        return f"{wall:.0f} ({cpu:.1f}) ms, {exact}/{total}{worst}{none}"


@dataclasses.dataclass
class Tally:
    """One row of the table of exactness."""

    tried: int = 0
    exact: int = 0
    wrong: int = 0
    none: int = 0
    gap: float = 0.0

    def add(self, case: int, shape: str, which: str) -> None:
        rng = random.Random(f"{shape} {which} {case}")
        problem = made(rng, shape, rng.randint(2, 12), rng.randint(2, 10))
        preference = Preference(alpha=ALPHAS[case % len(ALPHAS)])
        budget = limits(rng, problem, which) or Budget()
        answer = solve(problem, preference=preference, budget=budget, time_limit=20)
        unit = answer.unit if isinstance(answer, Solution) else 1.0
        truth = Plain(problem, preference, budget).least(unit)
        self.tried += 1
        if isinstance(answer, Infeasible):
            self.none += math.isinf(truth) and answer.proven
            self.wrong += math.isfinite(truth)
            return
        same = math.isclose(answer.objective, truth, rel_tol=1e-9)
        self.gap = max(self.gap, answer.gap)
        self.exact += same and answer.gap == 0
        self.wrong += not same and answer.gap == 0


def exact_rows(cases: int) -> Iterator[str]:
    yield "| shape | limits | cases | exact | no path, agreed | wrong | greatest gap left |"
    yield "|---|---|---|---|---|---|---|"
    for shape, which in itertools.product(SHAPES, LIMITS):
        row = Tally()
        for case in range(max(1, cases // (len(SHAPES) * len(LIMITS)))):
            row.add(case, shape, which)
        gap = f"{row.gap:.0e}" if row.gap else "0"
        yield f"| {shape} | {which} | {row.tried} | {row.exact} | {row.none} | {row.wrong} | {gap} |"


def large_rows(count: int) -> Iterator[str]:
    yield "Median wall (CPU) time, cases solved to proven optimality, greatest gap of the others.\n"
    yield "| shape | alpha | " + " | ".join(LIMITS) + " |"
    yield "|---|---|" + "---|" * len(LIMITS)
    for shape, alpha in itertools.product(SHAPES, ALPHAS):
        cells = [Cell() for _ in LIMITS]
        for case, (which, cell) in itertools.product(range(count), zip(LIMITS, cells, strict=True)):
            cell.add(*_large(shape, case, which), Preference(alpha=alpha))
        yield f"| {shape} | {alpha} | " + " | ".join(cell.text() for cell in cells) + " |"


def _large(shape: str, case: int, which: str) -> tuple[Problem, Budget]:
    """The first draw whose sub-tasks fit together at all, and limits that can be met."""
    draw = 0
    while True:
        rng = random.Random(f"large {shape} {case} {draw}")
        problem = made(rng, shape, 40, 50)
        budget = limits(rng, problem, which)
        if budget is not None:
            return problem, budget
        draw += 1


@dataclasses.dataclass
class Race:
    """One row of the table of peers."""

    ours: list[float] = dataclasses.field(default_factory=list)
    theirs: list[float] = dataclasses.field(default_factory=list)
    over: list[float] = dataclasses.field(default_factory=list)
    careless: list[float] = dataclasses.field(default_factory=list)

    def add(self, problem: Problem, preference: Preference) -> None:
        began = time.perf_counter()
        answer = solve(problem, preference=preference, budget=Budget(), time_limit=10)
        self.ours.append((time.perf_counter() - began) * 1e3)
        if isinstance(answer, Infeasible):
            return
        began = time.perf_counter()
        scalar = scalar_heuristic(problem, preference, answer.unit)
        self.theirs.append((time.perf_counter() - began) * 1e3)
        self.over.append(scalar / answer.objective - 1)
        self.careless.append(greedy(problem, preference, answer.unit) / answer.objective - 1)


def peer_rows(count: int) -> Iterator[str]:
    yield "| shape | size | alpha | ours, ms | CoSTA* scalar: ms; wrong, worst | greedy: wrong, worst |"
    yield "|---|---|---|---|---|---|"
    sizes = ((10, 10), (40, 50))
    for shape, (nodes, options), alpha in itertools.product(("free choice", "chain"), sizes, ALPHAS):
        row = Race()
        for case in range(count):
            problem = made(random.Random(f"peer {shape} {case}"), shape, nodes, options)
            row.add(problem, Preference(alpha=alpha))
        ours, theirs = statistics.median(row.ours), statistics.median(row.theirs)
        scalar = f"{theirs:.0f}; {_wrong(row.over)}"
        yield f"| {shape} | {nodes} × {options} | {alpha} | {ours:.1f} | {scalar} | {_wrong(row.careless)} |"


def _wrong(over: list[float]) -> str:
    wrong = [o for o in over if o > 1e-9]
    dead = sum(math.isinf(o) for o in wrong)
    finite = [o for o in wrong if math.isfinite(o)]
    worst = f", {max(finite):.1%}" if finite else ""
    return f"{len(wrong)}/{len(over)}{worst}" + (f" ({dead} stuck)" if dead else "")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--cases", type=int, default=1000, help="random cases of the exactness table")
    parser.add_argument("--large", type=int, default=20, help="cases a cell of the 40 x 50 table")
    parser.add_argument("--peers", type=int, default=10, help="cases a row of the table of peers")
    asked = parser.parse_args()
    print(f"Machine: {os.cpu_count()} cores, shared. numpy {np.__version__}.")
    tables = (
        ("Exactness", exact_rows, asked.cases),
        ("40 sub-tasks x 50 options", large_rows, asked.large),
        ("Peers, without limits", peer_rows, asked.peers),
    )
    for title, rows, count in tables:
        if count:
            began = time.perf_counter()
            print(f"\n## {title}\n", flush=True)
            for row in rows(count):
                print(row, flush=True)
            print(f"\n({time.perf_counter() - began:.0f} s)", flush=True)


if __name__ == "__main__":
    main()
