"""Pages and files over a real connection, through the guarded client."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tools.builtin.web import download_file, fetch_page
from tools.errors import AddressForbidden, BadArguments, TooLarge, Unreachable
from tools.net import Net
from tools.work import Work


class _Site(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        if self.path == "/old":
            self.send_response(302)
            self.send_header("Location", "/page")
            self.end_headers()
            return
        body, kind = {
            "/page": ("<title>Tés</title><p>Hola señor</p>".encode("latin-1"), "text/html; charset=latin-1"),
            "/data.csv": (b"a,b\n1,2\n", "text/csv"),
            "/huge": (b"<html>" + b"x" * 20_000_001, "text/html"),
        }.get(self.path, (b"", ""))
        self.send_response(200 if body else 404)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        return


@pytest.fixture
def site() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Site)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
async def work(tmp_path: Path):
    net = Net(allow=["127.0.0.1"])
    yield Work(tmp_path, net)
    await net.aclose()


async def test_a_page_is_fetched_through_its_redirect(site: str, work: Work) -> None:
    found = await fetch_page(f"{site}/old", work)
    assert found["url"] == f"{site}/page"
    assert found["title"] == "Tés"
    assert "Hola señor" in found["page"].path.read_text(encoding="utf-8-sig")


async def test_a_file_is_downloaded_as_it_is(site: str, work: Work) -> None:
    file = (await download_file(f"{site}/data.csv", work))["file"]
    assert (file.name, file.media_type, file.path.read_bytes()) == ("data.csv", "text/csv", b"a,b\n1,2\n")


async def test_a_page_that_is_not_there_is_a_clear_error(site: str, work: Work) -> None:
    with pytest.raises(BadArguments, match="404"):
        await fetch_page(f"{site}/nowhere", work)


async def test_an_oversized_page_is_refused(site: str, work: Work) -> None:
    with pytest.raises(TooLarge):
        await fetch_page(f"{site}/huge", work)


async def test_a_server_that_is_down_is_unreachable(work: Work, free_port: int) -> None:
    with pytest.raises(Unreachable):
        await fetch_page(f"http://127.0.0.1:{free_port}/", work)


async def test_a_private_address_is_forbidden_unless_allowed(site: str, tmp_path: Path) -> None:
    net = Net()
    with pytest.raises(AddressForbidden):
        await fetch_page(site, Work(tmp_path, net))
    await net.aclose()
