"""A browser, logged in by the one-time link, on the real embedded service."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.e2e.service import Service

ROOT = Path(__file__).parents[3]
AXE = ROOT / "dashboard/node_modules/axe-core/axe.min.js"
CHROMIUM = shutil.which("chromium")
#: What is awaited comes in well under a second; a busy machine takes its time.
expect.set_options(timeout=20_000)


# Playwright's loop runs in this thread as long as it lasts: tests of other modules need one of their own.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if CHROMIUM is None:
        words = "no chromium here: sudo make system-tools"
        if os.environ.get("TOOLPATH_NO_SKIPS"):
            pytest.fail(words)
        pytest.skip(words)
    with sync_playwright() as playwright:
        # As root in a container Chromium's own sandbox cannot start.
        arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        yield browser
        browser.close()


def login(context: BrowserContext, service: Service) -> Page:
    """A page of a browser that the service knows, and which has said nothing it should not."""
    page = context.new_page()
    with service.client() as client:
        page.goto(service.url + client.post("/v1/login-codes")["path"])
    return page


@pytest.fixture
def page(browser: Browser, service: Service) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1280, "height": 800}, base_url=service.url)
    context.set_default_timeout(20_000)
    complaints: list[str] = []
    context.on("weberror", lambda error: complaints.append(str(error.error)))
    context.on("console", lambda said: complaints.append(said.text if said.type == "error" else ""))
    yield login(context, service)
    context.close()
    # A style or script that the policy forbids is said here; what the service refuses is the test's affair.
    assert [said for said in complaints if said and "Failed to load resource" not in said] == []


@pytest.fixture
def faults() -> Callable[[Page], list[str]]:
    """The serious accessibility faults of what is shown, as axe finds them; the contrasts in the dark too."""

    def look(page: Page) -> list[str]:
        page.evaluate(AXE.read_text())
        # A colour on its way from one theme to the other is neither.
        page.emulate_media(reduced_motion="reduce")
        found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"]
        for theme in ("dark", "light"):
            page.evaluate("theme => document.documentElement.dataset.theme = theme", theme)
            if theme == "dark":
                page.evaluate(
                    "new Promise(drawn => requestAnimationFrame(() => requestAnimationFrame(drawn)))"
                )
                found += page.evaluate("axe.run(document, {runOnly: ['color-contrast']})")["violations"]
        return [
            f"{fault['id']}: {node['html'][:200]}"
            for fault in found
            if fault["impact"] in ("serious", "critical")
            for node in fault["nodes"]
        ]

    return look
