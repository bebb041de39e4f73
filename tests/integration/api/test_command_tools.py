"""Programs that `toolpath.toml` names, through the service."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from orchestrator.settings import Settings
from tests.integration.api.conftest import serving

ROOT = Path(__file__).parents[3]
#: The example of the documentation.
EXAMPLE = next(
    block.partition("```")[0]
    for block in (ROOT / "docs" / "tools.md").read_text().split("```toml\n")
    if block.startswith("[commands.")
)


def test_the_programs_of_the_documentation_are_called_and_leave_with_their_table(tmp_path: Path) -> None:
    tables = tomllib.loads(EXAMPLE)["commands"]
    tables["no_such"] = {"program": "no-such-program", "description": "Nothing."}
    settings = Settings(data_dir=tmp_path, port=0, processes=1, commands=tables)
    with serving(settings) as service, service.client() as client:

        def invoke(name: str, **arguments):
            return client.post(f"/v1/tools/{name}/invoke", json={"arguments": arguments})

        made = invoke("sort_lines", text="b 1\na 2\n", key=2).json()["output"]["sorted"]
        content = client.get(f"/v1/artifacts/{made['artifact']}").text
        assert content == "b 1\na 2\n"
        counted = invoke("count_words", document=made).json()["output"]["lines"]
        assert counted[0].split()[0] == "4"
        assert invoke("sort_lines", text="b", key=0).status_code == 422
        told = client.get("/v1/tools/no_such").json()
        assert (told["status"], "no-such-program" in told["reason"]) == ("unavailable", True)
        known = client.get("/v1/tools/count_words").json()
        assert (known["kind"], known["trust"], known["version"]) == ("command", "untrusted", 1)
        hits = client.post("/v1/tools/search", json={"query": "count the words of a file", "k": 3}).json()
        assert "count_words" in [hit["name"] for hit in hits["items"]]
    del tables["count_words"], tables["no_such"]
    with serving(Settings(**dict(settings) | {"commands": tables})) as service, service.client() as client:
        told = client.get("/v1/tools/count_words").json()
    assert (told["status"], "no table [commands.count_words]" in told["reason"]) == ("unavailable", True)


@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_no_request_registers_a_program_or_takes_the_marks_of_the_operators_tools(
    client, method: str
) -> None:
    path = "/v1/tools" if method == "POST" else "/v1/tools/calculate"
    body = {
        "name": "calculate" if method == "PUT" else "show",
        "summary": "Show.",
        "input_schema": {"type": "object"},
    }
    refused = client.request(method, path, json=body | {"kind": "command"})
    assert refused.status_code == 422
    assert "[commands.NAME] in toolpath.toml" in refused.text
    marked = body | {"kind": "http", "http": {"url": "https://example.com"}, "tags": ["command:show"]}
    refused = client.request(method, path, json=marked)
    assert (refused.status_code, "/tags" in refused.text) == (422, True)


@pytest.mark.parametrize(
    ("table", "words"),
    [
        (
            'program = "wc"\ndescription = "x"\nargs = ["{nope}"]',
            "[commands.odd] args[0]: there is no parameter 'nope'",
        ),
        (
            'program = "wc"\ndescription = "x"\nshell = true',
            "commands.odd.shell: Extra inputs are not permitted",
        ),
        ('program = "wc"', "commands.odd.description: Field required"),
    ],
)
def test_a_mistake_in_a_table_is_said_at_the_start(tmp_path: Path, table: str, words: str) -> None:
    (tmp_path / "toolpath.toml").write_text(f"[commands.odd]\n{table}\n")
    done = subprocess.run(
        [sys.executable, "-m", "workers.cli", "serve", "--port", "0", "--data-dir", str(tmp_path / "data")],
        cwd=tmp_path, env=os.environ | {"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False,
        timeout=50,
    )  # fmt: skip
    assert done.returncode == 1
    assert words in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr
