"""Tools that refuse in storms, and a step that kills whoever runs it."""

from __future__ import annotations

from tests.chaos.cluster import Cluster
from tests.chaos.faults.catalogue import fault
from tests.chaos.stage import Result, Wave
from tests.chaos.workload import Case, Graph, chain, fan

#: The clocks of server and worker tick in one machine; the rest is the server's own reply.
_SLACK = 0.05


@fault("a storm of 429 and 503 with Retry-After", "each pause is kept, then the runs go on", short=True)
def storm(cluster: Cluster, result: Result) -> None:
    behaviour = cluster.tools.behaviour
    behaviour.retry_after = 2
    try:
        cases = []
        for n in range(4):
            graph = Graph(f"weather-{n}").add("first")
            for k in range(6):
                graph.add(f"w{k}", "first", tool="storm")
            cases.append(graph.add("last", *(f"w{k}" for k in range(6))).case())
        with Wave(cluster, cases) as wave:
            pass
    finally:
        behaviour.retry_after = 1
    wave.settle(result)
    keys = {call.key for call in cluster.tools.calls if call.mark.startswith("weather-")}
    for key in keys:
        result.violations += _hasty(cluster, key)
        result.faults += len(cluster.tools.refused.get(key, ()))


def _hasty(cluster: Cluster, key: str) -> list[str]:
    """Calls of the key made sooner than the refusal before them had asked."""
    made = [call.at for call in cluster.tools.calls if call.key == key]
    refused = cluster.tools.refused.get(key, ())
    return [
        f"{key} was called again after {after - at:.2f} s, the tool had asked for {pause} s"
        for at, after, pause in zip(made, made[1:], refused, strict=False)
        if after - at < pause - _SLACK
    ]


@fault("a storm without an end", "the run fails in plain words, having tried three times")
def endless_storm(cluster: Cluster, result: Result) -> None:
    behaviour = cluster.tools.behaviour
    refusals, behaviour.refusals = behaviour.refusals, 1_000
    try:
        cases = [
            Graph(f"deluge-{n}")
            .add("a", tool="storm")
            .add("b", "a")
            .case(ends=frozenset({"failed"}), values={})
            for n in range(3)
        ]
        with Wave(cluster, cases) as wave:
            pass
    finally:
        behaviour.refusals = refusals
    wave.settle(result)
    for run in wave.runs:
        tried = len(run.attempts_of(0))
        result.faults += tried
        if tried != 3:
            result.violations.append(f"{run.case.name} was tried {tried} times, not three")


def _poison(cluster: Cluster, name: str, deaths: int, **more: object) -> Case:
    file = cluster.folder / f"{name}.deaths"
    step = {"id": "p", "tool": "chaos_kill_worker", "arguments": {"deaths_file": str(file), "deaths": deaths}}
    return Case(name, {"plan": {"subtasks": [step]}}, **more)  # type: ignore[arg-type]


@fault(
    "a step kills its worker each time",
    "it is stopped after three deaths; the steps beside it succeed, however often they died with it",
)
def poison(cluster: Cluster, result: Result) -> None:
    cases = [
        _poison(cluster, "poison", 1_000, ends=frozenset({"failed"}), codes=frozenset({"worker_lost"})),
        chain("beside-poison", 12, ms=1_000),
        fan("wide-beside-poison", 8, ms=2_500),
    ]
    with Wave(cluster, cases) as wave:
        pass
    wave.settle(result)
    cluster.until_ready()
    deaths = (cluster.folder / "poison.deaths").stat().st_size
    result.faults += deaths
    statuses = [step["status"] for run in wave.runs if run.case.name == "poison" for step in run.steps]
    if deaths != 3 or statuses != ["poisoned"]:
        result.violations.append(f"the step killed {deaths} workers and is {statuses}, not 3 and poisoned")


@fault("a step kills two workers, and then works", "it succeeds at the third try")
def nearly_poison(cluster: Cluster, result: Result) -> None:
    with Wave(cluster, [_poison(cluster, "nearly-poison", 2)]) as wave:
        pass
    wave.settle(result)
    cluster.until_ready()
    result.faults += (cluster.folder / "nearly-poison.deaths").stat().st_size
