"""What the service runs as, over REST."""

from __future__ import annotations

import json

from tests.integration.api.conftest import Service


def test_the_settings_are_shown_without_secrets(service: Service) -> None:
    with service.client() as client:
        told = client.get("/v1/settings").raise_for_status().json()
    assert told["database"] in ("sqlite", "postgresql")
    assert told["embedded"] is True
    assert told["version"]
    assert told["settings"]["max_live"] > 0
    assert told["settings"]["api_key"] == "•••"
    assert service.key not in json.dumps(told)


def test_only_the_services_own_key_reads_them(service: Service) -> None:
    with service.client() as client:
        key = client.post("/v1/keys", json={"name": "other"}).raise_for_status().json()["key"]
        reply = client.get("/v1/settings", headers={"Authorization": f"Bearer {key}"})
    assert reply.status_code == 403
