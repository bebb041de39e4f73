"""The servers that the other integration tests stand on."""

from __future__ import annotations

import contextlib
from pathlib import Path

import psycopg
import pytest
import redis
from sqlalchemy import make_url

from tests import servers


def rows(url: str, statement: str) -> list[tuple]:
    plain = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(plain, autocommit=True) as connection:
        cursor = connection.execute(statement.encode())
        return cursor.fetchall() if cursor.description else []


@pytest.mark.parametrize("name", ["first", "second"])
def test_each_test_gets_an_empty_database(postgres_url: str, name: str) -> None:
    assert rows(postgres_url, "SELECT tablename FROM pg_tables WHERE schemaname = 'public'") == []
    rows(postgres_url, f"CREATE TABLE {name} (id int)")


def test_a_fresh_database_can_be_a_copy_of_a_template_that_is_built_once(
    test_session: servers.Session, postgres_server: str
) -> None:
    built: list[str] = []

    def build(url: str) -> None:
        built.append(url)
        rows(url, "CREATE TABLE made (id int)")

    names = {test_session.template("of_this_test", build) for _ in range(2)}
    assert len(names) == len(built) == 1
    with servers.fresh_database(postgres_server, template=names.pop()) as url:
        assert rows(url, "SELECT count(*) FROM made") == [(0,)]


@pytest.mark.parametrize("name", ["first", "second"])
def test_each_test_gets_an_empty_redis(redis_url: str, name: str) -> None:
    with redis.Redis.from_url(redis_url) as client:
        assert client.dbsize() == 0
        client.set(name, "1")


def servers_here() -> list:
    """Every kind of server that this machine has: the system's, the carried ones, or both."""
    found = []
    for kind in ("system", "carried"):
        for start, programs in (
            (servers.start_postgres, servers.postgres_programs),
            (servers.start_redis, servers.redis_program),
        ):
            with contextlib.suppress(servers.NotInstalled):
                programs(kind)
                found.append(pytest.param(start, kind, id=f"{start.__name__}-{kind}"))
    return found


@pytest.mark.parametrize(("start", "kind"), servers_here())
def test_a_server_of_any_kind_starts_answers_and_goes_with_its_folder(start, kind: str) -> None:
    server = start(kind=kind)
    try:
        if start is servers.start_postgres:
            assert rows(server.url, "SELECT 1") == [(1,)]
        else:
            with redis.Redis.from_url(server.url) as client:
                assert client.ping()
    finally:
        server.stop()
    assert not Path(server.folder).exists()
    assert not servers.running(server.pid)
