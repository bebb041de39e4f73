"""`toolpath endpoints …`: model endpoints, their replicas and how they fare."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from workers.cli_errors import CliError
from workers.cli_options import AsJson, DataDir, Url, connect, print_json

app = typer.Typer(no_args_is_help=True, add_completion=False)

Name = Annotated[str, typer.Argument(help="The endpoint's name.")]
_RECORD = "A JSON file with the whole record, in place of the options."


@app.command("list", help="All endpoints, with health, latency and load of their replicas.")
def listing(url: Url = None, data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """List endpoints."""
    with connect(url, data_dir) as client:
        page = client.get("/v1/endpoints")
    _print(page if as_json else page["items"], as_json)


@app.command(help="One endpoint.")
def show(name: Name, url: Url = None, data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Show an endpoint."""
    with connect(url, data_dir) as client:
        found = client.get(f"/v1/endpoints/{name}")
    _print(found if as_json else [found], as_json)


@app.command(help="Register an endpoint; give --base-url once for each replica.")
def add(
    name: Name,
    base_url: Annotated[list[str] | None, typer.Option(help="Address of a server; repeatable.")] = None,
    protocol: Annotated[str, typer.Option(help="openai or kserve-v2.")] = "openai",
    model: Annotated[list[str] | None, typer.Option(help="A model it serves; repeatable.")] = None,
    fallback: Annotated[
        list[str] | None, typer.Option(help="An endpoint that takes over; repeatable.")
    ] = None,
    max_concurrency: Annotated[int | None, typer.Option(min=1, help="Calls at once.")] = None,
    record: Annotated[Path | None, typer.Option("--record", help=_RECORD)] = None,
    replace: Annotated[bool, typer.Option("--replace", help="Change the one of that name.")] = False,
    url: Url = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Add or change an endpoint."""
    body = {
        "name": name,
        "replicas": [{"base_url": one} for one in base_url or []],
        "protocol": protocol,
        "models": model or [],
        "fallbacks": fallback or [],
        "max_concurrency": max_concurrency,
    }
    if record is not None:
        body = {**_read(record), "name": name}
    with connect(url, data_dir) as client:
        path = f"/v1/endpoints/{name}"
        made = client.put(path, body) if replace else client.post("/v1/endpoints", body)
    _print(made if as_json else [made], as_json)


@app.command(help="Send no new call to an endpoint; those in flight go on.")
def pause(name: Name, url: Url = None, data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Pause an endpoint."""
    _hold(name, "pause", url, data_dir, as_json=as_json)


@app.command(help="Send calls to a paused endpoint again.")
def resume(name: Name, url: Url = None, data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Resume an endpoint."""
    _hold(name, "resume", url, data_dir, as_json=as_json)


def _hold(name: str, what: str, url: str | None, data_dir: Path | None, *, as_json: bool) -> None:
    with connect(url, data_dir) as client:
        found = client.post(f"/v1/endpoints/{name}/{what}")
    _print(found if as_json else [found], as_json)


@app.command(help="Remove an endpoint; tools that name it fail from now on.")
def remove(name: Name, url: Url = None, data_dir: DataDir = None) -> None:
    """Remove an endpoint."""
    with connect(url, data_dir) as client:
        client.delete(f"/v1/endpoints/{name}")
    typer.echo(f"{name} is removed.")


def _read(path: Path) -> dict[str, Any]:
    try:
        value = json.loads(path.read_bytes())
    except OSError as error:
        raise CliError(f"The file {path} cannot be read: {error.strerror}.") from error
    except ValueError as error:
        raise CliError(f"The file {path} is no JSON: {error}.") from error
    if not isinstance(value, dict):
        raise CliError(f"The file {path} does not hold the record of an endpoint.")
    return value


def _print(value: Any, as_json: bool) -> None:
    if as_json:
        print_json(value)
        return
    from workers.cli_show import console, show_endpoints

    show_endpoints(console(), value)
