"""Tools that read a web page at hand: its text, its tables, its links."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin

from tools.builtin.fields import array, boolean, integer, need_bytes, outputs, schema, string, wrong_kind
from tools.builtin.html_encoding import decoded
from tools.builtin.page_tables import tables_of
from tools.errors import BadInputFile, BadOutput
from tools.spec import Believed, Docs, File, Kind, Limits, Ports, Runs, Tool, Trust, file_schema

if TYPE_CHECKING:
    from lxml.html import HtmlElement

_KIND = "an HTML page"
_SILENT = "//script | //style | //noscript | //template | //head | //svg | //iframe | //comment()"
_BLOCKS = frozenset(
    [
        "address",
        "article",
        "aside",
        "blockquote",
        "br",
        "dd",
        "div",
        "dl",
        "dt",
        "figcaption",
        "figure",
        "footer",
        "form",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "header",
        "hr",
        "li",
        "main",
        "nav",
        "ol",
        "option",
        "p",
        "pre",
        "section",
        "table",
        "tr",
        "ul",
    ]
)


def extract_text_article(page: File) -> dict[str, Any]:
    """The article of a page without menus, footers and advertisements."""
    import trafilatura

    source = _source(page)
    text = trafilatura.extract(source, include_comments=False, include_tables=True, favor_recall=True)
    if not text or len(text) < 20:
        text = _plain(_tree(source, page))
    return {"text": _something(text, page)}


def extract_text_plain(page: File) -> dict[str, Any]:
    """All words of a page, its tags stripped."""
    return {"text": _something(_plain(_tree(_source(page), page)), page)}


def extract_tables(page: File) -> dict[str, Any]:
    """The data tables of a page, numbers as numbers; layout tables are left out."""
    found = tables_of(_tree(_source(page), page))
    if not found:
        raise BadOutput(f"{page.name} has no table with data")
    return {"tables": found, "count": len(found)}


def extract_links(page: File, base_url: str = "", external_only: bool = False) -> dict[str, Any]:
    """The links of a page in order, each address once, with the words that carry it."""
    tree = _tree(_source(page), page)
    base = next(iter(tree.xpath("//base/@href")), "") or base_url
    links: dict[str, str] = {}
    for anchor in tree.iter("a"):
        url = _resolved(base, anchor.get("href") or "")
        words = " ".join("".join(anchor.itertext()).split())
        if url and (not external_only or url.startswith(("http://", "https://"))):
            links[url] = links.get(url) or words
    return {"links": [{"url": url, "text": text} for url, text in links.items()], "count": len(links)}


def _resolved(base: str, href: str) -> str:
    """The absolute address; empty for one that is no link to a page (a script, an anchor)."""
    href = href.strip()
    if not href or href.startswith("#") or href.lower().startswith(("javascript:", "data:")):
        return ""
    try:
        return urljoin(base, href)
    except ValueError:
        return ""


def _source(page: File) -> str:
    """The page's characters; raises `BadInputFile` for what is not HTML."""
    content = need_bytes(page, _KIND)
    if b"\0" in content[:4096] and not content.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise wrong_kind(page, _KIND)
    text = decoded(content)
    if "<" not in text:
        raise wrong_kind(page, _KIND)
    return text


def _tree(source: str, page: File) -> HtmlElement:
    from lxml import etree, html

    # lxml refuses characters of a declared encoding, and the text is decoded already.
    parser = html.HTMLParser(encoding="utf-8", huge_tree=True)
    try:
        return html.document_fromstring(source.encode("utf-8", errors="replace"), parser=parser)
    except etree.ParserError as error:
        raise BadInputFile(f"{page.name} holds no page: {error}") from error


def _plain(tree: HtmlElement) -> str:
    for element in tree.xpath(_SILENT):
        element.drop_tree()
    lines = "".join(_pieces(tree)).splitlines()
    kept = (" ".join(line.split()) for line in lines)
    return "\n".join(line for line in kept if line)


def _pieces(tree: HtmlElement) -> Iterable[str]:
    """Text in reading order, a line break around every block and a blank between table cells."""
    from lxml import etree

    for event, element in etree.iterwalk(tree, events=("start", "end")):
        block = "\n" if element.tag in _BLOCKS else " " if element.tag in ("td", "th") else ""
        yield block
        if event == "start":
            yield (element.text or "").replace("\n", " ")
        elif element is not tree:
            yield (element.tail or "").replace("\n", " ")


def _something(text: str, page: File) -> str:
    if not text.strip():
        raise BadOutput(f"{page.name} has no text")
    return text.strip()


_PAGE = file_schema("text/html", description="The page, as an HTML file (from fetch_page or uploaded).")
_PAGE_INPUT = schema({"page": _PAGE}, ["page"])
_TEXT_OUTPUT = outputs(text=string("The page's text, one paragraph a line."))
_TEXT_PORTS = Ports({"page": ("text/html",)}, {"text": "text"})
_EXAMPLE_PAGE = {"page": {"artifact": "art_page"}}
_ERRORS = ("bad_input_file: the file is not HTML, or is empty", "bad_output: the page holds no such thing")

TOOLS: tuple[Tool, ...] = (
    Tool(
        name="extract_text_plain",
        summary="Extract all text of a web page by stripping its tags.",
        description="Takes every visible word, menus and footers included. Quickest; noisy on crowded pages.",
        kind=Kind.PYTHON,
        runs=Runs.PROCESS,
        does=("extract_page_text",),
        input_schema=_PAGE_INPUT,
        output_schema=_TEXT_OUTPUT,
        ports=_TEXT_PORTS,
        limits=Limits(timeout=60),
        believed=(Believed(seconds=0.002, quality=0.72, n=8),),
        trust=Trust.UNTRUSTED,
        tags=("web", "html", "text", "page", "strip", "fast"),
        docs=Docs(
            when_to_use=(
                "To extract, pull, take out or get the text, words or content of a web page, site, "
                "article or HTML file quickly; to convert HTML to plain text, strip tags, read a page, "
                "see what a website says."
            ),
            examples=({"request": "Get all words of this page", "arguments": _EXAMPLE_PAGE},),
            errors=_ERRORS,
            run_before=("summarise_lead", "keywords_frequency", "translate_text"),
            run_after=("fetch_page",),
        ),
        binding={"function": "tools.builtin.pages:extract_text_plain"},
    ),
    Tool(
        name="extract_text_article",
        summary="Extract the article text of a web page, without menus and advertisements.",
        description=(
            "Finds a page's main content (trafilatura); leaves out navigation, footers, banners and comments."
        ),
        kind=Kind.PYTHON,
        runs=Runs.PROCESS,
        does=("extract_page_text",),
        input_schema=_PAGE_INPUT,
        output_schema=_TEXT_OUTPUT,
        ports=_TEXT_PORTS,
        limits=Limits(timeout=60),
        believed=(Believed(seconds=0.01, quality=0.92, n=8),),
        trust=Trust.UNTRUSTED,
        tags=("web", "html", "text", "page", "article", "main content", "careful"),
        docs=Docs(
            when_to_use=(
                "To extract, pull, take out or get the main text, body or content of a web page, site, "
                "article, blog or news story cleanly, without boilerplate; to read a page, see what a "
                "website says, HTML to text."
            ),
            examples=({"request": "Extract the text of this article page", "arguments": _EXAMPLE_PAGE},),
            errors=_ERRORS,
            run_before=("summarise_lexrank", "keywords_yake", "translate_text"),
            run_after=("fetch_page",),
        ),
        binding={"function": "tools.builtin.pages:extract_text_article"},
    ),
    Tool(
        name="extract_tables",
        summary="Extract the tables of a web page as data.",
        description=(
            "Reads every data table of an HTML page: header, cells over several rows or columns, "
            "captions as names, numbers as numbers. Tables that only arrange the page are left out."
        ),
        kind=Kind.PYTHON,
        runs=Runs.PROCESS,
        does=("extract_tables",),
        input_schema=_PAGE_INPUT,
        output_schema=outputs(
            tables=array(
                {
                    "type": "object",
                    "properties": {
                        "name": {"type": "string"},
                        "columns": {"type": "array", "items": {"type": "string"}},
                        "rows": {"type": "array", "items": {"type": "array"}},
                    },
                    "required": ["columns", "rows"],
                },
                "The tables in page order, each with name, columns and rows.",
            ),
            count=integer("How many tables there are."),
        ),
        ports=Ports({"page": ("text/html",)}, {"tables": "tables", "count": "integer"}),
        limits=Limits(timeout=60),
        believed=(Believed(seconds=0.02, quality=0.9, n=8),),
        trust=Trust.UNTRUSTED,
        tags=("web", "html", "tables", "data", "scrape"),
        docs=Docs(
            when_to_use=(
                "To extract, scrape, pull, collect, read or get the tables, grids, tabular data or "
                "figures of a web page, website or HTML file, for a spreadsheet, workbook, profile or "
                "chart."
            ),
            examples=({"request": "Extract all tables from this page", "arguments": _EXAMPLE_PAGE},),
            errors=_ERRORS,
            run_before=("profile_tables", "write_xlsx"),
            run_after=("fetch_page",),
        ),
        binding={"function": "tools.builtin.pages:extract_tables"},
    ),
    Tool(
        name="extract_links",
        summary="Extract the links (hyperlinks) of a web page.",
        description="Lists every address a page links to, once, with the words of the link.",
        kind=Kind.PYTHON,
        runs=Runs.PROCESS,
        does=("extract_links",),
        input_schema=schema(
            {
                "page": _PAGE,
                "base_url": string("The page's own address, to complete relative links.", default=""),
                "external_only": boolean(
                    "Leave out links that are relative, mail or phone.",
                    default=False,
                    **{"x-words": {"true": ["external", "outgoing", "outbound", "offsite"]}},
                ),
            },
            ["page"],
        ),
        output_schema=outputs(
            links=array(
                {
                    "type": "object",
                    "properties": {"url": {"type": "string"}, "text": {"type": "string"}},
                    "required": ["url", "text"],
                },
                "The links in page order.",
            ),
            count=integer("How many links there are."),
        ),
        ports=Ports({"page": ("text/html",), "base_url": ("url",)}, {"links": "json", "count": "integer"}),
        limits=Limits(timeout=60),
        believed=(Believed(seconds=0.02, quality=0.95, n=8),),
        trust=Trust.UNTRUSTED,
        tags=("web", "html", "links", "hyperlinks", "urls", "crawl"),
        docs=Docs(
            when_to_use=(
                "To list, extract, collect or find the links, hyperlinks, URLs, references or addresses "
                "on a web page or site: what does it link to, where does it point."
            ),
            examples=(
                {"request": "Which links are on this page?", "arguments": _EXAMPLE_PAGE},
                {
                    "request": "List outgoing links of https://example.org",
                    "arguments": {**_EXAMPLE_PAGE, "base_url": "https://example.org", "external_only": True},
                },
            ),
            errors=("bad_input_file: the file is not HTML, or is empty",),
            run_after=("fetch_page",),
        ),
        binding={"function": "tools.builtin.pages:extract_links"},
    ),
)
