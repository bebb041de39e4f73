"""Finds the encoding of an HTML page and decodes it."""

from __future__ import annotations

import re

_META_CHARSET = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([\w-]{2,40})", re.IGNORECASE)
#: As the WHATWG Encoding Standard has it: what calls itself Latin-1 is Windows-1252 on the web.
_REALLY_1252 = frozenset(
    {("iso-8859-1"), "iso8859-1", "latin-1", "latin1", "us-ascii", "ascii", "windows-1252"}
)


def decoded(content: bytes, charset: str = "") -> str:
    """The page's text: by byte order mark, `charset` (of the HTTP header), <meta>, UTF-8, Windows-1252."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16", errors="replace")
    if content.startswith(b"\xef\xbb\xbf"):
        return content.decode("utf-8-sig", errors="replace")
    meta = _META_CHARSET.search(content[:4096])
    for named in (charset.lower(), meta.group(1).decode("ascii").lower() if meta else "", "utf-8"):
        try:
            if named and named not in _REALLY_1252:
                return content.decode(named)
        except (LookupError, UnicodeDecodeError):
            continue
        if named:
            break
    return content.decode("cp1252", errors="replace")
