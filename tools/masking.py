"""Takes secrets out of texts, bytes and values, in the forms in which peers send them back."""

from __future__ import annotations

import base64
import html
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from json.encoder import encode_basestring, encode_basestring_ascii
from typing import Any
from urllib.parse import quote, quote_plus

MASK = "•••"
#: Shorter values are words like "1" or "yes", whose removal would only garble the text.
SHORTEST = 4
#: Fewer characters of base64 are found by chance in any picture.
_SHORTEST_CODED = 6
#: Signs that no address, JSON or HTML writes otherwise.
_UNESCAPED = re.compile(r"[A-Za-z0-9_.~-]+")


class Mask:
    """Masks some secrets: as they are, and escaped for addresses, JSON or HTML, in base64 and in hexadecimal.

    Base64 is found inside of a longer text too, at every offset. A peer that wants to hide a secret
    it was given can always do so; this is against those that repeat what they got.
    """

    def __init__(self, secrets: Iterable[str]) -> None:
        self._secrets = tuple(secrets)

    def text(self, text: str) -> str:
        """`text` with every secret in it masked."""
        for form in self._forms:
            if form in text:
                text = text.replace(form, MASK)
        return text

    def data(self, data: bytes) -> bytes:
        """Bytes with every secret in them masked; the same object where there is none."""
        for form in self._coded:
            if form in data:
                data = data.replace(form, MASK.encode())
        return data

    def value(self, value: Any) -> Any:
        """A JSON value with every secret in its texts, and in the names of its fields, masked."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, Mapping):
            return {self.text(str(key)): self.value(item) for key, item in value.items()}
        if isinstance(value, (list, tuple)):
            return [self.value(item) for item in value]
        return value

    @cached_property
    def _forms(self) -> tuple[str, ...]:
        """Longest first, so that no form hides a part of a longer one."""
        forms = {form for secret in self._secrets for form in _forms(secret)}
        return tuple(sorted(forms, key=lambda form: (-len(form), form)))

    @cached_property
    def _coded(self) -> tuple[bytes, ...]:
        return tuple(form.encode(errors="replace") for form in self._forms)


def _forms(secret: str) -> Iterator[str]:
    # Of user:password the peer may repeat the password alone.
    for part in {secret, secret.partition(":")[2]}:
        if len(part) >= SHORTEST:
            yield part
            yield from (part.encode(errors="replace").hex(), part.encode(errors="replace").hex().upper())
            yield from _based(part.encode(errors="replace"))
            # Most tokens look alike wherever they stand.
            if not _UNESCAPED.fullmatch(part):
                yield from _escaped(part)
                yield from _based(quote(part, safe="").encode(errors="replace"))


def _escaped(part: str) -> Iterator[str]:
    addressed = {quote(part, safe="", errors="replace"), quote(part, errors="replace")}
    addressed.add(quote_plus(part, errors="replace"))
    yield from addressed
    yield from (_small_hex(form) for form in addressed)
    yield from (encoded(part)[1:-1] for encoded in (encode_basestring, encode_basestring_ascii))
    yield part.replace("/", "\\/")
    yield html.escape(part)


def _small_hex(quoted: str) -> str:
    """%2F as %2f."""
    head, *rest = quoted.split("%")
    return head + "".join(f"%{one[:2].lower()}{one[2:]}" for one in rest)


def _based(data: bytes) -> Iterator[str]:
    """What of base64 depends on these bytes alone, at each of the three offsets they may stand at."""
    for offset in range(3):
        coded = base64.b64encode(b"\0" * offset + data).decode()
        begin = (0, 2, 3)[offset]
        end = (offset + len(data)) * 8 // 6
        if end - begin >= _SHORTEST_CODED:
            yield coded[begin:end]
            yield coded[begin:end].replace("+", "-").replace("/", "_")
