"""Asking for something and following it to its end."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from workers.cli_errors import INTERRUPTED, NEEDS_INPUT, CliError
from workers.cli_options import AsJson, DataDir, Url, connect, print_json

if TYPE_CHECKING:
    from rich.console import Console

    from workers.cli_client import Client

_STOPPED = ("planned", "needs_input", "paused", "succeeded", "failed", "cancelled")


def add_commands(app: typer.Typer) -> None:
    """Add `run`, `inbox` and `answer`."""
    app.command(help="Do a request, and follow it to its end.")(run)
    app.command(help="What waits for a person, over all runs.")(inbox)
    app.command(help="Answer a question of a run.")(answer)


def run(
    request: Annotated[str, typer.Argument(help="What to do, in plain words.")],
    file: Annotated[
        list[Path] | None, typer.Option("--file", "-f", help="A file to work on; repeatable.")
    ] = None,
    alpha: Annotated[
        float, typer.Option(min=0, max=2, help="0 looks at quality alone, 2 at cost alone.")
    ] = 1.0,
    budget: Annotated[str | None, typer.Option(help="Most money to spend, in USD.")] = None,
    seconds: Annotated[float | None, typer.Option(help="Most seconds to take.")] = None,
    plan: Annotated[
        bool, typer.Option("--plan", help="Stop after planning, and show plan and quote.")
    ] = False,
    planner: Annotated[str, typer.Option(help="auto, llm or offline.")] = "auto",
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Folder to save the files made into.")
    ] = None,
    detach: Annotated[bool, typer.Option("--detach", help="Do not wait; print the run's id.")] = False,
    url: Url = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Submit a run and show how it goes."""
    with connect(url, data_dir) as client:
        body = {
            "request": request,
            "inputs": _inputs(client, file or []),
            "preference": {"alpha": alpha},
            "budget": {name: v for name, v in (("usd", budget), ("seconds", seconds)) if v is not None},
            "mode": "plan" if plan else "auto",
            "planner": planner,
        }
        accepted = client.post("/v1/runs", body)
        if detach:
            print_json(accepted) if as_json else typer.echo(accepted["id"])
            return
        try:
            done = follow(client, accepted["id"], quiet=as_json)
        except KeyboardInterrupt:
            hint = f"The run goes on: toolpath runs show {accepted['id']} (or: runs cancel)."
            raise CliError(hint, exit_code=INTERRUPTED) from None
        files = save(client, done, out)
        if as_json:
            print_json(done)
        else:
            _show(done, files)
    _judge(done)


def follow(client: Client, run_id: str, *, quiet: bool, console: Console | None = None) -> dict[str, Any]:
    """Show a run until it stops, asking its questions where somebody sits at the terminal."""
    last = 0
    while True:
        last = _until_stopped(client, run_id, last, quiet=quiet, console=console)
        now: dict[str, Any] = client.get(f"/v1/runs/{run_id}")
        if now["status"] not in _STOPPED:
            continue
        asked = [question for question in now["questions"] if question["answered_at"] is None]
        if now["status"] != "needs_input" or quiet or not sys.stdin.isatty() or not asked:
            return now
        answers = [{"id": question["id"], "value": _ask(question)} for question in asked]
        client.post(f"/v1/runs/{run_id}/answers", {"answers": answers})


def _until_stopped(client: Client, run_id: str, after: int, *, quiet: bool, console: Console | None) -> int:
    """Show events up to one that tells of a stop; answers its number."""
    from rich.console import Console

    from workers.display import Progress

    shown = console or Console(stderr=True, quiet=quiet)
    with Progress(shown) as progress:
        for event in client.events(run_id, after=after):
            after = int(event["number"])
            progress.show(event)
            if event["type"] == "run.status" and event["data"].get("status") in _STOPPED:
                break
    return after


def _ask(question: dict[str, Any]) -> Any:
    """The answer in the type that the question's schema wants."""
    schema, text = question["schema"], question["text"]
    if _is_yes_or_no(question):
        return typer.confirm(text, err=True)
    if question["kind"] == "tool_asks" and "anyOf" in schema:
        return _fields(text, schema["anyOf"][0])
    if question["kind"] == "tool_asks":
        text = f"{text}\nVisit {question['detail']['url']}, then answer"
    choices = f" ({', '.join(map(str, schema['enum']))})" if "enum" in schema else ""
    return value_of(typer.prompt(text + choices, err=True), schema)


def _fields(text: str, form: dict[str, Any]) -> Any:
    """Answers to the fields of a form, one after the other; "decline" where the first is declined."""
    typer.echo(text, err=True)
    given: dict[str, Any] = {}
    for name, field in form.get("properties", {}).items():
        needed = name in form.get("required", ())
        label = f"  {field.get('title', name)}" + ("" if needed else " (may be left empty)")
        default = "decline" if needed and not given else str(field.get("default", ""))
        words = typer.prompt(label, default=default, err=True)
        if words == "decline" and needed and not given:
            return words
        if words:
            given[name] = value_of(words, field)
    return given


def value_of(text: str, schema: dict[str, Any]) -> Any:
    """Text as a value of a schema: JSON where the schema wants no string. Raises `CliError`."""
    import json

    object_meant = "anyOf" in schema and text.lstrip().startswith("{")
    if schema.get("type", "string") == "string" and not object_meant:
        return text
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        wanted = schema.get("type", "object")
        raise CliError(f"{text!r} is not a value of type {wanted}.") from error


def _inputs(client: Client, files: list[Path]) -> dict[str, Any]:
    names = ["file", *(f"file{number}" for number in range(2, len(files) + 1))]
    return {name: client.upload(path) for name, path in zip(names, files, strict=False)}


def save(client: Client, run: dict[str, Any], folder: Path | None) -> list[Path]:
    """Save the files that a run made into a folder, where one is named."""
    outputs = [o for o in (run.get("result") or {}).get("outputs", ()) if o["artifact"]]
    if folder is None or not outputs:
        return []
    folder.mkdir(parents=True, exist_ok=True)
    saved = []
    for output in outputs:
        name = Path(output["file_name"] or output["artifact"]).name
        target = folder / name
        if target in saved:
            target = folder / f"{output['subtask']}-{name}"
        client.download(output["artifact"], target)
        saved.append(target)
    return saved


def _show(run: dict[str, Any], files: list[Path]) -> None:
    from workers import cli_show

    console = cli_show.console()
    if run["status"] == "planned":
        cli_show.show_plan(console, run)
        typer.echo(f"Start it with: toolpath runs resume {run['id']}", err=True)
    cli_show.show_result(console, run)
    for path in files:
        typer.echo(f"saved {path}", err=True)
    if not files and any(o["artifact"] for o in (run.get("result") or {}).get("outputs", ())):
        typer.echo(f"Save the files with: toolpath runs show {run['id']} --out FOLDER", err=True)


def _judge(run: dict[str, Any]) -> None:
    """End with an error where the run did not get to where it was meant to."""
    if run["status"] in ("succeeded", "planned"):
        return
    if run["status"] == "needs_input":
        asked = [q for q in run["questions"] if q["answered_at"] is None]
        lines = [f"  toolpath answer {run['id']} {q['id']} …   # {q['text']}" for q in asked]
        raise CliError("\n".join(["The run waits for an answer:", *lines]), exit_code=NEEDS_INPUT)
    error = run.get("error") or {}
    nearest = [f"  nearest tool: {name}" for name in error.get("nearest", ())]
    message = error.get("message", "nothing more is known")
    raise CliError("\n".join([f"Run {run['id']} {run['status']}: {message}", *nearest]))


def inbox(url: Url = None, data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Open questions and approvals."""
    with connect(url, data_dir) as client:
        page = client.get("/v1/inbox")
    if as_json:
        print_json(page)
        return
    for item in page["items"]:
        question = item["question"]
        typer.echo(f"{item['run']} {question['id']}: {question['text']}  [{item['request'][:80]}]")
    if not page["items"]:
        typer.echo("Nothing waits for you.", err=True)


def answer(
    run_id: Annotated[str, typer.Argument(metavar="RUN")],
    question: Annotated[str, typer.Argument(metavar="QUESTION")],
    value: Annotated[str, typer.Argument(help="The answer; yes or no for an approval.")],
    url: Url = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Answer one question."""
    with connect(url, data_dir) as client:
        asked = {q["id"]: q for q in client.get(f"/v1/runs/{run_id}")["questions"]}
        if question not in asked:
            raise CliError(f"Run {run_id} has no question {question}; it has: {', '.join(asked) or 'none'}.")
        given = _given(value, asked[question])
        done = client.post(f"/v1/runs/{run_id}/answers", {"answers": [{"id": question, "value": given}]})
    print_json(done) if as_json else typer.echo(f"{done['id']}: {done['status']}")


def _given(text: str, question: dict[str, Any]) -> Any:
    yes_or_no = {"yes": True, "y": True, "true": True, "no": False, "n": False, "false": False}
    if _is_yes_or_no(question) and text.lower() in yes_or_no:
        return yes_or_no[text.lower()]
    return value_of(text, question["schema"])


def _is_yes_or_no(question: dict[str, Any]) -> bool:
    yes_or_no: bool = question["kind"] == "plan_approval" or question["schema"].get("type") == "boolean"
    return yes_or_no
