"""Unit tests touch no network: whoever tries fails at once."""

from __future__ import annotations

import socket

import pytest


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("connect", "connect_ex", "bind", "sendto"):
        monkeypatch.setattr(socket.socket, name, _only_unix(getattr(socket.socket, name)))
    monkeypatch.setattr(socket, "getaddrinfo", _forbidden)


def _only_unix(method):
    def guarded(self: socket.socket, *arguments):
        if self.family != socket.AF_UNIX:
            _forbidden()
        return method(self, *arguments)

    return guarded


def _forbidden(*_: object, **__: object) -> None:
    # Not an OSError: the code under test would take that for a host that is down.
    pytest.fail("a unit test reached for the network; it belongs in tests/integration")
