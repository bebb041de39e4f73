"""What a tool's auth may say."""

from typing import Any

import pytest

from tools.auth import faults, secret_names
from tools.spec import Kind, Tool

OAUTH2 = {"token_url": "https://id.example/token", "client_id": "id", "client_secret": "key"}
SIGNED = {"token_url": "https://id.example/token", "client_id": "id", "private_key": "pem"}


def tool(kind: Kind = Kind.HTTP, auth: Any = None, **binding: Any) -> Tool:
    return Tool("t", "T.", kind, {"type": "object"}, {"type": "object"}, auth=auth or {}, binding=binding)


@pytest.mark.parametrize(
    ("auth", "names"),
    [
        ({}, ()),
        ({"bearer": "a"}, ("a",)),
        ({"basic": "a"}, ("a",)),
        ({"basic": {"user": "ann", "password": "a"}}, ("a",)),
        ({"header:X-Api-Key": "a", "query:key": "b", "cookie:sid": "a"}, ("a", "b")),
        ({"oauth2": OAUTH2 | {"scope": "read write", "send": "body"}}, ("id", "key")),
        ({"oauth2": SIGNED | {"algorithm": "PS256", "key_id": "k1", "audience": "https://a"}}, ("id", "pem")),
    ],
)
def test_each_way_names_its_secrets(auth: Any, names: tuple[str, ...]) -> None:
    assert faults(auth) == []
    assert secret_names(tool(auth=auth)) == names


def test_a_model_names_the_secret_of_its_key() -> None:
    assert secret_names(tool(Kind.MODEL, api_key_secret="a")) == ("a",)


@pytest.mark.parametrize(
    ("auth", "pointer"),
    [
        ({"digest": "a"}, "/digest"),
        ({"bearer": {"token": "a"}}, "/bearer"),
        ({"bearer": "sk-Live/123"}, "/bearer"),
        ({"basic": {"user": "ann"}}, "/basic/password"),
        ({"basic": {"user": "a:b", "password": "p"}}, "/basic/user"),
        ({"basic": {"user": "ann", "password": "p", "realm": "x"}}, "/basic/realm"),
        ({"header:": "a"}, "/header:"),
        ({"header:X Y": "a"}, "/header:X Y"),
        ({"cookie:a/b": "a"}, "/cookie:a~1b"),
        ({"oauth2": {"token_url": "https://id.example"}}, "/oauth2/client_id"),
        ({"oauth2": {"token_url": "https://id.example", "client_id": "id"}}, "/oauth2/client_secret"),
        ({"oauth2": OAUTH2 | {"private_key": "pem"}}, "/oauth2/client_secret"),
        ({"oauth2": OAUTH2 | {"key_id": "k1"}}, "/oauth2/key_id"),
        ({"oauth2": SIGNED | {"send": "body"}}, "/oauth2/send"),
        ({"oauth2": SIGNED | {"algorithm": "none"}}, "/oauth2/algorithm"),
        ({"oauth2": SIGNED | {"algorithm": "HS256"}}, "/oauth2/algorithm"),
        ({"oauth2": OAUTH2 | {"send": "smoke"}}, "/oauth2/send"),
        ({"oauth2": OAUTH2 | {"scope": "a\nb"}}, "/oauth2/scope"),
        ({"bearer": "a", "basic": "b"}, ""),
        ({"bearer": "a", "header:Authorization": "b"}, ""),
    ],
)
def test_what_cannot_work_is_named(auth: Any, pointer: str) -> None:
    assert pointer in [where for where, _ in faults(auth)]
