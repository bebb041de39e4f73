"""What a tool's `auth` may say: how calls prove who they are, by names of secrets and never by values.

`{"bearer": SECRET}` sends `Authorization: Bearer …`. `{"basic": SECRET}` takes the secret as
user:password, `{"basic": {"user": "ann", "password": SECRET}}` the password alone.
`{"header:X-Api-Key": SECRET}`, `{"query:key": SECRET}` and `{"cookie:session": SECRET}` put the secret
into that place. `{"oauth2": {"token_url": "https://…", "client_id": SECRET, "client_secret": SECRET,
"scope": "read write", "send": "header" or "body", "resource": "https://…"}}` gets an access token by client
credentials (RFC 6749, 4.4) and sends it as a bearer; `send` says how the client proves itself to the token
server, `resource` for whom the token shall be (RFC 8707). With "private_key": SECRET in place of
"client_secret" the client signs each request (`private_key_jwt`, RFC 7523); "algorithm", "key_id" and
"audience" say how, by which key of its own, and for whom, where that is not the token server's address.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from tools.spec import Kind, Tool

SECRET_NAME = re.compile(r"[a-z][a-z0-9_.-]{0,63}")
PLACES = ("header", "query", "cookie")
#: Fields of an object under `auth`: those that name secrets, and those that are plain text.
_SECRETS_OF = {"basic": ("password",), "oauth2": ("client_id", "client_secret", "private_key")}
_PLAIN_OF = {
    "basic": ("user",),
    "oauth2": ("token_url", "scope", "send", "resource", "algorithm", "key_id", "audience"),
}
_NEEDED_OF = {"basic": ("user", "password"), "oauth2": ("token_url", "client_id")}
#: How a client proves itself: by one of these.
_PROOFS = ("client_secret", "private_key")
#: What only a client that signs has.
_OF_SIGNING = ("algorithm", "key_id", "audience")
#: How signatures are made, which a key may narrow down.
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
#: A token (RFC 9110, 5.6.2): names of headers and of cookies.
TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
#: The ways that write the header Authorization, of which there is one.
_AUTHORIZATION = ("bearer", "basic", "oauth2", "header:authorization")


def secret_names(tool: Tool) -> tuple[str, ...]:
    """The names of the secrets that calls of the tool need, each once."""
    names = [*secrets_of(tool.auth)]
    if tool.kind is Kind.MODEL and isinstance(tool.binding.get("api_key_secret"), str):
        names.append(tool.binding["api_key_secret"])
    return tuple(dict.fromkeys(names))


def secrets_of(auth: Mapping[str, Any]) -> tuple[str, ...]:
    """The names of the secrets that an `auth` names, each once."""
    return tuple(dict.fromkeys(name for _, name in _named(auth)))


def _named(auth: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Each place where a secret is named, as a JSON pointer below `auth`, with the name."""
    for way, given in auth.items():
        pointer = "/" + way.replace("~", "~0").replace("/", "~1")
        if isinstance(given, str):
            yield pointer, given
        else:
            fields = _SECRETS_OF.get(way, ())
            yield from ((f"{pointer}/{field}", given[field]) for field in fields if field in given)


def faults(auth: Mapping[str, Any], *, optional: Collection[str] = ()) -> list[tuple[str, str]]:
    """What is wrong with it: JSON pointers below `auth`, each with a sentence.

    `optional` are fields of objects that may be missing here though a call needs them.
    """
    found = [fault for way, given in auth.items() for fault in _faults_of(way, given, optional)]
    found += [
        (pointer, f"{name!r} is no name of a secret: use small letters, digits and _ . -, at most 64")
        for pointer, name in _named(auth)
        if not SECRET_NAME.fullmatch(name)
    ]
    twice = [way for way in auth if way.lower() in _AUTHORIZATION]
    if len(twice) > 1:
        found.append(("", f"{' and '.join(twice)} write the same header: give one of them"))
    return found


def _faults_of(way: str, given: str | Mapping[str, str], optional: Collection[str]) -> list[tuple[str, str]]:
    place, _, name = way.partition(":")
    pointer = "/" + way.replace("~", "~0").replace("/", "~1")
    if isinstance(given, str):
        if way in ("bearer", "basic"):
            return []
        if place in PLACES and name:
            good = place == "query" or TOKEN.fullmatch(name)
            return [] if good else [(pointer, f"{name!r} is no name of a {place}")]
    elif way in _SECRETS_OF:
        return _faults_of_fields(pointer, way, given, optional)
    detail = (
        "unknown: use bearer, basic, oauth2, header:NAME, query:NAME or cookie:NAME with the name of a secret"
    )
    return [(pointer, detail)]


def _faults_of_fields(
    pointer: str, way: str, given: Mapping[str, str], optional: Collection[str]
) -> list[tuple[str, str]]:
    known = (*_SECRETS_OF[way], *_PLAIN_OF[way])
    found = [(f"{pointer}/{field}", "unknown field") for field in given if field not in known]
    found += [
        (f"{pointer}/{field}", "must be given")
        for field in _NEEDED_OF[way]
        if not given.get(field) and field not in optional
    ]
    found += [
        (f"{pointer}/{field}", "plain text on one line")
        for field in _PLAIN_OF[way]
        if not given.get(field, "").isprintable()
    ]
    if ":" in given.get("user", ""):
        found.append((f"{pointer}/user", "a user name has no colon in it"))
    if given.get("send", "header") not in ("header", "body"):
        found.append((f"{pointer}/send", "use header or body"))
    if way == "oauth2":
        found += _faults_of_proof(pointer, given)
    return found


def _faults_of_proof(pointer: str, given: Mapping[str, str]) -> list[tuple[str, str]]:
    proofs = [field for field in _PROOFS if given.get(field)]
    if len(proofs) != 1:
        return [(f"{pointer}/client_secret", "give client_secret or private_key, and not both")]
    if proofs == ["client_secret"]:
        return [(f"{pointer}/{one}", "goes with private_key") for one in _OF_SIGNING if given.get(one)]
    found = [(f"{pointer}/send", "a client that signs sends no secret")] if given.get("send") else []
    if given.get("algorithm") and given["algorithm"] not in ALGORITHMS:
        found.append((f"{pointer}/algorithm", f"use one of {', '.join(ALGORITHMS)}"))
    return found
