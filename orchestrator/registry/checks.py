"""Whether a tool's record can be called at all; every fault is named with its field."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from orchestrator.errors import FieldProblem, Forbidden, Invalid
from orchestrator.registry.http_checks import http_problems
from orchestrator.registry.port_types import ports_from
from tools.adapters.http_binding import FIELDS
from tools.adapters.model_endpoint import CHAT, INFER, OPERATIONS
from tools.auth import SECRET_NAME, faults, secret_names
from tools.schemas import Schema
from tools.spec import Kind, Tool

NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")
MODEL_FIELDS = (
    "base_url",
    "endpoint",
    "model",
    "prompt",
    "system",
    "temperature",
    "max_tokens",
    "max_input_tokens",
    "seed",
    "stream",
    "operation",
    "parameters",
    "inputs",
    "outputs",
    "version",
    "api_key_secret",
)
#: The one way in which tools of a kind may prove who calls; "" for none, others have all.
_AUTH_OF = {Kind.MODEL: "bearer", Kind.PYTHON: ""}
#: How the tags begin by which the tools of the operator's modules and programs are known.
OWN_TAGS = ("python:", "command:")
_FUNCTION = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_]\w*")


def checked(tool: Tool, *, modules: Sequence[str], owner: bool = False) -> Tool:
    """The tool, with ports read off its schemas where it names none.

    `modules` are those whose Python functions the operator allows. Only the `owner` of the service may
    name secrets: whoever else could would have them sent to a place of their own.
    Raises `Invalid` or `Forbidden`.
    """
    if tool.kind is Kind.MCP:
        detail = "tools of kind mcp come from their server: POST /v1/tools/import/mcp"
        raise Invalid(detail, problems=[FieldProblem("/kind", detail)])
    if tool.kind is Kind.COMMAND:
        detail = "programs are named by the operator alone: a table [commands.NAME] in toolpath.toml"
        raise Invalid(detail, problems=[FieldProblem("/kind", detail)])
    if secret_names(tool) and not owner:
        raise Forbidden(
            "Only the service's own key (TOOLPATH_API_KEY, or local.key) may give a tool secrets."
        )
    problems = [*_name(tool), *_schemas(tool), *_auth(tool), *_binding(tool, modules)]
    problems += [
        FieldProblem("/tags", f"{tag!r}: tags that begin so are given by the service alone")
        for tag in tool.tags
        if tag.startswith(OWN_TAGS)
    ]
    problems = problems or _ports(tool)
    if problems:
        what = "; ".join(f"{problem.path}: {problem.detail}" for problem in problems[:3])
        raise Invalid(f"The tool cannot be registered: {what}", problems=problems)
    named = tool.ports.inputs or tool.ports.outputs
    return tool if named else replace(tool, ports=ports_from(tool.input_schema, tool.output_schema))


def _name(tool: Tool) -> list[FieldProblem]:
    if NAME.fullmatch(tool.name):
        return []
    detail = "use a small letter, then small letters, digits and _, at most 64"
    return [FieldProblem("/name", detail)]


def _schemas(tool: Tool) -> list[FieldProblem]:
    problems = []
    for field, schema in (("input_schema", tool.input_schema), ("output_schema", tool.output_schema)):
        if schema.get("type", "object") != "object":
            detail = 'the schema must be of an object: {"type": "object", "properties": {…}}'
            problems.append(FieldProblem(f"/{field}/type", detail))
        try:
            Schema(schema)
        except ValueError as error:
            problems.append(FieldProblem(f"/{field}", f"no JSON Schema of 2020-12: {str(error)[:300]}"))
    return problems


def _auth(tool: Tool) -> list[FieldProblem]:
    problems = [FieldProblem(f"/auth{pointer}", detail) for pointer, detail in faults(tool.auth)]
    allowed = _AUTH_OF.get(tool.kind)
    problems += [
        FieldProblem(f"/auth/{way}", f"tools of kind {tool.kind} take {allowed or 'no secrets'}")
        for way in tool.auth
        if allowed is not None and way != allowed
    ]
    oauth2 = tool.auth.get("oauth2")
    if isinstance(oauth2, Mapping):
        problems += url_problems(oauth2.get("token_url"), "/auth/oauth2/token_url")
    return problems


def _ports(tool: Tool) -> list[FieldProblem]:
    problems = []
    for side, ports, schema in (
        ("inputs", tool.ports.inputs, tool.input_schema),
        ("outputs", tool.ports.outputs, tool.output_schema),
    ):
        fields = schema.get("properties", {})
        problems += [
            FieldProblem(f"/ports/{side}/{name}", "the schema has no field of this name")
            for name in ports
            if name not in fields
        ]
    return problems


def _binding(tool: Tool, modules: Sequence[str]) -> list[FieldProblem]:
    match tool.kind:
        case Kind.HTTP:
            return _http(tool.binding, tool.input_schema.get("properties", {}))
        case Kind.MODEL:
            return _model(tool.binding)
        case _:
            return _python(tool.binding, modules)


def _http(binding: Mapping[str, Any], fields: Mapping[str, Any]) -> list[FieldProblem]:
    problems = _unknown(binding, "http", FIELDS)
    problems += url_problems(binding.get("url"), "/http/url")
    return problems + http_problems(binding, fields)


def _model(binding: Mapping[str, Any]) -> list[FieldProblem]:
    problems = _unknown(binding, "model", MODEL_FIELDS)
    if "endpoint" not in binding:
        problems += url_problems(binding.get("base_url"), "/model/base_url")
    elif "base_url" in binding:
        problems.append(FieldProblem("/model/base_url", "give either endpoint or base_url"))
    elif not isinstance(binding["endpoint"], str):
        problems.append(FieldProblem("/model/endpoint", "give the name of an endpoint"))
    problems += _api_key(binding)
    operation = binding.get("operation")
    if operation is not None and operation not in (CHAT, INFER, *OPERATIONS):
        known = ", ".join((CHAT, INFER, *OPERATIONS))
        problems.append(FieldProblem("/model/operation", f"use one of {known}"))
    # An endpoint may speak KServe V2, where there are no prompts: `bound` knows.
    needs_prompt = operation == CHAT or (operation is None and "endpoint" not in binding)
    for field in ("model", "prompt") if needs_prompt else ("model",):
        if not isinstance(binding.get(field), str) or not binding[field]:
            problems.append(FieldProblem(f"/model/{field}", "must be given"))
    for field in ("parameters", "inputs", "outputs"):
        if not isinstance(binding.get(field, {}), Mapping):
            problems.append(FieldProblem(f"/model/{field}", "give an object"))
    return problems


def _api_key(binding: Mapping[str, Any]) -> list[FieldProblem]:
    if "api_key_secret" not in binding or SECRET_NAME.fullmatch(str(binding["api_key_secret"])):
        return []
    return [FieldProblem("/model/api_key_secret", "give the name of a secret")]


def _python(binding: Mapping[str, Any], modules: Sequence[str]) -> list[FieldProblem]:
    problems = _unknown(binding, "python", ("function",))
    function = str(binding.get("function", ""))
    if not _FUNCTION.fullmatch(function):
        return [*problems, FieldProblem("/python/function", "give it as module:name")]
    module = function.split(":", maxsplit=1)[0]
    if not any(module == allowed or module.startswith(f"{allowed}.") for allowed in modules):
        detail = (
            f"the operator does not allow functions of {module!r}; allowed: {', '.join(modules) or 'none'}"
        )
        problems.append(FieldProblem("/python/function", detail))
    return problems


def _unknown(binding: Mapping[str, Any], kind: str, known: Sequence[str]) -> list[FieldProblem]:
    return [FieldProblem(f"/{kind}/{name}", "unknown field") for name in binding if name not in known]


def url_problems(value: Any, path: str) -> list[FieldProblem]:
    """What is wrong with an address that is to be called."""
    if isinstance(value, str) and not value.isprintable():
        return [FieldProblem(path, "a URL is one line without control characters")]
    try:
        url = urlsplit(value) if isinstance(value, str) else None
    except ValueError as error:
        return [FieldProblem(path, f"this is no URL: {error}")]
    if url is None or url.scheme not in ("http", "https") or not url.hostname:
        return [FieldProblem(path, "give an http or https URL")]
    if "{" in url.netloc or "}" in url.netloc:
        return [FieldProblem(path, "the host must stand as it is; only what follows it may have {fields}")]
    if url.username or url.password:
        return [FieldProblem(path, "credentials do not belong into a URL")]
    return []
