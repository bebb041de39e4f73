"""`toolpath prune`: delete what ended long ago, or say what that would be."""

from __future__ import annotations

import asyncio
import re
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from workers.cli_errors import CliError
from workers.cli_options import AsJson, DataDir, load_settings, print_json

if TYPE_CHECKING:
    from orchestrator.domain.keeping import Pruned, Retention
    from orchestrator.settings import Settings

_AGE = re.compile(r"(\d+(?:\.\d+)?)(s|m|h|d|w)")
_SECONDS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800}


def prune(
    older_than: Annotated[
        str | None,
        typer.Option(help="Age of ended runs, such as 12h, 30d or 8w.", show_default="retention_days"),
    ] = None,
    keep: Annotated[
        list[str] | None, typer.Option(help="Keep runs with this label (key:value); repeatable.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would go.")] = False,
    vacuum: Annotated[
        bool, typer.Option("--vacuum", help="Give SQLite's free pages back to the disk afterwards.")
    ] = False,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Prune the database and the artifact folder of these settings; the service may run meanwhile."""
    settings = load_settings(data_dir=data_dir)
    from orchestrator import bootstrap

    bootstrap.log_plainly(level="warning")
    rule = _rule(settings, older_than, tuple(keep or ()))
    gone = asyncio.run(_prune(settings, rule, dry_run=dry_run, vacuum=vacuum))
    if as_json:
        print_json(asdict(gone))
        return
    verb = "would go" if dry_run else "deleted"
    typer.echo(
        f"{verb}: {gone.runs} runs, {gone.plans} plans, {gone.replies} model replies, "
        f"{gone.artifacts} artifacts ({gone.bytes:,} bytes)"
    )


def _rule(settings: Settings, older_than: str | None, keep: tuple[str, ...]) -> Retention:
    from orchestrator.domain.keeping import Retention, labels_from

    if older_than is not None:
        age = _AGE.fullmatch(older_than.strip())
        if age is None:
            raise CliError(f"--older-than {older_than!r} is not an age; give it as 12h, 30d or 8w.")
        seconds = float(age[1]) * _SECONDS[age[2]]
    elif settings.retention_days is not None:
        seconds = settings.retention_days * _SECONDS["d"]
    else:
        raise CliError("Runs are kept for ever; give --older-than, or set TOOLPATH_RETENTION_DAYS.")
    try:
        return Retention(seconds, labels_from((*settings.retention_keep, *keep)))
    except ValueError as error:
        raise CliError(f"A label to keep {error}.") from error


async def _prune(settings: Settings, rule: Retention, *, dry_run: bool, vacuum: bool) -> Pruned:
    from sqlalchemy.exc import SQLAlchemyError

    from orchestrator.store import migrate
    from orchestrator.store.artifacts import FolderArtifacts
    from orchestrator.store.database import Database
    from orchestrator.store.engine import is_sqlite
    from orchestrator.store.keeping import Keeper

    database = Database(settings.database, after_commit=lambda _changed, _ring: None)
    try:
        if not migrate.is_current(database.engine):
            raise CliError("The database does not have the newest shape; run `toolpath migrate` first.")
        database.start()
        keeper = Keeper(database, FolderArtifacts(settings.artifact_dir, database))
        gone = await (keeper.look(rule) if dry_run else keeper.prune(rule))
        if vacuum and not dry_run and is_sqlite(database.engine):
            with database.engine.connect() as connection:
                connection.exec_driver_sql("COMMIT")
                connection.exec_driver_sql("VACUUM")
                connection.exec_driver_sql("BEGIN")
        return gone
    except SQLAlchemyError as error:
        raise CliError(f"The database cannot be pruned: {str(error).splitlines()[0]}") from error
    finally:
        database.stop()
