"""`toolpath keys …`: keys for other callers, with caps on what they may spend and limits on their calls."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from workers.cli_errors import CliError
from workers.cli_options import AsJson, DataDir, Url, connect, print_json

app = typer.Typer(no_args_is_help=True, add_completion=False)

Key = Annotated[str, typer.Argument(metavar="KEY", help="The id of a key: key_…")]
_CAP = "Most money, in all or per day or month (UTC): 10, 2.50/day, 40/month; repeatable."


@app.command(help="Make a key; it is shown this once.")
def create(
    name: Annotated[str, typer.Argument(help="For whom or what the key is.")],
    cap: Annotated[list[str] | None, typer.Option(help=_CAP)] = None,
    concurrency: Annotated[int | None, typer.Option(min=1, help="Calls at once.")] = None,
    rate: Annotated[float | None, typer.Option(help="Calls a second.")] = None,
    url: Url = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Make a key."""
    limits = {"concurrency": concurrency, "rate": rate}
    body = {"name": name, "caps": [_cap(text) for text in cap or []], "limits": limits}
    with connect(url, data_dir) as client:
        made = client.post("/v1/keys", body)
    if as_json:
        print_json(made)
        return
    typer.echo(made["key"])
    typer.echo(f"This is {made['id']}, shown this once: keep it now.", err=True)


@app.command("list", help="All keys, with what they have spent.")
def listing(url: Url = None, data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """List keys."""
    with connect(url, data_dir) as client:
        page = client.get("/v1/keys")
    if as_json:
        print_json(page)
        return
    from workers.cli_show import console, show_keys

    show_keys(console(), page["items"])


@app.command(help="Close a key; runs submitted with it go on.")
def revoke(key: Key, url: Url = None, data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Revoke a key."""
    with connect(url, data_dir) as client:
        client.delete(f"/v1/keys/{key}")
        shown = client.get(f"/v1/keys/{key}")
    print_json(shown) if as_json else typer.echo(f"{key} is revoked.")


def _cap(text: str) -> dict[str, Any]:
    usd, _, per = text.partition("/")
    if per not in ("", "day", "month"):
        raise CliError(f"{text!r} is not a cap; give an amount in USD, alone or with /day or /month.")
    return {"usd": usd, "per": per or "total"}
