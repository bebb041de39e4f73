"""The doubles that ship behave as they say."""

import asyncio
import json
import signal
import sys
from pathlib import Path

import pytest

from tools.errors import BadInputFile
from tools.net import Net
from tools.testing import MemoryFiles, Rule, ScriptedModel, rule_from

ROOT = Path(__file__).parents[3]


def chat(words: str, **more: object) -> dict[str, object]:
    return {"model": "scripted", "messages": [{"role": "user", "content": words}], **more}


async def test_rules_are_tried_in_order_and_used_up() -> None:
    rules: list[Rule | dict[str, str]] = [
        Rule("hi", model="other", text="for another model"),
        Rule(regex=r"\bhi\b", times=1, text="once"),
        {"match": "hi", "text": "again"},
        Rule("sum", reply=lambda body: {"length": len(body["messages"])}),
    ]
    async with ScriptedModel(rules) as model:
        net = Net(allow=[model.allow])
        url = f"{model.base_url}/chat/completions"
        got = [(await net.request("POST", url, json=chat("say hi"))).json() for _ in range(2)]
        assert [one["choices"][0]["message"]["content"] for one in got] == ["once", "again"]
        computed = (await net.request("POST", url, json=chat("sum"))).json()
        assert computed["choices"][0]["message"]["content"] == '{"length":1}'
        assert (await net.request("POST", url, json=chat("else"))).status == 404
        assert len(model.prompts) == 4
        await net.aclose()


async def test_a_stream_is_sent_when_it_is_asked_for() -> None:
    async with ScriptedModel([Rule(text="hello")]) as model:
        net = Net(allow=[model.allow])
        reply = await net.request("POST", f"{model.base_url}/chat/completions", json=chat("hi", stream=True))
        assert reply.media_type == "text/event-stream"
        assert reply.text.endswith("data: [DONE]\n\n")
        await net.aclose()


def test_a_rule_with_an_unknown_field_is_refused() -> None:
    with pytest.raises(ValueError, match="a rule has no txt"):
        rule_from({"txt": "hello"})


async def test_a_script_is_served_from_the_command_line(tmp_path: Path) -> None:
    script = tmp_path / "rules.json"
    script.write_text(json.dumps({"rules": [{"match": "ping", "json": {"pong": True}}]}))
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "tools.testing", "--script", str(script), "--port", "0"),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    base_url = (await process.stdout.readline()).decode().split()[-1]
    net = Net(allow=["127.0.0.1"])
    models = (await net.request("GET", f"{base_url}/models")).json()
    assert [one["id"] for one in models["data"]] == ["scripted"]
    reply = await net.request("POST", f"{base_url}/chat/completions", json=chat("ping"))
    assert reply.json()["choices"][0]["message"]["content"] == '{"pong":true}'
    await net.aclose()
    process.send_signal(signal.SIGINT)
    assert await asyncio.wait_for(process.wait(), 5) == 0


async def test_files_in_memory_are_kept_and_found(tmp_path: Path) -> None:
    files = MemoryFiles(tmp_path / "store")
    source = tmp_path / "a.txt"
    source.write_text("words")
    reference = await files.save(source, media_type="text/plain", name="a.txt")
    assert reference == {"artifact": "art_1", "media_type": "text/plain", "name": "a.txt", "size": 5}
    assert (await files.load("art_1")).path.read_text() == "words"
    assert files.put("more") == "art_2"
    with pytest.raises(BadInputFile):
        await files.load("art_3")
