"""What the tests work on: pages served on this machine, a table of sales, a scanned letter."""

from __future__ import annotations

import contextlib
import csv
import itertools
import json
import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from tests.e2e import shop

ARTICLE = (
    "Lighthouses were built long before electricity reached the coast.",
    "The first keepers burned wood and coal on open towers, and sailors often took the fires for houses.",
    "In 1822 the engineer Augustin Fresnel ground a lens that gathered nearly all the light into one beam.",
    "His lens let a modest oil lamp be seen more than thirty kilometres out at sea.",
    "Within forty years almost every lighthouse in Europe had a Fresnel lens.",
    "Keepers trimmed the wicks every four hours and polished the glass each morning.",
    "Many of them raised families in the towers and grew vegetables between the rocks.",
    "Automatic lamps replaced the last keepers of the lighthouses at the end of the twentieth century.",
    "Today satellites guide the ships, yet many harbours keep their lighthouse burning for small boats.",
)
SECOND = (
    "Honey bees pollinate apple orchards in spring.",
    "A single bee colony visits millions of apple blossoms, and the orchard repays it with nectar.",
    "Growers rent bee colonies for three weeks and place the hives between the rows of trees.",
    "Cold rain keeps the bees in their hives, so orchards plant wild flowers that feed wild bees too.",
    "Without pollination an apple tree bears small and crooked fruit.",
)
#: A long page for each of the two, as a report of a hundred pages would be: what a careful tool costs
#: more shows on these, while on a short page every tool is done in milliseconds.
LONG_ARTICLE = (
    *ARTICLE,
    *(
        f"In {year} {who} {did} the {what}, and the ships off {where} took note of it."
        for (year, where), (who, did), what in itertools.product(
            zip(range(1801, 1841), itertools.cycle(("Skerry", "Ushant", "Cordouan", "Fastnet", "Genoa"))),
            (("a keeper", "polished"), ("the engineer", "measured"), ("a sailor", "sketched"),
             ("the harbour council", "paid for"), ("a storm", "broke"), ("a mason", "mended")),
            ("lens", "lamp", "fog bell", "old tower", "sea wall"),
        )
    ),
)  # fmt: skip
LONG_SECOND = (
    *SECOND,
    *(
        f"{who} {did} {what} in {year}."
        for year, (who, did), what in itertools.product(
            range(1901, 1941),
            (("A grower", "looked after"), ("The beekeeper", "counted"), ("A swarm of honey bees", "liked"),
             ("Every orchard", "sold"), ("A school class", "painted"), ("The bee colony", "came back to")),
            ("the apple blossoms", "two bee hives", "the young apple trees", "wild flowers",
             "the apple orchard by the river"),
        )
    ),
)  # fmt: skip
LETTER = "The train leaves tomorrow at nine. Please bring the red book and a warm coat."
TABLES = {
    "Rivers": (("River", "Length km", "Country"), ("Rhine", "1230", "Germany"), ("Loire", "1006", "France"),
               ("Vistula", "1047", "Poland")),
    "Peaks": (("Peak", "Height m"), ("Mont Blanc", "4806"), ("Zugspitze", "2962")),
}  # fmt: skip
SALES = [
    (region, product, month, units)
    for month, shift in (("2026-01", 0), ("2026-02", 3))
    for region, product, units in (
        ("North", "lamp", 40 + shift), ("North", "chair", 12), ("North", "desk", 25),
        ("South", "lamp", 10), ("South", "chair", 33 + shift), ("South", "desk", 31),
        ("East", "lamp", 5), ("East", "chair", 21), ("East", "desk", 55 - shift),
        ("West", "lamp", 18), ("West", "chair", 44), ("West", "desk", 9 + shift),
    )
]  # fmt: skip
SALES_COLUMNS = ("region", "product", "month", "units")


def top_products() -> dict[str, tuple[str, int]]:
    """For each region the product that sold most, and how much: the answer, by plain arithmetic."""
    totals: dict[str, Counter[str]] = {}
    for region, product, _, units in SALES:
        totals.setdefault(region, Counter())[product] += units
    return {region: count.most_common(1)[0] for region, count in totals.items()}


def write_sales(folder: Path) -> Path:
    """The sales as CSV."""
    file = folder / "sales.csv"
    with file.open("w", newline="") as out:
        csv.writer(out).writerows([SALES_COLUMNS, *SALES])
    return file


def write_scan(folder: Path) -> Path:
    """The letter as a scanner would give it: grey on white, two lines."""
    from PIL import Image, ImageDraw, ImageFont

    image = Image.new("L", (1100, 240), 250)
    pen = ImageDraw.Draw(image)
    font = ImageFont.load_default(size=36)
    middle = LETTER.index("Please")
    pen.text((40, 50), LETTER[:middle].strip(), fill=25, font=font)
    pen.text((40, 130), LETTER[middle:], fill=25, font=font)
    file = folder / "scan.png"
    image.save(file, dpi=(200, 200))
    return file


@dataclass(frozen=True)
class Site:
    """Pages on this machine."""

    url: str

    @property
    def allow(self) -> str:
        """For the service's list of private addresses that may be dialled."""
        return self.url.removeprefix("http://")

    @property
    def addresses(self) -> dict[str, str]:
        """For the places in a request."""
        return {name: f"{self.url}/{name}.html" for name in ("article", "second", "tables")}

    @property
    def long_addresses(self) -> dict[str, str]:
        """For the same places, with the long pages in place of the short ones."""
        return self.addresses | {name: f"{self.url}/long-{name}.html" for name in ("article", "second")}


@contextlib.contextmanager
def serving_pages() -> Iterator[Site]:
    """A web server with the pages, until the block ends."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Pages)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield Site(f"http://127.0.0.1:{server.server_address[1]}")
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)


class _Pages(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = _pages().get(self.path)
        if self.path.startswith("/shop/"):
            return self._shop()
        if self.path == "/huge.html":
            return self._huge()
        self.send_response(200 if body else 404)
        self.send_header("content-type", "text/html; charset=utf-8")
        self.end_headers()
        self.wfile.write((body or "<p>no such page</p>").encode())
        return None

    def _shop(self) -> None:
        status, body = shop.answer(self.path, self.headers)
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.end_headers()
        self.wfile.write(json.dumps(body).encode())

    def _huge(self) -> None:
        self.send_response(200)
        self.send_header("content-type", "text/html; charset=utf-8")
        self.end_headers()
        with contextlib.suppress(ConnectionError):
            for _ in range(64):
                self.wfile.write(b"<p>more and more of it</p>" * 4000)

    def log_message(self, *_: object) -> None:  # quiet
        return


def _pages() -> dict[str, str]:
    tables = "".join(_table(name, rows) for name, rows in TABLES.items())
    return {
        "/article.html": _page("Keepers of the light", _article("Keepers of the light", ARTICLE)),
        "/second.html": _page("Bees in the orchard", _article("Bees in the orchard", SECOND)),
        "/long-article.html": _page("A century of light", _article("A century of light", LONG_ARTICLE)),
        "/long-second.html": _page("The orchard year", _article("The orchard year", LONG_SECOND)),
        "/tables.html": _page("Figures of nature", f"<h1>Figures of nature</h1>{tables}"),
    }


def _page(title: str, body: str) -> str:
    menu = "<nav><a href='/'>Home</a> <a href='/about'>About us</a> <a href='/login'>Sign in</a></nav>"
    foot = "<footer>Copyright of the harbour press. Read our cookie policy.</footer>"
    head = f"<head><meta charset='utf-8'><title>{title}</title></head>"
    return f"<!doctype html><html lang='en'>{head}<body>{menu}<main>{body}</main>{foot}</body></html>"


def _article(title: str, sentences: tuple[str, ...]) -> str:
    paragraphs = [" ".join(sentences[at : at + 3]) for at in range(0, len(sentences), 3)]
    return f"<article><h1>{title}</h1>{''.join(f'<p>{text}</p>' for text in paragraphs)}</article>"


def _table(name: str, rows: tuple[tuple[str, ...], ...]) -> str:
    head, *body = rows
    lines = ["<tr>" + "".join(f"<th>{cell}</th>" for cell in head) + "</tr>"]
    lines += ["<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in body]
    return f"<table><caption>{name}</caption>{''.join(lines)}</table>"
