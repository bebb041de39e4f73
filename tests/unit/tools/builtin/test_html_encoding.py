"""The encoding of a page."""

from __future__ import annotations

import pytest

from tools.builtin.html_encoding import decoded


@pytest.mark.parametrize(
    ("content", "charset"),
    [
        ("ñ€".encode(), ""),
        ("ñ€".encode(), "utf-8"),
        ("ñ€".encode("cp1252"), ""),
        ("ñ€".encode("cp1252"), "iso-8859-1"),
        ("ñ€".encode("utf-8-sig"), "iso-8859-1"),
        ("ñ€".encode("utf-16"), "utf-8"),
        ("ñ€".encode("iso-8859-15"), "ISO-8859-15"),
        ("ñ€".encode("cp1252"), "utf-8"),
        ("ñ€".encode(), "x-unknown"),
    ],
)
def test_a_page_is_decoded_by_mark_header_and_content(content: bytes, charset: str) -> None:
    assert decoded(content, charset) == "ñ€"


def test_the_header_wins_over_the_page_and_the_page_over_a_guess() -> None:
    meta = b'<meta http-equiv="Content-Type" content="text/html; charset=iso-8859-15">'
    assert decoded(meta + "€".encode("iso-8859-15")).endswith("€")
    assert decoded(meta + "€".encode(), "utf-8").endswith("€")
