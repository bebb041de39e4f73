"""`toolpath tools import mcp` and `toolpath tools approve`: tools of MCP servers, and their changes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from workers.cli_errors import CliError
from workers.cli_options import AsJson, DataDir, Url, connect, print_json

#: Seconds; a server may have to be installed at its first start.
_TIMEOUT = 120.0


def mcp(
    source: Annotated[str, typer.Argument(help="A server named in toolpath.toml, or the URL of one.")],
    prefix: Annotated[
        str | None, typer.Option(help='Put before every name; the server\'s name without it, "" for none.')
    ] = None,
    auth: Annotated[
        list[str] | None,
        typer.Option(
            help="bearer=SECRET, basic=SECRET or header:NAME=SECRET, by the secret's name; "
            "oauth2=@FILE or oauth2={…} for what is an object; @FILE or {…} for all at once; repeatable."
        ),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Tell what would change.")] = False,
    url: Url = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Import the tools of an MCP server."""
    where = "url" if source.startswith(("http://", "https://")) else "server"
    body = {where: source, "prefix": prefix, "auth": ways(auth), "dry_run": dry_run}
    with connect(url, data_dir) as client:
        told = client.post("/v1/tools/import/mcp", body, timeout=_TIMEOUT)
    if as_json:
        print_json(told)
    else:
        _print(told, dry_run=dry_run)


def ways(given: Sequence[str] | None) -> dict[str, Any]:
    """`auth` by options: WAY=SECRET, WAY=OBJECT, OBJECT; an object is JSON or @FILE. Raises `CliError`."""
    found: dict[str, Any] = {}
    for text in given or ():
        if text.startswith(("{", "@")):
            found |= _object(text)
            continue
        way, equals, value = text.partition("=")
        if not (way and equals and value):
            raise CliError("--auth takes WAY=SECRET, WAY=@FILE, WAY={…}, @FILE or {…}.")
        found[way] = _object(value) if value.startswith(("{", "@")) else value
    return found


def _object(text: str) -> dict[str, Any]:
    """JSON, or a file of it."""
    where = f"The file {text[1:]}" if text.startswith("@") else "What --auth gives"
    try:
        value = json.loads(Path(text[1:]).read_bytes() if text.startswith("@") else text)
    except OSError as error:
        raise CliError(f"{where} cannot be read: {error.strerror}.") from error
    except ValueError as error:
        raise CliError(f"{where} is no JSON: {error}.") from error
    if not isinstance(value, dict):
        raise CliError(f"{where} is no JSON object.")
    return value


def approve(
    name: str,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    url: Url = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Approve a changed definition."""
    with connect(url, data_dir) as client:
        pending = client.get(f"/v1/tools/{name}")["pending"]
        if pending is None:
            raise CliError(f"There is no changed definition of {name} to approve.")
        if not as_json:
            print_changes(pending["changes"])
        if not yes and not typer.confirm(f"Let {name} become that?", err=True):
            raise CliError("Nothing was approved.")
        told = client.post(f"/v1/tools/{name}/approve", {"hash": pending["hash"]})
    if as_json:
        print_json(told)
    else:
        typer.echo(f"{name} is version {told['version']}, {told['status']}")


def print_changes(changes: list[dict[str, Any]]) -> None:
    """One line for what changed, one for each side that can be shown."""
    for change in changes:
        typer.echo(f"    {change['what']}: {change['change']}")
        for sign, side in (("-", "before"), ("+", "after")):
            if change[side] is not None:
                typer.echo(f"      {sign} {json.dumps(change[side], ensure_ascii=False)}")


def _print(told: dict[str, Any], *, dry_run: bool) -> None:
    would = "would be " if dry_run else ""
    counts = [
        (len(told["created"]), f"{would}created"),
        (len(told["quarantined"]), f"{would}quarantined"),
        (len(told["unchanged"]), "unchanged"),
        (len(told["skipped"]), "skipped"),
        (len(told["gone"]), "no longer offered"),
    ]
    typer.echo(
        ", ".join(f"{count} {word}" for count, word in counts if count) or "the server offers no tools"
    )
    for name in told["created"]:
        typer.echo(f"  {name}")
    for one in told["quarantined"]:
        typer.echo(f"  {one['name']} has changed; toolpath tools approve {one['name']}")
        print_changes(one["changes"])
    for one in told["skipped"]:
        typer.echo(f"  skipped {one['tool']}: {one['reason']}", err=True)
