"""Python tools of both kinds through the toolbox, with real processes."""

import asyncio
import dataclasses
import importlib
import pkgutil
from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path

import pytest

import tools.builtin
from tools.adapter import CallContext, Exchange
from tools.errors import (
    BadArguments,
    BadInputFile,
    BadOutput,
    ServerFault,
    TimedOut,
    Unavailable,
)
from tools.net import Net
from tools.processes import Processes
from tools.spec import Kind, Price
from tools.testing import MemoryFiles
from tools.testing_functions import BY_NAME
from tools.toolbox import Toolbox

MODULES = ("tools.testing_functions",)


@pytest.fixture
async def toolbox() -> AsyncIterator[Toolbox]:
    net = Net()
    async with Processes(size=2, modules=MODULES) as processes:
        toolbox = Toolbox(net=net, processes=processes, modules=MODULES)
        yield toolbox
        await toolbox.aclose()
    await net.aclose()


@pytest.fixture
def files(tmp_path: Path) -> MemoryFiles:
    return MemoryFiles(tmp_path / "store")


@pytest.fixture
def context(tmp_path: Path, files: MemoryFiles) -> CallContext:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    return CallContext("key", files, scratch, timeout=20)


@pytest.mark.parametrize("name", ["slow_add", "slow_add_in_process"])
async def test_a_function_is_called_with_defaults_filled_in(
    toolbox: Toolbox, context: CallContext, name: str
) -> None:
    result = await toolbox.call(BY_NAME[name], {"x": 2, "y": 3}, context)
    assert result.output == {"sum": 5}
    assert result.usage.seconds >= 0.05


async def test_files_go_in_and_come_out_as_references(
    toolbox: Toolbox, context: CallContext, files: MemoryFiles
) -> None:
    artifact = files.put("quiet words", name="note.txt")
    result = await toolbox.call(BY_NAME["shout"], {"document": {"artifact": artifact}}, context)
    reference = result.output["document"]
    assert reference["name"] == "note.txt"
    assert result.output["characters"] == 11
    assert (await files.load(reference["artifact"])).path.read_text() == "QUIET WORDS"


async def test_a_file_of_the_wrong_type_is_refused(
    toolbox: Toolbox, context: CallContext, files: MemoryFiles
) -> None:
    artifact = files.put(b"\x89PNG", media_type="image/png", name="x.png")
    with pytest.raises(BadInputFile, match=r"document: x\.png is image/png, but must be one of text/\*"):
        await toolbox.call(BY_NAME["shout"], {"document": {"artifact": artifact}}, context)


async def test_a_file_that_there_is_not_is_refused(toolbox: Toolbox, context: CallContext) -> None:
    with pytest.raises(BadInputFile, match="no artifact art_9"):
        await toolbox.call(BY_NAME["shout"], {"document": {"artifact": "art_9"}}, context)


async def test_a_file_that_was_never_written_is_a_bad_output(toolbox: Toolbox, context: CallContext) -> None:
    with pytest.raises(BadOutput, match=r"'nothing\.txt' that it did not write"):
        await toolbox.call(BY_NAME["forget"], {}, context)


@pytest.mark.parametrize(
    ("name", "arguments", "paths"),
    [("slow_add", {"x": "two"}, ("/x",)), ("slow_add", {}, ("",)), ("slow_add", {"x": 1, "z": 1}, ("",))],
)
async def test_arguments_that_do_not_fit_are_refused_before_the_call(
    toolbox: Toolbox, context: CallContext, name: str, arguments: dict[str, object], paths: tuple[str, ...]
) -> None:
    with pytest.raises(BadArguments, match="the arguments do not fit") as refused:
        await toolbox.call(BY_NAME[name], arguments, context)
    assert refused.value.paths == paths


async def test_an_output_that_does_not_fit_is_a_bad_output(toolbox: Toolbox, context: CallContext) -> None:
    with pytest.raises(BadOutput, match="/number"):
        await toolbox.call(BY_NAME["wrong_output"], {}, context)


@pytest.mark.parametrize("name", ["hang", "hang_in_process"])
async def test_a_tool_that_hangs_is_ended_in_time(toolbox: Toolbox, context: CallContext, name: str) -> None:
    with pytest.raises(TimedOut, match=r"took longer than 0\.2 s"):
        await toolbox.call(BY_NAME[name], {}, dataclasses.replace(context, timeout=0.2))


async def test_a_tool_that_dies_is_a_server_fault(toolbox: Toolbox, context: CallContext) -> None:
    with pytest.raises(ServerFault, match="SIGKILL"):
        await toolbox.call(BY_NAME["crash"], {}, context)


async def test_a_flaky_tool_works_at_last(toolbox: Toolbox, context: CallContext) -> None:
    arguments = {"key": str(context.scratch), "failures": 1}
    with pytest.raises(ServerFault):
        await toolbox.call(BY_NAME["flaky"], arguments, context)
    assert (await toolbox.call(BY_NAME["flaky"], arguments, context)).output == {"calls": 2}


async def test_cancelling_the_call_cancels_the_function(toolbox: Toolbox, context: CallContext) -> None:
    call = asyncio.create_task(toolbox.call(BY_NAME["hang"], {}, context))
    await asyncio.sleep(0.05)
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call


async def test_the_price_of_a_call_and_of_its_seconds_is_counted(
    toolbox: Toolbox, context: CallContext
) -> None:
    priced = dataclasses.replace(
        BY_NAME["slow_add"], price=Price(per_call=Decimal("0.5"), per_second=Decimal(10))
    )
    usage = (await toolbox.call(priced, {"x": 1}, context)).usage
    assert usage.usd == pytest.approx(Decimal("0.5") + 10 * Decimal(usage.seconds), abs=Decimal("0.001"))


async def test_a_record_of_the_call_is_bounded_and_holds_no_secret(
    toolbox: Toolbox, context: CallContext
) -> None:
    seen: list[Exchange] = []
    context = dataclasses.replace(context, record=seen.append, secrets={"key": "hush-hush"})
    value = {"text": "say hush-hush", "password": "p", "long": "x" * 100_000, "many": list(range(1000))}
    await toolbox.call(BY_NAME["echo"], {"value": value}, context)
    with pytest.raises(BadArguments):
        await toolbox.call(BY_NAME["refuse"], {"message": "not hush-hush"}, context)
    assert [(one.reply is None, one.error) for one in seen] == [(False, None), (True, "not •••")]
    assert all("hush-hush" not in one.request + (one.reply or "") for one in seen)
    assert len(seen[0].request) <= 4_000
    assert '"password":"•••"' in seen[0].request


async def test_what_is_missing_is_told_with_the_hint(toolbox: Toolbox, context: CallContext) -> None:
    echo = BY_NAME["echo"]
    assert toolbox.available(echo) is None
    assert toolbox.available(BY_NAME["shout"]) is None
    needs = dataclasses.replace(echo, requires={"no-such-program": "apt install no-such-program"})
    assert toolbox.available(needs) == "no-such-program missing: apt install no-such-program"
    for function, reason in [
        ("tools.testing_functions:nothing", "no function named nothing"),
        ("tools.testing_functions:crash", "is not async"),
        ("tools.testing_functions:_schema", "may not be called"),
        ("tools.builtin.web:not_a_tool", "may not be called"),
        ("os:getcwd", "may not be called"),
        ("tools.testing_functions_two:x", "may not be called"),
        ("tools.builtin.no_such_module:x", "cannot be imported"),
    ]:
        broken = dataclasses.replace(echo, binding={"function": function})
        assert reason in (toolbox.available(broken) or "")
        with pytest.raises(Unavailable, match=reason):
            await toolbox.call(broken, {}, context)


async def test_an_address_that_may_not_be_called_makes_a_tool_unavailable(toolbox: Toolbox) -> None:
    tool = dataclasses.replace(BY_NAME["echo"], kind=Kind.HTTP, binding={"url": "https://example.com/{id}"})
    assert toolbox.available(tool) is None
    private = dataclasses.replace(tool, binding={"url": "http://10.0.0.1/"})
    assert "not a public address" in (toolbox.available(private) or "")
    model = dataclasses.replace(tool, kind=Kind.MODEL, binding={"base_url": "http://localhost:1/v1"})
    assert toolbox.available(model) is None


async def test_every_tool_that_ships_is_available_or_lacks_only_a_program(toolbox: Toolbox) -> None:
    found = 0
    for info in pkgutil.iter_modules(tools.builtin.__path__):
        module = importlib.import_module(f"tools.builtin.{info.name}")
        for tool in getattr(module, "TOOLS", ()):
            reason = toolbox.available(tool)
            assert reason is None or "missing" in reason, tool.name
            found += 1
    assert found > 10


async def test_a_program_that_no_table_names_is_unavailable(toolbox: Toolbox, context: CallContext) -> None:
    foreign = dataclasses.replace(BY_NAME["echo"], kind=Kind.COMMAND)
    assert "no table [commands.None]" in (toolbox.available(foreign) or "")
    with pytest.raises(Unavailable, match=r"no table \[commands.None\]"):
        await toolbox.call(foreign, {}, context)


async def test_a_broken_schema_makes_a_tool_unavailable(toolbox: Toolbox, context: CallContext) -> None:
    for schema in ({"type": "strin"}, {"$ref": "http://127.0.0.1/schema.json"}):
        broken = dataclasses.replace(BY_NAME["echo"], input_schema=schema)
        with pytest.raises(Unavailable, match="a schema of the tool echo is broken"):
            await toolbox.call(broken, {}, context)
