"""What model servers say of their load in Prometheus text: requests that run and wait, and use of the cache.

Three gauges of a text of thousands of lines are wanted, at every look at every replica, so lines are
matched by name and the rest is not parsed.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass

_RUNNING = (
    "vllm:num_requests_running",
    "llamacpp:requests_processing",
    "tgi_batch_current_size",
    "sglang:num_running_reqs",
)
_WAITING = (
    "vllm:num_requests_waiting",
    "llamacpp:requests_deferred",
    "tgi_queue_size",
    "sglang:num_queue_reqs",
    "nv_inference_pending_request_count",
)
_KV_USE = (
    "vllm:kv_cache_usage_perc",
    "vllm:gpu_cache_usage_perc",
    "llamacpp:kv_cache_usage_ratio",
    "sglang:token_usage",
)
_LINE = re.compile(
    rf"^({'|'.join(map(re.escape, (*_RUNNING, *_WAITING, *_KV_USE)))})(?:\{{[^\n]*\}})?[ \t]+(\S+)",
    re.MULTILINE,
)


@dataclass(frozen=True, slots=True)
class Load:
    """Requests, and the share of the key-value cache in use; None for what the server does not tell."""

    running: float | None = None
    waiting: float | None = None
    kv_use: float | None = None


def load_of(text: str) -> Load:
    """The load that a text of vLLM, llama.cpp, TGI, SGLang or Triton tells.

    >>> load_of('vllm:num_requests_running{model_name="m"} 3.0\\nvllm:num_requests_waiting{model_name="m"} 2')
    Load(running=3.0, waiting=2.0, kv_use=None)
    """
    found: dict[str, list[float]] = {}
    for match in _LINE.finditer(text):
        try:
            value = float(match[2])
        except ValueError:
            continue
        if math.isfinite(value) and value >= 0:
            found.setdefault(match[1], []).append(value)
    return Load(_sum(found, _RUNNING), _sum(found, _WAITING), _most(found, _KV_USE))


def _sum(found: Mapping[str, list[float]], names: tuple[str, ...]) -> float | None:
    """Over the models of a server."""
    return next((sum(found[name]) for name in names if name in found), None)


def _most(found: Mapping[str, list[float]], names: tuple[str, ...]) -> float | None:
    return next((max(found[name]) for name in names if name in found), None)
