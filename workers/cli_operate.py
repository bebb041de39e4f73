"""Commands of an operator: workers, the database's shape, logging in, settings, and what is missing."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Annotated, Any

import typer

from workers.cli_errors import CliError
from workers.cli_options import AsJson, DataDir, Url, connect, load_settings, print_json
from workers.cli_prune import prune


def add_commands(app: typer.Typer) -> None:
    """Add all of them."""
    app.command(help="Run steps that the API accepted (production).")(worker)
    app.command(help="Ring the bell at intervals, once per installation (production).")(beat)
    app.command(help="Bring the database to the newest shape.")(migrate)
    app.command(help="Delete what ended long ago, or say what that would be.")(prune)
    app.command(help="Make a one-time link that logs a browser in.")(login)
    app.command(help="The effective settings, without secrets.")(config)
    app.command(help="What is missing, and how to mend it.")(doctor)


def worker(
    queues: Annotated[str | None, typer.Option("--queues", "-Q", help="Queues to serve, by commas.")] = None,
) -> None:
    """Serve queues until stopped."""
    settings = load_settings(queues=queues)
    from orchestrator import bootstrap
    from workers.lifecycle import run_worker

    bootstrap.log_plainly()
    with _starting("worker"):
        run_worker(settings, queues=settings.queues)


def beat() -> None:
    """Ring until stopped."""
    settings = load_settings()
    from workers.schedule import run_beat

    with _starting("clock"):
        run_beat(settings)


@contextlib.contextmanager
def _starting(what: str) -> Iterator[None]:
    """What keeps a process of an operator from starting is said without a trace."""
    try:
        yield
    except (RuntimeError, ValueError, OSError) as error:
        raise CliError(f"The {what} cannot start: {error}") from error


def migrate(data_dir: DataDir = None) -> None:
    """Upgrade the database."""
    settings = load_settings(data_dir=data_dir)
    from sqlalchemy.exc import SQLAlchemyError

    from orchestrator.store.engine import open_engine
    from orchestrator.store.migrate import upgrade

    settings.data_dir.mkdir(parents=True, exist_ok=True)
    try:
        engine = open_engine(settings.database)
        upgrade(engine)
        engine.dispose()
    except SQLAlchemyError as error:
        raise CliError(f"The database cannot be upgraded: {str(error).splitlines()[0]}") from error
    typer.echo("The database has the newest shape.", err=True)


def login(url: Url = None, data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Make a login link."""
    with connect(url, data_dir) as client:
        made = client.post("/v1/login-codes")
        link = f"{client.url}{made['path']}"
    if as_json:
        print_json({"url": link, "expires_at": made["expires_at"]})
    else:
        typer.echo(link)


def config(data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Print the settings."""
    from orchestrator.settings import without_secrets

    shown = without_secrets(load_settings(data_dir=data_dir))
    if as_json:
        print_json(shown)
        return
    for name, value in shown.items():
        typer.echo(f"{name} = {_plain(value)}")


def _plain(value: Any) -> str:
    return ",".join(map(str, value)) if isinstance(value, list) else "" if value is None else str(value)


def doctor(data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Look at everything the service needs."""
    from workers.cli_doctor import examine

    findings = examine(load_settings(data_dir=data_dir))
    if as_json:
        print_json([finding.told() for finding in findings])
    else:
        for finding in findings:
            typer.echo(finding.line())
    if any(finding.state == "missing" for finding in findings):
        raise CliError("Something that the service needs is missing; see above.")
