"""`toolpath tools …`: find tools, look at them, add and try them."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from workers import cli_import, cli_import_mcp
from workers.cli_errors import CliError
from workers.cli_options import AsJson, DataDir, Url, connect, print_json

app = typer.Typer(no_args_is_help=True, add_completion=False)
app.add_typer(cli_import.app, name="import", help="Take over tools that are described elsewhere.")
cli_import.app.command("mcp", help="One tool for each that an MCP server offers.")(cli_import_mcp.mcp)
app.command("import-mcp", help="The same as: import mcp.")(cli_import_mcp.mcp)
app.command("approve", help="Approve what a server has made of one of its tools.")(cli_import_mcp.approve)
app.command("import-openapi", help="The same as: import openapi.")(cli_import.openapi)


@app.command("list", help="All tools, by name.")
def listing(url: Url = None, data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """List tools."""
    with connect(url, data_dir) as client:
        found = client.get("/v1/tools")
        while cursor := found.pop("next_cursor", None):
            page = client.get(f"/v1/tools?cursor={cursor}")
            found = {"items": [*found["items"], *page["items"]], "next_cursor": page["next_cursor"]}
    _print_tools(found, as_json=as_json)


@app.command(help="Keep a tool out of searches, plans and trials, until it is enabled.")
def disable(
    name: str,
    reason: Annotated[str | None, typer.Option(help="Shown wherever the tool is.")] = None,
    url: Url = None,
    data_dir: DataDir = None,
) -> None:
    """Disable a tool."""
    with connect(url, data_dir) as client:
        told = client.post(f"/v1/tools/{name}/disable", {} if reason is None else {"reason": reason})
    typer.echo(f"{name} is {told['status']}: {told['reason']}")


@app.command(help="Take up a disabled tool again.")
def enable(name: str, url: Url = None, data_dir: DataDir = None) -> None:
    """Enable a tool."""
    with connect(url, data_dir) as client:
        told = client.post(f"/v1/tools/{name}/enable", {})
    typer.echo(f"{name} is {told['status']}" + (f": {told['reason']}" if told["reason"] else ""))


@app.command(help="Find tools by words.")
def search(
    query: str,
    k: Annotated[int, typer.Option("-k", min=1, max=1_000, help="How many.")] = 5,
    url: Url = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Search tools."""
    with connect(url, data_dir) as client:
        found = client.post("/v1/tools/search", {"query": query, "k": k})
    _print_tools(found, as_json=as_json)


@app.command(help="One tool.")
def show(name: str, url: Url = None, data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Show a tool."""
    with connect(url, data_dir) as client:
        told = client.get(f"/v1/tools/{name}")
    _print_tool(told, as_json=as_json)


@app.command(help="Register a tool, or a list of them, from a JSON file; - reads standard input.")
def add(
    file: str,
    replace: Annotated[bool, typer.Option("--replace", help="Make a new version where it exists.")] = False,
    url: Url = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Register tools."""
    record = _read_json(file)
    with connect(url, data_dir) as client:
        if isinstance(record, list):
            made = client.post("/v1/tools/bulk", {"tools": record})
            _print_bulk(made, as_json=as_json)
            return
        if not isinstance(record, dict):
            raise CliError("A tool is a JSON object, several are a list of objects.")
        told = (
            client.put(f"/v1/tools/{record.get('name')}", record)
            if replace
            else client.post("/v1/tools", record)
        )
    _print_tool(told, as_json=as_json)


@app.command("try", help="Call a tool with arguments; name=value, values in JSON.")
def try_out(
    name: str,
    arguments: Annotated[list[str] | None, typer.Argument(metavar="[NAME=VALUE]...")] = None,
    file: Annotated[
        list[str] | None, typer.Option("--file", help="argument=path of a file; repeatable.")
    ] = None,
    url: Url = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Try a tool."""
    with connect(url, data_dir) as client:
        schema = client.get(f"/v1/tools/{name}")["input_schema"].get("properties", {})
        given = dict(_argument(text, schema) for text in arguments or [])
        for text in file or []:
            argument, _, path = text.partition("=")
            given[argument] = client.upload(Path(path))
        made = client.post(f"/v1/tools/{name}/invoke", {"arguments": given})
    if as_json:
        print_json(made)
        return
    print_json(made["output"])
    usage = made["usage"]
    typer.echo(f"{usage['seconds']:.3f} s, ${usage['usd']}", err=True)


def _argument(text: str, schema: dict[str, Any]) -> tuple[str, Any]:
    name, equals, value = text.partition("=")
    if not equals:
        raise CliError(f"{text!r} is not of the form name=value.")
    if schema.get(name, {}).get("type") == "string":
        return name, value
    try:
        return name, json.loads(value)
    except json.JSONDecodeError:
        return name, value


def _read_json(file: str) -> Any:
    try:
        text = sys.stdin.read() if file == "-" else Path(file).read_text()
        return json.loads(text)
    except OSError as error:
        raise CliError(f"The file {file} cannot be read: {error.strerror}.") from error
    except ValueError as error:
        raise CliError(f"The file {file} is not JSON: {error}.") from error


def _print_tools(found: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        print_json(found)
        return
    from workers.cli_show import console, show_tools

    show_tools(console(), found["items"])


def _print_tool(told: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        print_json(told)
        return
    from workers.cli_show import console, show_tool

    show_tool(console(), told)


def _print_bulk(made: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        print_json(made)
    else:
        for name in made["created"]:
            typer.echo(f"made {name}")
    lines = [f"  {one['name'] or one['number']}: {one['reason']}" for one in made["refused"]]
    if lines:
        raise CliError("\n".join(["Some tools were refused:", *lines]))
