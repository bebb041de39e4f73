"""Names of limits, buckets of arguments, periods of caps, and token buckets."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from orchestrator.domain.limits import bucket, period_end, period_start, shared_pools, tokens_at
from tools.spec import Kind, Tool


def _tool(kind: Kind = Kind.HTTP, tags: tuple[str, ...] = (), **binding) -> Tool:
    schema = {"type": "object"}
    return Tool(name="t", summary="A tool.", kind=kind, input_schema=schema, output_schema=schema,
                binding=binding, tags=tags)  # fmt: skip


@pytest.mark.parametrize(
    ("tool", "pools"),
    [
        (_tool(url="https://API.example.com/v1/{id}"), ("endpoint:api.example.com",)),
        (_tool(url="https://user@x.example:8443"), ("endpoint:x.example:8443",)),
        (_tool(url="https://{region}.example.com/"), ()),
        (_tool(Kind.MODEL, base_url="http://gpu:8000/v1"), ("endpoint:gpu:8000",)),
        (_tool(Kind.MODEL, base_url="http://gpu:8000/v1", endpoint="small"), ("endpoint:small",)),
        (_tool(Kind.PYTHON, ("queue:gpu", "group:ocr"), function="a:b"), ("group:ocr",)),
        (_tool(url="not a url"), ()),
    ],
)
def test_a_tool_shares_its_endpoint_and_its_groups(tool, pools):
    assert shared_pools(tool) == pools


@pytest.mark.parametrize(
    ("by", "arguments", "name"),
    [
        ("account", {"account": "a"}, "tool:t#a"),
        ("account", {"account": 7}, "tool:t#7"),
        ("account", {}, "tool:t#null"),
        ("account", {"account": {"b": 1, "a": 2}}, 'tool:t#{"a": 2, "b": 1}'),
        ("url.host", {"url": "https://A.example/x?y=https://b.example"}, "tool:t#a.example"),
        ("url.host", {"url": "a.example/x"}, "tool:t#null"),
        ("url.host", {"url": 5}, "tool:t#null"),
    ],
)
def test_a_call_falls_into_the_bucket_of_its_value(by, arguments, name):
    assert bucket("tool:t", by, arguments) == name


def test_a_long_value_is_named_by_its_hash():
    one, other = (bucket("tool:t", "x", {"x": letter * 5_000}) for letter in "ab")
    assert len(one) < 100
    assert one != other


def _at(when: str) -> float:
    return datetime.fromisoformat(when).replace(tzinfo=UTC).timestamp()


def test_periods_begin_at_midnight_utc():
    now = _at("2024-02-29T23:59:59")
    assert period_start("day", now) == _at("2024-02-29")
    assert period_end("day", now) == _at("2024-03-01")
    assert period_start("month", now) == _at("2024-02-01")
    assert period_end("month", _at("2024-12-31T05:00:00")) == _at("2025-01-01")
    assert (period_start("total", now), period_end("total", now)) == (0.0, None)


def test_a_token_bucket_fills_at_its_rate_up_to_its_burst():
    state = {"tokens": 0.0, "filled_at": 100.0}
    assert tokens_at(100.5, rate=2.0, burst=None, **state) == 1.0
    assert tokens_at(200.0, rate=2.0, burst=None, **state) == 2.0
    assert tokens_at(200.0, rate=2.0, burst=5.0, **state) == 5.0
    assert tokens_at(1e6, rate=0.01, burst=None, **state) == 1.0
    assert tokens_at(0.0, rate=2.0, burst=7.0, tokens=None, filled_at=None) == 7.0
    assert tokens_at(50.0, rate=2.0, burst=None, **state) == 0.0
