"""Runs, plans and tools as people read them."""

from __future__ import annotations

import json
import sys
from typing import Any

from rich.console import Console
from rich.table import Table

#: Columns of names that people copy.
_WHOLE = ("run", "tool", "key", "status")
_PLAIN: dict[str, Any] = {"highlight": False, "markup": False, "soft_wrap": True}
_WORDS = 60
_WIDE = 200


def console() -> Console:
    """Standard output; wide where it is no terminal, so that what reads it finds whole lines."""
    return Console() if sys.stdout.isatty() else Console(width=_WIDE)


def table(*columns: str) -> Table:
    """A plain table with these columns."""
    made = Table(box=None, pad_edge=False, show_edge=False, header_style="bold")
    for column in columns:
        made.add_column(column, overflow="fold", no_wrap=column in _WHOLE)
    return made


def show_plan(console: Console, run: dict[str, Any]) -> None:
    """The sub-tasks with the chosen tools, and what the path is believed to take."""
    plan, path = run.get("plan"), run.get("path")
    if not plan:
        return
    choices = (path or {}).get("choices", {})
    rows = table("sub-task", "goal", "tool", "other ways", "needs")
    for subtask in plan["subtasks"]:
        chosen = [o for o in subtask["options"] if o["id"] == choices.get(subtask["id"])]
        others = [o for o in subtask["options"] if o["id"] != choices.get(subtask["id"])]
        rows.add_row(
            subtask["id"],
            subtask["goal"],
            ", ".join(_tools(option) for option in chosen),
            ", ".join(_tools(option) for option in others),
            ", ".join(subtask["needs"]),
        )
    console.print(f"Plan {plan['id']} ({plan['source']})", style="bold", **_PLAIN)
    console.print(rows)
    show_quote(console, run.get("quote"))


def show_quote(console: Console, quote: dict[str, Any] | None) -> None:
    """What a path is believed to take."""
    if quote:
        console.print(
            f"Quote: ${quote['usd']}, {quote['wall_seconds']:.1f} s "
            f"({quote['tool_seconds']:.1f} s of tools), quality {quote['quality']:.2f}",
            **_PLAIN,
        )


def show_result(console: Console, run: dict[str, Any]) -> None:
    """The words that answer the request, and the files it made."""
    result = run.get("result")
    if result:
        console.print(result["text"], **_PLAIN)


def show_run(console: Console, run: dict[str, Any]) -> None:
    """A whole run."""
    console.print(f"Run {run['id']}: {run['status']}", style="bold", **_PLAIN)
    if run.get("request"):
        console.print(run["request"], **_PLAIN)
    show_plan(console, run)
    rows = table("step", "tool", "status", "tries", "seconds", "cost", "")
    for step in run["steps"]:
        note = (step["waiting_on"] or step["error"] or {}) if step["status"] != "succeeded" else {}
        reused = step["reused_from"]
        rows.add_row(
            step["key"],
            step["tool"],
            step["status"],
            str(step["tries"]),
            f"{step['seconds']:.2f}",
            f"${step['usd']}",
            reused_words(reused) if reused else str(note.get("text") or note.get("message") or ""),
        )
    if run["steps"]:
        console.print(rows)
    spend = run["spend"]
    gpus = f", {spend['gpu_seconds']:.2f} GPU-seconds" if spend["gpu_seconds"] else ""
    console.print(f"Spent: ${spend['usd']}, {spend['seconds']:.2f} s of tools{gpus}", **_PLAIN)
    told = run["webhook"]
    if told:
        why = f" ({told['error']})" if told["error"] else ""
        console.print(f"Webhook: {told['status']} after {told['tries']} tries{why}", **_PLAIN)
    if run["waiting_on"]:
        console.print(run["waiting_on"]["text"], style="yellow", **_PLAIN)
    show_error(console, run)
    show_compensation(console, run.get("compensation"))
    show_feedback(console, run["feedback"])
    show_result(console, run)


def reused_words(source: dict[str, Any]) -> str:
    """Whose result was taken instead of calling."""
    return f"reused: {source['step']} of {source['run']}, {source['age']:.0f} s old"


def show_compensation(console: Console, told: dict[str, Any] | None) -> None:
    """What was undone of what a failed run had done."""
    if not told:
        return
    console.print(f"Undoing what it did: {told['status']}", style="bold", **_PLAIN)
    rows = table("step", "undone with", "status", "")
    for one in told["steps"]:
        rows.add_row(one["step"], one["tool"], one["status"], (one["error"] or {}).get("message", ""))
    console.print(rows)


def show_feedback(console: Console, given: list[dict[str, Any]]) -> None:
    """What people said of it."""
    for one in given:
        of = f"step {one['step']}" if one["step"] else "the run"
        words = f": {one['comment']}" if one["comment"] else ""
        console.print(f"Judged, {of}: quality {one['quality']:.2f}{words}", **_PLAIN)


def show_error(console: Console, run: dict[str, Any]) -> None:
    """Why a run failed."""
    error = run.get("error")
    if error:
        console.print(f"{error.get('code')}: {error.get('message')}", style="red", **_PLAIN)
        for name in error.get("nearest", ()):
            console.print(f"  nearest tool: {name}", **_PLAIN)


def show_runs(console: Console, runs: list[dict[str, Any]]) -> None:
    """A list of runs."""
    rows = table("run", "status", "accepted", "cost", "request")
    for run in runs:
        words = (run["request"] or "(a graph)").replace("\n", " ")
        shown = words if len(words) <= _WORDS else words[: _WORDS - 1] + "…"
        rows.add_row(run["id"], run["status"], run["created_at"][:19], f"${run['spend']['usd']}", shown)
    console.print(rows)


def show_keys(console: Console, keys: list[dict[str, Any]]) -> None:
    """A list of API keys, with what they have spent of what they may."""
    rows = table("key", "name", "made", "used", "spent")
    for key in keys:
        caps = [f"${cap['spent']} of ${cap['usd']} ({cap['per']})" for cap in key["caps"]]
        used = "revoked" if key["revoked"] else (key["used_at"] or "never")[:16]
        rows.add_row(key["id"], key["name"], key["created_at"][:16], used, ", ".join(caps))
    console.print(rows)


def show_endpoints(console: Console, endpoints: list[dict[str, Any]]) -> None:
    """Model endpoints, a line for each replica."""
    rows = table("endpoint", "replica", "health", "latency", "running", "GPU-s", "breaker", "models")
    for endpoint in endpoints:
        name = f"{endpoint['name']} (paused)" if endpoint["paused"] else endpoint["name"]
        for one in endpoint["replicas"]:
            latency = "" if one["latency"] is None else f"{one['latency']:.3f} s"
            health = f"{one['health']} ({one['reason']})" if one["reason"] else one["health"]
            models = ", ".join([model["name"] for model in endpoint["models"]] or one["models"])
            running = str(one["running"])
            gpus = f"{one['gpu_seconds']:.1f}" if one["gpus"] else ""
            rows.add_row(name, one["base_url"], health, latency, running, gpus, one["breaker"], models)
            name = ""
    console.print(rows)


def show_secrets(console: Console, secrets: list[dict[str, Any]]) -> None:
    """The names of secrets, and which tools use each."""
    rows = table("secret", "made", "changed", "used by")
    for secret in secrets:
        used = ", ".join(secret["tools"]) or "no tool"
        used = used if secret["readable"] else f"{used} (no present key opens it: set it again)"
        rows.add_row(secret["name"], secret["created_at"][:16], secret["updated_at"][:16], used)
    console.print(rows)


def show_tools(console: Console, tools: list[dict[str, Any]]) -> None:
    """A list of tools, with their score where they were searched."""
    scored = bool(tools) and "score" in tools[0]
    rows = table("tool", "kind", "score" if scored else "status", "summary")
    for tool in tools:
        state = f"{tool['score']:.2f}" if scored else tool["status"]
        why = f" ({tool['reason']})" if tool.get("reason") else ""
        rows.add_row(tool["name"], tool["kind"], state, tool["summary"] + why)
    console.print(rows)


def show_tool(console: Console, tool: dict[str, Any]) -> None:
    """One tool, with what its document lacks."""
    console.print(f"{tool['name']} version {tool['version']} ({tool['status']})", style="bold", **_PLAIN)
    console.print(tool["summary"], **_PLAIN)
    if tool["docs"]["when_to_use"]:
        console.print(f"When to use: {tool['docs']['when_to_use']}", **_PLAIN)
    for side in ("inputs", "outputs"):
        for name, types in tool["ports"][side].items():
            shown = types if isinstance(types, str) else " | ".join(types)
            console.print(f"  {side[:-1]} {name}: {shown}", **_PLAIN)
    for example in tool["docs"]["examples"][:2]:
        console.print(f"Example: {json.dumps(example, ensure_ascii=False)}", **_PLAIN)
    for hint in tool["quality"]:
        console.print(f"Missing {hint['field']}: {hint['hint']}", style="yellow", **_PLAIN)


def show_explain(console: Console, told: dict[str, Any]) -> None:
    """Why a path was chosen."""
    rows = table("sub-task", "option", "cost", "seconds", "quality", "n", "")
    for subtask in told["subtasks"]:
        for option in subtask["options"]:
            mark = "chosen" if option["chosen"] else "ruled out" if option["ruled_out"] else ""
            rows.add_row(
                subtask["id"],
                ", ".join(option["tools"]),
                f"${float(option['usd']):.6f}",
                f"{option['seconds']:.2f}",
                f"{option['quality']:.2f}",
                f"{option['n']:.0f}",
                mark,
            )
    console.print(rows)
    for other in told["alternatives"]:
        path = other["path"]
        if path:
            console.print(
                f"alpha {other['alpha']}: ${float(path['usd']):.6f}, {path['tool_seconds']:.2f} s, "
                f"quality {path['quality']:.2f}: {', '.join(path['choices'].values())}",
                **_PLAIN,
            )
    margin = told["margin"]
    if margin is not None:
        console.print(f"The runner-up is {margin:.1%} worse.", **_PLAIN)


def _tools(option: dict[str, Any]) -> str:
    return " → ".join(call["tool"] for call in option["calls"])
