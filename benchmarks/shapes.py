"""The graphs that engines are measured on: made shapes, and workflows that others have really run."""

from __future__ import annotations

import json
import os
import random
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

#: {node: [parents]}, parents first.
Shape = dict[int, list[int]]


@dataclass(frozen=True, slots=True)
class Graph:
    """A shape with the seconds that each of its nodes waits."""

    name: str
    parents: Shape
    seconds: Mapping[int, float]

    @property
    def critical_path(self) -> float:
        """Seconds that no engine can go below."""
        ends: dict[int, float] = {}
        for node, parents in self.parents.items():
            ends[node] = self.seconds[node] + max((ends[parent] for parent in parents), default=0.0)
        return max(ends.values())

    def layers(self) -> list[list[int]]:
        """Nodes by their level."""
        level: dict[int, int] = {}
        layers: dict[int, list[int]] = {}
        for node, parents in self.parents.items():
            level[node] = 1 + max((level[parent] for parent in parents), default=0)
            layers.setdefault(level[node], []).append(node)
        return [layers[key] for key in sorted(layers)]


def chain(length: int = 20) -> Shape:
    """One after the other."""
    return {node: [node - 1] if node else [] for node in range(length)}


def fan(width: int = 50) -> Shape:
    """One, then `width` at once, then one that needs them all."""
    middle = range(1, width + 1)
    return {0: [], **{node: [0] for node in middle}, width + 1: list(middle)}


def layered(nodes: int = 100, layers: int = 10, seed: int = 7) -> Shape:
    """Equal layers; each node needs one to three random nodes of the layer before."""
    draw, width, shape = random.Random(seed), nodes // layers, {}
    for node in range(nodes):
        layer = node // width
        before = range((layer - 1) * width, layer * width)
        shape[node] = sorted(draw.sample(before, draw.randint(1, 3))) if layer else []
    return shape


SHAPES: dict[str, Shape] = {"chain20": chain(), "fan50": fan(), "layer100": layered()}

#: Workflows of a public record (WfCommons instances, from 11 to 265 tasks), by the name of the science.
WORKFLOWS = {
    "bacass": "nextflow_bacass-dirt02-001",
    "sarek": "nextflow_sarek-dirt02-001",
    "epigenomics": "pegasus_epigenomics_epigenomics-chameleon-hep-1seq-100k-001",
    "soykb": "pegasus_soykb_soykb-chameleon-10fastq-10ch-001",
    "bwa": "makeflow_bwa_bwa-chameleon-small-001",
    "rnaseq": "nextflow_rnaseq-dirt02-001",
    "genome1000": "pegasus_1000genome_1000genome-chameleon-8ch-100k-001",
    "atacseq": "nextflow_atacseq-dirt02-001",
}
#: Seconds to which the critical path of a recorded workflow, or of everyday plans, is scaled.
SCALED = 1.0
#: Plans of everyday life (AsyncHow) that make up the one graph "asynchow", side by side.
EVERYDAY = 20


def graph(name: str, seconds: float) -> Graph:
    """A made shape whose nodes all take `seconds`, or a recorded workflow at its own proportions.

    Raises `SystemExit` when the data of a recorded one is not at hand.
    """
    if name in SHAPES:
        return Graph(name, SHAPES[name], dict.fromkeys(SHAPES[name], seconds))
    data = os.environ.get("TOOLPATH_BENCH_DATA")
    if not data:
        raise SystemExit(f"the graph {name!r} is read from the folder that TOOLPATH_BENCH_DATA names; set it")
    if name == "asynchow":
        return _scaled(_everyday(Path(data) / "data/asynchow/async.jsonl"))
    return _scaled(_workflow(name, Path(data) / f"data/dag_wfinstances/{WORKFLOWS[name]}.json"))


def _workflow(name: str, file: Path) -> Graph:
    tasks = json.loads(file.read_text())["tasks"]
    by_id = {task["id"]: task for task in tasks}
    order: dict[str, int] = {}

    def place(key: str) -> None:
        stack = [key]
        while stack:
            waiting = [p for p in by_id[stack[-1]]["parents"] if p not in order]
            if waiting:
                stack.extend(waiting)
            else:
                order.setdefault(stack.pop(), len(order))

    for task in tasks:
        if task["id"] not in order:
            place(task["id"])
    parents = {order[key]: sorted(order[p] for p in by_id[key]["parents"]) for key in order}
    seconds = {order[key]: float(by_id[key]["runtime"] or 0.0) for key in order}
    return Graph(name, parents, seconds)


def _everyday(file: Path) -> Graph:
    """The first plans with four steps or more, as one graph; a step's time is its shortest, square-rooted.

    Their times run from seconds to years: the root keeps the order and lets the short ones be seen.
    """
    parents: Shape = {}
    seconds: dict[int, float] = {}
    taken = 0
    with file.open() as lines:
        for line in lines:
            plan = json.loads(line)
            if len(plan["steps"]) < 4:
                continue
            base = len(parents)
            place = {key: base + at for at, key in enumerate(_in_order(plan))}
            for key, node in place.items():
                parents[node] = sorted(place[a] for a, b in plan["edge_list"] if b == key and a in place)
                seconds[node] = float(plan["timedelta_dic"][key][0]) ** 0.5
            taken += 1
            if taken == EVERYDAY:
                break
    return Graph("asynchow", parents, seconds)


def _in_order(plan: dict[str, list[list[str]]]) -> list[str]:
    left = {str(number + 1) for number in range(len(plan["steps"]))}
    done: list[str] = []
    while left:
        free = sorted(k for k in left if all(a not in left for a, b in plan["edge_list"] if b == k))
        done += free
        left -= set(free)
    return done


def _scaled(graph: Graph) -> Graph:
    factor = SCALED / graph.critical_path
    return Graph(graph.name, graph.parents, {node: s * factor for node, s in graph.seconds.items()})
