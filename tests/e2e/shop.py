"""A small API with an OpenAPI document of it: stock that anybody may see, orders that take a bearer token."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

#: What the orders ask for.
TOKEN = "sesame-3141592653"
STOCK = {"lamp": 40, "chair": 12}


def answer(address: str, headers: Any) -> tuple[int, dict[str, Any]]:
    """Status and JSON for a path below /shop; `headers` are those of the request."""
    url = urlsplit(address)
    match url.path:
        case "/shop/openapi.json":
            return 200, document(f"http://{headers['Host']}/shop")
        case "/shop/stock":
            item = parse_qs(url.query).get("item", [""])[0]
            if item in STOCK:
                return 200, {"item": item, "left": STOCK[item]}
        case "/shop/orders":
            if headers.get("Authorization") != f"Bearer {TOKEN}":
                return 401, {"error": "who are you?"}
            rows = [{"id": 7, "item": "lamp", "paid": True}, {"id": 8, "item": "chair", "paid": False}]
            return 200, {"orders": rows}
    return 404, {"error": "nothing is here"}


def document(server: str, *, older: bool = False) -> dict[str, Any]:
    """OpenAPI 3.1; the `older` one tells less of the stock and has no orders."""
    stock: dict[str, Any] = _operation(
        "getStock",
        "Tell how many of an item are left.",
        {"item": {"type": "string"}, "left": {"type": "integer"}},
        parameters=[
            {
                "name": "item",
                "in": "query",
                "required": True,
                "description": "What is asked for.",
                "schema": {"type": "string", "enum": sorted(STOCK)},
            }
        ],
    )
    orders = _operation(
        "listOrders", "List the orders of the shop.", {"orders": {"type": "array"}}, security=[{"token": []}]
    )
    paths: dict[str, Any] = {"/stock": {"get": stock}, "/orders": {"get": orders}}
    if older:
        stock["summary"] = "Stock."
        del paths["/orders"]
    return {
        "openapi": "3.1.0",
        "info": {"title": "Shop", "version": "1"},
        "servers": [{"url": server}],
        "paths": paths | {"/report": {"post": _xml()}},
        "components": {"securitySchemes": {"token": {"type": "http", "scheme": "bearer"}}},
    }


def _operation(name: str, summary: str, fields: dict[str, Any], **more: Any) -> dict[str, Any]:
    schema = {"type": "object", "properties": fields}
    content = {"application/json": {"schema": schema}}
    return {
        "operationId": name,
        "summary": summary,
        "responses": {"200": {"description": "as asked", "content": content}},
        **more,
    }


def _xml() -> dict[str, Any]:
    """One that cannot become a tool: its body refers to what there is not."""
    body = {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Nowhere"}}}}
    return {"operationId": "sendReport", "requestBody": body, "responses": {"200": {"description": "ok"}}}
