"""How soon the dashboard's list of runs is there, with a million runs in the database.

    .venv/bin/python -m benchmarks.first_paint [--runs 1000000] [--databases sqlite,postgresql]

The past is made as in `benchmarks.growth`; then `toolpath serve` runs on it as an operator starts it, and a
browser opens the list afresh, with nothing of the page kept. For each address, milliseconds from the start of
the navigation to the first thing painted, and to the frame that shows the first run: median and worst.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, CDPSession, Page, sync_playwright

from benchmarks.growth import Past
from orchestrator import bootstrap
from orchestrator.settings import load
from tests import servers
from tests.e2e.dashboard.conftest import CHROMIUM, login
from tests.e2e.service import Service, serving
from tools.testing_functions import BY_NAME

REPEATS = 11
_MODULES = "tools.testing_functions"
_PAGES = {
    "all": "/runs",
    "failed": "/runs?status=failed",
    "a common label": "/runs?label=team:a",
    "5 USD and more": "/runs?usd_from=5",
}
_NEWEST = 60
#: Says when the first row is on the screen: a frame after the one in which it is laid out.
_WATCH = """
new MutationObserver((_, watching) => {
  if (!document.querySelector("[data-run]")) return;
  watching.disconnect();
  requestAnimationFrame(() => requestAnimationFrame(() => performance.mark("rows")));
}).observe(document, {childList: true, subtree: true});
"""
_TIMES = """async () => {
  const times = () => ["first-contentful-paint", "rows"].map(
    name => performance.getEntriesByName(name)[0]?.startTime);
  while (times().includes(undefined)) await new Promise(requestAnimationFrame);
  return times();
}"""


async def fill(data: Path, database_url: str | None, runs: int) -> None:
    """A past of so many runs."""
    settings = load(data_dir=data, database_url=database_url, python_modules=(_MODULES,))
    services = bootstrap.build(settings, runs_steps=True)
    async with bootstrap.running(services):
        await services.catalog.add(BY_NAME["sleep_ms"], replace=True)
        past = Past(services)
        model = await past.run(3)
        for _ in range(_NEWEST):
            await past.run()
        await past.grow(model, runs)


def opened(page: Page, network: CDPSession, address: str) -> list[float]:
    """Milliseconds to the first paint and to the first run."""
    network.send("Network.clearBrowserCache")
    page.goto(address)
    times: list[float] = page.evaluate(_TIMES)
    return times


def look(browser: Browser, service: Service, name: str) -> None:
    """A line an address."""
    with browser.new_context(viewport={"width": 1280, "height": 800}) as context:
        context.add_init_script(_WATCH)
        page = login(context, service)
        network = context.new_cdp_session(page)
        for what, path in _PAGES.items():
            times = [opened(page, network, service.url + path) for _ in range(REPEATS)]
            paints, rows = zip(*times, strict=True)
            print(
                f"{name}  {what:15} first paint {statistics.median(paints):4.0f} (worst {max(paints):4.0f})"
                f"  runs shown {statistics.median(rows):4.0f} (worst {max(rows):4.0f}) ms",
                flush=True,
            )


def measure(database: str, runs: int) -> None:
    """One database."""
    with tempfile.TemporaryDirectory() as scratch, ExitStack() as stack:
        data = Path(scratch) / "data"
        settings: dict[str, Any] = {"python_modules": _MODULES}
        if database == "postgresql":
            server = servers.start_postgres(durable=True)
            stack.callback(server.stop)
            settings["database_url"] = server.url
        asyncio.run(fill(data, settings.get("database_url"), runs))
        service = stack.enter_context(serving(data, **settings))
        browser = stack.enter_context(sync_playwright()).chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox"] if os.geteuid() == 0 else []
        )
        look(browser, service, f"{database:10} {runs:>9,} runs")
        browser.close()


def main() -> None:
    """Both databases."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=1_000_000)
    parser.add_argument("--databases", default="sqlite,postgresql")
    arguments = parser.parse_args()
    if CHROMIUM is None:
        sys.exit("no chromium here: sudo make system-tools")
    bootstrap.log_plainly(level="error")
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    for database in arguments.databases.split(","):
        measure(database, arguments.runs)


if __name__ == "__main__":
    main()
