"""The shapes of graph that engines are measured on: {node: [parents]}, parents first."""

from __future__ import annotations

import random

Shape = dict[int, list[int]]


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


def depth(shape: Shape) -> int:
    """Nodes on the longest path."""
    level: dict[int, int] = {}
    for node, parents in shape.items():
        level[node] = 1 + max((level[parent] for parent in parents), default=0)
    return max(level.values())


def by_layer(shape: Shape) -> list[list[int]]:
    """Nodes by their level."""
    level: dict[int, int] = {}
    layers: dict[int, list[int]] = {}
    for node, parents in shape.items():
        level[node] = 1 + max((level[parent] for parent in parents), default=0)
        layers.setdefault(level[node], []).append(node)
    return [layers[key] for key in sorted(layers)]
