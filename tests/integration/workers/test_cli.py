"""The command line against a running service, called as the console script calls it."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest
from sqlalchemy import update

from orchestrator.settings import Settings
from orchestrator.store.tables import runs, steps
from tests.integration.api.conftest import Service, serving
from tests.integration.api.following import done, until
from workers import cli

SALES = Path(cli.__file__).parent / "sample" / "sales.csv"


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    settings = Settings(data_dir=tmp_path_factory.mktemp("cli"), port=0, processes=1)
    with serving(settings) as running:
        yield running


@dataclass
class Said:
    code: int
    out: str
    err: str

    @property
    def json(self):
        return json.loads(self.out)


@pytest.fixture
def toolpath(service, monkeypatch, capsys):
    """Call the command; the service and its data folder are given unless `alone`."""

    def call(*arguments: str, alone: bool = False) -> Said:
        here = () if alone else ("--url", service.url, "--data-dir", str(service.data_dir))
        monkeypatch.setattr(sys, "argv", ["toolpath", *arguments, *here])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        out, err = capsys.readouterr()
        assert "Traceback" not in out + err
        code = ended.value.code
        return Said(code if isinstance(code, int) else 0, out, err)

    return call


def test_a_request_is_done_with_progress_on_standard_error_and_the_result_on_standard_output(toolpath):
    said = toolpath("run", "Calculate 3*7")
    assert said.code == 0
    assert said.out.strip() == "3*7 = 21"
    assert "calculate (calculate): succeeded" in said.err


def test_json_is_all_that_standard_output_holds(toolpath):
    said = toolpath("run", "Calculate 3*7", "--json", "--alpha", "0.5", "--budget", "0.10")
    assert said.err == ""
    assert said.json["status"] == "succeeded"
    assert said.json["preference"]["alpha"] == 0.5
    assert said.json["budget"]["usd"] == "0.10"


def test_a_file_goes_in_and_the_files_made_come_out(toolpath, tmp_path):
    request = "Which product sold most per region? Show it as a bar chart."
    said = toolpath("run", request, "--file", str(SALES), "--out", str(tmp_path / "made"))
    assert said.code == 0, said.err
    assert "East | Tea" in said.out
    (chart,) = (tmp_path / "made").iterdir()
    assert chart.read_bytes().startswith(b"\x89PNG")


def test_a_run_that_fails_ends_with_an_error(toolpath):
    said = toolpath("run", "Paint my house green")
    assert said.code == 1
    assert said.out == ""
    assert "Paint my house green" in said.err.splitlines()[-1]


def test_a_plan_is_shown_and_started_later(toolpath):
    said = toolpath("run", "Calculate 3*7", "--plan")
    assert said.code == 0
    assert "Quote: $0" in said.out
    run_id = said.err.split()[-1]
    assert toolpath("runs", "resume", run_id).out.startswith(run_id)


def test_a_question_nobody_answers_ends_the_command_and_is_answered_later(toolpath, service):
    said = toolpath("run", "Summarise the text in one sentence")
    assert said.code == 3
    command = next(line for line in said.err.splitlines() if line.strip().startswith("toolpath answer"))
    run_id, question = command.split()[2:4]
    assert question in toolpath("inbox").out
    assert toolpath("answer", run_id, "q_none", "x").code == 1
    text = "The tide rises twice a day. Boats wait for it."
    assert toolpath("answer", run_id, question, text).code == 0
    with service.client() as client:
        assert done(client, run_id)["status"] == "succeeded"


def test_a_question_is_asked_where_somebody_sits_at_the_terminal(toolpath, monkeypatch):
    terminal = io.StringIO("The tide rises twice a day. Boats wait for it.\n")
    monkeypatch.setattr(terminal, "isatty", lambda: True)
    monkeypatch.setattr(sys, "stdin", terminal)
    said = toolpath("run", "Summarise the text in one sentence")
    assert said.code == 0, said.err
    assert "tide" in said.out or "Boats" in said.out


def test_runs_are_listed_shown_explained_and_retried(toolpath):
    run = toolpath("run", "Calculate 3*7", "--json").json
    listed = toolpath("runs", "list", "--json", "--limit", "200").json["items"]
    assert run["id"] in {one["id"] for one in listed}
    assert run["id"] in toolpath("runs", "list").out
    assert toolpath("runs", "show", run["id"], "--json").json["id"] == run["id"]
    assert "3*7 = 21" in toolpath("runs", "show", run["id"]).out
    assert "chosen" in toolpath("runs", "explain", run["id"]).out
    assert toolpath("runs", "explain", run["id"], "--json").json["subtasks"]
    said = toolpath("runs", "feedback", run["id"], "0.25", "--step", "calculate", "-m", "too terse", "--json")
    assert [(one["step"], one["quality"], one["comment"]) for one in said.json["feedback"]] == [
        ("calculate", 0.25, "too terse")
    ]
    assert "neither good nor bad" in toolpath("runs", "feedback", run["id"], "meh").err
    assert "step calculate: quality 0.25: too terse" in toolpath("runs", "show", run["id"]).out
    again = ("--from-step", "calculate", "--edit", "expression=4*4")
    assert toolpath("runs", "retry", run["id"], *again).code == 0
    refused = toolpath("runs", "cancel", "run_none")
    assert refused.code == 1
    assert "run_none" in refused.err


def test_a_detached_run_can_be_cancelled(toolpath, service):
    run_id = toolpath("run", "Summarise the text in one sentence", "--detach").out.strip()
    with service.client() as client:
        until(client, run_id, "needs_input")
    assert "cancelled" in toolpath("runs", "cancel", run_id).out


def test_tools_are_listed_searched_shown_added_and_tried(toolpath, tmp_path):
    assert "plot_bar_simple" in toolpath("tools", "list").out
    assert len(toolpath("tools", "search", "draw a chart", "-k", "3", "--json").json["items"]) == 3
    assert "expression" in toolpath("tools", "show", "calculate").out
    assert "disabled: dear" in toolpath("tools", "disable", "calculate", "--reason", "dear").out
    assert "calculate is active" in toolpath("tools", "enable", "calculate").out
    assert (
        toolpath("tools", "try", "calculate", "expression=2**10", "--json").json["output"]["result"] == 1024
    )
    wrong = toolpath("tools", "try", "calculate", "expr=1")
    assert wrong.code == 1
    assert "expression" in wrong.err
    record = {
        "name": "ask_time",
        "summary": "Ask the time of a public clock.",
        "kind": "http",
        "input_schema": {"type": "object", "properties": {}},
        "http": {"method": "GET", "url": "https://clock.example/time"},
    }
    file = tmp_path / "tool.json"
    file.write_text(json.dumps(record))
    assert "docs.when_to_use" in toolpath("tools", "add", str(file)).out
    assert toolpath("tools", "add", str(file)).code == 1
    assert toolpath("tools", "add", str(file), "--replace").code == 0
    file.write_text("{")
    assert "is not JSON" in toolpath("tools", "add", str(file)).err


def test_secrets_are_read_from_standard_input_and_never_shown(toolpath, monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.StringIO("open-sesame\n"))
    said = [toolpath("secrets", "set", "crm")]
    said += [
        toolpath("secrets", "list"),
        toolpath("secrets", "list", "--json"),
        toolpath("secrets", "rotate"),
    ]
    assert said[2].json["items"][0]["name"] == "crm"
    assert "1 secrets are sealed" in said[3].out
    assert not any("open-sesame" in one.out + one.err for one in said)
    assert toolpath("secrets", "remove", "crm").code == 0
    assert "no secret" in toolpath("secrets", "remove", "crm").err
    monkeypatch.setattr(sys, "stdin", io.StringIO(""))
    assert "empty" in toolpath("secrets", "set", "crm").err


def test_keys_are_made_listed_and_revoked(toolpath, service):
    made = toolpath("keys", "create", "ci", "--cap", "2.50/day", "--cap", "40", "--concurrency", "3")
    key = made.out.strip()
    headers = {"Authorization": f"Bearer {key}"}
    assert httpx2.get(f"{service.url}/v1/runs", headers=headers).status_code == 200
    (shown,) = toolpath("keys", "list", "--json").json["items"]
    assert shown["id"] in made.err
    assert [(cap["usd"], cap["per"]) for cap in shown["caps"]] == [("2.5", "day"), ("40", "total")]
    assert key not in toolpath("keys", "list").out
    assert "$0 of $40 (total)" in toolpath("keys", "list").out
    assert toolpath("keys", "revoke", shown["id"]).code == 0
    assert httpx2.get(f"{service.url}/v1/runs", headers=headers).status_code == 401
    assert "revoked" in toolpath("keys", "list").out
    assert toolpath("keys", "revoke", "key_none").code != 0
    assert "not a cap" in toolpath("keys", "create", "x", "--cap", "1/week").err


def test_the_login_link_lets_a_browser_in(toolpath, service):
    link = toolpath("login").out.strip()
    assert link.startswith(service.url)
    with httpx2.Client(follow_redirects=True) as browser:
        assert browser.get(link).status_code == 200
        assert browser.get(f"{service.url}/v1/tools").status_code == 200


def test_without_a_service_it_says_how_to_start_one(toolpath, tmp_path, free_port):
    url = f"http://127.0.0.1:{free_port}"
    said = toolpath("runs", "list", "--url", url, "--data-dir", str(tmp_path), alone=True)
    assert said.code == 1
    assert "toolpath serve" in said.err
    assert url in said.err


def test_a_wrong_key_is_told(toolpath, service, tmp_path):
    said = toolpath("runs", "list", "--url", service.url, "--data-dir", str(tmp_path), alone=True)
    assert said.code == 1
    assert "local.key" in said.err


def test_a_missing_file_is_told(toolpath, tmp_path):
    said = toolpath("run", "Summarise it", "--file", str(tmp_path / "none.txt"))
    assert said.code == 1
    assert "none.txt" in said.err


def test_the_settings_are_shown_without_secrets(toolpath, monkeypatch, tmp_path):
    monkeypatch.setenv("TOOLPATH_LLM_API_KEY", "sk-very-secret")
    monkeypatch.setenv("TOOLPATH_DATABASE_URL", "postgresql+psycopg://me:hunter2@db/x")
    for more in ((), ("--json",)):
        said = toolpath("config", "--data-dir", str(tmp_path), *more, alone=True)
        assert said.code == 0
        assert "sk-very-secret" not in said.out
        assert "hunter2" not in said.out
        assert "postgresql+psycopg://me:***@db/x" in said.out


def test_a_wrong_setting_is_named(toolpath, monkeypatch, tmp_path):
    monkeypatch.setenv("TOOLPATH_PORT", "eighty")
    said = toolpath("config", "--data-dir", str(tmp_path), alone=True)
    assert said.code == 1
    assert "port" in said.err.lower()


def test_the_doctor_finds_a_healthy_service_healthy(toolpath, service):
    said = toolpath("doctor", "--json", "--data-dir", str(service.data_dir), alone=True)
    assert said.code == 0, said.out
    found = {one["name"]: one for one in said.json}
    assert {"python", "data folder", "disk", "key", "database", "broker", "language model"} <= found.keys()
    assert {found[name]["state"] for name in ("data folder", "disk", "key", "database")} == {"ok"}


def test_the_doctor_says_how_to_mend_what_is_missing(toolpath, service, monkeypatch, free_port, tmp_path):
    monkeypatch.setenv("TOOLPATH_BROKER_URL", f"redis://127.0.0.1:{free_port}/0")
    monkeypatch.setenv("PATH", str(tmp_path))
    said = toolpath("doctor", "--data-dir", str(tmp_path / "new"), alone=True)
    assert said.code == 1
    assert "MISSING  broker" in said.out
    assert "TOOLPATH_API_KEY" in said.out
    assert "absent   tesseract" in said.out


def test_help_is_there_at_once_since_nothing_heavy_is_imported():
    heavy = "{'fastapi', 'sqlalchemy', 'pydantic', 'httpx2', 'celery', 'langgraph', 'numpy', 'rich.table'}"
    program = f"import sys, workers.cli; print(sorted({heavy} & set(sys.modules)))"
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


def test_a_worker_imports_what_few_calls_need_when_they_need_it():
    heavy = (
        "{'alembic', 'duckdb', 'fastapi', 'langgraph', 'mcp', 'mcp_types', 'openai', 'openpyxl', 'starlette'}"
    )
    program = f"import sys, workers.lifecycle; print(sorted({heavy} & set(sys.modules)))"
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


def test_what_was_given_up_is_listed_and_requeued(toolpath, service):
    with httpx2.Client(base_url=service.url, headers={"Authorization": f"Bearer {service.key}"}) as client:
        plan = {"subtasks": [{"id": "a", "tool": "calculate", "arguments": {"expression": "6*7"}}]}
        run_id = client.post("/v1/runs", json={"plan": plan}).json()["id"]
        done(client, run_id)
        _give_up(service, run_id)
        (item,) = client.get("/v1/dead-letters", params={"tool": "calculate"}).json()["items"]
        assert (item["run"], item["step"], item["deaths"]) == (run_id, "0", 3)
        assert toolpath("dead-letters", "list", "--json").json["items"] == [item]
        assert run_id in toolpath("dead-letters", "list").out
        unknown = client.post(f"/v1/dead-letters/{run_id}/9/requeue")
        assert (unknown.status_code, unknown.json()["code"]) == (404, "not_found")
        assert toolpath("dead-letters", "requeue").code != 0
        assert f"{run_id}: running" in toolpath("dead-letters", "requeue", run_id).out
        assert done(client, run_id)["status"] == "succeeded"
        _give_up(service, run_id)
        said = toolpath("dead-letters", "requeue", "--all", "--tool", "calculate")
        assert said.out == f"requeued {run_id}/0\n"
        assert done(client, run_id)["status"] == "succeeded"
        assert client.get("/v1/dead-letters").json()["items"] == []


def _give_up(service: Service, run_id: str) -> None:
    """As if every worker had vanished over the run's only step, and no other option had been left."""
    poisoned = update(steps).where(steps.c.run_id == run_id).values(status="poisoned", deaths=3)
    failed = update(runs).where(runs.c.id == run_id).values(status="failed")
    with service.services.database.engine.connect() as connection, connection.begin():
        connection.execute(poisoned)
        connection.execute(failed)
