"""`toolpath dead-letters …`: what every worker vanished over, and giving it another go."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from workers.cli_errors import CliError
from workers.cli_options import AsJson, DataDir, Url, connect, print_json

app = typer.Typer(no_args_is_help=True, add_completion=False)

Tool = Annotated[str | None, typer.Option(help="Only steps of this tool.")]
Since = Annotated[str | None, typer.Option(help="Only what was given up at or after this time (RFC 3339).")]


@app.command("list", help="Poisoned steps and jobs of failed runs, newest first.")
def listing(
    tool: Tool = None,
    since: Since = None,
    limit: Annotated[int, typer.Option(min=1, max=200)] = 20,
    url: Url = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """List dead letters."""
    with connect(url, data_dir) as client:
        page = client.get("/v1/dead-letters", tool=tool, since=since, limit=limit)
    if as_json:
        print_json(page)
        return
    from workers.cli_show import console, table

    rows = table("run", "step", "tool", "deaths", "at", "why")
    for item in page["items"]:
        why = (item["error"] or {}).get("message", "")
        rows.add_row(item["run"], item["step"], item["tool"] or "", str(item["deaths"]), item["at"], why)
    console().print(rows)


@app.command(help="Give a dead letter, or all that fit, another go.")
def requeue(
    run: Annotated[str | None, typer.Argument(metavar="RUN")] = None,
    step: Annotated[str | None, typer.Argument(metavar="STEP")] = None,
    everything: Annotated[bool, typer.Option("--all", help="All, or those that the filters find.")] = False,
    tool: Tool = None,
    since: Since = None,
    url: Url = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Requeue one or many."""
    if everything == (run is not None):
        raise CliError("Name a run and its step, or give --all (with --tool or --since to narrow it).")
    with connect(url, data_dir) as client:
        if run is None:
            done = client.post("/v1/dead-letters/requeue", {"tool": tool, "since": since})
        else:
            done = client.post(f"/v1/dead-letters/{run}/{step or _only_step(client, run)}/requeue")
    if as_json:
        print_json(done)
    elif run is None:
        for id in done["done"]:
            typer.echo(f"requeued {id}")
        for one in done["refused"]:
            typer.echo(f"refused {one['id']}: {one['reason']}", err=True)
        if done["more"]:
            typer.echo("There are more; do it again.", err=True)
    else:
        typer.echo(f"{done['id']}: {done['status']}")


def _only_step(client: Any, run: str) -> str:
    """The step to requeue where none is named: the run's only poisoned one."""
    steps = [s["idx"] for s in client.get(f"/v1/runs/{run}")["steps"] if s["status"] == "poisoned"]
    if len(steps) != 1:
        raise CliError(f"Run {run} has {len(steps)} poisoned steps; name one of them (or plan, or repair).")
    return str(steps[0])
