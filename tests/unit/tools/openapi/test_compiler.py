"""Whole documents: names, words, servers, security, choices, and what is told of them."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from tests.unit.tools.openapi.small import answer, compile_documents, document, one
from tools.auth import SECRET_NAME
from tools.openapi.compiler import NOWHERE, Choice
from tools.spec import MEDIA_TYPES, Effect

PETS = {
    "/pets": {"get": {"operationId": "listPets", "tags": ["Pets"]}, "post": {"operationId": "addPet"}},
    "/pets/{id}": {"delete": {"tags": ["Admin"]}},
    "/users": {"get": {"operationId": "users/list-all"}},
}


def names(**options: Any) -> list[str]:
    return [tool.name for tool in compile_documents(document(PETS), **options).tools]


def test_names_follow_ids_or_paths_and_take_a_prefix() -> None:
    assert names() == ["list_pets", "add_pet", "delete_pets_by_id", "users_list_all"]
    assert names(prefix="shop") == [
        "shop_list_pets",
        "shop_add_pet",
        "shop_delete_pets_by_id",
        "shop_users_list_all",
    ]


def test_names_are_unique_and_not_too_long() -> None:
    paths = {f"/{n}": {"get": {"operationId": "list " * 30 + str(n)}} for n in range(3)}
    made = [tool.name for tool in compile_documents(document(paths)).tools]
    assert len(set(made)) == 3
    assert max(map(len, made)) == 64
    twice = {"/a": {"get": {"operationId": "x"}}, "/b": {"get": {"operationId": "X"}}}
    assert [tool.name for tool in compile_documents(document(twice)).tools] == ["x", "x_2"]


@pytest.mark.parametrize(
    ("include", "exclude", "left"),
    [
        (Choice(tags=("pets",)), Choice(), ["list_pets"]),
        (Choice(paths=("/pets*",)), Choice(methods=("POST",)), ["list_pets", "delete_pets_by_id"]),
        (Choice(paths=("/pets*",), methods=("get",)), Choice(), ["list_pets"]),
        (Choice(operations=("addPet",)), Choice(), ["add_pet"]),
        (Choice(), Choice(tags=("admin",), paths=("/users",)), ["list_pets", "add_pet"]),
    ],
)
def test_operations_are_chosen_by_tag_path_method_and_id(
    include: Choice, exclude: Choice, left: list[str]
) -> None:
    assert names(include=include, exclude=exclude) == left


@pytest.mark.parametrize(
    ("method", "effect"),
    [
        ("get", Effect.READ),
        ("head", Effect.READ),
        ("put", Effect.IDEMPOTENT),
        ("delete", Effect.IDEMPOTENT),
        ("post", Effect.ONCE),
        ("patch", Effect.ONCE),
    ],
)
def test_the_method_tells_the_effect(method: str, effect: Effect) -> None:
    assert one({}, method=method).effect is effect


def test_words_are_taken_over() -> None:
    tool = one(
        {
            "description": "Lists **all** pets of the shop, e.g. cats. Pages of 20.",
            "deprecated": True,
            "tags": ["Pets"],
            "responses": {"404": {"description": "No such\nshop."}, "200": {"description": "ok"}},
        }
    )
    assert tool.summary == "Lists **all** pets of the shop, e.g."
    assert tool.description.startswith("Deprecated:")
    assert tool.tags == ("Pets", "openapi:pets")
    assert tool.docs.errors == ("404: No such shop.",)


def server(*urls: Any, **options: Any) -> str:
    root = document(
        {"/x": {"get": {}}}, servers=[one if isinstance(one, dict) else {"url": one} for one in urls]
    )
    return str(compile_documents(root, **options).tools[0].binding["url"])


def test_servers_are_filled_in() -> None:
    variables = {"region": {"default": "eu"}, "port": {"enum": ["8443"]}}
    assert server({"url": "https://{region}.pets.example:{port}/v1/", "variables": variables}) == (
        "https://eu.pets.example:8443/v1/x"
    )
    assert server("http://a.example", "https://b.example") == "https://b.example/x"
    assert server("https://a.example", server="https://mine.example/api/") == "https://mine.example/api/x"


def test_a_document_without_a_server_says_so() -> None:
    assert server("/v1").startswith(NOWHERE)
    assert server("https://{tenant}.example").startswith(NOWHERE)


def test_redirects_stay_with_the_servers_but_where_the_document_has_some() -> None:
    moved = {"get": {"responses": {"302": {"description": "It lies elsewhere."}}}}
    unchanged = {"304": {"description": "As it was."}}
    own = {"get": {"servers": [{"url": "https://files.example"}], "responses": unchanged}}
    servers = [{"url": f"https://{name}"} for name in ("B.example:8443/v1", "a.example", "[::1]/v1")]
    made = compile_documents(document({"/x": {"get": {}}, "/moved": moved, "/own": own}, servers=servers))
    hosts = [tool.binding.get("hosts") for tool in made.tools]
    assert hosts == [["::1", "a.example", "b.example"], None, ["files.example"]]
    nowhere = compile_documents(document({"/x": {"get": {}}}, servers=[{"url": "/v1"}]))
    assert "hosts" not in nowhere.tools[0].binding


SCHEMES = {
    "key": {"type": "apiKey", "in": "header", "name": "X-Key"},
    "query": {"type": "apiKey", "in": "query", "name": "key"},
    "cookie": {"type": "apiKey", "in": "cookie", "name": "sid"},
    "basic": {"type": "http", "scheme": "Basic"},
    "token": {"type": "http", "scheme": "bearer"},
    "oauth": {"type": "oauth2", "flows": {}},
    "machine": {"type": "oauth2", "flows": {"clientCredentials": {"tokenUrl": "https://a.example/token"}}},
    "relative": {"type": "oauth2", "flows": {"clientCredentials": {"tokenUrl": "/token"}}},
    "hostile": {"type": "apiKey", "in": "header", "name": "X-Key: 1"},
    "tls": {"type": "mutualTLS"},
}


def auth(security: list[dict[str, Any]] | None, **options: Any) -> dict[str, Any]:
    operation = {} if security is None else {"security": security}
    root = document(
        {"/x": {"get": operation}}, components={"securitySchemes": SCHEMES}, security=[{"token": []}]
    )
    return dict(compile_documents(root, **options).tools[0].auth)


def test_security_schemes_become_references_to_secrets() -> None:
    assert auth(None) == {"bearer": "pets_token"}
    assert auth([{"key": []}]) == {"header:X-Key": "pets_key"}
    assert auth([{"query": [], "cookie": []}]) == {"query:key": "pets_query", "cookie:sid": "pets_cookie"}
    assert auth([{"basic": []}], prefix="shop") == {"basic": "shop_basic"}
    assert auth([{"oauth": ["read"]}], auth={"oauth": "my_token"}) == {"bearer": "my_token"}


def test_client_credentials_get_a_token_for_the_scopes_of_the_operation() -> None:
    made = {"token_url": "https://a.example/token", "client_id": "pets_machine_client_id"}
    made["client_secret"] = "pets_machine_client_secret"
    assert auth([{"machine": []}]) == {"oauth2": made}
    assert auth([{"machine": ["read", "write"]}]) == {"oauth2": made | {"scope": "read write"}}
    names = {"machine.client_id": "my_id", "machine.client_secret": "my_key"}
    mine = made | {"client_id": "my_id", "client_secret": "my_key"}
    assert auth([{"key": []}, {"machine": []}], auth=names) == {"oauth2": mine}
    assert auth([{"machine": []}], auth={"machine": "my_token"}) == {"bearer": "my_token"}
    assert auth([{"relative": []}]) == {"bearer": "pets_relative"}


def test_what_a_call_cannot_carry_is_left_out() -> None:
    assert auth([{"token": [], "basic": []}]) == {}
    assert auth([{"token": [], "oauth": []}]) == {}
    assert auth([{"hostile": []}]) == {}
    assert auth([{"hostile": []}, {"key": []}]) == {"header:X-Key": "pets_key"}


def test_every_secret_that_is_needed_has_a_name_that_may_be_set() -> None:
    root = document({"/x": {"get": {}}}, components={"securitySchemes": SCHEMES})
    root["info"]["title"] = "3 scales"
    secrets = compile_documents(root).secrets
    assert secrets["machine.client_secret"] == "api_3_scales_machine_client_secret"
    assert all(SECRET_NAME.fullmatch(name) for name in secrets.values())
    assert "hostile" not in secrets


def test_of_alternatives_the_named_one_is_taken_and_none_where_none_is_needed() -> None:
    either: list[dict[str, Any]] = [{"tls": []}, {"key": []}, {"oauth": []}]
    assert auth(either) == {"header:X-Key": "pets_key"}
    assert auth(either, auth={"oauth": "mine"}) == {"bearer": "mine"}
    assert auth([{}, {"key": []}]) == {}
    assert auth([]) == {}


def test_an_object_is_told_as_it_is_and_other_json_as_result() -> None:
    assert answer({"type": "object", "properties": {"a": {}}})["properties"] == {"a": {}}
    assert answer({"type": "array", "items": {}})["properties"] == {"result": {"type": "array", "items": {}}}
    assert answer({}) == {"type": "object"}
    assert "oneOf" in answer({"oneOf": [{"type": "object", "required": ["a"]}, {"type": "object"}]})


def test_what_is_no_json_is_a_file() -> None:
    made = answer({"type": "string"}, kind="image/png")
    assert made["properties"]["file"][MEDIA_TYPES] == ["image/png"]


def test_several_answers_are_told_as_one() -> None:
    pet = {
        "type": "object",
        "properties": {"id": {"type": "integer"}, "name": {}},
        "required": ["id", "name"],
    }
    other = {"type": "object", "properties": {"id": {"type": "string"}}, "required": ["id"]}
    made = answer(pet, other)
    assert made["properties"]["id"] == {"anyOf": [{"type": "integer"}, {"type": "string"}]}
    assert made["required"] == ["id"]


def test_pages_are_recognised() -> None:
    given: list[Any] = [{"name": name, "in": "query", "schema": {}} for name in ("page", "per_page")]
    tool = one({"parameters": given})
    assert tool.binding["pagination"] == {"style": "page", "argument": "page", "size": "per_page"}


def test_quality_says_what_is_missing_and_duplicates_are_named() -> None:
    made = compile_documents(document({"/a/{x}": {"get": {}}, "/a/{y}": {"get": {"summary": "Gets an a."}}}))
    assert 0 < made.quality["score"] < 1
    whats = {one["what"]: one for one in made.quality["missing"]}
    assert whats["no operationId: the name of the tool follows from the path"]["count"] == 2
    assert made.duplicates == [("get_a_by_y", "get_a_by_x")]


def test_one_bad_operation_keeps_none_of_the_others_out() -> None:
    made = compile_documents(
        document(
            {"/a": {"get": {"$ref": "#/nowhere"}, "trace": {}, "post": 7}, "/b": {"get": {}}, "/c": None}
        )
    )
    assert [tool.name for tool in made.tools] == ["get_b"]
    assert [operation for operation, _ in made.skipped] == ["GET /a", "TRACE /a", "POST /a"]


def test_methods_of_3_2_are_read() -> None:
    paths = {"/a": {"query": {"summary": "Asks."}, "additionalOperations": {"COPY": {}}}}
    made = compile_documents(document(paths, version="3.2.0"))
    assert [(tool.binding["method"], tool.effect) for tool in made.tools] == [("QUERY", Effect.READ)]
    assert made.skipped[0][0] == "COPY /a"


def test_swagger_2_names_its_token_server_too() -> None:
    scheme = {"type": "oauth2", "flow": "application", "tokenUrl": "https://a.example/token", "scopes": {}}
    root: dict[str, Any]
    root = {"swagger": "2.0", "info": {"title": "Old"}, "host": "old.example", "paths": {"/x": {"get": {}}}}
    root |= {"securityDefinitions": {"m": scheme}, "security": [{"m": ["read"]}]}
    auth: dict[str, Any] = dict(compile_documents(root).tools[0].auth)
    assert auth["oauth2"]["token_url"] == "https://a.example/token"


def test_swagger_2_is_read_as_3() -> None:
    root = {
        "swagger": "2.0",
        "info": {"title": "Old"},
        "host": "old.example",
        "basePath": "/v2",
        "schemes": ["http", "https"],
        "consumes": ["application/json"],
        "securityDefinitions": {"b": {"type": "basic"}},
        "security": [{"b": []}],
        "definitions": {
            "Pet": {"type": "object", "properties": {"a": {"type": "string", "x-nullable": True}}}
        },
        "paths": {
            "/pets": {
                "post": {
                    "parameters": [
                        {
                            "name": "pet",
                            "in": "body",
                            "required": True,
                            "schema": {"$ref": "#/definitions/Pet"},
                        },
                        {
                            "name": "ids",
                            "in": "query",
                            "type": "array",
                            "items": {"type": "integer"},
                            "collectionFormat": "pipes",
                        },
                        {
                            "name": "all",
                            "in": "query",
                            "type": "array",
                            "items": {"type": "string"},
                            "collectionFormat": "multi",
                        },
                    ],
                    "responses": {"200": {"description": "ok", "schema": {"$ref": "#/definitions/Pet"}}},
                }
            },
            "/upload": {
                "post": {
                    "consumes": ["multipart/form-data"],
                    "parameters": [
                        {"name": "file", "in": "formData", "type": "file", "required": True},
                        {"name": "note", "in": "formData", "type": "string"},
                    ],
                    "responses": {"200": {"description": "ok", "schema": {"type": "file"}}},
                }
            },
        },
    }
    pets, upload = compile_documents(root).tools
    assert pets.binding["url"] == "https://old.example/v2/pets"
    assert pets.auth == {"basic": "old_b"}
    assert pets.input_schema["properties"]["a"] == {"type": ["string", "null"]}
    assert pets.binding["parameters"]["ids"]["style"] == "pipeDelimited"
    assert pets.binding["parameters"]["all"]["explode"] is True
    assert pets.output_schema["properties"] == {"a": {"type": ["string", "null"]}}
    assert upload.binding["body"]["media_type"] == "multipart/form-data"
    assert MEDIA_TYPES in upload.input_schema["properties"]["file"]
    assert MEDIA_TYPES in upload.output_schema["properties"]["file"]


JUNK: list[Any] = [
    None,
    True,
    1.5,
    "",
    "x",
    [],
    [None],
    {},
    {"$ref": ""},
    {"$ref": "http://["},
    {"type": {}},
    {"allOf": {}},
]


@pytest.mark.parametrize("junk", JUNK, ids=str)
def test_junk_in_any_place_is_skipped_or_left_out(junk: Any) -> None:
    def root() -> dict[str, Any]:
        media = {
            "schema": {
                "type": "object",
                "properties": {"a": {"$ref": "#/components/schemas/A"}},
                "required": ["a"],
            }
        }
        operation = {
            "operationId": "x",
            "summary": "X.",
            "tags": ["t"],
            "security": [{"key": []}],
            "servers": [{"url": "/{v}", "variables": {"v": {"default": "1"}}}],
            "parameters": [
                {
                    "name": "q",
                    "in": "query",
                    "style": "form",
                    "explode": True,
                    "schema": {"type": "array", "items": {}},
                }
            ],
            "requestBody": {
                "content": {"multipart/form-data": media | {"encoding": {"a": {"style": "form"}}}}
            },
            "responses": {
                "200": {"description": "ok", "content": {"application/json": media}},
                "404": {"description": "no"},
            },
        }
        components = {
            "schemas": {"A": {"oneOf": [{"type": "string"}]}},
            "securitySchemes": {"key": SCHEMES["key"]},
        }
        return document({"/x/{id}": {"post": operation}, "/y": {"get": {}}}, components=components)

    for path in places(root()):
        changed = copy.deepcopy(root())
        holder: Any = changed
        for key in path[:-1]:
            holder = holder[key]
        holder[path[-1]] = copy.deepcopy(junk)
        compile_documents(changed)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [found for key, one in items for found in ((*path, key), *places(one, (*path, key)))]
