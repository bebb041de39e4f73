"""The Celery application of the benchmark: one task, and a graph as a chain of chords."""

from __future__ import annotations

import os
import time

from celery import Celery, chain, group

URL = os.environ["BENCH_BROKER"]
app = Celery("bench", broker=URL, backend=URL)
app.conf.update(
    worker_prefetch_multiplier=4,
    redis_max_connections=1000,
    broker_transport_options={"max_connections": 1000},
)


@app.task
def node(_before: object = None, *, seconds: float = 0.0) -> int:
    """Wait."""
    if seconds:
        time.sleep(seconds)
    return 1


def run(layers: list[list[float]], patience: float) -> float:
    """Seconds that the graph took: each layer is the seconds of its nodes.

    Raises when it fails or takes longer than `patience`.
    """
    parts = [
        node.s(seconds=layer[0]) if len(layer) == 1 else group(node.s(seconds=seconds) for seconds in layer)
        for layer in layers
    ]
    begun = time.perf_counter()
    (chain(*parts) if len(parts) > 1 else parts[0]).apply_async().get(timeout=patience, interval=0.005)
    return time.perf_counter() - begun
