"""The arguments of an operation: its parameters and the fields of its body, each with its place."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

from tools.adapters.http_styles import STYLES
from tools.auth import TOKEN
from tools.openapi.bodies import BodyReader
from tools.openapi.documents import Documents, Lost, Node, is_true
from tools.openapi.inputs import Arguments
from tools.openapi.operation import Operation
from tools.openapi.schemas import Schemas
from tools.openapi.swagger import FORM

#: Headers that the call itself decides on (OpenAPI: "shall be ignored"), or that are always sent.
_OURS = frozenset(
    {"accept", "content-type", "authorization", "idempotency-key", "traceparent", "content-length"}
)
_PLACES = ("path", "query", "header", "cookie")
_STYLES = {"path": "simple", "query": "form", "header": "simple", "cookie": "form"}
_PLACEHOLDER = re.compile(r"\{([^{}]+)\}")


class ArgumentReader:
    """Reads the arguments of operations. Raises `Lost` where a reference leads nowhere."""

    def __init__(self, documents: Documents, schemas: Schemas) -> None:
        self._documents = documents
        self._schemas = schemas
        self._bodies = BodyReader(documents, schemas)

    def read(self, operation: Operation) -> Arguments:
        """All arguments; where two have one name, those outside the body are named by their place."""
        made = Arguments()
        parameters = [one for one in operation.parameters if _usable(one, made)]
        body = self._bodies.read(operation)
        counts = Counter(str(one.get("name")) for one in parameters)
        counts.update(body.properties.keys() if body else ())
        for one in parameters:
            self._add(made, one, clash=counts[str(one.get("name"))] > 1)
        _complete_path(made, operation)
        if body is not None:
            body.add_to(made)
        return made

    def _add(self, made: Arguments, node: Node, *, clash: bool) -> None:
        name, where = str(node.get("name")), str(node.get("in"))
        argument = f"{name}__{where}" if clash else name
        content = _content(node)
        translated = self._schemas.translate(content or node.at("schema"))
        made.needs |= translated.needs
        schema = {} if translated.schema is True else translated.schema
        said = node.get("description")
        if isinstance(schema, dict) and isinstance(said, str) and said.strip():
            schema = {**schema, "description": said.strip()}
        made.properties[argument] = schema
        if where == "path" or is_true(node.get("required")):
            made.required.append(argument)
        made.parameters[argument] = _place(node, name, where, content is not None)


def _usable(node: Node, made: Arguments) -> bool:
    name, where = node.get("name"), node.get("in")
    if not isinstance(name, str) or not name:
        made.notes.append("a parameter without a name is left out")
        return False
    if where == "querystring" and _query_kind(node) != FORM:  # OpenAPI 3.2: the whole query as one value
        if is_true(node.get("required")):
            raise Lost(f"its query is written as {_query_kind(node) or 'nothing'} as a whole: not supported")
        made.notes.append(f"the parameter {name} is the whole query string, which is not supported")
        return False
    if where not in (*_PLACES, "querystring"):
        made.notes.append(f"the parameter {name} is in {where!r}, which is no place")
        return False
    if where in ("header", "cookie") and not TOKEN.fullmatch(name):
        if is_true(node.get("required")):
            raise Lost(f"it requires the {where} {name!r}, which no request can have")
        made.notes.append(f"{name!r} is no name of a {where}, and left out")
        return False
    if where == "header" and name.lower() in _OURS:
        made.keyed = made.keyed or name.lower() == "idempotency-key"
        return False
    return True


def _query_kind(node: Node) -> str:
    content = node.at("content").value
    return str(next(iter(content), "")).partition(";")[0].strip() if isinstance(content, dict) else ""


def _content(node: Node) -> Node | None:
    """The schema of a parameter that is written by a media type."""
    content = node.at("content")
    if not isinstance(content.value, dict) or not content.value:
        return None
    return content.at(next(iter(content.value))).at("schema")


def _place(node: Node, name: str, where: str, by_content: bool) -> dict[str, Any]:
    if where == "querystring":  # its fields are parameters of their own
        return {"in": "query", "name": name, "style": "form", "explode": True}
    made: dict[str, Any] = {"in": where, "name": name}
    if by_content:
        return made | {"content": str(next(iter(node.get("content"))))}
    style = node.get("style")
    style = style if isinstance(style, str) and style in STYLES else _STYLES[where]
    made["style"] = style
    explode = {"true": True, "false": False}.get(str(node.get("explode")).lower())
    made["explode"] = style in ("form", "cookie", "deepObject") if explode is None else explode
    if is_true(node.get("allowReserved")):
        made["allowReserved"] = True
    return made


def _complete_path(made: Arguments, operation: Operation) -> None:
    """Placeholders that nobody declared are text; declared ones that the path does not have are dropped."""
    named = list(dict.fromkeys(_PLACEHOLDER.findall(operation.path)))
    for argument, place in list(made.parameters.items()):
        if place["in"] == "path" and place["name"] not in named:
            del made.parameters[argument], made.properties[argument]
            made.required.remove(argument)
            made.notes.append(f"the path has no {{{place['name']}}}")
    known = {place["name"] for place in made.parameters.values() if place["in"] == "path"}
    for name in named:
        if name not in known:
            argument = name if name not in made.properties else f"{name}__path"
            made.properties[argument] = {"type": "string"}
            made.required.append(argument)
            made.parameters[argument] = {"in": "path", "name": name, "style": "simple", "explode": False}
            made.notes.append(f"{{{name}}} of the path is not described")
