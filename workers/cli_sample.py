"""The sample request of `toolpath serve --sample`: the main job, once, on a file that ships."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rich.console import Console

from workers import cli_show
from workers.cli_client import Client
from workers.cli_errors import CliError
from workers.cli_run import follow

SALES = Path(__file__).parent / "sample" / "sales.csv"
REQUEST = "Which product sold most per region? Show it as a bar chart."


def run_sample(url: str, key: str, code: str) -> bool:
    """Do it, showing plan, progress and result; whether it succeeded."""
    console = cli_show.console()
    console.rule("sample request")
    console.print(f"{REQUEST}\n({SALES.name} is attached)\n", highlight=False)
    try:
        with Client(url, key) as client:
            good = _run(client, console)
    except CliError as error:
        console.print(f"The sample failed: {error}", style="red", highlight=False, markup=False)
        good = False
    console.rule()
    console.print(f"Toolpath stays up at {url}; Ctrl-C stops it.", highlight=False)
    console.print(f"Log in: {url}/login?code={code}", highlight=False, soft_wrap=True)
    return good


def _run(client: Client, console: Console) -> bool:
    body = {"request": REQUEST, "inputs": {"file": client.upload(SALES)}, "labels": {"sample": "yes"}}
    planned = follow(
        client, client.post("/v1/runs", body | {"mode": "plan"})["id"], quiet=False, console=console
    )
    if planned["status"] != "planned":
        cli_show.show_error(console, planned)
        return False
    cli_show.show_plan(console, planned)
    client.post(f"/v1/runs/{planned['id']}/resume")
    done = _until_end(client, planned["id"], console)
    cli_show.show_error(console, done)
    cli_show.show_result(console, done)
    for output in (done.get("result") or {}).get("outputs", ()):
        if output["artifact"]:
            where = f"{client.url}/v1/artifacts/{output['artifact']}"
            console.print(f"{output['file_name']}: {where}", highlight=False, soft_wrap=True)
    return bool(done["status"] == "succeeded")


def _until_end(client: Client, run_id: str, console: Console) -> dict[str, Any]:
    from workers.display import Progress

    with Progress(console) as progress:
        for event in client.events(run_id):
            progress.show(event)
    done: dict[str, Any] = client.get(f"/v1/runs/{run_id}")
    return done
