"""The migrated shape is that of the tables, and migrations go both ways."""

from __future__ import annotations

import shutil
import subprocess
import sys
import threading
from pathlib import Path

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect

from orchestrator.store import migrate
from orchestrator.store.engine import open_engine
from orchestrator.store.tables import metadata

ROOT = Path(__file__).parents[2]


def test_the_migrated_shape_is_that_of_the_tables(database_url: str) -> None:
    engine = open_engine(database_url)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []
        shape = inspect(connection)
        there = {index["name"] for table in metadata.tables for index in shape.get_indexes(table)}
    wanted = {index.name for table in metadata.tables.values() for index in table.indexes}
    assert wanted <= there
    scripts = ScriptDirectory.from_config(migrate.alembic_config(engine))
    assert migrate.newest() == scripts.get_current_head()
    assert migrate.is_current(engine)
    engine.dispose()


def test_the_shape_goes_down_to_nothing_and_up_again(database_url: str) -> None:
    engine = open_engine(database_url)
    command.downgrade(migrate.alembic_config(engine), "base")
    assert set(inspect(engine).get_table_names()) <= {"alembic_version"}
    assert not migrate.is_current(engine)
    migrate.upgrade(engine)
    assert set(inspect(engine).get_table_names()) >= set(metadata.tables)
    assert migrate.is_current(engine)
    engine.dispose()


_UPGRADE = """
import sys
from orchestrator.store import migrate
from orchestrator.store.engine import open_engine
engine = open_engine(sys.argv[1])
migrate.upgrade(engine)
assert migrate.is_current(engine)
"""


def test_processes_that_migrate_at_once_take_turns(database_url: str) -> None:
    engine = open_engine(database_url)
    command.downgrade(migrate.alembic_config(engine), "base")
    engine.dispose()
    started = [
        subprocess.Popen(
            [sys.executable, "-c", _UPGRADE, database_url], stderr=subprocess.PIPE, cwd=ROOT, text=True
        )
        for _ in range(3)
    ]
    assert [(one.communicate()[1], one.returncode) for one in started] == [("", 0)] * 3


def test_a_fresh_sqlite_file_may_be_opened_by_many_at_once(tmp_path: Path) -> None:
    faults: list[Exception] = []

    def open_and_read() -> None:
        try:
            engine = open_engine(f"sqlite:///{tmp_path / 'new' / 'toolpath.db'}")
            with engine.begin() as connection:
                connection.exec_driver_sql("SELECT count(*) FROM sqlite_master")
            engine.dispose()
        except Exception as fault:  # noqa: BLE001 - any is told at the end
            faults.append(fault)

    threads = [threading.Thread(target=open_and_read) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    shutil.rmtree(tmp_path / "new")
