"""Tools that go out to the web: fetch a page, download a file."""

from __future__ import annotations

import html
import mimetypes
import re
from email.message import Message
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from tools.builtin.fields import outputs, schema, string
from tools.builtin.html_encoding import decoded
from tools.errors import BadArguments, BadOutput, Unavailable
from tools.spec import (
    Believed,
    Docs,
    Kind,
    Limits,
    Ports,
    Runs,
    Tool,
    Trust,
    file_schema,
)
from tools.statuses import status_error
from tools.work import Work

if TYPE_CHECKING:
    from tools.net import Reply

_FILE_BYTES = 100_000_000
_FILE_SECONDS = 110.0
_PAGE_TYPES = ("text/html", "application/xhtml+xml", "text/plain", "text/markdown")
_TITLE = re.compile(r"<title[^>]*>(.*?)</title\s*>", re.IGNORECASE | re.DOTALL)
_UNSAFE = re.compile(r"[^\w.() -]+")


async def fetch_page(url: str, work: Work) -> dict[str, Any]:
    """The web page at `url` as an HTML file in UTF-8, with its final address and its title."""
    reply = await _get(url, work)
    media_type, charset = _content_type(reply)
    if media_type not in _PAGE_TYPES and not (media_type == "" and _looks_like_html(reply.body)):
        raise BadOutput(
            f"{reply.url} is {media_type or 'of no stated type'}, not a web page: use download_file for it"
        )
    text = decoded(reply.body, charset)
    if media_type in ("text/plain", "text/markdown"):
        text = _as_page(text, reply.url)
    title = _TITLE.search(text)
    page = work.file(_name(reply.url, ".html"), "text/html")
    # The mark at the start says UTF-8 to every reader, whatever a <meta> in the page claims.
    page.path.write_text(text, encoding="utf-8-sig")
    return {
        "page": page,
        "url": reply.url,
        "title": " ".join(html.unescape(title.group(1)).split())[:300] if title else "",
    }


async def download_file(url: str, work: Work) -> dict[str, Any]:
    """The file at `url` as it is, with the media type its server or its name gives."""
    reply = await _get(url, work, max_bytes=_FILE_BYTES, seconds=_FILE_SECONDS)
    media_type, _ = _content_type(reply)
    name = _header_name(reply) or _name(reply.url, mimetypes.guess_extension(media_type) or "")
    if media_type in (
        "",
        "application/octet-stream",
        "binary/octet-stream",
        "text/plain",
    ):
        media_type = mimetypes.guess_type(name)[0] or media_type or "application/octet-stream"
    file = work.file(name, media_type)
    file.path.write_bytes(reply.body)
    return {"file": file, "url": reply.url}


async def _get(url: str, work: Work, *, max_bytes: int | None = None, seconds: float | None = None) -> Reply:
    """The reply; without limits of the tool's own the operator's hold."""
    if not _is_web_address(url.strip()):
        raise BadArguments(
            f"{url!r} is not an address that starts with http:// or https://",
            paths=("/url",),
        )
    if work.net is None:
        raise Unavailable("no network is at hand here: this tool runs on the service's loop")
    reply = await work.net.request("GET", url.strip(), max_bytes=max_bytes, timeout=seconds)
    _check_status(reply)
    if not reply.body:
        raise BadOutput(f"{reply.url} answered with nothing")
    return reply


def _is_web_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname)


def _check_status(reply: Reply) -> None:
    """Raise the error that says what to do about a reply that is not the thing asked for."""
    if reply.status in (404, 410):
        raise BadArguments(f"there is nothing at {reply.url} ({reply.status}): check it", paths=("/url",))
    if not 200 <= reply.status < 300:
        raise status_error(reply.status, reply.headers, host=urlsplit(reply.url).hostname or reply.url)


def _content_type(reply: Reply) -> tuple[str, str]:
    """Media type and charset of the Content-Type header, in lower case, empty where not stated."""
    header = Message()
    header["Content-Type"] = reply.headers.get("content-type", "")
    stated = header["Content-Type"].strip()
    media_type = header.get_content_type() if "/" in stated else ""
    return media_type, str(header.get_param("charset") or "").lower()


def _looks_like_html(body: bytes) -> bool:
    start = body[:2048].lower()
    return b"<html" in start or b"<!doctype html" in start


def _as_page(text: str, title: str) -> str:
    """Plain text as an HTML page, a paragraph for each block between empty lines."""
    blocks = (block.strip() for block in re.split(r"\n\s*\n", text))
    body = "\n".join(f"<p>{html.escape(block)}</p>" for block in blocks if block)
    head = f"<head><title>{html.escape(title)}</title></head>"
    return f"<!DOCTYPE html>\n<html>{head}\n<body>\n{body}\n</body></html>\n"


def _header_name(reply: Reply) -> str:
    """The file name that the server suggests, made safe; empty when there is none."""
    header = Message()
    header["Content-Disposition"] = reply.headers.get("content-disposition", "")
    return _safe((header.get_filename() or "").replace("\\", "/").rpartition("/")[2])


def _name(url: str, suffix: str) -> str:
    """A file name for what `url` holds, ending in `suffix` where that is given."""
    parts = urlsplit(url)
    last = unquote(parts.path).rstrip("/").rpartition("/")[2] or parts.hostname or "page"
    name = _safe(last) or "file"
    if not suffix or name.lower().endswith((suffix, ".htm" if suffix == ".html" else suffix)):
        return name
    return name if suffix != ".html" and "." in name else f"{name}{suffix}"


def _safe(name: str) -> str:
    return _UNSAFE.sub("_", name).strip(" .")[-100:]


_URL_INPUT = schema(
    {"url": string("The address, starting with http:// or https://.", format="uri")},
    ["url"],
)
_FINAL_URL = string("The address that answered in the end, after redirects.")
_ERRORS = (
    "bad_arguments: not an http(s) address, or the server says there is nothing (404)",
    "unreachable, timed_out: no answer; trying again may help",
    "address_forbidden: the address is private; the operator may allow it",
    "too_large: the reply is over the size limit",
)

TOOLS: tuple[Tool, ...] = (
    Tool(
        name="fetch_page",
        summary="Fetch a web page from its URL as an HTML file.",
        description=(
            "Gets the page at an http(s) address, follows redirects, and keeps it as HTML with its title."
        ),
        kind=Kind.PYTHON,
        runs=Runs.LOOP,
        does=("fetch_page",),
        input_schema=_URL_INPUT,
        output_schema=outputs(
            page=file_schema("text/html", description="The page as an HTML file in UTF-8."),
            url=_FINAL_URL,
            title=string("The page's title; empty when it has none."),
        ),
        ports=Ports({"url": ("url",)}, {"page": "text/html", "url": "url", "title": "string"}),
        limits=Limits(timeout=60),
        believed=(Believed(seconds=1.0, quality=0.95, n=8),),
        trust=Trust.UNTRUSTED,
        tags=("web", "http", "html", "url", "page", "site"),
        docs=Docs(
            when_to_use=(
                "To fetch, get, grab, load, open, visit, retrieve, read, pull or scrape a web page, "
                "website, site, article, blog post, link or online document by its address (URL, http, "
                "https)."
            ),
            examples=(
                {
                    "request": "Fetch https://example.org/news",
                    "arguments": {"url": "https://example.org/news"},
                },
                {
                    "request": "Grab the page at http://example.org",
                    "arguments": {"url": "http://example.org"},
                },
            ),
            errors=(
                *_ERRORS,
                "bad_output: there is something other than a page, such as a PDF or an image",
            ),
            run_before=("extract_text_article", "extract_tables", "extract_links"),
        ),
        binding={"function": "tools.builtin.web:fetch_page"},
    ),
    Tool(
        name="download_file",
        summary="Download a file (PDF, CSV, image, workbook …) from its URL.",
        description="Gets whatever file an http(s) address holds and keeps it unchanged with its media type.",
        kind=Kind.PYTHON,
        runs=Runs.LOOP,
        does=("download_file",),
        input_schema=_URL_INPUT,
        output_schema=outputs(file=file_schema(description="The file as it was served."), url=_FINAL_URL),
        ports=Ports({"url": ("url",)}, {"file": "*/*", "url": "url"}),
        limits=Limits(timeout=120),
        believed=(Believed(seconds=2.0, quality=0.95, n=8),),
        trust=Trust.UNTRUSTED,
        tags=("web", "http", "url", "download", "file"),
        docs=Docs(
            when_to_use=(
                "To download, get, save or pull a file from the internet by its address (URL): a PDF, CSV, "
                "spreadsheet, image, picture, data set or archive that is not a web page."
            ),
            examples=(
                {
                    "request": "Download https://example.org/data.csv",
                    "arguments": {"url": "https://example.org/data.csv"},
                },
            ),
            errors=_ERRORS,
            run_before=("read_pdf_layout", "query_table", "ocr_careful"),
        ),
        binding={"function": "tools.builtin.web:download_file"},
    ),
)
