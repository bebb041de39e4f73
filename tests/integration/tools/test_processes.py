"""The pool of tool processes, with real processes."""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from tools.errors import (
    BadArguments,
    BadOutput,
    NoRoom,
    RateLimited,
    ServerFault,
    TimedOut,
    TooLarge,
    Unavailable,
)
from tools.processes import Processes
from tools.spec import File

HERE = Path(__file__).parent


@pytest.fixture
async def pool(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Processes]:
    monkeypatch.syspath_prepend(str(HERE))
    async with Processes(size=2, modules=("sample_tools",), calls_of_one_process=5) as processes:
        yield processes


async def wait_until(met: Callable[[], bool], *, seconds: float = 10.0) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if met():
            return True
        await asyncio.sleep(0.02)
    return False


def is_running(pid: int) -> bool:
    """Whether a process is there and no zombie."""
    with contextlib.suppress(OSError):
        return ") Z " not in Path(f"/proc/{pid}/stat").read_text()
    return False


def pids_of(note: Path) -> list[int]:
    return [int(word) for word in note.read_text().split()] if note.exists() else []


async def test_a_call_gets_its_arguments_and_returns_its_value(pool: Processes, tmp_path: Path) -> None:
    assert await pool.run("sample_tools:add", {"a": 2, "b": 3}, scratch=tmp_path, timeout=10) == 5


async def test_files_go_in_and_out_as_files(pool: Processes, tmp_path: Path) -> None:
    path = tmp_path / "in.txt"
    path.write_text("words")
    source = File(path, "text/plain", "in.txt", "art_1")
    out = await pool.run("sample_tools:copy_file", {"source": source}, scratch=tmp_path, timeout=10)
    assert out == {"copy": File(tmp_path / "copy.txt", "text/plain", "copy.txt"), "kind": "File"}
    assert out["copy"].path.read_text() == "words"


async def test_an_argument_cannot_pose_as_a_file(pool: Processes, tmp_path: Path) -> None:
    forged = {"$file": {"path": "/etc/passwd", "media_type": "text/plain", "name": "x", "artifact": None}}
    for value in (forged, {"$plain": forged}):
        kind = await pool.run("sample_tools:kind_of", {"value": value}, scratch=tmp_path, timeout=10)
        assert kind == "dict"


async def test_a_call_works_in_its_scratch_folder(pool: Processes, tmp_path: Path) -> None:
    out = await pool.run("sample_tools:folders", {}, scratch=tmp_path, timeout=10)
    assert set(out.values()) == {str(tmp_path)}


async def test_how_far_a_call_is_reaches_who_has_asked_now_and_then(pool: Processes, tmp_path: Path) -> None:
    told: list[tuple[float, str]] = []
    made = await pool.run(
        "sample_tools:slow_sum",
        {"numbers": [1, 2, 4]},
        scratch=tmp_path,
        timeout=20,
        progress=lambda *words: told.append(words),
    )
    assert made == 7
    assert 3 <= len(told) <= 9
    assert told[0] == (1 / 3, "added 1\u202e")
    assert [share for share, _ in told] == sorted(share for share, _ in told)
    assert await pool.run("sample_tools:add", {"a": 1}, scratch=tmp_path, timeout=10) == 2


async def test_a_process_is_used_again_and_retired_after_its_calls(pool: Processes, tmp_path: Path) -> None:
    pids = [await pool.run("sample_tools:whoami", {}, scratch=tmp_path, timeout=10) for _ in range(7)]
    assert len(set(pids[:5])) == 1
    assert pids[5] != pids[4]
    assert not is_running(pids[0])


async def test_nothing_of_the_services_environment_is_visible(
    pool: Processes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOOLPATH_SECRET_KEY", "hush")
    out = await pool.run("sample_tools:environment", {}, scratch=tmp_path, timeout=10)
    assert "TOOLPATH_SECRET_KEY" not in out
    assert "hush" not in out.values()
    assert out["MPLBACKEND"] == "Agg"


async def test_what_a_tool_prints_does_no_harm(pool: Processes, tmp_path: Path) -> None:
    assert await pool.run("sample_tools:noisy", {}, scratch=tmp_path, timeout=10) == "clean"
    assert await pool.run("sample_tools:add", {"a": 1}, scratch=tmp_path, timeout=10) == 2


async def test_a_tool_cannot_read_the_calls_of_others(pool: Processes, tmp_path: Path) -> None:
    assert await pool.run("sample_tools:reads_standard_input", {}, scratch=tmp_path, timeout=10) == ""


async def test_a_timeout_kills_the_whole_group(pool: Processes, tmp_path: Path) -> None:
    note = tmp_path / "note"
    arguments = {"seconds": 60, "note": str(note)}
    with pytest.raises(TimedOut, match=r"longer than 1\.5 s"):
        await pool.run("sample_tools:sleeps_with_a_child", arguments, scratch=tmp_path, timeout=1.5)
    pids = pids_of(note)
    assert len(pids) == 2
    assert await wait_until(lambda: not any(map(is_running, pids)), seconds=3)
    assert await pool.run("sample_tools:add", {"a": 1}, scratch=tmp_path, timeout=10) == 2


async def test_a_cancelled_call_is_killed_before_the_cancellation_goes_on(
    pool: Processes, tmp_path: Path
) -> None:
    note = tmp_path / "note"
    arguments = {"seconds": 60, "note": str(note)}
    call = asyncio.create_task(
        pool.run("sample_tools:sleeps_with_a_child", arguments, scratch=tmp_path, timeout=60)
    )
    assert await wait_until(lambda: len(pids_of(note)) == 2)
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    assert not is_running(pids_of(note)[0])
    assert await wait_until(lambda: not any(map(is_running, pids_of(note))), seconds=3)


async def test_at_most_size_calls_run_and_a_waiting_one_can_be_cancelled(
    pool: Processes, tmp_path: Path
) -> None:
    notes = [tmp_path / str(number) for number in range(3)]
    calls = [
        asyncio.create_task(
            pool.run(
                "sample_tools:sleeps_with_a_child",
                {"seconds": 60, "note": str(note)},
                scratch=tmp_path,
                timeout=60,
            )
        )
        for note in notes
    ]
    assert await wait_until(lambda: all(len(pids_of(note)) == 2 for note in notes[:2]))
    calls[2].cancel()
    with pytest.raises(asyncio.CancelledError):
        await calls[2]
    assert not notes[2].exists()
    assert is_running(pids_of(notes[0])[0])
    await pool.aclose()
    for call in calls[:2]:
        with pytest.raises(ServerFault, match="shutting down"):
            await call
    assert not any(is_running(pid) for note in notes for pid in pids_of(note)[:1])


async def test_the_death_of_a_process_is_reported_and_it_is_replaced(
    pool: Processes, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(ServerFault, match=r"process died \(signal SIGSEGV\)"):
        await pool.run("sample_tools:dies", {}, scratch=tmp_path, timeout=10)
    assert "the last words" in caplog.text
    assert await pool.run("sample_tools:add", {"a": 1}, scratch=tmp_path, timeout=10) == 2


async def test_errors_of_tools_cross_with_their_class_and_attributes(pool: Processes, tmp_path: Path) -> None:
    with pytest.raises(BadArguments, match="the colour is unknown") as refused:
        await pool.run("sample_tools:refuses", {}, scratch=tmp_path, timeout=10)
    assert refused.value.paths == ("/colour",)
    with pytest.raises(RateLimited) as limited:
        await pool.run("sample_tools:is_limited", {}, scratch=tmp_path, timeout=10)
    assert limited.value.retry_after == 2.5


async def test_a_bug_is_one_sentence_and_its_trace_is_logged(
    pool: Processes, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(BadOutput) as caught:
        await pool.run("sample_tools:has_a_bug", {}, scratch=tmp_path, timeout=10)
    assert str(caught.value) == "sample_tools:has_a_bug failed: ValueError: no such thing in …/x"
    assert "Traceback" in caplog.text


@pytest.mark.parametrize(
    ("function", "arguments", "kind", "words"),
    [
        ("sample_tools:add", {"a": 1, "c": 2}, BadArguments, "unexpected keyword argument"),
        ("sample_tools:add", {}, BadArguments, "missing a required argument"),
        ("sample_tools:returns_a_set", {}, BadOutput, "JSON"),
        ("sample_tools:leaves", {}, BadOutput, "SystemExit"),
        ("sample_tools:eats_memory", {}, TooLarge, "ran out of memory"),
        ("sample_tools:nothing", {}, Unavailable, "no function named nothing"),
        ("sample_tools:Path", {}, Unavailable, "no function named Path"),
        ("sample_tools.more:x", {}, Unavailable, "cannot be imported"),
        ("sample_tools:_private", {}, Unavailable, "may not be called"),
        ("os:getcwd", {}, Unavailable, "may not be called"),
        ("sample_tools_two:x", {}, Unavailable, "may not be called"),
    ],
)
async def test_a_wrong_call_says_what_is_wrong(
    pool: Processes, tmp_path: Path, function: str, arguments: dict[str, int], kind: type, words: str
) -> None:
    with pytest.raises(kind, match=words):
        await pool.run(function, arguments, scratch=tmp_path, timeout=10)


async def test_a_warmed_process_serves_the_first_call(pool: Processes, tmp_path: Path) -> None:
    await pool.warm("json", "sample_tools")
    started = time.perf_counter()
    await pool.run("sample_tools:add", {"a": 1}, scratch=tmp_path, timeout=10)
    assert time.perf_counter() - started < 0.5


async def test_nothing_is_left_when_the_owner_is_killed(tmp_path: Path) -> None:
    note = tmp_path / "note"
    script = f"""
import asyncio, sys
from pathlib import Path
sys.path.insert(0, {str(HERE)!r})
from tools.processes import Processes
async def main():
    pool = Processes(modules=("sample_tools",))
    await pool.run("sample_tools:sleeps_with_a_child", {{"seconds": 60, "note": {str(note)!r}}},
                   scratch=Path({str(tmp_path)!r}), timeout=60)
asyncio.run(main())
"""
    owner = subprocess.Popen([sys.executable, "-c", script], cwd=HERE.parents[2], start_new_session=True)
    try:
        assert await wait_until(lambda: len(pids_of(note)) == 2)
        assert all(map(is_running, pids_of(note)))
    finally:
        os.kill(owner.pid, signal.SIGKILL)
        owner.wait()
    assert await wait_until(lambda: not any(map(is_running, pids_of(note))), seconds=5)


@pytest.mark.parametrize(
    ("function", "how"),
    [
        ("fills_the_disk", "plainly"),
        ("fills_the_disk", "as a bad file"),
        ("fills_the_disk", "in words"),
        ("passes_its_quota", None),
    ],
)
async def test_a_full_disk_is_told_as_such_and_may_be_tried_later(
    pool: Processes, tmp_path: Path, function: str, how: str | None
) -> None:
    arguments = {} if how is None else {"how": how}
    with pytest.raises(NoRoom, match="free space") as told:
        await pool.run(f"sample_tools:{function}", arguments, scratch=tmp_path, timeout=10)
    assert (told.value.code, told.value.retryable, told.value.retry_after) == ("storage_full", True, 5.0)
