"""`toolpath runs …`: look at runs, and act on them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from workers.cli_errors import CliError
from workers.cli_options import AsJson, DataDir, Url, connect, print_json

app = typer.Typer(no_args_is_help=True, add_completion=False)

Run = Annotated[str, typer.Argument(metavar="RUN")]


@app.command("list", help="Runs, newest first.")
def listing(
    status: Annotated[list[str] | None, typer.Option(help="Only runs of this status; repeatable.")] = None,
    label: Annotated[
        list[str] | None, typer.Option(help="Only runs with this key:value; repeatable.")
    ] = None,
    q: Annotated[str | None, typer.Option(help="Only runs with these words in the request.")] = None,
    since: Annotated[str | None, typer.Option(help="Only runs accepted at or after this time.")] = None,
    until: Annotated[str | None, typer.Option(help="Only runs accepted before this time.")] = None,
    usd_from: Annotated[str | None, typer.Option(help="Only runs that spent at least so many USD.")] = None,
    quiet: Annotated[
        float | None, typer.Option(help="Only runs that have not moved for so many seconds.")
    ] = None,
    retrying: Annotated[bool, typer.Option(help="Only runs with a step to be tried again.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=200)] = 20,
    url: Url = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """List runs."""
    ranges = {"since": since, "until": until, "usd_from": usd_from, "quiet": quiet}
    with connect(url, data_dir) as client:
        page = client.get(
            "/v1/runs", status=status, label=label, q=q, limit=limit, retrying=retrying or None, **ranges
        )
    if as_json:
        print_json(page)
        return
    from workers.cli_show import console, show_runs

    show_runs(console(), page["items"])


@app.command(help="All of a run.")
def show(
    run_id: Run,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Folder to save the files made into.")
    ] = None,
    url: Url = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Show a run."""
    from workers.cli_run import save

    with connect(url, data_dir) as client:
        run = client.get(f"/v1/runs/{run_id}")
        saved = save(client, run, out)
    if as_json:
        print_json(run)
        return
    from workers.cli_show import console, show_run

    show_run(console(), run)
    for path in saved:
        typer.echo(f"saved {path}", err=True)


@app.command(help="Why a run took its path.")
def explain(run_id: Run, url: Url = None, data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Explain a run."""
    with connect(url, data_dir) as client:
        told = client.get(f"/v1/runs/{run_id}/explain")
    if as_json:
        print_json(told)
        return
    from workers.cli_show import console, show_explain

    show_explain(console(), told)


@app.command(help="End a run now.")
def cancel(run_id: Run, url: Url = None, data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Cancel a run."""
    _act(run_id, "cancel", None, url, data_dir, as_json=as_json)


@app.command(help="Start nothing new in a run.")
def pause(run_id: Run, url: Url = None, data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Pause a run."""
    _act(run_id, "pause", None, url, data_dir, as_json=as_json)


@app.command(help="Go on with a paused run, or start a planned one.")
def resume(
    run_id: Run,
    plan: Annotated[
        str | None, typer.Option(help="Start a planned run by this plan, which was edited from its own.")
    ] = None,
    url: Url = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Resume a run."""
    _act(run_id, "resume", None if plan is None else {"plan": plan}, url, data_dir, as_json=as_json)


@app.command(help="Run again what failed, or a step and all that follows from it.")
def retry(
    run_id: Run,
    from_step: Annotated[str | None, typer.Option(help="Sub-task or step to begin with.")] = None,
    edit: Annotated[
        list[str] | None, typer.Option(help="argument=value for that step, the value in JSON; repeatable.")
    ] = None,
    url: Url = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Retry a run."""
    body: dict[str, Any] = {"edits": _edits(edit or [])}
    if from_step is not None:
        body["from_step"] = from_step
    _act(run_id, "retry", body, url, data_dir, as_json=as_json)


@app.command(help="Judge a run that has ended, or the output of one of its steps.")
def feedback(
    run_id: Run,
    verdict: Annotated[str, typer.Argument(help="good, bad, or a quality from 0 to 1.")],
    step: Annotated[
        str | None, typer.Option(help="Sub-task or step whose output is meant; without it the whole run.")
    ] = None,
    comment: Annotated[str, typer.Option("--comment", "-m", help="Why, in words.")] = "",
    url: Url = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Judge a run or a step."""
    said: dict[str, Any] = {"comment": comment}
    if verdict in ("good", "bad"):
        said["verdict"] = verdict
    else:
        try:
            said["quality"] = float(verdict)
        except ValueError:
            raise CliError(f"{verdict!r} is neither good nor bad nor a number from 0 to 1.") from None
    body = said if step is None else {"steps": [{"step": step, **said}]}
    _act(run_id, "feedback", body, url, data_dir, as_json=as_json)


def _edits(given: list[str]) -> dict[str, Any]:
    edits: dict[str, Any] = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not equals:
            raise CliError(f"{text!r} is not of the form argument=value.")
        try:
            edits[name] = json.loads(value)
        except json.JSONDecodeError:
            edits[name] = value  # a word needs no quotes
    return edits


def _act(run_id: str, what: str, body: Any, url: str | None, data_dir: Path | None, *, as_json: bool) -> None:
    with connect(url, data_dir) as client:
        run = client.post(f"/v1/runs/{run_id}/{what}", body)
    print_json(run) if as_json else typer.echo(f"{run['id']}: {run['status']}")
