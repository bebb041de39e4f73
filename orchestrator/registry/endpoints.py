"""Whether an endpoint's record can be called at all, and adding it; every fault is named with its field."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol

from orchestrator.errors import FieldProblem, Invalid
from orchestrator.registry.checks import url_problems
from tools.adapters.model_endpoint import CHAT, INFER, operation_of
from tools.auth import faults
from tools.endpoints import record
from tools.endpoints.record import Endpoint
from tools.errors import ToolError
from tools.spec import Kind, Price, Tool

NAME = re.compile(r"[a-z][a-z0-9_.-]{0,63}")


class Store(Protocol):
    """Where endpoints are kept."""

    async def all(self) -> Sequence[Endpoint]:
        """By name."""
        ...

    async def find(self, name: str) -> Endpoint | None:
        """The endpoint of that name."""
        ...

    async def add(self, endpoint: Endpoint, *, replace: bool = False) -> None:
        """Raises `Conflict`, with `replace` `NotFound`."""
        ...


class Addresses(Protocol):
    """The guard of the network."""

    def check(self, url: str) -> None:
        """Raises `ToolError` for an address that may not be called."""
        ...


async def register(endpoint: Endpoint, *, store: Store, net: Addresses, change: bool = False) -> None:
    """Keep an endpoint, new or changed. Raises `Invalid`, `Conflict`, `NotFound`."""
    known = {one.name for one in await store.all()} | {endpoint.name}
    problems = [*_names(endpoint), *_auth(endpoint), *_replicas(endpoint, net), *_fallbacks(endpoint, known)]
    if problems:
        what = "; ".join(f"{problem.path}: {problem.detail}" for problem in problems[:3])
        raise Invalid(f"The endpoint cannot be registered: {what}", problems=problems)
    await store.add(endpoint, replace=change)


async def bound(tool: Tool, store: Store) -> Tool:
    """The tool, with the price of the endpoint's model where it states none of its own.

    Raises `Invalid` for an endpoint or a model that there is not.
    """
    name, model = tool.binding.get("endpoint"), tool.binding.get("model")
    if tool.kind is not Kind.MODEL or name is None:
        return tool
    endpoint = await store.find(str(name))
    if endpoint is None:
        raise _wrong("endpoint", f"there is no endpoint {name!r}; add it with POST /v1/endpoints")
    offered = [one.name for one in endpoint.models]
    if offered and model not in offered:
        raise _wrong("model", f"{name} has no model {model!r}; it has {', '.join(offered[:20])}")
    operation = operation_of(tool, endpoint)
    if (operation == INFER) != (endpoint.protocol is record.Protocol.KSERVE):
        raise _wrong("operation", f"{name} speaks {endpoint.protocol}, which has no {operation}")
    if operation == CHAT and not tool.binding.get("prompt"):
        raise _wrong("prompt", "must be given")
    price = endpoint.price_of(str(model))
    return replace(tool, price=price) if tool.price == Price() else tool


def _wrong(field: str, detail: str) -> Invalid:
    problem = FieldProblem(f"/model/{field}", detail)
    return Invalid(f"The tool cannot be registered: {problem.path}: {detail}", problems=[problem])


def _names(endpoint: Endpoint) -> list[FieldProblem]:
    problems = []
    if not NAME.fullmatch(endpoint.name):
        detail = "use a small letter, then small letters, digits, _, - and ., at most 64"
        problems.append(FieldProblem("/name", detail))
    for field, names in (
        ("models", [model.name for model in endpoint.models]),
        ("replicas", [one.base_url for one in endpoint.replicas]),
    ):
        if len(set(names)) < len(names):
            problems.append(FieldProblem(f"/{field}", "the same one is named twice"))
    return problems


def _auth(endpoint: Endpoint) -> list[FieldProblem]:
    """As that of a tool; addresses of model servers have no place for secrets in a query."""
    problems = [FieldProblem(f"/auth{path}", detail) for path, detail in faults(endpoint.auth)]
    return problems + [
        FieldProblem(f"/auth/{way}", "secrets of endpoints go into headers or cookies")
        for way in endpoint.auth
        if way.startswith("query:")
    ]


def _replicas(endpoint: Endpoint, net: Addresses) -> list[FieldProblem]:
    problems = []
    for number, replica in enumerate(endpoint.replicas):
        for field, url in (("base_url", replica.base_url), ("metrics_url", replica.metrics_url)):
            if url is None:
                continue
            path = f"/replicas/{number}/{field}"
            wrong = url_problems(url, path)
            problems += wrong or _forbidden(url, path, net)
    return problems


def _forbidden(url: str, path: str, net: Addresses) -> list[FieldProblem]:
    try:
        net.check(url)
    except ToolError as error:
        return [FieldProblem(path, str(error))]
    return []


def _fallbacks(endpoint: Endpoint, known: set[str]) -> list[FieldProblem]:
    problems = []
    for number, fallback in enumerate(endpoint.fallbacks):
        path = f"/fallbacks/{number}/endpoint"
        if fallback.endpoint not in known:
            problems.append(FieldProblem(path, f"there is no endpoint {fallback.endpoint!r}"))
        elif fallback.endpoint == endpoint.name and fallback.model is None:
            problems.append(FieldProblem(path, "an endpoint cannot stand in for itself with the same model"))
    return problems
