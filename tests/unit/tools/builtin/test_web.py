"""What is made of a server's reply."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from tools.builtin.web import download_file, fetch_page
from tools.errors import BadArguments, BadOutput, NotAuthorised, RateLimited, ServerFault, Unavailable
from tools.net import Reply
from tools.work import Work

ADDRESS = "https://example.org/news/solar%20power"


@dataclass
class OneReply:
    """A network on which every request gets the same answer."""

    reply: Reply

    async def request(self, method: str, url: str, **_: object) -> Reply:
        assert method == "GET"
        return self.reply


def answering(work: Work, body: bytes, *, status: int = 200, url: str = ADDRESS, **headers: Any) -> Work:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Work(work.scratch, OneReply(Reply(status, named, body, url)))  # type: ignore[arg-type]


async def test_a_page_is_kept_with_its_title_and_final_address(work: Work) -> None:
    body = b"<html><title>\n Sun &amp; wind\n</title><p>Hello</p></html>"
    found = await fetch_page(
        "https://example.org", answering(work, body, content_type="text/html; charset=utf-8")
    )
    assert found["title"] == "Sun & wind"
    assert found["url"] == ADDRESS
    assert found["page"].media_type == "text/html"
    assert found["page"].name == "solar power.html"
    assert "<p>Hello</p>" in found["page"].path.read_text(encoding="utf-8-sig")


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        ("<p>Málaga – “sí”</p>".encode("cp1252"), "text/html; charset=ISO-8859-1"),
        ("<p>Málaga – “sí”</p>".encode(), "text/html"),
        ("<p>Málaga – “sí”</p>".encode(), 'text/html; charset="utf-8"'),
        ("<p>Málaga – “sí”</p>".encode("utf-16"), "text/html"),
        (b'<meta charset="windows-1252">' + "<p>Málaga – “sí”</p>".encode("cp1252"), "text/html"),
        ("<p>Málaga – “sí”</p>".encode("cp1252"), "text/html; charset=no-such-thing"),
    ],
)
async def test_letters_survive_whatever_the_encoding(work: Work, body: bytes, content_type: str) -> None:
    found = await fetch_page(ADDRESS, answering(work, body, content_type=content_type))
    assert "Málaga – “sí”" in found["page"].path.read_text(encoding="utf-8-sig")


async def test_plain_text_becomes_a_page_of_paragraphs(work: Work) -> None:
    found = await fetch_page(ADDRESS, answering(work, b"One < two.\n\nThree.", content_type="text/plain"))
    text = found["page"].path.read_text(encoding="utf-8-sig")
    assert "<p>One &lt; two.</p>\n<p>Three.</p>" in text


async def test_a_page_without_a_stated_type_is_recognised(work: Work) -> None:
    found = await fetch_page(ADDRESS, answering(work, b"<!DOCTYPE html><p>Hi"))
    assert found["page"].media_type == "text/html"


@pytest.mark.parametrize("content_type", ["application/pdf", "image/png", "application/json", ""])
async def test_what_is_no_page_is_refused(work: Work, content_type: str) -> None:
    with pytest.raises(BadOutput, match="use download_file"):
        await fetch_page(ADDRESS, answering(work, b"%PDF-1.7", content_type=content_type))


@pytest.mark.parametrize(
    ("status", "error"),
    [(404, BadArguments), (410, BadArguments), (401, NotAuthorised), (403, NotAuthorised), (429, RateLimited),
     (500, ServerFault), (503, ServerFault), (418, BadArguments), (302, BadOutput)],
)  # fmt: skip
async def test_a_status_that_is_no_success_says_what_to_do(work: Work, status: int, error: type) -> None:
    with pytest.raises(error, match=str(status)):
        await fetch_page(ADDRESS, answering(work, b"<html>no", status=status, content_type="text/html"))


@pytest.mark.parametrize(
    "url", ["ftp://example.org/x", "file:///etc/passwd", "example.org", "", "https://", "http://["]
)
async def test_only_web_addresses_are_fetched(work: Work, url: str) -> None:
    with pytest.raises(BadArguments) as caught:
        await fetch_page(url, answering(work, b"x"))
    assert caught.value.paths == ("/url",)


async def test_an_empty_reply_is_refused(work: Work) -> None:
    with pytest.raises(BadOutput, match="nothing"):
        await download_file(ADDRESS, answering(work, b""))


async def test_without_a_network_the_tool_says_so(work: Work) -> None:
    with pytest.raises(Unavailable):
        await fetch_page(ADDRESS, work)


@pytest.mark.parametrize(
    ("url", "headers", "name", "media_type"),
    [
        ("https://a.org/d/sales.csv", {"content_type": "text/csv"}, "sales.csv", "text/csv"),
        ("https://a.org/d/sales.csv", {"content_type": "application/octet-stream"}, "sales.csv", "text/csv"),
        ("https://a.org/d/sales.csv", {"content_type": "text/plain; charset=utf-8"}, "sales.csv", "text/csv"),
        ("https://a.org/scan", {"content_type": "image/png"}, "scan.png", "image/png"),
        ("https://a.org/x", {}, "x", "application/octet-stream"),
        (
            "https://a.org/get?id=1",
            {
                "content_type": "application/pdf",
                "content_disposition": 'attachment; filename="../../my report.pdf"',
            },
            "my report.pdf",
            "application/pdf",
        ),
    ],
)
async def test_a_download_keeps_its_bytes_and_gets_a_safe_name_and_a_type(
    work: Work, url: str, headers: dict[str, Any], name: str, media_type: str
) -> None:
    found = await download_file(url, answering(work, b"\x00\x01data", url=url, **headers))
    file = found["file"]
    assert (file.name, file.media_type) == (name, media_type)
    assert file.path.parent == work.scratch
    assert file.path.read_bytes() == b"\x00\x01data"


async def test_a_hostile_name_stays_in_the_folder(work: Work) -> None:
    url = "https://a.org/%2e%2e%2f%2e%2e%2fetc%2fpasswd"
    found = await download_file(url, answering(work, b"x", url=url, content_type="text/plain"))
    assert found["file"].path.parent == work.scratch
    assert found["file"].path.read_bytes() == b"x"
