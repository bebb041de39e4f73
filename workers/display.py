"""The progress of a run on a terminal: a live table, or one line an event where there is none."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

from rich.console import Console, Group
from rich.live import Live
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

_STYLES = {
    "succeeded": "green",
    "low_quality": "yellow",
    "running": "cyan",
    "waiting": "yellow",
    "failed": "red",
    "poisoned": "red",
    "cancelled": "magenta",
    "skipped": "dim",
}
_SHOWN = 200


@dataclass(slots=True)
class _Line:
    subtask: str
    tool: str
    status: str = "pending"
    seconds: float | None = None
    usd: str = ""
    note: str = ""


@dataclass(slots=True)
class Progress:
    """Shows events as they come. On a terminal a table is redrawn, elsewhere lines are written."""

    console: Console
    _lines: dict[str, _Line] = field(default_factory=dict)
    _status: str = "planning"
    _live: Live | None = None

    def __enter__(self) -> Self:
        if self.console.is_terminal:
            self._live = Live(self._table(), console=self.console, refresh_per_second=8, transient=False)
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.pause()

    def pause(self) -> None:
        """Leave the terminal to somebody else, such as a question."""
        if self._live is not None:
            self._live.update(self._table(final=True), refresh=True)
            self._live.stop()
            self._live = None

    def show(self, event: dict[str, Any]) -> None:
        """Take in one event."""
        kind, data = event["type"], event["data"]
        if kind.startswith("step."):
            self._step(kind.removeprefix("step."), data)
        elif kind in ("run.status", "run.ended"):
            self._status = str(data.get("status", self._status))
        if self._live is not None:
            self._live.update(self._table())
        elif (words := _words(kind, data)) is not None:
            self.console.print(words, highlight=False, markup=False, soft_wrap=True)

    def _step(self, what: str, data: dict[str, Any]) -> None:
        key = str(data.get("step", ""))
        line = self._lines.setdefault(key, _Line(str(data.get("subtask", key)), str(data.get("tool", ""))))
        line.status = {"started": "running", "progress": "running", "lost": "ready"}.get(what, what)
        line.tool = str(data.get("tool", line.tool))
        line.seconds = data.get("seconds", line.seconds)
        line.usd = "" if data.get("usd") in (None, "0") else f"${data['usd']}"
        line.note = _note(data)

    def _table(self, *, final: bool = False) -> Group:
        table = Table(box=None, pad_edge=False, show_edge=False)
        for name in ("sub-task", "tool", "status", "seconds", "cost", ""):
            table.add_column(
                name, justify="right" if name in ("seconds", "cost") else "left", overflow="fold"
            )
        for line in self._lines.values():
            status = Text(line.status, style=_STYLES.get(line.status, ""))
            seconds = "" if line.seconds is None else f"{line.seconds:.2f}"
            table.add_row(line.subtask, line.tool, status, seconds, line.usd, Text(line.note, style="dim"))
        moving = not final and self._status in ("planning", "running")
        head = Spinner("dots", self._status) if moving else Text(self._status, style="bold")
        return Group(head, table) if self._lines else Group(head)


def _note(data: dict[str, Any]) -> str:
    error = data.get("error")
    if isinstance(error, dict):
        return str(error.get("message", ""))[:_SHOWN]
    if data.get("reused_from"):
        source = data["reused_from"]
        return f"reused: {source['step']} of {source['run']}, {source['age']:.0f} s old"
    if data.get("retry_in") is not None:
        return f"again in {data['retry_in']} s"
    if data.get("share") is not None:
        return f"{data['share']:.0%} {data['message']}"[:_SHOWN]
    if data.get("quality") is not None:
        return f"quality {data['quality']:.2f}"
    return ""


def _words(kind: str, data: dict[str, Any]) -> str | None:
    """An event as a line, for a terminal that cannot be redrawn."""
    if kind.startswith("step."):
        parts = [f"  {data.get('subtask')} ({data.get('tool')}): {kind.removeprefix('step.')}"]
        parts += [f"{data['seconds']:.2f} s"] if data.get("seconds") is not None else []
        parts += [note] if (note := _note(data)) else []
        return ", ".join(parts)
    if kind == "path.chosen":
        quote = data["quote"]
        return (
            f"path {data['version']} ({data['cause']}): {len(data['choices'])} sub-tasks, "
            f"${float(quote['usd']):.4f}, {quote['wall_seconds']:.1f} s, quality {quote['quality']:.2f}"
        )
    if kind in ("run.status", "run.ended"):
        return f"run: {data.get('status')}"
    return f"question: {data.get('text')}" if kind == "question.asked" else None
