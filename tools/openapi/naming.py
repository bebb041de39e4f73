"""Names of tools, made of what operations are called."""

from __future__ import annotations

import hashlib
import re

LONGEST = 64
_HUMPS = (re.compile(r"([a-z0-9])([A-Z])"), re.compile(r"([A-Z]+)([A-Z][a-z])"))
_OTHER = re.compile(r"[^a-z0-9]+")
_NUMBERED = 100_000


def words_of(text: str) -> str:
    """In small letters with underscores, as names of tools are.

    >>> words_of("repos/listForUser"), words_of("getHTTPStatus"), words_of("Pets_v2")
    ('repos_list_for_user', 'get_http_status', 'pets_v2')
    """
    for hump in _HUMPS:
        text = hump.sub(r"\1_\2", text)
    return _OTHER.sub("_", text.lower()).strip("_")


def name_of(operation_id: str, method: str, path: str, prefix: str = "") -> str:
    """The name by the operation's id, else by its method and path; cut where it is too long."""
    text = words_of(operation_id) or _by_path(method, path)
    first = words_of(prefix)
    if first and not text.startswith(f"{first}_"):
        text = f"{first}_{text}"
    if not text[0].isalpha():
        text = f"{method.lower()}_{text}"
    return cut(text)


def unique(name: str, taken: set[str]) -> str:
    """The name, with a number where it is taken."""
    if name not in taken:
        return name
    return next(
        made for number in range(2, _NUMBERED) if (made := cut(name, suffix=f"_{number}")) not in taken
    )


def cut(name: str, *, suffix: str = "") -> str:
    """At most 64 characters; what is cut off decides the mark at the end, so that names stay apart."""
    if len(name) + len(suffix) <= LONGEST:
        return name + suffix
    mark = "_" + hashlib.sha256(name.encode()).hexdigest()[:6] + suffix
    return name[: LONGEST - len(mark)].rstrip("_") + mark


def _by_path(method: str, path: str) -> str:
    parts = [part for part in path.split("/") if part]
    said = [f"by {part}" if part.startswith("{") else part for part in parts]
    return words_of(" ".join((method.lower(), *said)))
