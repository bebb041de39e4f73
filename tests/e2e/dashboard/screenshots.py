"""Pictures of every page, light and dark, wide and on a phone; the argument is the folder they go to."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

from tests.e2e import shop
from tests.e2e.dashboard.conftest import CHROMIUM, login
from tests.e2e.service import Client, Service, serving
from tests.e2e.slow import register_slow_add

SIZES = {"wide": {"width": 1360, "height": 860}, "phone": {"width": 390, "height": 844}}
WORDS = "Extract the keywords of: Solar panels turn sunlight into power, and batteries keep it for the night."
GRAPH = {
    "subtasks": [
        {"id": "a", "goal": "Add one", "tool": "slow_add", "arguments": {"x": 1, "seconds": 0.4}},
        {"id": "b", "goal": "Add two", "tool": "slow_add", "arguments": {"x": {"ref": "a.sum"}}},
        {"id": "c", "goal": "Add three", "tool": "slow_add", "arguments": {"x": {"ref": "a.sum"}}},
        {
            "id": "d",
            "goal": "Add all",
            "tool": "slow_add",
            "arguments": {"x": {"ref": "b.sum"}},
            "needs": ["c"],
        },
    ]
}


def fill(client: Client) -> dict[str, str]:
    """Runs of many kinds; the addresses of the pages by name."""
    register_slow_add(client)
    done = client.submit(WORDS, labels={"team": "energy"})
    graph = client.post("/v1/runs", {"plan": GRAPH, "labels": {"team": "sums"}}, status=202)["id"]
    planned = client.submit("Calculate (17 + 4) * 2", mode="plan")
    asked = client.submit("Make a QR code of https://example.org", mode="approve")
    failed = client.submit("Fetch http://127.0.0.1:1/nothing and summarise it in two sentences")
    held = {"plan": GRAPH, "approve": [{"tool": "slow_*"}], "approval_timeout": 3600}
    client.post("/v1/runs", held, status=202)
    client.submit("Summarise the text in one sentence")
    plan = client.post("/v1/plans", {"request": f"{WORDS} Summarise them in one sentence."}, status=201)
    cheap = client.submit(
        WORDS.replace("the night", "winter"), preference={"alpha": 2}, labels={"team": "energy"}
    )
    for run in (done, cheap, graph, planned, asked, failed):
        client.wait(run)
    return {
        **look_after(client),
        "runs": "/runs",
        "nothing": "/runs?status=paused",
        "inbox": "/inbox",
        "new": "/new",
        "plan": f"/plans/{plan['plan']['id']}",
        "run": f"/runs/{graph}",
        "why": f"/runs/{done}/explain",
        "compare": f"/compare?a={done}&b={cheap}",
        "quoted": f"/compare?a={done}&b=quote",
        "choose": "/compare",
        "result": f"/runs/{done}",
        "approval": f"/runs/{asked}",
        "failed": f"/runs/{failed}",
    }


def look_after(client: Client) -> dict[str, str]:
    """Tools, endpoints, keys and secrets; the addresses of the pages by name."""
    document = shop.document("https://shop.example.com/v1")
    client.post("/v1/tools/import/openapi", {"document": document, "auth": {"token": "shop_token"}})
    client.http.put("/v1/secrets/crm_token", json={"value": "not shown anywhere"})
    client.post("/v1/keys", {"name": "Nightly builds", "caps": [{"usd": "5", "per": "day"}]})
    price = {"per_1k_tokens_in": "0.0004", "per_1k_tokens_out": "0.0016"}
    servers = [{"base_url": f"https://gpu-{n}.example.com/v1", "max_concurrency": 16} for n in (1, 2)]
    endpoint = {"name": "chat", "replicas": servers, "models": [{"name": "llama", "price": price}]}
    client.post("/v1/endpoints", endpoint)
    return {
        "tools": "/tools",
        "tools-found": "/tools?q=read+text+aloud",
        "tools-nothing": "/tools?status=disabled",
        "tool": "/tools/summarise_lexrank",
        "tool-seen": "/tools/slow_add",
        "tool-unavailable": "/tools/list_orders",
        "import": "/import",
        "import-mcp": "/import?from=mcp",
        "endpoints": "/endpoints",
        "settings": "/settings",
        "keys": "/settings/keys",
        "secrets": "/settings/secrets",
    }


def shoot(browser: Browser, service: Service, pages: dict[str, str], folder: Path) -> None:
    """One picture of each page in each look."""
    for size, viewport in SIZES.items():
        for look in ("light", "dark"):
            # The type of a viewport is not exported by name.
            kind: Any = {"viewport": viewport, "color_scheme": look}
            context = browser.new_context(**kind)
            page = login(context, service)
            for name, path in pages.items():
                take(page, service.url + path, folder / f"{name}-{size}-{look}.png")
            context.close()


def take(page: Page, address: str, file: Path) -> None:
    """A picture of the whole page, once nothing is loading any more."""
    page.goto(address)
    page.locator("h1").wait_for()
    page.locator("[aria-label=Loading]").first.wait_for(state="detached")
    page.wait_for_timeout(1_000)
    page.screenshot(path=file, full_page=True)


def main(folder: Path) -> None:
    """Start a service, fill it, and photograph it."""
    if CHROMIUM is None:
        sys.exit("no chromium here: sudo make system-tools")
    folder.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as scratch,
        serving(Path(scratch) / "data", python_modules="tools.testing_functions") as service,
        service.client() as client,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        shoot(browser, service, fill(client), folder)
        browser.close()
    print(f"{len(list(folder.glob('*.png')))} pictures in {folder}")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
