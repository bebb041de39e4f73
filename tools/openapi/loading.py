"""JSON or YAML text becomes plain JSON values; bombs and endless nests are refused."""

from __future__ import annotations

import re
from typing import Any

import orjson
import yaml

from tools.errors import BadArguments

#: Bytes of all documents of one import together.
MAX_BYTES = 32_000_000
#: Values in a document after its aliases are written out.
_MOST_VALUES = 5_000_000
_DEEPEST = 150
#: Fields that merge keys (<<) may bring into one mapping.
_MOST_MERGED = 20_000


def parsed(text: bytes) -> Any:
    """The values of JSON or YAML 1.2 text. Raises `BadArguments` with what is wrong and where."""
    if len(text) > MAX_BYTES:
        raise BadArguments(f"the document is over {MAX_BYTES:,} bytes")
    text = text.removeprefix(b"\xef\xbb\xbf")
    value = _json(text) if text.lstrip()[:1] in (b"{", b"[") else None
    if value is None:
        value = _yaml(text)
    _check(value)
    return value if _sound(value) else _mended(value)


def _sound(value: Any) -> bool:
    """Whether all its texts can be kept: no NUL, and no half of a character."""
    try:
        return b"\\u0000" not in orjson.dumps(value)
    except TypeError:
        return False


def _mended(value: Any) -> Any:
    if isinstance(value, str):
        return value.replace("\0", "\N{REPLACEMENT CHARACTER}").encode(errors="replace").decode()
    if isinstance(value, dict):
        return {_mended(key): _mended(one) for key, one in value.items()}
    return [_mended(one) for one in value] if isinstance(value, list) else value


def _json(text: bytes) -> Any:
    """The value, or None where it may still be YAML, of which JSON is a part."""
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        if "recursion" in str(error).lower():
            raise BadArguments(f"the document is nested deeper than {_DEEPEST} levels") from None
        return None


def _yaml(text: bytes) -> Any:
    _refuse_nests(text)
    try:
        return yaml.load(text, Loader=_Loader)  # noqa: S506 - a safe loader with fewer types
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f" in line {mark.line + 1}" if mark is not None else ""
        what = getattr(error, "problem", None) or str(error).partition("\n")[0]
        raise BadArguments(f"the document is neither JSON nor YAML: {what}{where}") from None
    except (RecursionError, ValueError, UnicodeError) as error:
        raise BadArguments(f"the document cannot be read: {str(error)[:200]}") from None


def _refuse_nests(text: bytes) -> None:
    """The parser of YAML is recursive: a thousand brackets would end its process."""
    depth = 0
    for sign in re.findall(rb"[\[{\]}]", text):
        depth = max(0, depth + (1 if sign in b"[{" else -1))
        if depth > 4 * _DEEPEST:
            raise BadArguments(f"the document is nested deeper than {_DEEPEST} levels")
    for line in text.split(b"\n"):
        if len(line) - len(line.lstrip(b" -")) > 8 * _DEEPEST:
            raise BadArguments(f"the document is nested deeper than {_DEEPEST} levels")


def _check(root: Any) -> None:
    """Bound the values, aliases written out, and the levels; a value inside itself is refused."""
    sizes: dict[int, int] = {}
    open_now: set[int] = set()
    stack: list[tuple[Any, bool]] = [(root, False)]
    while stack:
        value, left = stack.pop()
        inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
        if left:
            open_now.discard(id(value))
            sizes[id(value)] = 1 + sum(sizes.get(id(one), 1) for one in inner)
        elif isinstance(value, (dict, list)):
            if id(value) in open_now:
                raise BadArguments("the document holds a value that contains itself")
            if id(value) in sizes:
                continue
            open_now.add(id(value))
            if len(open_now) > _DEEPEST:
                raise BadArguments(f"the document is nested deeper than {_DEEPEST} levels")
            stack.append((value, True))
            stack += [(one, False) for one in inner if isinstance(one, (dict, list))]
    if sizes.get(id(root), 1) > _MOST_VALUES:
        raise BadArguments(f"the document holds more than {_MOST_VALUES:,} values once written out")


class _Loader(yaml.CSafeLoader):  # type: ignore[misc]  # PyYAML has no types
    """YAML 1.2's JSON-like types: dates and `yes` stay text, keys are text, unknown tags are ignored."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012 - as PyYAML has it

    def flatten_mapping(self, node: yaml.MappingNode) -> None:
        super().flatten_mapping(node)
        if len(node.value) > _MOST_MERGED:
            raise yaml.constructor.ConstructorError(
                None, None, "merge keys bring in too many fields", node.start_mark
            )

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[str, Any]:
        if not isinstance(node, yaml.MappingNode):
            raise yaml.constructor.ConstructorError(None, None, "this must be a mapping", node.start_mark)
        self.flatten_mapping(node)
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise yaml.constructor.ConstructorError(None, None, "a key is no text", key.start_mark)
        return {str(key.value): self.construct_object(value, deep=deep) for key, value in node.value}


def _integer(loader: _Loader, node: yaml.ScalarNode) -> int:
    text = str(loader.construct_scalar(node))
    return int(text, 0) if text[:2] in ("0x", "0o") else int(text)


def _untagged(loader: _Loader, _suffix: str, node: yaml.Node) -> Any:
    if isinstance(node, yaml.MappingNode):
        return loader.construct_mapping(node, deep=True)
    if isinstance(node, yaml.SequenceNode):
        return loader.construct_sequence(node, deep=True)
    return loader.construct_scalar(node)


for _tag, _pattern, _first in (
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("bool", r"true|True|TRUE|false|False|FALSE", list("tTfF")),
    ("int", r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+", list("-+0123456789")),
    ("float", r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", list("-+.0123456789")),
    ("merge", "<<", ["<"]),
):
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(f"^(?:{_pattern})$"), _first)
_Loader.add_constructor("tag:yaml.org,2002:int", _integer)
_Loader.add_multi_constructor("!", _untagged)
