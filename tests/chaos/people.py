"""The people around the runs: they hand them in, follow them, answer and act, whatever the API does."""

from __future__ import annotations

import contextlib
import json
import threading
import time
from collections.abc import Collection, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any

import httpx2
import psycopg

from tests.chaos.cluster import Cluster
from tests.chaos.workload import ENDS, Act, Case, tools

SUBMIT_WITHIN = 60.0


class NotAccepted(RuntimeError):
    """The API refused or never answered."""


@dataclass
class People:
    """One wave of runs of one cluster."""

    cluster: Cluster
    accepted: dict[str, Case] = field(default_factory=dict)
    streams: dict[str, list[int]] = field(default_factory=dict)
    #: Acts that went through, and answers given.
    acted: int = 0
    _http: httpx2.Client = field(init=False)
    _done: dict[str, int] = field(default_factory=dict)
    _late: set[str] = field(default_factory=set)
    _followers: list[threading.Thread] = field(default_factory=list)
    _ending: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        headers = {"Authorization": f"Bearer {self.cluster.key}"}
        self._http = httpx2.Client(base_url=self.cluster.url, headers=headers, timeout=20, trust_env=False)

    # --- handing in ---------------------------------------------------------------------------

    def register(self, *, but: Collection[str] = ()) -> None:
        """Make the tools known, but for some."""
        for tool in tools(self.cluster.tools):
            if tool["name"] in but:
                continue
            reply = self._send("POST", "/v1/tools", tool)
            if reply.status_code not in (201, 409):
                raise NotAccepted(f"{tool['name']}: {reply.text}")

    def submit(self, cases: Iterable[Case]) -> list[str]:
        """Hand all in, several at a time; a repeat after a broken connection carries the same key."""
        with ThreadPoolExecutor(4) as pool:
            return list(pool.map(self._submit, cases))

    def _submit(self, case: Case) -> str:
        reply = self._send("POST", "/v1/runs", dict(case.body), key=f"chaos-{case.name}")
        if reply.status_code != 202:
            raise NotAccepted(f"{case.name}: {reply.status_code} {reply.text}")
        run_id: str = reply.json()["id"]
        self.accepted[run_id] = case
        self._act(run_id, case, "planning")
        if case.followed:
            thread = threading.Thread(target=self._follow, args=(run_id,), daemon=True)
            self._followers.append(thread)
            thread.start()
        return run_id

    def _send(self, method: str, path: str, body: Any, *, key: str | None = None) -> httpx2.Response:
        """Until an answer comes that is not the server's fault."""
        headers = {"Idempotency-Key": key} if key else {}
        end = time.monotonic() + SUBMIT_WITHIN
        told = ""
        while time.monotonic() < end:
            try:
                reply = self._http.request(method, path, json=body, headers=headers)
            except httpx2.TransportError as error:
                told = repr(error)
            else:
                if reply.status_code < 500 and reply.status_code != 429:
                    return reply
                told = reply.text
            time.sleep(0.1)
        raise NotAccepted(f"{method} {path}: no answer within {SUBMIT_WITHIN} s: {told}")

    # --- following ----------------------------------------------------------------------------

    def _follow(self, run_id: str) -> None:
        """Every id that the stream gives, taken up with Last-Event-ID where it broke."""
        got = self.streams.setdefault(run_id, [])
        while not self._ending.is_set():
            with contextlib.suppress(httpx2.TransportError):
                if self._stream(run_id, got):
                    return
            time.sleep(0.1)

    def _stream(self, run_id: str, got: list[int]) -> bool:
        """Whether the final event has come. An event counts once it is whole."""
        headers = {"Last-Event-ID": str(got[-1])} if got else {}
        with self._http.stream("GET", f"/v1/runs/{run_id}/events", headers=headers) as reply:
            if reply.status_code != 200:
                return reply.status_code == 204
            return _listen(reply.iter_lines(), got)

    # --- acting -------------------------------------------------------------------------------

    def attend(self, *, within: float) -> list[str]:
        """Act and answer until all runs have ended; the ids of those that have not by then."""
        end = time.monotonic() + within
        connection: psycopg.Connection[Any] | None = None
        open_ = list(self.accepted)
        while time.monotonic() < end and open_:
            try:
                connection = connection or self.cluster.connect()
                open_ = self._round(connection)
            except psycopg.Error:
                connection = None
            time.sleep(0.1)
        if connection is not None:
            connection.close()
        self._forgive()
        for follower in self._followers:
            follower.join(0.1 if open_ else 15)
        self._ending.set()
        return open_

    def _forgive(self) -> None:
        """A run that ended before a person could act on it (the API was away) may have succeeded."""
        for run_id, case in self.accepted.items():
            if self._acts_left(run_id) or run_id in self._late:
                self.accepted[run_id] = replace(case, ends=case.ends | {"succeeded"})

    def _round(self, connection: psycopg.Connection[Any]) -> list[str]:
        ids = list(self.accepted)
        found = connection.execute("SELECT id, status FROM runs WHERE id = ANY(%s)", [ids]).fetchall()
        statuses = dict(found)
        for run_id, case in self.accepted.items():
            if self._act(run_id, case, statuses.get(run_id, "")):
                statuses[run_id] = ""  # it may have left its end again
        asked = connection.execute(
            "SELECT q.run_id, q.id, q.kind, q.step_idx FROM questions q JOIN runs r ON r.id = q.run_id"
            " WHERE q.answered_at IS NULL AND r.finished_at IS NULL AND q.run_id = ANY(%s)",
            [ids],
        ).fetchall()
        for run_id, question, kind, idx in asked:
            case = self.accepted[run_id]
            if kind in case.answers and not self._acts_left(run_id):
                self._answer(run_id, question, idx, case.answers[kind])
        return [run_id for run_id in ids if not self._over(run_id, statuses.get(run_id, ""))]

    def _acts_left(self, run_id: str) -> Sequence[Act]:
        return self.accepted[run_id].acts[self._done.get(run_id, 0) :]

    def _over(self, run_id: str, status: str) -> bool:
        """Whether it has ended, and nothing that is left to do begins with such an end."""
        return status in ENDS and not any(act.when == status for act in self._acts_left(run_id))

    def _act(self, run_id: str, case: Case, status: str) -> bool:
        """Whether there was something to do."""
        done = self._done.get(run_id, 0)
        if done >= len(case.acts) or case.acts[done].when != status:
            return False
        act = case.acts[done]
        if act.before is not None:
            act.before(self.cluster.tools)
        reply = self._send("POST", f"/v1/runs/{run_id}/{act.verb}", act.body)
        if reply.status_code == 409:
            # Done by an earlier try whose answer was lost, or too late: the run went on by itself.
            self._late.add(run_id)
        if reply.status_code < 300 or reply.status_code == 409:
            self._done[run_id] = done + 1
            self.acted += 1
        return True

    def _answer(self, run_id: str, question: str, idx: int | None, value: Any) -> None:
        if value == "honest":
            prefix = f"{run_id}:{idx}:"
            made = any(call.key.startswith(prefix) for call in self.cluster.tools.calls)
            value = "skip" if made else "repeat"
        body = {"answers": [{"id": question, "value": value}]}
        reply = self._send("POST", f"/v1/runs/{run_id}/answers", body)
        self.acted += reply.status_code < 300


def _listen(lines: Iterable[str], got: list[int]) -> bool:
    """Add the id of each whole event; whether the final one was among them."""
    number, final = 0, False
    for line in lines:
        if line.startswith("id: "):
            number = int(line.removeprefix("id: "))
        elif line.startswith("data: "):
            final = json.loads(line.removeprefix("data: "))["type"] == "run.ended"
        elif not line and number:
            got.append(number)
            number = 0
            if final:
                return True
    return False
