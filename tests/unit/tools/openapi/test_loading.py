"""Text becomes JSON values; what would fill the machine is refused."""

from __future__ import annotations

import json

import pytest

from tools.errors import BadArguments
from tools.openapi.loading import MAX_BYTES, parsed


def test_json_and_yaml_say_the_same() -> None:
    value = {"a": [1, 2.5, True, None, "x"], "b": {"c": "é"}}
    assert parsed(json.dumps(value).encode()) == value
    assert parsed("a: [1, 2.5, true, null, x]\nb: {c: é}\n".encode()) == value


def test_yaml_is_read_as_its_version_1_2_has_it() -> None:
    text = b"on: yes\nno: 2020-01-02\n200: {x: 010, y: 0x1F, z: 1e3}\nempty:\nnull: 12:30\n"
    assert parsed(text) == {
        "on": "yes",
        "no": "2020-01-02",
        "200": {"x": 10, "y": 31, "z": 1000.0},
        "empty": None,
        "null": "12:30",
    }


def test_merge_keys_aliases_and_foreign_tags_are_read() -> None:
    text = b"base: &b {a: 1}\nmore: {<<: *b, b: 2}\nsame: *b\ntag: !thing {c: 3}\n"
    assert parsed(text) == {"base": {"a": 1}, "more": {"a": 1, "b": 2}, "same": {"a": 1}, "tag": {"c": 3}}


def test_json_behind_a_byte_order_mark_or_with_a_trailing_comma_is_read() -> None:
    assert parsed(b"\xef\xbb\xbf{}") == {}
    assert parsed(b'{"a": [1, 2,],}') == {"a": [1, 2]}


def laughs() -> bytes:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 10)]
    return "\n".join(lines).encode()


def merging_laughs() -> bytes:
    first = ", ".join(f"k{n}: 1" for n in range(10))
    lines = [f"a0: &a0 {{{first}}}"]
    lines += [f"a{n}: &a{n} {{<<: [{', '.join([f'*a{n - 1}'] * 10)}]}}" for n in range(1, 10)]
    return "\n".join(lines).encode()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (laughs(), "more than 5,000,000 values"),
        (merging_laughs(), "too many fields"),
        (b"a: &a [*a]", "contains itself"),
        (b"[" * 100_000, "nested deeper"),
        (b'{"a":' * 400 + b"1" + b"}" * 400, "nested deeper"),
        (b"\n".join(b" " * n + b"a:" for n in range(2_000)), "nested deeper"),
        (b"a: [1, 2", "neither JSON nor YAML"),
        (b"a: b: c", "in line 1"),
        (b"{[1]: 2}", "a key is no text"),
        (b"a: !!python/object/apply:os.system [ls]", "neither JSON nor YAML"),
        (b"\xff\xfe\x00", "neither JSON nor YAML"),
    ],
)
def test_what_cannot_be_read_or_would_fill_the_machine_is_refused(text: bytes, said: str) -> None:
    with pytest.raises(BadArguments, match=said):
        parsed(text)


def test_too_many_bytes_are_refused() -> None:
    with pytest.raises(BadArguments, match="over 32,000,000 bytes"):
        parsed(b" " * (MAX_BYTES + 1))


def test_what_no_text_may_hold_is_replaced() -> None:
    assert parsed(b'{"a": "x\\u0000y"}') == {"a": "x\N{REPLACEMENT CHARACTER}y"}
