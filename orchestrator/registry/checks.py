"""Whether a tool's record can be called at all; every fault is named with its field."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from orchestrator.errors import FieldProblem, Invalid, NotBuilt
from orchestrator.registry.port_types import ports_from
from tools.schemas import Schema
from tools.spec import Kind, Tool

NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
PLACES = ("path", "query", "header", "body")
_BUILT = (Kind.HTTP, Kind.PYTHON, Kind.MODEL)
#: A token (RFC 9110, 5.6.2).
_HEADER = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_FUNCTION = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_]\w*")


def checked(tool: Tool, *, modules: Sequence[str]) -> Tool:
    """The tool, with ports read off its schemas where it names none.

    `modules` are those whose Python functions the operator allows. Raises `Invalid` or `NotBuilt`.
    """
    if tool.kind not in _BUILT:
        detail = f"tools of kind {tool.kind} are not served yet; use {', '.join(_BUILT)}"
        raise NotBuilt(detail, problems=[FieldProblem("/kind", detail)])
    if tool.auth:
        detail = "secrets of tools are not served yet"
        raise NotBuilt(detail, problems=[FieldProblem("/auth", detail)])
    problems = [*_name(tool), *_schemas(tool), *_binding(tool, modules)]
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
    problems = _unknown(binding, "http", ("method", "url", "parameters", "headers"))
    problems += _url(binding.get("url"), "/http/url")
    problems += _headers(binding.get("headers") or {})
    if str(binding.get("method", "GET")).upper() not in METHODS:
        problems.append(FieldProblem("/http/method", f"use one of {', '.join(METHODS)}"))
    parameters = binding.get("parameters", {})
    for name, place in parameters.items() if isinstance(parameters, Mapping) else ():
        if place not in PLACES:
            problems.append(FieldProblem(f"/http/parameters/{name}", f"use one of {', '.join(PLACES)}"))
    for name in re.findall(r"\{([^{}]*)\}", str(binding.get("url", ""))):
        if name not in fields:
            problems.append(FieldProblem("/http/url", f"{{{name}}} is no field of input_schema"))
    return problems


def _headers(headers: Any) -> list[FieldProblem]:
    """Headers that would break out of their line, or could not be sent at all."""
    if not isinstance(headers, Mapping):
        return [FieldProblem("/http/headers", 'give them as {"Name": "value"}')]
    problems = []
    for name, value in headers.items():
        if not _HEADER.fullmatch(name):
            problems.append(FieldProblem("/http/headers", f"{name!r} is no name of a header"))
        elif not isinstance(value, str) or not (value.isascii() and value.isprintable()):
            path = f"/http/headers/{name.replace('~', '~0').replace('/', '~1')}"
            problems.append(FieldProblem(path, "the value is plain letters on one line"))
    return problems


def _model(binding: Mapping[str, Any]) -> list[FieldProblem]:
    if "endpoint" in binding:
        detail = "named endpoints are not served yet; give base_url"
        raise NotBuilt(detail, problems=[FieldProblem("/model/endpoint", detail)])
    problems = _unknown(
        binding, "model", ("base_url", "model", "prompt", "system", "temperature", "max_tokens")
    )
    problems += _url(binding.get("base_url"), "/model/base_url")
    for field in ("model", "prompt"):
        if not isinstance(binding.get(field), str) or not binding[field]:
            problems.append(FieldProblem(f"/model/{field}", "must be given"))
    return problems


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


def _url(value: Any, path: str) -> list[FieldProblem]:
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
