"""The servers that the other integration tests stand on."""

from __future__ import annotations

import os

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


@pytest.mark.parametrize("kind", ["system", "carried"])
@pytest.mark.parametrize("start", [servers.start_postgres, servers.start_redis])
def test_a_server_of_either_kind_starts_answers_and_goes_with_its_folder(
    start, kind: str, monkeypatch
) -> None:
    monkeypatch.setattr(servers, "KIND", kind)
    try:
        server = start()
    except servers.NotInstalled as missing:
        pytest.skip(f"{kind} server: {missing}")
    try:
        if start is servers.start_postgres:
            assert rows(server.url, "SELECT 1") == [(1,)]
        else:
            with redis.Redis.from_url(server.url) as client:
                assert client.ping()
    finally:
        server.stop()
    assert not os.path.exists(server.folder)  # noqa: PTH110
    assert not servers._running(server.pid)
