"""The guarded backend, with a scripted resolver and connections that go nowhere."""

import asyncio
from collections.abc import Sequence

import httpcore2
import httpx2
import pytest

from tools.addresses import AllowList
from tools.errors import AddressForbidden, Unreachable
from tools.transport import GuardedBackend, check_url


class Recorder(httpcore2.AsyncMockBackend):
    """Remembers what is dialled; hosts in `dead` do not answer."""

    def __init__(self, dead: Sequence[str] = ()) -> None:
        super().__init__([])
        self.dialled: list[str] = []
        self.dead = dead

    async def connect_tcp(self, host: str, *rest: object, **more: object) -> httpcore2.AsyncNetworkStream:
        self.dialled.append(host)
        if host in self.dead:
            raise httpcore2.ConnectError("refused")
        return httpcore2.AsyncMockStream([])


class Names:
    """A resolver that gives each lookup the next of its answers."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self.answers = list(answers)
        self.lookups = 0

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        self.lookups += 1
        return self.answers.pop(0)


async def test_a_connection_resolves_once_and_dials_what_was_checked() -> None:
    names, recorder = Names(["93.184.216.34", "2606:4700::1"]), Recorder()
    await GuardedBackend(AllowList(), names, recorder).connect_tcp("example.com", 443)
    assert (recorder.dialled, names.lookups) == (["93.184.216.34"], 1)


async def test_the_next_checked_address_is_tried_when_one_is_dead() -> None:
    names, recorder = Names(["93.184.216.34", "93.184.216.35"]), Recorder(dead=["93.184.216.34"])
    await GuardedBackend(AllowList(), names, recorder).connect_tcp("example.com", 443, timeout=5)
    assert (recorder.dialled, names.lookups) == (["93.184.216.34", "93.184.216.35"], 1)


async def test_the_last_failure_is_reported_when_all_are_dead() -> None:
    names, recorder = Names(["93.184.216.34", "93.184.216.35"]), Recorder()
    recorder.dead = names.answers[0]
    with pytest.raises(httpcore2.ConnectError):
        await GuardedBackend(AllowList(), names, recorder).connect_tcp("example.com", 443)
    assert len(recorder.dialled) == 2


async def test_a_name_that_turns_private_is_refused_at_its_next_connection() -> None:
    names, recorder = Names(["93.184.216.34"], ["127.0.0.1"]), Recorder()
    backend = GuardedBackend(AllowList(), names, recorder)
    await backend.connect_tcp("rebind.example", 80)
    with pytest.raises(AddressForbidden, match=r"rebind\.example \(127\.0\.0\.1\)"):
        await backend.connect_tcp("rebind.example", 80)
    assert (recorder.dialled, names.lookups) == (["93.184.216.34"], 2)


@pytest.mark.parametrize("private", ["10.0.0.1", "::ffff:127.0.0.1", "fe80::1%eth0", "169.254.169.254"])
async def test_a_private_address_among_the_answers_stops_the_connection(private: str) -> None:
    recorder = Recorder()
    with pytest.raises(AddressForbidden):
        await GuardedBackend(AllowList(), Names(["8.8.8.8", private]), recorder).connect_tcp(
            "two.example", 80
        )
    assert recorder.dialled == []


async def test_a_literal_address_is_checked_and_never_looked_up() -> None:
    names, recorder = Names(), Recorder()
    backend = GuardedBackend(AllowList.parse(["127.0.0.1:8080"]), names, recorder)
    await backend.connect_tcp("127.0.0.1", 8080)
    with pytest.raises(AddressForbidden):
        await backend.connect_tcp("127.0.0.1", 8081)
    assert (recorder.dialled, names.lookups) == (["127.0.0.1"], 0)


async def test_an_allowed_name_may_be_private() -> None:
    recorder = Recorder()
    backend = GuardedBackend(AllowList.parse(["models.internal"]), Names(["10.0.0.7"]), recorder)
    await backend.connect_tcp("models.internal", 80)
    assert recorder.dialled == ["10.0.0.7"]


@pytest.mark.parametrize("error", [OSError("no such name"), UnicodeError("label too long")])
async def test_a_name_that_does_not_resolve_is_unreachable(error: Exception) -> None:
    async def fail(host: str, port: int) -> Sequence[str]:
        raise error

    with pytest.raises(Unreachable, match=r"the name nowhere\.example does not resolve"):
        await GuardedBackend(AllowList(), fail, Recorder()).connect_tcp("nowhere.example", 80)
    with pytest.raises(Unreachable, match="does not resolve"):
        await GuardedBackend(AllowList(), Names([]), Recorder()).connect_tcp("nowhere.example", 80)


async def test_a_resolver_that_hangs_is_given_up() -> None:
    async def hang(host: str, port: int) -> Sequence[str]:
        await asyncio.Event().wait()
        return []

    with pytest.raises(httpcore2.ConnectTimeout, match="did not resolve in time"):
        await GuardedBackend(AllowList(), hang, Recorder()).connect_tcp("slow.example", 80, timeout=0)


async def test_a_socket_of_this_machine_is_never_opened() -> None:
    with pytest.raises(AddressForbidden):
        await GuardedBackend(AllowList(), Names(), Recorder()).connect_unix_socket("/var/run/docker.sock")


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "gopher://example.com/",
        "ftp://example.com/",
        "data:text/plain,hi",
        "ws://example.com/",
        "//example.com/",
        "example.com",
        "http:///path",
        "http://user@example.com/",
        "http://user:word@example.com/",
        "http://example.com@127.0.0.1/",
        "http://127.0.0.1@example.com/",
        "http://127.0.0.1\\@example.com/",
        "http://example.com\\@127.0.0.1/",
        "http://example.com:0/",
        "http://example.com:99999/",
        "http://127。0。0。1/",
        "http://127．0．0．1/",
        "http://127.0.0.1。/",
        "http://[::ffff:127.0.0.1]/",
        "http://[::1]:80/",
        "HTTP://2130706433/",
    ],
)
def test_addresses_that_cannot_be_right_are_refused(url: str) -> None:
    with pytest.raises(AddressForbidden):
        check_url(httpx2.URL(url), AllowList())
