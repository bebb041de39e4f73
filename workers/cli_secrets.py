"""`toolpath secrets …`: credentials that tools need, kept sealed; a value goes in and never comes out."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from workers.cli_errors import CliError
from workers.cli_options import AsJson, DataDir, Url, connect, print_json

app = typer.Typer(no_args_is_help=True, add_completion=False)

Name = Annotated[str, typer.Argument(metavar="NAME", help="The name by which tools refer to it.")]


@app.command("set", help="Keep or replace a secret; its value is asked for, or read from standard input.")
def put(name: Name, url: Url = None, data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Keep a secret. The value is no argument: those are seen by all on the machine."""
    with connect(url, data_dir) as client:
        kept = client.put(f"/v1/secrets/{name}", {"value": _value(name)})
    print_json(kept) if as_json else typer.echo(f"{name} is kept.")


@app.command("list", help="The names of all secrets, and which tools use each; never a value.")
def listing(url: Url = None, data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """List secrets."""
    with connect(url, data_dir) as client:
        page = client.get("/v1/secrets")
    if as_json:
        print_json(page)
        return
    from workers.cli_show import console, show_secrets

    show_secrets(console(), page["items"])


@app.command(help="Forget a secret; tools that need it become unavailable.")
def remove(name: Name, url: Url = None, data_dir: DataDir = None) -> None:
    """Remove a secret."""
    with connect(url, data_dir) as client:
        client.delete(f"/v1/secrets/{name}")
    typer.echo(f"{name} is forgotten.")


@app.command(help="Seal every secret anew under the newest key; the old ones are needed no more.")
def rotate(url: Url = None, data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Rotate."""
    with connect(url, data_dir) as client:
        done = client.post("/v1/secrets/rotate")
    if as_json:
        print_json(done)
    else:
        typer.echo(f"{done['rotated']} secrets are sealed under the newest key.")
    if done["unreadable"]:
        names = ", ".join(done["unreadable"])
        raise CliError(
            f"No key opens {names}: set them again, or name their key in TOOLPATH_SECRET_KEYS_OLD."
        )


def _value(name: str) -> str:
    if sys.stdin.isatty():
        value: str = typer.prompt(f"Value of {name}", hide_input=True, err=True)
    else:
        value = sys.stdin.read().removesuffix("\n").removesuffix("\r")
    if not value:
        raise CliError("The value is empty.")
    return value
