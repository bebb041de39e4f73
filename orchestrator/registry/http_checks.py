"""Whether the binding of an HTTP tool can be sent: its method, places, headers, body and selector."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import jmespath

from orchestrator.errors import FieldProblem
from tools.adapters.http_binding import METHODS, Body, Place

#: A token (RFC 9110, 5.6.2).
_HEADER = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")

_HOST = re.compile(r"[a-z0-9_.-]+|[0-9a-f:.]+")


def http_problems(binding: Mapping[str, Any], fields: Mapping[str, Any]) -> list[FieldProblem]:
    """The faults of a binding besides its URL; `fields` are those of the input schema."""
    problems = _headers(binding.get("headers") or {})
    if str(binding.get("method", "GET")).upper() not in METHODS:
        problems.append(FieldProblem("/http/method", f"use one of {', '.join(sorted(METHODS))}"))
    problems += _places(binding.get("parameters", {}))
    in_path = _names_in_path(binding.get("parameters", {}))
    for name in re.findall(r"\{([^{}]*)\}", str(binding.get("url", ""))):
        if name not in fields and name not in in_path:
            problems.append(FieldProblem("/http/url", f"{{{name}}} is no field of input_schema"))
    problems += _body(binding.get("body"))
    problems += _hosts(binding.get("hosts", []))
    return problems + _selector(binding.get("select"))


def _places(parameters: Any) -> list[FieldProblem]:
    if not isinstance(parameters, Mapping):
        return [FieldProblem("/http/parameters", 'give them as {"name": "place"}')]
    problems = []
    for name, place in parameters.items():
        try:
            Place.of(name, place)
        except ValueError as error:
            problems.append(FieldProblem(f"/http/parameters/{name}", str(error)))
    return problems


def _names_in_path(parameters: Any) -> set[str]:
    """What placeholders may be called whose arguments are called otherwise."""
    given = parameters.values() if isinstance(parameters, Mapping) else ()
    return {str(one["name"]) for one in given if isinstance(one, Mapping) and "name" in one}


def _body(given: Any) -> list[FieldProblem]:
    try:
        Body.of(given)
    except ValueError as error:
        return [FieldProblem("/http/body", str(error))]
    return []


def _hosts(given: Any) -> list[FieldProblem]:
    """Where redirects may lead: plain names or addresses, as they stand in addresses."""
    fits = isinstance(given, (list, tuple)) and all(
        isinstance(one, str) and _HOST.fullmatch(one) for one in given
    )
    if fits:
        return []
    return [
        FieldProblem("/http/hosts", 'give a list of hosts in small letters, without ports: ["cdn.example"]')
    ]


def _selector(given: Any) -> list[FieldProblem]:
    if given is None:
        return []
    try:
        jmespath.compile(given)
    except (jmespath.exceptions.JMESPathError, TypeError) as error:
        return [FieldProblem("/http/select", f"no JMESPath expression: {str(error)[:200]}")]
    return []


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
