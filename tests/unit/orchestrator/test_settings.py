"""Settings are shown without secrets, wherever those stand."""

from __future__ import annotations

import json
from typing import Any

import pytest

from orchestrator.settings import MASK, Settings, without_secrets


@pytest.mark.parametrize(
    "given",
    [
        {"api_key": "hush-hush"},
        {"secret_key": "hush-hush"},
        {"llm_api_key": "hush-hush"},
        {"secret_keys_old": ("hush-hush", "older")},
        {"database_url": "postgresql://me:hush-hush@db.example/toolpath"},
        {"database_url": "postgresql://me:hush-hush@hu@db.example/toolpath"},
        {"database_url": "postgresql://me:hush/hush@db.example/toolpath"},
        {"llm_base_url": "https://hush-hush@models.example/v1"},
        {"broker_url": "redis://:hush-hush@bell.example:6379/0"},
        {"llm_base_url": "https://me:hush-hush@models.example/v1"},
        {"mcp_servers": {"files": {"command": "serve", "env": {"TOKEN": "hush-hush"}}}},
        {"mcp_servers": {"files": {"command": "serve", "args": ("--token", "hush-hush")}}},
        {"commands": {"send": {"program": "send", "description": "Sends.", "env": {"TOKEN": "hush-hush"}}}},
        {"commands": {"send": {"program": "send", "description": "Sends.", "args": ("--token", "hush")}}},
    ],
)
def test_no_secret_is_shown(given):
    text = json.dumps(without_secrets(Settings(**given)), ensure_ascii=False)
    assert "hush" not in text
    assert MASK in text or "***@" in text


def test_the_rest_is_shown():
    given: dict[str, Any] = {
        "broker_url": "redis://bell.example/0",
        "approve": ({"tool": "send_*", "usd_over": "0.5"},),
    }
    shown = without_secrets(Settings(**given, port=8123))
    assert (shown["port"], shown["broker_url"]) == (8123, "redis://bell.example/0")
    assert shown["approve"][0]["tool"] == "send_*"
    assert shown["queues"] == ["default"]
