"""What goes wrong is said in plain words: no stack trace, nothing lost, a status that tells."""

from __future__ import annotations

import contextlib
import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import servers
from tests.e2e.conftest import Asking
from tests.e2e.requests import BY_NAME
from tests.e2e.service import TOOLPATH, Client, Service, serving
from tests.e2e.slow import register_slow_add, slow_chain

SUMMARY = "Fetch {url} and summarise it in three sentences."
#: What a stack trace or the inside of a program looks like.
INSIDES = ("Traceback", 'File "', "site-packages", "sqlalchemy", "Exception(")


def plain(*texts: object) -> None:
    """Fails where a person would see the inside of the program."""
    for text in texts:
        assert not any(word in str(text) for word in INSIDES), text


def failed(run: dict, *words: str) -> None:
    """Fails unless the run has, and says why."""
    assert run["status"] == "failed", run["status"]
    assert run["error"]["code"]
    for word in words:
        assert word.lower() in run["error"]["message"].lower(), run["error"]
    plain(run["error"], [step["error"] for step in run["steps"]])


# --- requests that cannot be served -------------------------------------------------------------


def test_a_request_that_no_tool_serves_is_refused_with_the_nearest_tools(client: Client):
    run = client.do("Book me a flight to Oslo and reserve a hotel room near the harbour.")
    failed(run, "no registered tool")
    assert run["error"]["code"] == "no_suitable_tool"
    assert not run["steps"]


def test_the_command_line_says_that_no_tool_serves_a_request(service: Service):
    done = service.toolpath("run", "Water the plants on my balcony", "--planner", "offline")
    assert done.returncode != 0
    assert "no registered tool" in done.stderr
    plain(done.stderr, done.stdout)


def test_an_address_where_nobody_answers_fails_the_run(client: Client, site):
    run = client.do(SUMMARY.format(url=f"{site.url}/there-is-no-such-page.html"))
    failed(run, "404")


def test_an_address_that_cannot_be_reached_fails_the_run(tmp_path: Path, site):
    port = servers.free_port()
    with serving(tmp_path / "data", net_allow=f"127.0.0.1:{port}", retry_first="0.05") as service:
        with service.client() as client:
            run = client.do(SUMMARY.format(url=f"http://127.0.0.1:{port}/page.html"))
            failed(run, "127.0.0.1")
        said = service.toolpath("run", SUMMARY.format(url=f"http://127.0.0.1:{port}/page.html"))
        assert said.returncode != 0
        assert "127.0.0.1" in said.stderr
        plain(said.stderr)


@pytest.mark.parametrize(
    "url",
    ["http://127.0.0.1:9/page.html", "http://169.254.169.254/latest", "http://[::1]:9/", "http://10.1.2.3/"],
)
def test_a_private_address_is_not_dialled(url: str, client: Client):
    began = time.monotonic()
    failed(client.do(SUMMARY.format(url=url)), "TOOLPATH_NET_ALLOW")
    assert time.monotonic() - began < 10, "it was tried"


def test_a_page_that_is_too_large_is_given_up(client: Client, site):
    failed(client.do(SUMMARY.format(url=f"{site.url}/huge.html")), "1,000,000")


def test_a_file_of_the_wrong_type_is_refused(client: Client, tmp_path: Path):
    letter = tmp_path / "letter.txt"
    letter.write_text("Dear all, this is no picture.")
    run = client.do("Turn this photo to grayscale.", letter)
    assert run["status"] in ("failed", "needs_input"), run["status"]
    plain(run)


def test_a_file_that_is_not_what_its_name_says_fails_the_run(client: Client, tmp_path: Path):
    fake = tmp_path / "scan.png"
    fake.write_text("this is not a picture at all")
    failed(client.do(BY_NAME["speech"].request, fake), "scan.png")


# --- bodies that are wrong ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "status", "path"),
    [
        (b'{"request": "x', 400, ""),
        (b"[1, 2]", 422, ""),
        (b'{"request": "x", "preference": {"alpha": 7}}', 422, "/preference/alpha"),
        (b'{"request": "x", "colour": "red"}', 422, "/colour"),
        (
            b'{"request": "summarise it", "inputs": {"file": {"artifact": "art_none"}}}',
            422,
            "/inputs/file/artifact",
        ),
        (b"{}", 422, None),
    ],
)
def test_a_malformed_body_is_answered_with_its_bad_fields(body: bytes, status: int, path, client: Client):
    reply = client.http.post("/v1/runs", content=body, headers={"content-type": "application/json"})
    assert reply.status_code == status, reply.text
    assert reply.headers["content-type"] == "application/problem+json"
    problem = reply.json()
    assert problem["detail"]
    plain(reply.text)
    if path is not None:
        assert path in [error["path"] for error in problem["errors"]], problem


def test_an_unknown_tool_is_refused_with_its_place(client: Client):
    body = {"plan": {"subtasks": [{"id": "a", "tool": "summarise_lexrnk", "arguments": {"text": "x"}}]}}
    reply = client.http.post("/v1/runs", json=body)
    assert reply.status_code == 422, reply.text
    (error,) = reply.json()["errors"]
    assert error["path"] == "/plan/subtasks/0/tool"
    assert "summarise_lexrnk" in error["detail"]
    assert "nearest: summarise_lexrank" in error["detail"]


def test_an_unknown_run_is_not_found_in_words(service: Service):
    done = service.toolpath("runs", "show", "run_00000000000000000000000000000000")
    assert done.returncode != 0
    assert done.stderr.startswith("toolpath: ")
    plain(done.stderr)


# --- tools that misbehave -----------------------------------------------------------------------


@pytest.fixture(scope="module")
def misbehaving(service: Service) -> Iterator[None]:
    """Tools that hang, crash, and answer nonsense; gone afterwards."""
    names = ("hang", "hang_in_process", "crash", "wrong_output")
    fields = {"wrong_output": {"number": {"type": "number"}}}
    with service.client() as client:
        register_slow_add(client)
        for name in names:
            body = {
                "name": name,
                "summary": f"Test double {name}.",
                "kind": "python",
                "input_schema": {
                    "type": "object",
                    "properties": {},
                },
                "output_schema": {
                    "type": "object",
                    "properties": fields.get(name, {}),
                    "required": list(fields.get(name, {})),
                },
                "limits": {"timeout": 1.0},
                "runs": "process" if name in ("hang_in_process", "crash") else "loop",
                "python": {"function": f"tools.testing_functions:{name}"},
            }
            client.post("/v1/tools", body, status=201)
        yield
        for name in names:
            assert client.http.delete(f"/v1/tools/{name}").status_code in (200, 204)


@pytest.mark.usefixtures("misbehaving")
@pytest.mark.parametrize(
    ("tool", "word"),
    [("hang", "1 s"), ("hang_in_process", "1 s"), ("crash", "process"), ("wrong_output", "output")],
)
def test_a_tool_that_misbehaves_fails_its_run_and_the_service_goes_on(tool: str, word: str, client: Client):
    other = client.submit(plan={"subtasks": [{"id": "a", "tool": "slow_add", "arguments": {"x": 2, "y": 3}}]})
    run = client.do(plan={"subtasks": [{"id": "a", "tool": tool, "arguments": {}}]})
    failed(run)
    (step,) = run["steps"]
    assert word in str(step["error"]), step["error"]
    assert step["attempts"], "the tries are kept"
    assert client.wait(other)["result"]["outputs"][0]["value"] == 5


# --- commands -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["run", "x", "--url", "http://127.0.0.1:9"], "No service answers"),
        (["worker"], "TOOLPATH_BROKER_URL"),
        (["beat"], "TOOLPATH_BROKER_URL"),
        (["serve", "--port", "99999"], "port"),
        (["run", "x", "--file", "no-such-file.csv"], "no-such-file.csv"),
    ],
)
def test_a_command_that_cannot_work_says_why(
    arguments: list[str], words: str, tmp_path: Path, service: Service
):
    own = ["--url", service.url] if "--file" in arguments else []
    done = subprocess.run(
        [str(TOOLPATH), *arguments, *own],
        env=dict(os.environ)
        | {"TOOLPATH_DATA_DIR": str(tmp_path), "TOOLPATH_API_KEY": service.key}
        | ({"TOOLPATH_DATA_DIR": str(service.data_dir)} if own else {}),
        cwd=tmp_path, capture_output=True, text=True, timeout=40, check=False,
    )  # fmt: skip
    assert done.returncode != 0
    assert words in done.stderr, done.stderr
    plain(done.stderr)


# --- a full disk --------------------------------------------------------------------------------


@pytest.fixture
def tiny_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of a few megabytes."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if os.geteuid() != 0:
        pytest.skip("needs root, to mount a small file system")
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=6m", "tmpfs", str(folder)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip(f"needs the right to mount: {mounted.stderr.decode().strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def test_a_full_disk_is_said_and_loses_nothing(tiny_disk: Path, asking: Asking, tmp_path: Path, site):
    # The log lies on the same disk, as it mostly does.
    with (
        serving(
            tiny_disk / "data", net_allow=site.allow, python_modules="tools.testing_functions"
        ) as service,
        service.client() as client,
    ):
        kept = client.do(
            plan={"subtasks": [{"id": "a", "tool": "calculate", "arguments": {"expression": "6*7"}}]}
        )
        assert kept["status"] == "succeeded"
        register_slow_add(client)
        big = tmp_path / "big.bin"
        big.write_bytes(os.urandom(12_000_000))
        with big.open("rb") as content:
            _no_room(client.http.post("/v1/artifacts", files={"file": ("big.bin", content)}))

        under_way = client.submit(plan=slow_chain(4, seconds=0.3))
        _fill(tiny_disk)
        for _ in range(3):
            _no_room(client.http.post("/v1/runs", json={"request": "calculate 6*7"}))
        assert client.get(f"/v1/runs/{kept['id']}")["result"] == kept["result"], "it can still be read"
        time.sleep(1)

        (tiny_disk / "filler").unlink()
        again = client.do(asking.words(BY_NAME["summary"].request))
        assert again["status"] == "succeeded", again["error"]
        run = client.wait(under_way)
        assert run["status"] == "succeeded", run["error"]
        assert run["result"]["outputs"][0]["value"] == 4


def _no_room(reply) -> None:
    assert reply.status_code == 507, reply.text
    assert reply.headers["content-type"] == "application/problem+json"
    assert "free" in reply.json()["detail"], "it says what to do"
    plain(reply.text)


def _fill(folder: Path) -> None:
    with (folder / "filler").open("wb", buffering=0) as filler, contextlib.suppress(OSError):
        while filler.write(b"\0" * 4096) == 4096:
            pass
