"""The main jobs with the offline planner, over REST and on the command line, in four wordings each."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.e2e import outcomes
from tests.e2e.conftest import Asking
from tests.e2e.requests import BY_NAME, JOBS
from tests.e2e.service import Client, Service

#: Each job in its four wordings: all of them must be served.
WORDINGS = [pytest.param(job.name, number, id=f"{job.name}-{number}") for job in JOBS for number in range(4)]


@pytest.mark.parametrize(("name", "number"), WORDINGS)
def test_a_request_in_plain_words_is_done_over_rest(name: str, number: int, client: Client, asking: Asking):
    job = BY_NAME[name]
    run = client.do(asking.words(job.wordings[number]), *asking.attached(job))
    outcomes.check(name, run, lambda output: client.bytes_of(output["artifact"]))


@pytest.mark.parametrize("name", BY_NAME)
def test_a_request_in_plain_words_is_done_on_the_command_line(
    name: str, service: Service, asking: Asking, tmp_path: Path
):
    job = BY_NAME[name]
    attached = [part for file in asking.attached(job) for part in ("--file", str(file))]
    done = service.toolpath(
        "run", asking.words(job.request), *attached,
        "--planner", "offline", "--out", str(tmp_path), "--json",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    run: dict[str, Any] = json.loads(done.stdout)
    outcomes.check(name, run, lambda output: (tmp_path / output["file_name"]).read_bytes())


def test_each_planned_sub_task_names_the_words_of_the_request_it_came_from(client: Client, asking: Asking):
    words = asking.words(BY_NAME["summary"].request)
    run = client.do(words, mode="plan")
    assert run["status"] == "planned"
    subtasks = run["plan"]["subtasks"]
    assert len(subtasks) >= 4
    assert all(subtask["words"] and subtask["words"] in words for subtask in subtasks)
