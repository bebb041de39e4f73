"""Secrets are found in the forms in which peers repeat them."""

import base64
import html
import json
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.masking import MASK, Mask

SECRET = 'hush/hush+"7&é'


@pytest.mark.parametrize(
    "form",
    [
        SECRET,
        quote(SECRET),
        quote(SECRET, safe=""),
        quote_plus(SECRET),
        quote(SECRET, safe="").lower(),
        json.dumps(SECRET)[1:-1],
        json.dumps(SECRET, ensure_ascii=False)[1:-1],
        SECRET.replace("/", "\\/"),
        html.escape(SECRET),
        SECRET.encode().hex(),
        SECRET.encode().hex().upper(),
    ],
)
def test_an_escaped_secret_is_masked(form: str) -> None:
    assert Mask([SECRET]).text(f"<{form}>") == f"<{MASK}>"
    assert Mask([SECRET]).data(f"<{form}>".encode()) == f"<{MASK}>".encode()


@given(st.binary(max_size=9), st.binary(max_size=9), st.sampled_from(["standard", "urlsafe"]))
def test_base64_hides_nothing_at_any_offset(before: bytes, after: bytes, kind: str) -> None:
    encode = base64.b64encode if kind == "standard" else base64.urlsafe_b64encode
    coded = encode(before + SECRET.encode() + after).decode()
    masked = Mask([SECRET]).text(coded)
    assert MASK in masked
    # Where the mask was cut out, at most the two sextets at the edges speak of the secret.
    assert len(masked.replace(MASK, "")) <= len(encode(before + after)) + 4


def test_the_password_of_a_pair_is_a_secret_too() -> None:
    assert Mask(["ann:opensesame"]).text("no opensesame for ann") == f"no {MASK} for ann"


def test_values_are_masked_throughout() -> None:
    value = {"a": ["opensesame", {"x-opensesame": 1}], "b": None, "c": (True, 2.5)}
    masked = Mask(["opensesame"]).value(value)
    assert masked == {"a": [MASK, {f"x-{MASK}": 1}], "b": None, "c": [True, 2.5]}


def test_a_longer_secret_hides_before_a_part_of_it_does() -> None:
    assert Mask(["open", "opensesame"]).text("opensesame") == MASK


def test_words_that_are_no_secrets_stay() -> None:
    data = b"\x89PNG yes 1"
    assert Mask(["yes", "1", ""]).data(data) is data
