"""Questions of servers to persons (elicitation), and their answers in the words of the protocol.

A server of 2026-07-28 ends the call with its questions, and takes the answers with the next one. An
older one asks while the call is under way: it is told that the answer comes with another call, in which
the same question, in the same words, is answered at once.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import mcp_types as types
from pydantic import ValidationError

from tools.asking import Answers, Ask
from tools.errors import BadArguments, BadOutput, Unavailable
from tools.masking import Mask
from tools.mcp.sanitising import cleaned, cleaned_schema
from tools.schemas import Schema

#: Questions of one call.
MOST_QUESTIONS = 10
#: Characters of a question, of an address and of a form's schema.
_LONGEST = 2_000
_LARGEST_FORM = 50_000
#: Characters of what a server wants back with the answers.
_LARGEST_STATE = 200_000
#: Fields of a form that are named in a sentence.
_FIELDS = 20
#: What a key stands for: a server's own name for its question, or the words of it.
_NAMED, _WORDED = "named:", "worded:"
#: The code of an error by which a server of 2025-11-25 says that pages must be visited first.
VISIT_FIRST = -32042

Replies = Mapping[str, types.ElicitResult]


def asks_of(result: types.InputRequiredResult) -> tuple[Ask, ...]:
    """What a call ended with. Raises `BadOutput`, and `Unavailable` for questions to others than persons."""
    if len(result.request_state or "") > _LARGEST_STATE:
        raise BadOutput(f"the server wants more than {_LARGEST_STATE:,} characters kept for it")
    asks = []
    for name, request in (result.input_requests or {}).items():
        if not isinstance(request, types.ElicitRequest):
            raise Unavailable(f"the server asks for {request.method}, which is not served here")
        asks.append(ask_of(request.params, key=_NAMED + name))
    return bounded(asks)


def visits_of(data: object) -> tuple[Ask, ...]:
    """The pages that must be visited before a call. Raises `BadOutput`."""
    try:
        told = types.ElicitationRequiredErrorData.model_validate(data)
    except ValidationError:
        raise BadOutput("the server wants pages visited, and does not say which") from None
    return bounded([ask_of(one) for one in told.elicitations])


def bounded(asks: Sequence[Ask]) -> tuple[Ask, ...]:
    """Raises `BadOutput` for more questions than anybody would answer."""
    if len(asks) > MOST_QUESTIONS:
        raise BadOutput(f"the server asks more than {MOST_QUESTIONS} questions at once")
    return tuple(asks)


def ask_of(params: types.ElicitRequestParams, *, key: str | None = None) -> Ask:
    """One question, its words cleaned. Raises `BadOutput` for a form or an address that is none."""
    key = key or key_of(params)
    text = cleaned(params.message, longest=_LONGEST)
    if isinstance(params, types.ElicitRequestURLParams):
        url = cleaned(params.url, longest=_LONGEST)
        if url != params.url or urlsplit(url).scheme not in ("http", "https"):
            raise BadOutput("the server asks for a visit of what is no plain http address")
        return Ask(key, text, url=url)
    if len(json.dumps(params.requested_schema)) > _LARGEST_FORM:
        raise BadOutput(f"the server asks by a form of over {_LARGEST_FORM:,} characters")
    try:
        schema = cleaned_schema({**params.requested_schema, "type": "object"})
        schema.pop("$schema", None)
        Schema(schema)
    except ValueError as error:
        raise BadOutput(f"the server asks by a form that is none: {error}") from None
    return Ask(key, text, schema=schema)


def key_of(params: types.ElicitRequestParams) -> str:
    """The same for the same words, form and address."""
    told = params.model_dump(by_alias=True, mode="json", include={"message", "requested_schema", "url"})
    return _WORDED + hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()


def asked_in_words(asks: Sequence[Ask]) -> str:
    """The questions, with the fields of their forms and the addresses, for people."""
    return "; ".join(map(_in_words, asks)) or "more than its arguments"


def _in_words(ask: Ask) -> str:
    if ask.url is not None:
        return f"{ask.text} (at {ask.url})"
    wanted = ", ".join(list((ask.schema or {}).get("properties", {}))[:_FIELDS])
    return f"{ask.text} ({wanted})" if wanted else ask.text


def masked(ask: Ask, mask: Mask) -> Ask:
    """Without secrets that the server may have repeated."""
    url = None if ask.url is None else mask.text(ask.url)
    return replace(ask, text=mask.text(ask.text), schema=mask.value(ask.schema), url=url)


def resumed(rounds: Sequence[Answers]) -> tuple[Replies, str | None]:
    """What goes with the next call: the answers to the questions that the last one ended with."""
    if not rounds:
        return {}, None
    last = rounds[-1]
    named = {key.removeprefix(_NAMED): given for key, given in last.given.items() if key.startswith(_NAMED)}
    return {name: _result(given) for name, given in named.items()}, last.state


def replies(rounds: Sequence[Answers]) -> Replies:
    """The answers to questions that will be asked again in the middle of the call, by their words."""
    return {
        key: _result(given) for one in rounds for key, given in one.given.items() if key.startswith(_WORDED)
    }


def _result(given: Mapping[str, Any] | None) -> types.ElicitResult:
    try:
        return types.ElicitResult(action="accept", content=None if given is None else dict(given))
    except ValidationError:
        raise BadArguments("an answer holds more than words, numbers and lists of words") from None
