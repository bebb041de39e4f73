"""The load that model servers tell."""

from __future__ import annotations

import pytest

from tools.endpoints.metrics import Load, load_of

VLLM = """\
# HELP vllm:num_requests_running Number of requests in model execution batches.
# TYPE vllm:num_requests_running gauge
vllm:num_requests_running{engine="0",model_name="a"} 7.0
vllm:num_requests_running{engine="1",model_name="a"} 1.0
vllm:num_requests_waiting{engine="0",model_name="a"} 2.0
vllm:kv_cache_usage_perc{engine="0",model_name="a"} 0.25
vllm:kv_cache_usage_perc{engine="1",model_name="a"} 0.5
"""
LLAMA = "llamacpp:requests_processing 3\nllamacpp:requests_deferred 4\nllamacpp:kv_cache_usage_ratio 0.1\n"
TGI = "tgi_queue_size 5\ntgi_batch_current_size 6\ntgi_queue_size_total 99\n"


@pytest.mark.parametrize(
    ("text", "load"),
    [
        (VLLM, Load(8.0, 2.0, 0.5)),
        (LLAMA, Load(3.0, 4.0, 0.1)),
        (TGI, Load(6.0, 5.0, None)),
        ("process_cpu_seconds_total 1\n", Load()),
        ("tgi_queue_size NaN\ntgi_batch_current_size many\n<html>", Load()),
    ],
)
def test_the_gauges_of_known_servers_are_read_and_nothing_else(text: str, load: Load) -> None:
    assert load_of(text) == load
