"""Inference by the Open Inference Protocol (KServe V2): MLServer, Triton, KServe, TorchServe, OpenVINO."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from tools.errors import BadOutput
from tools.net import Net, Reply
from tools.operations.asked import Answer, Asked
from tools.operations.tensors import tensor, value_of
from tools.redaction import redact
from tools.statuses import status_error

_EXCERPT = 300
_SCALARS = frozenset({"number", "integer", "string", "boolean"})


async def infer(asked: Asked, *, base_url: str, model: str, net: Net, headers: Mapping[str, str]) -> Answer:
    """Each argument is a tensor of its name, each field of the output a tensor of its name.

    The binding may say otherwise: `inputs: {argument: {"name", "datatype", "shape"}}` and
    `outputs: {field: name}`; what it leaves open is asked of the model. Raises `ToolError`.
    """
    binding = asked.tool.binding
    at = f"{base_url.rstrip('/')}/v2/models/{quote(model, safe='')}"
    if binding.get("version"):
        at += f"/versions/{quote(str(binding['version']), safe='')}"
    timeout = asked.context.timeout
    told = await _told(asked, at, net, headers)
    tensors, batched = [], False
    for field, value in asked.arguments.items():
        # Off the loop: a large list takes its time, and files are read.
        made, alone = await asyncio.to_thread(tensor, field, value, told.get(field, {}))
        tensors.append(made)
        batched = batched or alone
    body: dict[str, Any] = {"inputs": tensors}
    if binding.get("parameters"):
        body["parameters"] = dict(binding["parameters"])
    reply = await net.request("POST", f"{at}/infer", json=body, headers=headers, timeout=timeout)
    outputs = _well(reply, asked).get("outputs")
    if not isinstance(outputs, list):
        raise BadOutput("the server's reply has no outputs")
    return Answer(await asyncio.to_thread(_output, asked, outputs, batched))


async def _told(
    asked: Asked, at: str, net: Net, headers: Mapping[str, str]
) -> Mapping[str, Mapping[str, Any]]:
    """What is known of each argument's tensor; the model is only asked where the binding leaves it open."""
    stated = asked.tool.binding.get("inputs") or {}
    if all("datatype" in stated.get(field, {}) for field in asked.arguments):
        return dict(stated)
    reply = await net.request("GET", at, headers=headers, timeout=asked.context.timeout)
    listed = _well(reply, asked).get("inputs")
    models_own = {
        one["name"]: one for one in listed or () if isinstance(one, dict) and isinstance(one.get("name"), str)
    }
    found = {}
    for field in asked.arguments:
        mine = stated.get(field, {})
        found[field] = {**models_own.get(mine.get("name", field), {}), **mine}
    return found


def _well(reply: Reply, asked: Asked) -> Mapping[str, Any]:
    if reply.status != 200:
        words = redact(reply.text, tuple(asked.context.secrets.values()))[:_EXCERPT]
        raise status_error(reply.status, reply.headers, host="the server", excerpt=words)
    value = reply.json()
    if not isinstance(value, dict):
        raise BadOutput("the server's reply is no JSON object")
    return value


def _output(asked: Asked, outputs: list[Any], batched: bool) -> dict[str, Any]:
    by_name = {one.get("name"): one for one in outputs if isinstance(one, dict)}
    fields = asked.tool.output_schema.get("properties", {})
    names = asked.tool.binding.get("outputs") or {}
    if not fields:
        return {str(name): value_of(one, batched=batched, scalar=False) for name, one in by_name.items()}
    made = {}
    for field, schema in fields.items():
        found = by_name.get(names.get(field, field))
        if found is None and len(by_name) == len(fields) == 1:
            found = outputs[0]
        if found is not None:
            scalar = isinstance(schema, Mapping) and schema.get("type") in _SCALARS
            made[field] = value_of(found, batched=batched, scalar=scalar)
    return made
