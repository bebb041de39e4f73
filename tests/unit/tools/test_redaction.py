"""Excerpts of calls for people."""

import json

from tools.masking import MASK
from tools.redaction import excerpt, redact


def test_secrets_are_masked_wherever_they_stand() -> None:
    value = {"a": ["say hush-hush", {"hush-hush": "x"}], "b": 'quote "hush-hush"'}
    assert "hush-hush" not in excerpt(value, secrets=["hush-hush"])
    assert redact("key hush-hush!", ["hush-hush"]) == f"key {MASK}!"


def test_a_short_secret_does_not_garble_the_text() -> None:
    assert redact("the yes of 1", ["yes", "1", ""]) == "the yes of 1"


def test_a_secret_across_the_cut_is_masked() -> None:
    text = "x" * 495 + "hush-hush"
    assert "hush" not in excerpt(text, secrets=["hush-hush"])


def test_fields_named_like_secrets_are_masked() -> None:
    shown = json.loads(
        excerpt({"password": "p", "api_key": "k", "Authorization": "b", "access_token": "t", "tokens": 5})
    )
    assert shown == {
        "password": MASK,
        "api_key": MASK,
        "Authorization": MASK,
        "access_token": MASK,
        "tokens": 5,
    }


def test_an_excerpt_is_bounded_in_every_direction() -> None:
    deep: list[object] = []
    for _ in range(500):
        deep = [deep]
    for value in ("x" * 10**6, list(range(10**5)), {str(n): "y" * 1000 for n in range(10**4)}, deep):
        assert len(excerpt(value)) <= 4_000
    assert json.loads(excerpt([1] * 100)) == [1] * 20 + ["… (100 items)"]


def test_what_json_does_not_hold_is_told_all_the_same() -> None:
    odd = {"far": 2**70, "broken": "\ud800"}
    assert json.loads(excerpt(odd)) == odd


def test_small_values_are_shown_as_they_are() -> None:
    assert excerpt({"a": [1, None, True, 2.5, "ü"]}) == '{"a":[1,null,true,2.5,"ü"]}'
